"""LambdaTransport itself: how it sets the AWS client up, and that each loop has one."""

import asyncio
from types import TracebackType
from typing import Any, Self

import pytest
from aiobotocore.config import AioConfig
from botocore import exceptions

from motorpool.batching.errors import NotInvoked
from motorpool.client import Bounds, LambdaTransport, ProxyClient
from motorpool.client.transports.aws import READ_MARGIN_SECONDS
from tests.both_loops import LoopFactory


class FakeSession:
    """An aioboto3 session whose clients answer `{}` and count what becomes of them."""

    def __init__(self, *, slow: bool = False) -> None:
        self.made: list[dict[str, Any]] = []
        self.closed: list[int] = []
        self._slow = slow

    def client(self, service: str, **options: Any) -> "FakeClient":
        assert service == "lambda"
        self.made.append(options)
        return FakeClient(self, len(self.made), slow=self._slow)


class FakeClient:
    """A client of `FakeSession`, used as aioboto3's: entered, invoked, left."""

    def __init__(self, session: FakeSession, number: int, *, slow: bool) -> None:
        self._session = session
        self._number = number
        self._slow = slow

    async def __aenter__(self) -> Self:
        # As aiohttp's session does: so the loop lives as long as its connections.
        self._loop = asyncio.get_running_loop()
        if self._slow:
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.closed.append(self._number)

    async def invoke(self, **request: Any) -> dict[str, Any]:
        assert request["FunctionName"] == "proxy"
        return {"Payload": FakePayload()}


class FakePayload:
    """The body of an answer, as aioboto3's."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def read(self) -> bytes:
        return b"{}"


async def options_of(**given: Any) -> dict[str, Any]:
    """Return the options that a transport makes its client with."""
    session = FakeSession()
    transport = LambdaTransport("proxy", session=session, **given)
    await transport.open()
    await transport.aclose()
    (options,) = session.made
    return options


async def test_nothing_is_tried_again_by_the_aws_client() -> None:
    config = (await options_of())["config"]

    assert config.retries == {"total_max_attempts": 1, "mode": "standard"}


@pytest.mark.parametrize("function_timeout", [3.0, 30.0, 900.0])
async def test_an_answer_is_waited_for_longer_than_the_function_may_run(
    function_timeout: float,
) -> None:
    config = (await options_of(function_timeout=function_timeout))["config"]

    assert config.read_timeout == function_timeout + READ_MARGIN_SECONDS
    assert config.read_timeout > function_timeout


async def test_a_config_of_ones_own_is_merged_into_the_transports() -> None:
    own = AioConfig(read_timeout=7, user_agent_extra="my-shop")

    config = (await options_of(config=own, max_connections=3))["config"]

    assert config.read_timeout == 7
    assert config.user_agent_extra == "my-shop"
    assert config.retries == {"total_max_attempts": 1, "mode": "standard"}
    assert config.max_pool_connections == 3


async def test_a_config_of_ones_own_cannot_bring_the_retries_back() -> None:
    own = AioConfig(retries={"total_max_attempts": 5, "mode": "adaptive"})

    config = (await options_of(config=own))["config"]

    assert config.retries == {"total_max_attempts": 1, "mode": "standard"}


@pytest.mark.parametrize("name", [5, "", None])
def test_a_function_without_a_name_is_refused(name: Any) -> None:
    with pytest.raises(TypeError, match="function_name must be a function's name or ARN"):
        LambdaTransport(name)


async def test_further_options_are_the_clients() -> None:
    options = await options_of(region_name="eu-central-1", endpoint_url="http://x")

    assert (options["region_name"], options["endpoint_url"]) == ("eu-central-1", "http://x")


async def test_a_client_has_as_many_connections_as_flights() -> None:
    session = FakeSession()
    bounds = Bounds(flights=3)

    async with ProxyClient("proxy", bounds=bounds, session=session, function_timeout=9.0) as client:
        assert repr(client) == "<ProxyClient <LambdaTransport proxy open on 0 loops>>"
        with pytest.raises(Exception, match="version None"):
            await client.shop.users.find_one({})

    config = session.made[0]["config"]
    assert (config.max_pool_connections, config.read_timeout) == (3, 14.0)


async def test_one_loop_has_one_client_however_many_ask_for_it_at_once() -> None:
    session = FakeSession(slow=True)
    transport = LambdaTransport("proxy", session=session)

    await asyncio.gather(*(transport.invoke(b"{}") for _ in range(5)))

    assert len(session.made) == 1
    assert repr(transport) == "<LambdaTransport proxy open on 1 loops>"
    await transport.aclose()
    assert session.closed == [1]
    assert repr(transport) == "<LambdaTransport proxy open on 0 loops>"


def test_each_loop_has_a_client_of_its_own_and_those_of_closed_loops_are_closed(
    loop_factory: LoopFactory,
) -> None:
    session = FakeSession()
    transport = LambdaTransport("proxy", session=session)

    for number in (1, 2, 3):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            assert runner.run(transport.invoke(b"{}")) == b"{}"
            assert session.closed == list(range(1, number))
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(transport.aclose())

    assert len(session.made) == 3
    assert session.closed == [1, 2, 3]


async def test_a_closed_transport_opens_again_when_it_is_used_again() -> None:
    session = FakeSession()
    transport = LambdaTransport("proxy", session=session)

    await transport.invoke(b"{}")
    await transport.aclose()
    await transport.aclose()
    await transport.invoke(b"{}")
    await transport.aclose()

    assert (len(session.made), session.closed) == (2, [1, 2])


async def test_a_client_that_cannot_be_made_is_not_invoked_and_may_be_made_later() -> None:
    class Failing(FakeSession):
        def client(self, service: str, **options: Any) -> FakeClient:
            if not self.made:
                self.made.append({})
                raise exceptions.ProfileNotFound(profile="shop")
            return super().client(service, **options)

    transport = LambdaTransport("proxy", session=Failing())

    with pytest.raises(NotInvoked, match=r"The config profile \(shop\) could not be found"):
        await transport.invoke(b"{}")
    assert await transport.invoke(b"{}") == b"{}"
    await transport.aclose()


@pytest.mark.parametrize("name", ["", None, 5])
def test_a_function_name_is_a_text(name: Any) -> None:
    with pytest.raises(TypeError, match="function_name must be a function's name or ARN"):
        LambdaTransport(name)
