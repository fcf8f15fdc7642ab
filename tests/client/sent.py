"""A client whose operations are kept and answered as a test says."""

from __future__ import annotations

from typing import Any

from motorpool.client import ProxyClient
from tests.client.fakes import FakeTransport


class Sent:
    """`answers`: what each operation's `ok` is, by its name. Keywords go to the client."""

    def __init__(self, answers: dict[str, Any] | None = None, **options: Any) -> None:
        told = {name: lambda _, ok=ok: ok for name, ok in (answers or {}).items()}
        self.transport = FakeTransport(answers=told)
        self.client = ProxyClient(transport=self.transport, **options)
        self.shop = self.client.shop
        self.items = self.shop.items

    @property
    def only(self) -> tuple[str, str, dict[str, Any]]:
        """The one operation that was sent: its name, namespace and arguments."""
        ((asked,),) = self.transport.batches
        return asked.op, asked.ns, asked.args

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was sent."""
        return self.transport.batches == []
