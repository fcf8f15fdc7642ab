"""`aclose` sends what is queued, waits for what is on its way, and then refuses."""

import asyncio
from typing import Any

import pymongo.errors
import pytest

from motorpool.client import ClientClosed, ProxyClient
from tests.client.fakes import FakeTransport


async def test_aclose_sends_what_is_queued_and_closes_the_transport() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    call = client.shop.users.insert_one({"_id": 1})
    await client.aclose()

    assert transport.keys == [[1]]
    assert transport.is_closed
    assert repr(call) == "<Call insert_one on shop.users done>"
    assert (await call).inserted_id == 1


async def test_aclose_waits_for_what_is_on_its_way() -> None:
    transport = FakeTransport()
    transport.gate = asyncio.Event()
    client = ProxyClient(transport=transport)

    call = asyncio.ensure_future(client.shop.users.insert_one({"_id": 1}))
    await client.flush()
    closing = asyncio.create_task(client.aclose())
    await asyncio.sleep(0.01)
    assert not closing.done()
    assert not transport.is_closed
    transport.gate.set()
    await closing

    assert transport.is_closed
    assert (await call).inserted_id == 1


async def test_a_closed_client_refuses_every_call() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)
    await client.aclose()

    for call in (
        client.shop.users.find_one({"_id": 1}),
        client.shop.users.find().to_list(),
        client.shop.users.insert_one({"_id": 1}),
    ):
        with pytest.raises(ClientClosed) as raised:
            await call
        assert str(raised.value) == "the client is closed"
        assert isinstance(raised.value, pymongo.errors.InvalidOperation)
    assert transport.keys == []
    assert client.counters.refused == 3


async def test_a_closed_client_is_closed_for_scopes_and_other_loops_too() -> None:
    client = ProxyClient(transport=FakeTransport())
    await client.aclose()

    for scope in (client.request(), client.batch()):
        async with scope:
            call = client.shop.users.find_one({"_id": 1})
        with pytest.raises(ClientClosed):
            await call
    with pytest.raises(ClientClosed):
        await asyncio.to_thread(lambda: asyncio.run(client.shop.users.find_one({})))


async def test_a_call_while_the_client_is_closing_is_refused() -> None:
    transport = FakeTransport()
    transport.gate = asyncio.Event()
    client = ProxyClient(transport=transport)

    early = client.shop.users.find_one({"_id": 1})
    closing = asyncio.create_task(client.aclose())
    await asyncio.sleep(0)
    late = client.shop.users.find_one({"_id": 2})
    transport.gate.set()
    await closing

    assert await early == {"_id": 1}
    with pytest.raises(ClientClosed):
        await late


async def test_aclose_sends_what_an_open_batch_holds() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    async with client.batch():
        call = client.shop.users.find_one({"_id": 1})
        await client.aclose()
        assert await call == {"_id": 1}

    assert transport.keys == [[1]]


async def test_aclose_may_be_called_again() -> None:
    client = ProxyClient(transport=FakeTransport())

    await client.aclose()
    await client.aclose()


async def test_the_client_is_an_asynchronous_context_manager_of_itself() -> None:
    transport = FakeTransport()

    async with ProxyClient(transport=transport) as client:
        assert repr(client) == "<ProxyClient FakeTransport()>"
        call = client.shop.users.find_one({"_id": 1})

    assert repr(client) == "<ProxyClient FakeTransport() closed>"
    assert await call == {"_id": 1}
    assert transport.is_closed


@pytest.mark.parametrize("given", [{}, {"function_name": "f", "transport": FakeTransport()}])
def test_a_client_takes_a_function_or_a_transport(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="exactly one of them"):
        ProxyClient(**given)


def test_options_of_the_lambda_transport_are_refused_beside_another_transport() -> None:
    with pytest.raises(TypeError, match=r"^region_name, endpoint_url: not taken together with"):
        ProxyClient(transport=FakeTransport(), region_name="eu-central-1", endpoint_url="http://x")
