"""What the proxy lets through: operations, namespaces, and what only a word in the settings allows.

A refusal is the operation's own error, and what a server says to a user without the privilege, so
that `except OperationFailure` catches it. It names the setting that would let it through. Nothing
of a refused operation has run. Runs nothing, changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pymongo.errors import OperationFailure

from motorpool.batching.operations import CURSORS, OPERATIONS
from motorpool.proxy.policy.footprint import (
    ADMIN,
    EVERYTHING,
    JAVASCRIPT,
    UNKNOWN,
    Footprint,
    collections_told,
    databases_told,
    evaluated,
    viewed,
)
from motorpool.proxy.policy.server_commands import add_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorpool.batching.operations import Effect
    from motorpool.proxy.models import ValidOperation
    from motorpool.proxy.settings import Settings

UNAUTHORIZED: Final = 13
"""The server's code for it (src/mongo/base/error_codes.yml)."""

_SAYS_MORE: Final = frozenset({"command", "client_bulk_write", "rename", "create_collection"})
"""Operations that must be read even where nothing in them is evaluated: they name namespaces."""

_MOST_SAID: Final = 200


class Policy:
    """What one proxy lets through, as its settings say."""

    def __init__(self, settings: Settings) -> None:
        """Read `allow`, `namespaces` and `operations`."""
        self._allowed = frozenset(settings.allow.split(","))
        self._operations = frozenset(settings.operations.split(","))
        patterns = settings.namespaces.split(",")
        self._names = frozenset(patterns)
        self._prefixes = tuple(item.removesuffix("*") for item in patterns if item.endswith("*"))
        quick = {op for op, spec in OPERATIONS.items() if self._lets_run(op, spec.effect)}
        quick -= _SAYS_MORE
        if not {"read", "write"} <= self._operations:
            quick.discard("bulk_write")
        if EVERYTHING not in self._names:
            quick -= {"list_collections", "list_databases", "drop_database"}
        self._quick = frozenset(quick)

    def refusal(
        self, operation: ValidOperation, *, look_inside: bool = True
    ) -> OperationFailure | None:
        """Why `operation` must not run, None where it may.

        `look_inside`: False where `footprint.must_look_inside` has said so of the whole request,
        which spares the search of every filter.
        """
        if (
            not look_inside
            and operation.op in self._quick
            and self._covers(operation.ns)
            and not _is_the_clusters(operation.ns)
        ):
            return None
        found = footprint_of(operation, look_inside=look_inside)
        why = self._objection(found)
        return None if why is None else _refused(operation, why)

    def _objection(self, found: Footprint) -> str | None:
        return next(self._objections(found), None)

    def _objections(self, found: Footprint) -> Iterator[str]:
        for op, effect in found.asks:
            if not self._lets_run(op, effect):
                yield f"{op!r}, which {_does(effect)}, is not in MOTORPOOL_OPERATIONS"
        for namespace in found.namespaces:
            if not self._covers(namespace):
                yield f"{_said(namespace)} is not in MOTORPOOL_NAMESPACES"
        for what, word in found.needs:
            if word not in self._allowed:
                yield f"{what} needs {word!r} in MOTORPOOL_ALLOW"
        for namespace, writes in found.namespaces.items():
            needed = _word_for(namespace) if writes or _is_secret(namespace) else None
            if needed is not None and needed not in self._allowed:
                verb = "writing to" if writes else "reading"
                yield f"{verb} {_said(namespace)} needs {needed!r} in MOTORPOOL_ALLOW"

    def _lets_run(self, op: str, effect: Effect) -> bool:
        if ("write" if effect == "write" else "read") in self._operations or op in self._operations:
            return True
        # A cursor comes with what opens one.
        return effect == "advance" and op != "command" and not CURSORS.isdisjoint(self._operations)

    def _covers(self, namespace: str) -> bool:
        return namespace in self._names or namespace.startswith(self._prefixes)

    def __repr__(self) -> str:
        """What is allowed."""
        return (
            f"<Policy allow={','.join(sorted(self._allowed))}"
            f" namespaces={','.join(sorted(self._names))}"
            f" operations={','.join(sorted(self._operations))}>"
        )


# What an operation would touch --------------------------------------------------------------------


def footprint_of(operation: ValidOperation, *, look_inside: bool = True) -> Footprint:
    """What `operation` would touch.

    `look_inside`: False where `must_look_inside` has said that there is nothing to find.
    """
    found, op, args = Footprint(), operation.op, operation.args
    if op == "command":
        add_command(found, operation.database, args["command"], look_inside=look_inside)
        return found
    if look_inside:
        found.look(evaluated(args), operation.database)
    writes = OPERATIONS[op].effect == "write"
    for namespace in _namespaces_of(operation):
        found.touch(namespace, writes=writes)
    for request in args.get("requests", ()):
        found.asks.append((request["op"], "write"))
        namespace = request.get("ns", operation.ns if op == "bulk_write" else UNKNOWN)
        found.touch(namespace, writes=True)
        if look_inside:
            found.look(evaluated(request["args"]), namespace.partition(".")[0])
    found.asks.insert(0, (op, "write" if found.is_write else OPERATIONS[op].effect))
    return found


def _namespaces_of(operation: ValidOperation) -> Iterator[str]:
    """Those that an operation names itself: without pipelines and requests."""
    op, database, args = operation.op, operation.database, operation.args
    if op == "list_databases":
        yield databases_told(args.get("filter"))
    elif op == "list_collections":
        yield collections_told(args.get("filter"), database)
    elif op == "drop_database":
        yield f"{database}.*"
    elif op != "client_bulk_write":
        yield operation.ns
    if op == "rename":
        yield f"{database}.{args['new_name']}"
    if op == "create_collection":
        yield from viewed(args.get("options") or {}, database)


# Namespaces that are no application's -------------------------------------------------------------


def _is_the_clusters(namespace: str) -> bool:
    """Whether a namespace may be one that needs a word: a quick test that may say yes in vain."""
    return namespace.startswith(("admin.", "config.", "local.")) or ".system." in namespace


def _is_secret(namespace: str) -> bool:
    """Users, their credentials, the cluster's keys; and what may be that."""
    return namespace == UNKNOWN or namespace.startswith("admin.system.")


def _word_for(namespace: str) -> str | None:
    """What writing to a namespace needs: users, roles, the cluster's state are documents, too."""
    database, _, collection = namespace.partition(".")
    if collection == "system.js":
        return JAVASCRIPT
    if database in ("config", "local") or namespace in ("admin.*", UNKNOWN):
        return ADMIN
    if collection.startswith("system.") and collection != "system.profile":
        return ADMIN
    return None


# Saying so ----------------------------------------------------------------------------------------


def _does(effect: Effect) -> str:
    return {"read": "reads", "write": "writes", "advance": "moves a cursor"}[effect]


def _said(namespace: str) -> str:
    if namespace == EVERYTHING:
        return "every namespace"
    if namespace == UNKNOWN:
        return "a namespace that cannot be told"
    if namespace.endswith(".*"):
        return f"all of {namespace.removesuffix('.*')!r:.{_MOST_SAID}}"
    return f"{namespace:.{_MOST_SAID}}"


def _refused(operation: ValidOperation, why: str) -> OperationFailure:
    ns = operation.ns
    if operation.op == "command":
        what = (
            f"command {next(iter(operation.args['command']), '')!r:.100} on {ns.partition('.')[0]}"
        )
    else:
        what = f"{operation.op} on {ns:.{_MOST_SAID}}"
    message = f"{what} refused by the proxy's policy: {why}"
    reply = {"ok": 0.0, "errmsg": message, "code": UNAUTHORIZED, "codeName": "Unauthorized"}
    return OperationFailure(message, UNAUTHORIZED, reply)
