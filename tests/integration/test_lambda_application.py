"""An application with `@client.handler` in a real execution environment, and the proxy in another.

Both are `python -m awslambdaric`, each behind a Lambda service of its own; nothing is faked but
Lambda itself.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from motorpool.client import LambdaTransport
from motorpool.local import LocalLambda
from motorpool.local.template import load_function
from tests.integration.services import CREDENTIALS, LocalService, motorpool_local

APPLICATION = Path(__file__).parent / "application"


class Application:
    """The running application, called as Lambda's clients do."""

    def __init__(self, local: LocalLambda, transport: LambdaTransport, log: list[str]) -> None:
        self.local = local
        self.log = log
        self._transport = transport

    async def show(self, page: str, customer: int = 1) -> Any:
        """Invoke it: its answer, or what it raised as FunctionFailed."""
        event = json.dumps({"page": page, "customer": customer}).encode()
        return json.loads(await self._transport.invoke(event))


@pytest.fixture(scope="module")
def proxy() -> Iterator[LocalService]:
    with motorpool_local("--mongodb-uri", "mongomock://") as service:
        yield service


@pytest.fixture
async def application(proxy: LocalService) -> AsyncIterator[Application]:
    log: list[str] = []
    config = load_function(
        APPLICATION / "template.yaml",
        environment={
            "AWS_ENDPOINT_URL_LAMBDA": proxy.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "PYTHONWARNINGS": "default",
        },
    )
    async with LocalLambda(config, task_root=APPLICATION, write_line=log.append) as local:
        transport = LambdaTransport("shop-page", endpoint_url=local.url, **CREDENTIALS)
        yield Application(local, transport, log)
        await transport.aclose()
    # No warning of Python's, no complaint of ours, at its end neither: Lambda's own lines alone.
    assert [line for line in log if line.split()[1] not in {"START", "END", "REPORT"}] == []


async def test_each_wave_of_a_page_is_one_invocation_and_every_page_uses_the_same_loop(
    application: Application,
) -> None:
    filled = await application.show("fill")
    first = await application.show("customer")
    second = await application.show("customer")

    assert first["page"] == {
        "customer": {"_id": 1, "name": "Ada"},
        "products": [{"_id": n, "price": n * 10} for n in range(3)],
    }
    assert second == first
    assert (filled["invocations"], first["invocations"]) == (1, 2)
    assert (filled["loop"], filled["process"]) == (first["loop"], first["process"])
    assert not first["driver"]
    assert application.local.cold_starts == 1


async def test_the_transport_is_open_when_the_init_phase_ends(application: Application) -> None:
    answer = await application.show("left", 404)

    assert answer["after init"] == "<ProxyClient <LambdaTransport motorpool-proxy open on 1 loops>>"


async def test_what_a_handler_leaves_is_applied_before_its_answer_is_there(
    application: Application,
) -> None:
    left = await application.show("leave", 2)

    # Two batches: the queued one, and the task's a little later.
    assert (await application.show("left", 2))["page"] == ["later", "queued"]
    assert left["page"] is None


async def test_what_a_handler_raises_is_the_functions_error_and_the_environment_lives_on(
    application: Application,
) -> None:
    before = await application.show("left", 3)

    with pytest.raises(Exception, match="LookupError: no customer 3"):
        await application.show("missing", 3)

    after = await application.show("left", 3)
    assert (before["page"], after["page"]) == ([], ["missing"])
    assert after["process"] == before["process"]
    application.log.clear()  # awslambdaric has logged the error
