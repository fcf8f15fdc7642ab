"""Request scopes and explicit batches: whose operations travel together, and until when.

    async with client.request(timeout=2.0):   coalesced apart from other requests, one deadline
    async with client.batch():                one batch, sent when the block ends

A scope is entered by context, so tasks that are made inside belong to it. A task that outlives it
goes on in the scope around it.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Self

from motorpool.batching.errors import BatchAbandoned

if TYPE_CHECKING:
    from contextvars import Token
    from types import TracebackType

    from motorpool.batching.coalescer import Coalescer
    from motorpool.client.engine import Engine

_current: ContextVar[Scope | None] = ContextVar("motorpool_scope", default=None)


class Scope:
    """One request, or one explicit batch. Made by `client.request()` and `client.batch()`."""

    def __init__(self, engine: Engine, *, timeout: float | None, is_batch: bool) -> None:
        """`timeout`: seconds from entering that any of its operations may take."""
        if timeout is not None and timeout <= 0:
            message = f"timeout must be more than 0 seconds, not {timeout!r}"
            raise ValueError(message)
        self._engine = engine
        self._timeout = timeout
        self._is_batch = is_batch
        self._outer: Scope | None = None
        self.number: int | None = None
        """Of the request, once it is entered; an explicit batch has that of the request around."""
        self._coalescer: Coalescer | None = None
        self._token: Token[Scope | None] | None = None

    async def __aenter__(self) -> Self:
        """From here on, operations of this context belong to this scope."""
        if self._token is not None:
            message = "a scope can be entered once; make another one"
            raise RuntimeError(message)
        self._outer = _current.get()
        around = scope_of(self._engine)
        deadline = None if around is None else around.deadline
        if self._timeout is not None:
            own = asyncio.get_running_loop().time() + self._timeout
            deadline = own if deadline is None else min(own, deadline)
        if not self._is_batch:
            self.number = next(self._engine.scope_numbers)
        elif around is not None:
            self.number = around.number
        self._coalescer = self._engine.make_coalescer(
            is_held=self._is_batch, deadline=deadline, scope=self.number
        )
        self._token = _current.set(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Settle what belongs to it; an exception in an explicit batch drops what is not sent."""
        coalescer, self._coalescer = self._coalescer, None
        if self._token is not None:
            try:
                _current.reset(self._token)
            except ValueError:  # left in another context than entered, as in an async generator
                _current.set(self._outer)
        if coalescer is None:
            return
        if self._is_batch and error is not None:
            message = f"the batch was left by {type(error).__name__} before it was sent"
            coalescer.abandon(BatchAbandoned(message))
        await coalescer.drain()

    def flush(self) -> None:
        """Send what is queued now."""
        if self._coalescer is not None:
            self._coalescer.flush()

    @property
    def deadline(self) -> float | None:
        """When its operations end at the latest, in the loop's time."""
        return None if self._coalescer is None else self._coalescer.deadline

    def __repr__(self) -> str:
        """Which kind, open or left, and what is in it."""
        kind = "batch" if self._is_batch else "request"
        return (
            f"<Scope {kind} {self._coalescer!r}>" if self._coalescer else f"<Scope {kind} closed>"
        )


def scope_of(engine: Engine) -> Scope | None:
    """The innermost open scope of `engine` in this context, if it belongs to the running loop."""
    scope = _current.get()
    while scope is not None:
        coalescer = scope._coalescer  # noqa: SLF001 - this module's own class
        if scope._engine is engine and coalescer is not None and coalescer.is_on_this_loop:  # noqa: SLF001
            return scope
        scope = scope._outer  # noqa: SLF001
    return None


def coalescer_of(engine: Engine) -> Coalescer | None:
    """Where an operation of `engine` belongs in this context, if in a scope."""
    scope = scope_of(engine)
    return None if scope is None else scope._coalescer  # noqa: SLF001 - this module's own class
