"""What `find` returns: a query that is not sent yet, and then its documents.

Shaped like Motor's and PyMongo's cursors. Nothing is sent before documents are asked for. Checks
options as the driver does; what brings the pages is `Paging`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NoReturn, Self

from bson.code import Code

from motorpool.client import arguments
from motorpool.client.cursors.documents import Documents
from motorpool.client.cursors.paging import Paging
from motorpool.client.refusals import invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

    from motorpool.batching.call import Call
    from motorpool.client.calling import Calling
    from motorpool.client.collection import Collection

# The flags of `add_option`: pymongo/cursor_shared.py, `_QUERY_OPTIONS`.
_FLAGS = {8: "oplog_replay", 16: "no_cursor_timeout", 128: "allow_partial_results"}
_TAILABLE, _SECONDARY, _AWAIT, _EXHAUST = 2, 4, 32, 64


class Cursor(Documents):
    """The documents that a query matches."""

    def __init__(self, collection: Calling, args: dict[str, Any]) -> None:
        """Made by `Collection.find`."""
        self._collection = collection
        super().__init__(Paging(collection, "find", args), args)

    @property
    def collection(self) -> Collection:
        """The collection that is queried."""
        return self._collection  # type: ignore[return-value]  # made by a collection, see `find`

    # Options, until the first document is asked for -----------------------------------------------

    def _set(self, name: str, value: Any) -> Self:
        self._check_unsent()
        if value is None:
            self._args.pop(name, None)
        else:
            self._args[name] = value
        return self

    def _check_unsent(self) -> None:
        if self._paging.is_started:
            invalid("cannot set options after executing query")

    def sort(self, key_or_list: Any, direction: Any = None) -> Self:
        """Sort by a field and a direction, a list of pairs, or a mapping."""
        self._check_unsent()
        return self._set("sort", arguments.keys(key_or_list, direction))

    def skip(self, skip: int) -> Self:
        """Leave out the first `skip` documents."""
        return self._set("skip", arguments.count("skip", skip) or None)

    def limit(self, limit: int) -> Self:
        """At most `limit` documents; 0 means all."""
        return self._set("limit", arguments.integer("limit", limit) or None)

    def batch_size(self, batch_size: int) -> Self:
        """How many documents to take at a time: from the server, and by the page of an iteration.

        0: as many as a response carries.
        """
        return self._set("batch_size", arguments.count("batch_size", batch_size) or None)

    def hint(self, index: Any) -> Self:
        """Use this index; None takes a hint back."""
        return self._set("hint", None if index is None else arguments.hint(index))

    def max_time_ms(self, max_time_ms: int | None) -> Self:
        """How long the server may work on it, in milliseconds, all pages together."""
        if max_time_ms is not None and not isinstance(max_time_ms, int):
            raise TypeError(f"max_time_ms must be an integer or None, not {type(max_time_ms)}")
        return self._set("max_time_ms", max_time_ms)

    def max_await_time_ms(self, max_await_time_ms: int | None) -> Self:
        """How long a tailable cursor that awaits waits for documents, in milliseconds."""
        if max_await_time_ms is not None and not isinstance(max_await_time_ms, int):
            raise TypeError(
                f"max_await_time_ms must be an integer or None, not {type(max_await_time_ms)}"
            )
        self._check_unsent()
        if self._args.get("cursor_type") != "tailable_await":  # as in the driver: of no meaning
            return self
        return self._set("max_await_time_ms", max_await_time_ms)

    def collation(self, collation: Any) -> Self:
        """Compare strings by this collation; None takes one back."""
        given = None if collation is None else arguments.collation(collation)
        return self._set("collation", given)

    def comment(self, comment: Any) -> Self:
        """A comment for the server's log and profiler."""
        return self._set("comment", comment)

    def allow_disk_use(self, allow_disk_use: bool) -> Self:
        """Whether the server may sort on disk."""
        if not isinstance(allow_disk_use, bool):
            raise TypeError(f"allow_disk_use must be a bool, not {type(allow_disk_use)}")
        return self._set("allow_disk_use", allow_disk_use)

    def min(self, spec: Any) -> Self:
        """The lower bound of an index, `[(field, value), …]`; needs a hint."""
        return self._set("min", _bounds(spec))

    def max(self, spec: Any) -> Self:
        """The upper bound of an index, exclusive, `[(field, value), …]`; needs a hint."""
        return self._set("max", _bounds(spec))

    def where(self, code: str | Code) -> Self:
        """Match only documents for which this JavaScript says so; the proxy has to allow it."""
        self._check_unsent()
        given = code if isinstance(code, Code) else Code(code)
        return self._set("filter", {**self._args.get("filter", {}), "$where": given})

    def max_scan(self, max_scan: int | None) -> Self:
        """At most so many documents looked at. Deprecated: no server since MongoDB 4.2 knows it."""
        return self._set("max_scan", max_scan)

    def add_option(self, mask: int) -> Self:
        """Set query flags, as `pymongo.CursorType` and others have them; may be awaited."""
        return self._flagged(mask, value=True)

    def remove_option(self, mask: int) -> Self:
        """Take query flags back."""
        return self._flagged(mask, value=False)

    def _flagged(self, mask: int, *, value: bool) -> Self:
        if not isinstance(mask, int):
            raise TypeError(f"mask must be an int, not {type(mask)}")
        self._check_unsent()
        if value and mask & _EXHAUST:
            raise NotImplementedError("an exhaust cursor streams over a connection of its own")
        for flag, name in _FLAGS.items():
            if mask & flag:
                self._set(name, value or None)
        kind = self._args.get("cursor_type")
        tails = {"tailable": _TAILABLE, "tailable_await": _TAILABLE | _AWAIT}.get(kind or "", 0)
        tails = tails | mask if value else tails & ~mask
        if not tails & _TAILABLE:
            return self._set("cursor_type", None)
        return self._set("cursor_type", "tailable_await" if tails & _AWAIT else "tailable")

    # Copies ---------------------------------------------------------------------------------------

    def clone(self) -> Self:
        """The same query, not sent yet."""
        return type(self)(self._collection, _copied(self._args))

    def __copy__(self) -> Self:
        """The same query, not sent yet, with the same filter and options."""
        return type(self)(self._collection, dict(self._args))

    def __deepcopy__(self, memo: Any) -> Self:
        """The same query, not sent yet."""
        del memo
        return self.clone()

    def rewind(self) -> Self:
        """Begin again: the next document is the first. May be awaited, as PyMongo's must be."""
        self._begin_again(Paging(self._collection, "find", self._args))
        return self

    def __await__(self) -> Generator[Any, Any, Self]:
        """The cursor itself: `rewind` and `add_option` are coroutines to PyMongo, not to Motor."""
        return self
        yield  # a generator, as awaiting needs one

    # Other answers to the same query --------------------------------------------------------------

    def distinct(self, key: str) -> Awaitable[list[Any]]:
        """The distinct values of a field among the documents that the query matches."""
        carried = {"max_time_ms": "maxTimeMS", "comment": "comment", "collation": "collation"}
        options = {
            theirs: self._args[ours] for ours, theirs in carried.items() if ours in self._args
        }
        return self.collection.distinct(key, self._args.get("filter"), **options)

    def explain(self) -> Call[dict[str, Any]]:
        """The server's plan for the query, run to its end, with its figures."""
        args = dict(self._args)
        for name in ("cursor_type", "max_await_time_ms"):
            args.pop(name, None)
        if args.get("limit"):  # as in the driver: always a hard limit
            args["limit"] = -abs(args["limit"])
        return self._collection._prepared(  # noqa: SLF001 - the level that made this cursor
            lambda: self._collection._call("explain", args, lambda plan: plan)  # noqa: SLF001
        )

    def __getitem__(self, index: Any) -> NoReturn:
        """Refused, as by the driver."""
        raise IndexError("AsyncCursor does not support indexing")

    # With `__getitem__` alone it would seem to be iterable, and empty.
    __iter__ = None

    def __repr__(self) -> str:
        """Which query, and how far it is."""
        return f"<{type(self).__name__} {self._paging!r} alive={self.alive}>"


def _bounds(spec: Any) -> list[list[Any]]:
    if not isinstance(spec, list | tuple):
        raise TypeError(f"spec must be an instance of list or tuple, not {type(spec)}")
    return arguments.bounds(list(spec))


def _copied(value: Any) -> Any:
    """A deep copy, but for what cannot be copied and need not be: compiled patterns, say."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return copy.copy(value) if isinstance(value, bytearray) else value
