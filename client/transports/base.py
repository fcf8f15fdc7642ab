"""The transport protocol: bytes there, bytes back, or a TransportError that says what is known."""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """Invokes the proxy function. Write your own to reach it another way."""

    async def invoke(self, payload: bytes) -> bytes:
        """Invoke the function once with this event (JSON) and return its response (JSON).

        Raises a `motorpool.batching.errors.TransportError`, and of these the one that says most:
        Throttled or NotInvoked only where nothing has run, FunctionFailed where the function ran
        and died, ConnectionLost where nobody knows. Never retries: the client decides that.
        """

    async def aclose(self) -> None:
        """Let go of what this transport holds on the running loop."""
