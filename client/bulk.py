"""Requests of a bulk write: classes of the driver's names and arguments, without its import.

PyMongo's own are taken too: both are asked in the way in which the driver asks its own, through
`_add_to_bulk` (a collection's) and `_add_to_client_bulk` (a client's, which needs `namespace`).
Each checks what the driver checks when it is made; the rest is checked by `RequestList`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from motorpool.client import arguments
from motorpool.client.refusals import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class _Request:
    """What requests have in common: they compare and print by what they were made of."""

    __slots__ = ("_namespace",)

    _SHOWN: ClassVar[tuple[str, ...]]
    """The attributes that its repr shows, in the order in which PyMongo shows them."""

    _namespace: str | None

    def _target(self) -> str:
        """The namespace that a client's bulk write needs."""
        if not self._namespace:
            invalid(
                "MongoClient.bulk_write requires a namespace to be provided for "
                "each write operation"
            )
        return self._namespace

    def _values(self) -> tuple[Any, ...]:
        return (*(getattr(self, name) for name in self._SHOWN), self._namespace)

    def __eq__(self, other: object) -> bool:
        """Equal: the same class, made of the same."""
        if type(other) is not type(self) or not isinstance(other, _Request):
            return NotImplemented
        return self._values() == other._values()

    __hash__ = None  # type: ignore[assignment]  # equal by value, no key: as the driver's

    def __repr__(self) -> str:
        """As PyMongo prints it."""
        shown = [repr(getattr(self, name)) for name in self._SHOWN]
        if self._namespace:
            # Before a sort, which came later.
            at = len(shown) - ("_sort" in self._SHOWN)
            shown.insert(at, repr(self._namespace))
        return f"{type(self).__name__}({', '.join(shown)})"


class InsertOne(_Request):
    """Insert one document."""

    __slots__ = ("_doc",)

    _SHOWN = ("_doc",)

    def __init__(self, document: Any, namespace: str | None = None) -> None:
        """`document` gets an `_id` if it has none, as in `insert_one`."""
        self._doc = document
        self._namespace = namespace

    def _add_to_bulk(self, bulk: Any) -> None:
        bulk.add_insert(self._doc)

    def _add_to_client_bulk(self, bulk: Any) -> None:
        bulk.add_insert(self._target(), self._doc)


class _Delete(_Request):
    __slots__ = ("_collation", "_filter", "_hint")

    _SHOWN = ("_filter", "_collation", "_hint")
    _LIMIT: ClassVar[int]

    def __init__(
        self,
        filter: Mapping[str, Any],
        collation: Any = None,
        hint: Any = None,
        namespace: str | None = None,
    ) -> None:
        """Delete what matches `filter`."""
        if filter is not None:
            arguments.mapping("filter", filter)
        self._filter = filter
        self._collation = collation
        self._hint = _hint(hint)
        self._namespace = namespace

    def _options(self) -> dict[str, Any]:
        return {"collation": _collation(self._collation), "hint": self._hint}

    def _add_to_bulk(self, bulk: Any) -> None:
        bulk.add_delete(self._filter, self._LIMIT, **self._options())

    def _add_to_client_bulk(self, bulk: Any) -> None:
        bulk.add_delete(self._target(), self._filter, multi=not self._LIMIT, **self._options())


class DeleteOne(_Delete):
    """Delete the first document that matches."""

    __slots__ = ()
    _LIMIT = 1


class DeleteMany(_Delete):
    """Delete every document that matches."""

    __slots__ = ()
    _LIMIT = 0


class ReplaceOne(_Request):
    """Replace the first document that matches."""

    __slots__ = ("_collation", "_doc", "_filter", "_hint", "_sort", "_upsert")

    _SHOWN = ("_filter", "_doc", "_upsert", "_collation", "_hint", "_sort")

    def __init__(
        self,
        filter: Mapping[str, Any],
        replacement: Any,
        upsert: bool | None = None,
        collation: Any = None,
        hint: Any = None,
        namespace: str | None = None,
        sort: Mapping[str, Any] | None = None,
    ) -> None:
        """See `Collection.replace_one`."""
        if filter is not None:
            arguments.mapping("filter", filter)
        if upsert is not None:
            arguments.boolean("upsert", upsert)
        self._filter = filter
        self._doc = replacement
        self._upsert = upsert
        self._collation = collation
        self._hint = _hint(hint)
        self._namespace = namespace
        self._sort = sort

    def _options(self) -> dict[str, Any]:
        return {
            "collation": _collation(self._collation),
            "hint": self._hint,
            "sort": self._sort,
        }

    def _add_to_bulk(self, bulk: Any) -> None:
        bulk.add_replace(self._filter, self._doc, self._upsert, **self._options())

    def _add_to_client_bulk(self, bulk: Any) -> None:
        bulk.add_replace(self._target(), self._filter, self._doc, self._upsert, **self._options())


class _Update(_Request):
    __slots__ = ("_array_filters", "_collation", "_doc", "_filter", "_hint", "_sort", "_upsert")

    _SHOWN = ("_filter", "_doc", "_upsert", "_collation", "_array_filters", "_hint", "_sort")
    _MULTI: ClassVar[bool]

    def __init__(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        upsert: bool | None = None,
        collation: Any = None,
        array_filters: Sequence[Mapping[str, Any]] | None = None,
        hint: Any = None,
        namespace: str | None = None,
    ) -> None:
        """Update what matches `filter`."""
        if filter is not None:
            arguments.mapping("filter", filter)
        if upsert is not None:
            arguments.boolean("upsert", upsert)
        if array_filters is not None:
            arguments.filters("array_filters", array_filters)
        self._filter = filter
        self._doc = update
        self._upsert = upsert
        self._collation = collation
        self._array_filters = array_filters
        self._hint = _hint(hint)
        self._namespace = namespace
        self._sort: Mapping[str, Any] | None = None

    def _options(self) -> dict[str, Any]:
        options = {
            "collation": _collation(self._collation),
            "array_filters": self._array_filters,
            "hint": self._hint,
        }
        return options if self._MULTI else {**options, "sort": self._sort}

    def _add_to_bulk(self, bulk: Any) -> None:
        bulk.add_update(self._filter, self._doc, self._MULTI, self._upsert, **self._options())

    def _add_to_client_bulk(self, bulk: Any) -> None:
        bulk.add_update(
            self._target(),
            self._filter,
            self._doc,
            self._MULTI,
            self._upsert,
            **self._options(),
        )


class UpdateOne(_Update):
    """Update the first document that matches."""

    __slots__ = ()
    _MULTI = False

    def __init__(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        upsert: bool | None = None,
        collation: Any = None,
        array_filters: Sequence[Mapping[str, Any]] | None = None,
        hint: Any = None,
        namespace: str | None = None,
        sort: Mapping[str, Any] | None = None,
    ) -> None:
        """Update the first document, in the order of `sort`, that matches `filter`."""
        super().__init__(filter, update, upsert, collation, array_filters, hint, namespace)
        self._sort = sort


class UpdateMany(_Update):
    """Update every document that matches."""

    __slots__ = ()
    _MULTI = True


def _hint(hint: Any) -> Any:
    """A hint as the driver's requests keep it: a name, or a document."""
    return hint if hint is None or isinstance(hint, str) else dict(arguments.index(hint))


def _collation(collation: Any) -> Any:
    return None if collation is None else arguments.collation(collation)
