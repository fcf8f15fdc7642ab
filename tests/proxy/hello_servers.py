"""Servers that say of themselves what a test wants them to be, and count who is connected.

A standalone, the members of a replica set, a router: whatever `hello` makes of them. Each runs in
threads of its own, so that a proxy's loop may stand still meanwhile.
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from struct import pack, unpack, unpack_from
from typing import TYPE_CHECKING, Any, Self

import bson

from tests.client.recording_server import (
    HEADER_BYTES,
    HELLO,
    MORE_TO_COME,
    OP_MSG,
    OP_QUERY,
    OP_REPLY,
    YES,
    read_command,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

HELLOS = frozenset({"hello", "ismaster", "isMaster"})


class HelloServer:
    """Serves while entered. `hello`: what it says beyond a standalone's of MongoDB 8.0."""

    def __init__(self, **hello: Any) -> None:
        self.hello = hello
        self.commands: list[str] = []
        """The name of each command in its order, those of the handshake among them."""
        self.connected = 0
        """Connections that are open."""
        self.most_connected = 0
        self.pause = 0.0
        """Seconds before each answer but a hello's."""
        self.hello_pause = 0.0
        """Seconds before each hello's."""
        self.read_pause = 0.0
        """Seconds after each part of a message that it has read."""
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """One connection, while it is open."""
        with self._lock:
            self.connected += 1
            self.most_connected = max(self.most_connected, self.connected)
        try:
            yield
        finally:
            with self._lock:
                self.connected -= 1

    def reply_to(self, command: dict[str, Any]) -> dict[str, Any]:
        name = next(iter(command))
        self.commands.append(name)
        is_hello = name in HELLOS
        time.sleep(self.hello_pause if is_hello else self.pause)
        return {**HELLO, **self.hello} if is_hello else YES


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    owner: HelloServer


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        owner = self.server.owner
        with owner.counted(), contextlib.suppress(ConnectionError, EOFError):
            while True:
                length, request_id, _, opcode = unpack("<iiii", self._read(HEADER_BYTES))
                body = self._read(length - HEADER_BYTES)
                if opcode == OP_QUERY:
                    kind = OP_REPLY
                    data = pack("<iqii", 8, 0, 0, 1) + bson.encode(owner.reply_to({"hello": 1}))
                else:
                    kind = OP_MSG
                    reply = owner.reply_to(read_command(body))
                    if unpack_from("<I", body)[0] & MORE_TO_COME:
                        continue
                    data = pack("<I", 0) + b"\x00" + bson.encode(reply)
                size = HEADER_BYTES + len(data)
                self.request.sendall(pack("<iiii", size, 0, request_id, kind) + data)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.request.recv(size - len(data))
            if not more:
                raise EOFError
            time.sleep(self.server.owner.read_pause)
            data += more
        return data


@contextlib.contextmanager
def replica_set(versions: list[int]) -> Iterator[list[HelloServer]]:
    """Serve a replica set, the first of whose members is the primary, with these wire versions."""
    with contextlib.ExitStack() as stack:
        members = [stack.enter_context(HelloServer()) for _ in versions]
        addresses = [member.address for member in members]
        for index, (member, version) in enumerate(zip(members, versions, strict=True)):
            member.hello = {
                "setName": "rs",
                "setVersion": 1,
                "hosts": addresses,
                "primary": addresses[0],
                "me": member.address,
                "isWritablePrimary": index == 0,
                "secondary": index != 0,
                "maxWireVersion": version,
            }
        yield members


@contextlib.contextmanager
def routers(versions: list[int]) -> Iterator[list[HelloServer]]:
    """Serve a sharded cluster's routers (mongos), with these wire versions."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(HelloServer(msg="isdbgrid", maxWireVersion=version))
            for version in versions
        ]


def uri_of(servers: list[HelloServer], query: str = "") -> str:
    """Return the URI that names all of them."""
    hosts = ",".join(server.address for server in servers)
    is_set = "setName" in servers[0].hello
    options = [*(["replicaSet=rs"] if is_set else []), *([query] if query else [])]
    return f"mongodb://{hosts}/?{'&'.join(options)}"
