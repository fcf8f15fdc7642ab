"""The server's commands that need no more than one database's own roles, and what each touches.

A command that stands here needs at most `readWrite` or `dbAdmin` on its database (MongoDB manual,
"Built-In Roles" and "Privilege Actions"), or no privilege at all. One that does not stand here
administers the cluster or its users, or is not known; `policy` refuses it unless that is allowed.
Names are the server's, with the aliases that it has; it tells them apart by case, and so is done
here. Runs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, TypeGuard

from motorpool.proxy.policy.footprint import (
    ADMIN,
    JAVASCRIPT,
    OUT,
    UNKNOWN,
    Footprint,
    collections_told,
    databases_told,
    evaluated,
    target,
    viewed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorpool.batching.operations import Effect

Scope: TypeAlias = Literal[
    "collection",  # its first value names one of its database
    "namespace",  # its first value is `database.collection`
    "database",  # all of its database
    "nothing",  # no data
    "fields",  # other fields than the first say: see `_FIELDS`
]


class ServerCommand(NamedTuple):
    """What one command touches, whether it changes anything, and which operations it equals."""

    scope: Scope
    effect: Effect = "read"
    operations: tuple[str, ...] = ()


_UPDATES: Final = ("update_one", "update_many", "replace_one")
_FIND_AND: Final = ("find_one_and_update", "find_one_and_replace", "find_one_and_delete")

SERVER_COMMANDS: Final[dict[str, ServerCommand]] = {
    # Reading.
    "find": ServerCommand("collection", operations=("find",)),
    "aggregate": ServerCommand("collection", operations=("aggregate",)),
    "count": ServerCommand("collection", operations=("count_documents",)),
    "distinct": ServerCommand("collection", operations=("distinct",)),
    "getMore": ServerCommand("fields", "advance", ("get_more",)),
    "killCursors": ServerCommand("collection", "advance", ("kill_cursors",)),
    "explain": ServerCommand("fields", operations=("explain",)),
    "mapReduce": ServerCommand("collection"),
    "listCollections": ServerCommand("fields", operations=("list_collections",)),
    "listDatabases": ServerCommand("fields", operations=("list_databases",)),
    "listIndexes": ServerCommand("collection", operations=("list_indexes",)),
    "listSearchIndexes": ServerCommand("collection"),
    # Writing.
    "insert": ServerCommand("collection", "write", ("insert_many",)),
    "update": ServerCommand("collection", "write", _UPDATES),
    "delete": ServerCommand("collection", "write", ("delete_one", "delete_many")),
    "findAndModify": ServerCommand("collection", "write", _FIND_AND),
    "bulkWrite": ServerCommand("fields", "write", ("client_bulk_write",)),
    "create": ServerCommand("collection", "write", ("create_collection",)),
    "createIndexes": ServerCommand("collection", "write", ("create_indexes",)),
    "drop": ServerCommand("collection", "write", ("drop_collection",)),
    "dropIndexes": ServerCommand("collection", "write", ("drop_indexes",)),
    "dropDatabase": ServerCommand("database", "write", ("drop_database",)),
    "renameCollection": ServerCommand("namespace", "write", ("rename",)),
    "createSearchIndexes": ServerCommand("collection", "write"),
    "updateSearchIndex": ServerCommand("collection", "write"),
    "dropSearchIndex": ServerCommand("collection", "write"),
    # One database's administration (dbAdmin).
    "collMod": ServerCommand("collection", "write"),
    "convertToCapped": ServerCommand("collection", "write"),
    "cloneCollectionAsCapped": ServerCommand("collection", "write"),
    "compact": ServerCommand("collection", "write"),
    "reIndex": ServerCommand("collection", "write"),
    "planCacheClear": ServerCommand("collection", "write"),
    "planCacheSetFilter": ServerCommand("collection", "write"),
    "planCacheClearFilters": ServerCommand("collection", "write"),
    "profile": ServerCommand("database", "write"),
    # Diagnosis of one database.
    "collStats": ServerCommand("collection"),
    "dataSize": ServerCommand("namespace"),
    "dbHash": ServerCommand("database"),
    "dbStats": ServerCommand("database"),
    "filemd5": ServerCommand("fields"),
    "planCacheListFilters": ServerCommand("collection"),
    "validate": ServerCommand("collection"),
    # The connection and the server: no data, no setting. `serverStatus` asks for clusterMonitor,
    # and stands here all the same: it tells counters, and monitoring lives on it.
    "ping": ServerCommand("nothing"),
    "hello": ServerCommand("nothing"),
    "isMaster": ServerCommand("nothing"),
    "buildInfo": ServerCommand("nothing"),
    "connectionStatus": ServerCommand("nothing"),
    "features": ServerCommand("nothing"),
    "listCommands": ServerCommand("nothing"),
    "serverStatus": ServerCommand("nothing"),
    "whatsmyuri": ServerCommand("nothing"),
    # The caller's own sessions and transactions.
    "startSession": ServerCommand("nothing"),
    "refreshSessions": ServerCommand("nothing"),
    "endSessions": ServerCommand("nothing", "advance"),
    "commitTransaction": ServerCommand("nothing", "write"),
    "abortTransaction": ServerCommand("nothing", "write"),
}
"""By name, without aliases: see `canonical_name`."""

_ALIASES: Final = {
    "buildinfo": "buildInfo",
    "collstats": "collStats",
    "datasize": "dataSize",
    "dbhash": "dbHash",
    "dbstats": "dbStats",
    "deleteIndexes": "dropIndexes",
    "findandmodify": "findAndModify",
    "ismaster": "isMaster",
    "mapreduce": "mapReduce",
}


def canonical_name(name: str) -> str:
    """The server's first name for a command, given one that it answers to."""
    return _ALIASES.get(name, name)


# What one command would touch ---------------------------------------------------------------------

_UNKNOWN: Final = ServerCommand("fields", "write")
_STATEMENTS: Final = {
    "insert": "",
    "update": "updates",
    "delete": "deletes",
    "findAndModify": "",
    "bulkWrite": "ops",
}
"""Commands that carry data, and the field of each that holds statements."""
_RUNS_JAVASCRIPT: Final = frozenset({"mapReduce", "eval", "$eval", "group"})
_LOGS_IN: Final = frozenset({"speculativeAuthenticate", "saslSupportedMechs"})
"""Fields of a hello that begin to authenticate: a pooled connection is everybody's."""


def add_command(
    found: Footprint, database: str, command: Mapping[str, Any], *, look_inside: bool
) -> None:
    """Take down what `command`, sent to `database`, would touch."""
    given, value = next(iter(command.items()), ("", None))
    name = canonical_name(given)
    known = SERVER_COMMANDS.get(name, _UNKNOWN)
    if known is _UNKNOWN:
        found.need(f"the command {given!r:.100}", ADMIN)
    if name in _RUNS_JAVASCRIPT:
        found.need(f"the command {given!r}", JAVASCRIPT)
    if look_inside and name != "explain":
        found.look(_evaluated_by(name, command), database)
    writes = known.effect == "write" or (
        name == "validate" and any(command.get(mend) for mend in ("repair", "fixMultikey"))
    )
    if name in _FIELDS:
        namespaces = _FIELDS[name](command, database)
    else:
        namespaces = [*_first_of(known, value, database), *_others_of(name, command, database)]
    for namespace in namespaces:
        found.touch(namespace, writes=writes)
    _add_special(found, name, command, database)
    effect: Effect = "write" if found.is_write else known.effect
    found.asks += [("command", effect), *((operation, effect) for operation in known.operations)]
    if name == "explain":
        # Judged as what it explains, although that is not run.
        if isinstance(value, Mapping) and next(iter(value), "explain") != "explain":
            add_command(found, database, value, look_inside=look_inside)
        else:
            found.need("an explain of no command", ADMIN)


def _evaluated_by(name: str, command: Mapping[str, Any]) -> Iterator[object]:
    if name not in _STATEMENTS:
        yield from (value for field, value in command.items() if field != "comment")
        return
    for field, value in command.items():
        if field == _STATEMENTS[name] and isinstance(value, list):
            for statement in value:
                yield from evaluated(statement if isinstance(statement, Mapping) else {})
        else:
            yield from evaluated({field: value})


def _first_of(known: ServerCommand, value: object, database: str) -> list[str]:
    """What a command's first value names."""
    if known.scope == "nothing":
        return []
    if known.scope == "database" or (known.operations == ("aggregate",) and value == 1):
        return [f"{database}.*"]
    if known.scope == "collection" and isinstance(value, str):
        return [f"{database}.{value}"]
    if known.scope == "namespace" and isinstance(value, str):
        return [value]
    return [UNKNOWN]  # by its UUID, say: which one that is only the server knows


def _bulk_namespaces(command: Mapping[str, Any], _: str) -> list[str]:
    infos = command.get("nsInfo")
    named = [info.get("ns") for info in infos] if _is_list_of_documents(infos) else [None]
    return [name if isinstance(name, str) else UNKNOWN for name in named]


def _is_list_of_documents(value: object) -> TypeGuard[list[Mapping[str, Any]]]:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


_FIELDS: Final[dict[str, Callable[[Mapping[str, Any], str], list[str]]]] = {
    "explain": lambda command, database: [],  # noqa: ARG005 - what it explains says it
    "getMore": lambda command, database: [target(command.get("collection"), database)],
    "listCollections": lambda command, database: [
        collections_told(command.get("filter"), database)
    ],
    "listDatabases": lambda command, _: [databases_told(command.get("filter"))],
    "filemd5": lambda command, database: [target(f"{command.get('root')}.chunks", database)],
    "bulkWrite": _bulk_namespaces,
}
"""How the namespaces of a command are found that does not begin with one."""


def _others_of(name: str, command: Mapping[str, Any], database: str) -> list[str]:
    """Namespaces beside the one that the command begins with."""
    if name in ("create", "collMod"):
        return list(viewed(command, database))
    if name == "cloneCollectionAsCapped":
        return [target(command.get("toCollection"), database)]
    if name == "renameCollection":
        to = command.get("to")
        return [to if isinstance(to, str) else UNKNOWN]
    return []


def _add_special(found: Footprint, name: str, command: Mapping[str, Any], database: str) -> None:
    if name == "mapReduce":
        out = command.get("out")
        if isinstance(out, Mapping):
            if "inline" in out:
                return
            named = next((out[how] for how in ("replace", "merge", "reduce") if how in out), None)
            out = {"coll": named, "db": out.get("db", database)}
        found.need("a mapReduce into a collection", OUT)
        found.touch(target(out, database), writes=True)
    elif name in ("hello", "isMaster") and not _LOGS_IN.isdisjoint(command):
        found.need("a hello that authenticates", ADMIN)
    elif name == "bulkWrite":
        operations = command.get("ops")
        for statement in operations if _is_list_of_documents(operations) else []:
            kind = next(iter(statement), "")
            equal = SERVER_COMMANDS[kind].operations if kind in _BULK_KINDS else ()
            found.asks += [(operation, "write") for operation in equal]


_BULK_KINDS: Final = frozenset({"insert", "update", "delete"})
