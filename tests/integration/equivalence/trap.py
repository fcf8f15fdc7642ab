"""A trap: a data set and operations that a fusion could answer wrongly. How to write one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.integration.equivalence.scenario import Batch, Collection, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.integration.equivalence.scenario import Document, Operation

NOT_FUSED: Final = False
OPEN: Final = None
"""Whether something of it is fused is open, or differs between the databases."""

CHILDREN: Final = [{"_id": n, "p": n % 4, "n": -n, "s": "ab"[n % 2], "l": [n]} for n in range(16)]
PARENTS: Final = [0, 1, 2, 3, 7]
"""Parents' keys, one of which has no children."""


class Trap(NamedTuple):
    """What is asked of `documents` in collection `c`; `is_fused`: whether something of it
    is fused.

    `others`: further collections. `setting`: of `c`.
    """

    name: str
    documents: list[Document]
    operations: list[Operation]
    is_fused: bool | None = True
    others: tuple[Collection, ...] = ()
    setting: dict[str, Any] = {}  # noqa: RUF012 - never changed
    indexes: tuple[dict[str, Any], ...] = ()
    on_server_only: bool = False

    @property
    def scenario(self) -> Scenario:
        """Its one batch, each operation with an id."""
        collection = Collection("c", self.documents, list(self.indexes), self.setting)
        operations = [{"id": n, **each} for n, each in enumerate(self.operations)]
        return Scenario([collection, *self.others], [Batch(operations)])


def ops(op: str, field: str, values: Iterable[Any], ns: str = "c", **args: Any) -> list[Operation]:
    """One operation for each value that `field` is asked for."""
    asked = [{"op": op, "ns": ns, "args": {"filter": {field: each}, **args}} for each in values]
    return [{**each, "session": True} for each in asked] if op == "find" else asked


def of(field: str, values: Iterable[Any]) -> list[Document]:
    """Documents whose `field` has these values."""
    return [{"_id": number, field: each} for number, each in enumerate(values)]


def insert(*documents: Document, ns: str = "c", **args: Any) -> list[Operation]:
    return [
        {"op": "insert_one", "ns": ns, "args": {"document": each, **args}} for each in documents
    ]


def update(filter_: Document, change: Any, ns: str = "c", **args: Any) -> Operation:
    return {"op": "update_one", "ns": ns, "args": {"filter": filter_, "update": change, **args}}


def delete(filter_: Document, ns: str = "c", **args: Any) -> Operation:
    return {"op": "delete_one", "ns": ns, "args": {"filter": filter_, **args}}


def every(field: str, values: list[Any], **args: Any) -> list[Operation]:
    """Asked in every way that fuses: `find`, `find_one`, `count_documents`."""
    kinds = ("find", "find_one", "count_documents")
    return [each for op in kinds for each in ops(op, field, values, **args)]


def asked(name: str, field: str, documents: list[Document], values: list[Any]) -> Trap:
    """Asked for these values of `field` in every way that fuses."""
    return Trap(name, documents, every(field, values))
