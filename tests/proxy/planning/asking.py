"""Operations as they have passed the door, and what a plan makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.models import ValidOperation
from motorpool.proxy.planning.fusions import Alone, Member
from motorpool.proxy.planning.plan import plan
from tests.proxy.kinds import TAKES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from motorpool.proxy.planning.fusions import Step

CONCERNS: dict[str, Any] = {
    "read_preference": {"mode": "secondary"},
    "read_concern": {"level": "local"},
    "write_concern": {"w": 1},
}


def asked(
    op: str, *, ns: str = "shop.items", timeout_ms: int | None = None, **args: Any
) -> ValidOperation:
    return ValidOperation(0, op, ns, args, timeout_ms)


def members(field: str, *values: Any) -> list[Member]:
    """Members of a group that ask for these values, with their keys."""
    from motorpool.proxy.planning.values import key_of

    return [
        Member(place, asked("find", filter={field: value}), key_of(value))
        for place, value in enumerate(values)
    ]


def planned(
    *operations: ValidOperation, without: Collection[str] = ()
) -> list[tuple[str, list[int]]]:
    """Each step by its kind and its members, those that run alone left out."""
    return [
        (type(step).__name__, list(step.members))
        for step in plan(operations, without)
        if not isinstance(step, Alone)
    ]


def fused(*operations: ValidOperation) -> Any:
    """The one step that all of them become."""
    (step,) = plan(operations)
    assert sorted(step.members) == list(range(len(operations)))
    return step


def are_together(*operations: ValidOperation) -> bool:
    """Whether they are one step, and not several."""
    steps = plan(operations)
    return len(steps) == 1 and not isinstance(steps[0], Alone)


def members_of(steps: Sequence[Step]) -> list[int]:
    return [index for step in steps for index in step.members]


def two_values(op: str, argument: str) -> tuple[Any, Any]:
    """Two different values that an operation's argument takes."""
    if argument in CONCERNS:
        other = {"mode": "nearest"} if argument == "read_preference" else {"level": "majority"}
        return CONCERNS[argument], {"w": "majority"} if argument == "write_concern" else other
    values = TAKES[OPERATIONS[op].arguments[argument].kind]
    return values[1], values[2 % len(values)]
