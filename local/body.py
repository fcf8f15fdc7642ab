"""Reads an HTTP request's body up to a limit, for both servers of this room.

It never keeps more than the limit, and never leaves a sender in the middle of its body: who is
still sending does not read the refusal, and sees a broken connection instead.
"""

from dataclasses import dataclass

from aiohttp import web

__all__ = ["Body", "read_body"]


@dataclass(frozen=True)
class Body:
    """`size` is in bytes as received; `data` is empty when that is more than the limit."""

    data: bytes
    size: int


async def read_body(request: web.BaseRequest, limit: int) -> Body:
    """Read the whole body of `request`; keep it if it has at most `limit` bytes."""
    kept = bytearray()
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size <= limit:
            kept += chunk
        else:
            kept.clear()
    return Body(bytes(kept), size)
