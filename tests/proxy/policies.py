"""Asks a policy: operations as they arrive, and what is said to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson

from motorpool.proxy.models import validate_operation
from motorpool.proxy.policy.policy import Policy
from motorpool.proxy.settings import Settings

if TYPE_CHECKING:
    from motorpool.proxy.models import ValidOperation


def operation(op: str, ns: str = "shop.orders", **args: Any) -> ValidOperation:
    """Return an operation that has passed the door."""
    return validate_operation({"id": 1, "op": op, "ns": ns, "args": args})


def refusal(op: str, ns: str = "shop.orders", policy: str = "", **args: Any) -> str | None:
    """Return what a policy says, without what the operation is called.

    `policy`: settings as in "allow=out operations=read".
    """
    settings: dict[str, Any] = dict(part.split("=") for part in policy.split())
    asked = operation(op, ns, **args)
    refused = Policy(Settings("mongomock://", **settings)).refusal(asked)
    return (
        None if refused is None else str(refused).partition(" policy: ")[2].partition(", full")[0]
    )


def encoded(asked: ValidOperation) -> bytes:
    """Return an operation's part of a packed request."""
    return bson.encode({"op": asked.op, "args": asked.args})
