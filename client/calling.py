"""What reads and writes share: a checked call, handed to the engine under a collection's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from motorpool.batching.call import Call
    from motorpool.client.engine import Engine

C = TypeVar("C")
T = TypeVar("T")

Document = Mapping[str, Any]
Update = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def methods_of_collection(cls: type[C]) -> type[C]:
    """Name the methods of a part of Collection as Collection's: in errors, tracebacks and help."""
    for name, member in vars(cls).items():
        if isinstance(member, FunctionType):
            member.__qualname__ = f"Collection.{name}"
    return cls


class Calling:
    """A collection as far as calls know it: where they go, and under which name."""

    def __init__(self, engine: Engine, full_name: str) -> None:
        """`full_name`: `database.collection`."""
        self._engine = engine
        self._full_name = full_name

    @property
    def full_name(self) -> str:
        """`database.collection`."""
        return self._full_name

    def _call(
        self,
        op: str,
        args: Mapping[str, Any],
        read: Callable[[Any], T],
        *,
        made_ids: tuple[Any, ...] | None = None,
    ) -> Call[T]:
        return self._engine.call(op, self._full_name, args, read, made_ids=made_ids)

    def _prepared(self, prepare: Callable[[], Call[T]]) -> Call[T]:
        """The call, or one that fails when it is awaited.

        As with the driver's coroutines, bad arguments are raised where the answer is awaited, so
        that one bad call does not stop a `gather`.
        """
        try:
            return prepare()
        except Exception as error:  # noqa: BLE001 - whatever the check raised is the caller's
            return self._engine.failed_call(error)


def unchanged(ok: Any) -> Any:
    """The result as it is, for operations that return what the server returned."""
    return ok
