"""A MongoDB on loopback that agrees to everything and writes down what it was told.

It is the truth about the driver: what PyMongo sends for a call, and whether it sends anything.
Speaks just enough of the wire protocol (mongodb.com/docs/manual/reference/mongodb-wire-protocol):
OP_MSG, and the OP_QUERY that a driver opens a connection with.
"""

from __future__ import annotations

import asyncio
from struct import pack, unpack, unpack_from
from typing import TYPE_CHECKING, Any, Final, Self

import bson

if TYPE_CHECKING:
    from types import TracebackType

OP_REPLY: Final = 1
OP_QUERY: Final = 2004
OP_MSG: Final = 2013
HEADER_BYTES: Final = 16
MORE_TO_COME: Final = 2

HELLO: Final[dict[str, Any]] = {
    "ok": 1.0,
    "helloOk": True,
    "isWritablePrimary": True,
    "maxBsonObjectSize": 16 * 1024 * 1024,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 25,
    "logicalSessionTimeoutMinutes": 30,
    "readOnly": False,
}
"""A standalone server, 8.0."""

PASSING: Final = ("$readPreference", "lsid")
"""What a command carries that is not its caller's: taken out, since it differs on purpose."""

YES: Final[dict[str, Any]] = {
    "ok": 1.0,
    "n": 1,
    "nModified": 1,
    "value": None,
    "values": [],
    "cursor": {"id": 0, "ns": "shop.items", "firstBatch": []},
}
"""An answer that suits every command."""

HANDSHAKE: Final = frozenset({"hello", "ismaster", "isMaster", "ping", "endSessions"})


class RecordingServer:
    """Serves while entered: `async with RecordingServer() as server`, then `server.uri`."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []
        """Every command but those of the handshake, with what followed it in sections of its own
        put back into it, and without what is `PASSING`."""
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[Any] | None, asyncio.StreamWriter] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        connections = dict(self._connections)
        for writer in connections.values():
            writer.close()
        await asyncio.gather(*filter(None, connections))
        await self._server.wait_closed()

    @property
    def uri(self) -> str:
        """Where it is; a broken connection is not tried again."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return (
            f"mongodb://127.0.0.1:{port}/?directConnection=true&retryReads=false"
            "&retryWrites=false&serverSelectionTimeoutMS=5000"
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections[asyncio.current_task()] = writer
        try:
            while True:
                head = await reader.readexactly(HEADER_BYTES)
                length, request_id, _, opcode = unpack("<iiii", head)
                body = await reader.readexactly(length - HEADER_BYTES)
                answer = self._answer(opcode, body)
                if answer is not None:
                    kind, data = answer
                    size = HEADER_BYTES + len(data)
                    writer.write(pack("<iiii", size, 0, request_id, kind) + data)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            del self._connections[asyncio.current_task()]
            writer.close()

    def _answer(self, opcode: int, body: bytes) -> tuple[int, bytes] | None:
        if opcode == OP_QUERY:
            return OP_REPLY, pack("<iqii", 8, 0, 0, 1) + bson.encode(HELLO)
        assert opcode == OP_MSG, opcode
        command = read_command(body)
        name = next(iter(command))
        reply = HELLO if name in HANDSHAKE else YES
        if name not in HANDSHAKE:
            self.commands.append(command)
        if unpack_from("<I", body)[0] & MORE_TO_COME:
            return None
        return OP_MSG, pack("<I", 0) + b"\x00" + bson.encode(reply)


def read_command(body: bytes) -> dict[str, Any]:
    """Read an OP_MSG: its document, and into it the document sequences that follow."""
    command: dict[str, Any] = {}
    at = 4
    while at < len(body):
        kind, size = body[at], unpack_from("<i", body, at + 1)[0]
        section = body[at + 1 : at + 1 + size]
        if kind == 0:
            command.update(bson.decode(section))
        else:
            end = section.index(b"\x00", 4)
            command[section[4:end].decode()] = bson.decode_all(section[end + 1 :])
        at += 1 + size
    return {name: value for name, value in command.items() if name not in PASSING}
