"""What an operation would touch, read off it before it runs: namespaces, effects, and the rest.

Knows what the server evaluates and what is data to it. A field named `$where` in a document that is
inserted is data; in a filter, however deep, it is a program. What can hold either is taken for what
the server evaluates. Judges nothing (see `policy`), follows no view, and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from bson.dbref import DBRef
from bson.objectid import ObjectId

from motorpool.batching.operations import WRITING_STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from motorpool.batching.operations import Effect

EVERYTHING: Final = "*"
"""Every namespace of the server; `shop.*` is every one of a database."""

UNKNOWN: Final = "?"
"""A namespace that cannot be told."""

JAVASCRIPT: Final = "javascript"
OUT: Final = "out"
ADMIN: Final = "admin"

_JOINS: Final = ("$lookup", "$graphLookup", "$unionWith")
_WATCH: Final = "$changeStream"
_INTERNAL: Final = "$_internal"
"""How the names begin that servers keep for each other."""

_NEEDS: Final = {
    **dict.fromkeys(("$where", "$function", "$accumulator"), JAVASCRIPT),
    **dict.fromkeys(WRITING_STAGES, OUT),
    # Stages that tell of other users' operations and sessions, or of the cluster (MongoDB manual:
    # inprog, listSessions, queryStatsRead and the like, of the cluster roles).
    **dict.fromkeys(
        (
            "$currentOp",
            "$listCatalog",
            "$listClusterCatalog",
            "$listSampledQueries",
            "$listSessions",
            "$querySettings",
            "$queryStats",
            "$shardedDataDistribution",
        ),
        ADMIN,
    ),
}
_TELLING: Final = frozenset((*_NEEDS, *_JOINS, _WATCH))

_TELLING_BYTES: Final = re.compile(
    b"(?:%b)\x00|%b"
    % (
        b"|".join(re.escape(key.encode()) for key in sorted(_TELLING)),
        re.escape(_INTERNAL.encode()),
    )
)


def must_look_inside(data: bytes) -> bool:
    """Whether operations encoded in `data` (BSON) may hold a name that a look inside would find.

    One quick pass over the bytes of a whole batch, so that most batches need no other.
    """
    return b"$" in data and _TELLING_BYTES.search(data) is not None


class Footprint:
    """What one operation would touch."""

    __slots__ = ("asks", "namespaces", "needs")

    def __init__(self) -> None:
        """Nothing yet."""
        self.asks: list[tuple[str, Effect]] = []
        """Operations that it is or equals, each with its effect."""
        self.namespaces: dict[str, bool] = {}
        """What it reads or writes, and whether it writes."""
        self.needs: dict[tuple[str, str], None] = {}
        """What it holds that needs a word of MOTORPOOL_ALLOW, and the word; in their order."""

    @property
    def is_write(self) -> bool:
        """Whether any of it writes."""
        return any(effect == "write" for _, effect in self.asks) or any(self.namespaces.values())

    def touch(self, namespace: str, *, writes: bool = False) -> None:
        """Take down a namespace."""
        self.namespaces[namespace] = writes or self.namespaces.get(namespace, False)

    def need(self, what: str, word: str) -> None:
        """Take down what needs a word of MOTORPOOL_ALLOW."""
        self.needs[what, word] = None

    def look(self, values: Iterable[object], database: str) -> None:
        """Look through what the server would evaluate, at any depth."""
        pending = _containers(values)
        while (
            pending
        ):  # a list and no recursion: what arrives may be nested deeper than Python goes
            value = pending.pop()
            if isinstance(value, DBRef):
                value = value.as_doc()  # it may have fields of its own, and they are sent
            if isinstance(value, Mapping):
                for key in value:
                    if (
                        isinstance(key, str)
                        and key[:1] == "$"
                        and (key in _TELLING or key.startswith(_INTERNAL))
                    ):
                        self._tell(key, value[key], database)
                value = value.values()
            pending += _containers(value)

    def _tell(self, key: str, value: object, database: str) -> None:
        if key in _JOINS:
            source = _source(key, value)
            if source is not None:  # without one it reads its own `$documents`
                self.touch(target(source, database))
        elif key == _WATCH:
            if isinstance(value, Mapping) and value.get("allChangesForCluster"):
                self.touch(EVERYTHING)
        else:
            self.need(key, _NEEDS.get(key, ADMIN))
            if key in WRITING_STAGES:
                into = value.get("into") if key == "$merge" and isinstance(value, Mapping) else None
                self.touch(target(value if into is None else into, database), writes=True)

    def __repr__(self) -> str:
        """All that was taken down."""
        return f"<Footprint {self.asks} on {self.namespaces} with {list(self.needs)}>"


_CONTAINERS: Final = (dict, list, tuple, Mapping, DBRef)
_LEAVES: Final = frozenset({str, int, float, bool, bytes, type(None), ObjectId})


def _containers(values: Iterable[object]) -> list[Any]:
    # The type first: to ask whether a string is a Mapping takes five times as long.
    return [
        value for value in values if type(value) not in _LEAVES and isinstance(value, _CONTAINERS)
    ]


def _source(stage: str, value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    if stage == "$unionWith":
        return value if "coll" in value else None
    return value.get("from")


def target(named: object, database: str) -> str:
    """The namespace of a collection's name, or of `{db, coll}`; UNKNOWN for what is neither."""
    if isinstance(named, Mapping):
        database, named = named.get("db", database), named.get("coll")
    if isinstance(named, str) and isinstance(database, str):
        return f"{database}.{named}"
    return UNKNOWN


# What the server evaluates ------------------------------------------------------------------------

_DATA: Final = frozenset({"comment", "document", "documents", "replacement", "requests"})
_UPDATES: Final = frozenset({"update", "updateMods", "u"})


def evaluated(fields: Mapping[str, Any]) -> Iterator[object]:
    """Of an operation's arguments, or a statement's fields, those that are no data."""
    for name, value in fields.items():
        if name in _UPDATES:
            # A pipeline is evaluated. An update document's values are data, all but the condition
            # of $pull; in a replacement nothing begins with a dollar.
            yield value.get("$pull") if isinstance(value, Mapping) else value
        elif name not in _DATA:
            yield value


# What names tell of -------------------------------------------------------------------------------


def collections_told(filter_: object, database: str) -> str:
    """What a list of collections tells of: all of them, or the one that it is asked for."""
    name = filter_.get("name") if isinstance(filter_, Mapping) else None
    return f"{database}.{name if isinstance(name, str) else '*'}"


def databases_told(filter_: object) -> str:
    """What a list of databases tells of."""
    name = filter_.get("name") if isinstance(filter_, Mapping) else None
    return f"{name}.*" if isinstance(name, str) else EVERYTHING


def viewed(options: Mapping[str, Any], database: str) -> Iterator[str]:
    """What a collection is a view of; its pipeline is looked through with its other options."""
    if options.get("viewOn") is not None:
        yield target(options["viewOn"], database)
