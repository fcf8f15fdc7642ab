"""A client as a whole: its databases and its server, closing, and what a connection would know."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo.errors import InvalidName

from motorpool.client import ClientClosed, CommandCursor, ProxyClient, WriteConcern
from tests.both_loops import ONE_LOOP, LoopFactory
from tests.client.fakes import FakeTransport
from tests.client.sent import Sent

LISTED = [{"name": "admin", "sizeOnDisk": 1}, {"name": "shop", "sizeOnDisk": 2}]

# Databases ----------------------------------------------------------------------------------------


async def test_databases_are_listed_by_a_cursor() -> None:
    sent = Sent({"list_databases": LISTED})

    cursor = await sent.client.list_databases(
        comment="why", filter={"name": "shop"}, nameOnly=False, authorizedDatabases=True
    )

    assert type(cursor) is CommandCursor
    assert await cursor.to_list() == LISTED
    assert sent.only == (
        "list_databases",
        "admin.$cmd",
        {
            "comment": "why",
            "filter": {"name": "shop"},
            "name_only": False,
            "authorized_databases": True,
        },
    )


async def test_names_of_databases_are_asked_for_alone() -> None:
    sent = Sent({"list_databases": LISTED})

    assert await sent.client.list_database_names(comment="why") == ["admin", "shop"]
    assert sent.only == ("list_databases", "admin.$cmd", {"name_only": True, "comment": "why"})


@pytest.mark.parametrize("given", ["name", "itself"])
async def test_drop_database_takes_a_name_or_the_database(given: str) -> None:
    sent = Sent({"drop_database": {"ok": 1.0}}, write_concern=WriteConcern(1))

    # Its own write concern is another's matter: the driver drops under the client's.
    shop = sent.shop.with_options(write_concern=WriteConcern(2))
    it: Any = "shop" if given == "name" else shop
    nothing: Any = sent.client.drop_database(it, comment="why")
    assert await nothing is None
    args = {"comment": "why", "write_concern": {"w": 1}}
    assert sent.only == ("drop_database", "shop.$cmd", args)


@ONE_LOOP
@pytest.mark.parametrize(
    ("it", "error"), [(1, TypeError), (None, TypeError), ("", InvalidName), ("a b", InvalidName)]
)
async def test_what_names_no_database_is_not_dropped(it: Any, error: type[Exception]) -> None:
    sent = Sent()

    with pytest.raises(error):
        await sent.client.drop_database(it)
    assert sent.is_nothing


async def test_server_info_is_what_the_server_says_of_itself() -> None:
    sent = Sent({"command": {"version": "8.0.1", "ok": 1.0}})

    assert await sent.client.server_info() == {"version": "8.0.1", "ok": 1.0}
    assert sent.only == ("command", "admin.$cmd", {"command": {"buildinfo": 1}})


@ONE_LOOP
@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("list_databases", []),
        ("list_database_names", []),
        ("drop_database", ["shop"]),
        ("server_info", []),
        ("bulk_write", [[]]),
    ],
)
async def test_a_session_is_refused(method: str, args: list[Any]) -> None:
    sent = Sent()

    with pytest.raises(NotImplementedError, match="session"):
        await getattr(sent.client, method)(*args, session=object())
    assert sent.is_nothing


# What has no meaning here -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "address",
        "arbiters",
        "is_mongos",
        "is_primary",
        "nodes",
        "options",
        "primary",
        "secondaries",
        "topology_description",
        "HOST",
        "PORT",
    ],
)
def test_what_only_a_connection_knows_is_an_error_and_no_database(name: str) -> None:
    client = Sent().client

    with pytest.raises(NotImplementedError, match=f"{name}: a ProxyClient has no connection"):
        getattr(client, name)
    assert client[name].name == name


def test_a_session_is_not_begun_and_no_database_either() -> None:
    client = Sent().client

    with pytest.raises(NotImplementedError, match="start_session: sessions of an application"):
        client.start_session(causal_consistency=True)


async def test_there_is_nothing_to_connect_to() -> None:
    sent = Sent()

    assert await sent.client.aconnect() is None  # type: ignore[func-returns-value]
    assert sent.is_nothing


# Closing ------------------------------------------------------------------------------------------


async def test_close_can_be_awaited_as_pymongos() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)
    call = client.shop.users.insert_one({"_id": 1})

    assert await client.close() is None  # type: ignore[func-returns-value]

    assert transport.keys == [[1]]
    assert transport.is_closed
    assert (await call).inserted_id == 1
    with pytest.raises(ClientClosed):
        await client.shop.users.find_one()


async def test_close_need_not_be_awaited_as_motors() -> None:
    transport = FakeTransport()
    client = ProxyClient(transport=transport)

    closing = client.close()
    assert repr(closing) == "<Closing begun>"
    await asyncio.sleep(0.02)

    assert transport.is_closed
    assert repr(closing) == "<Closing done>"


async def test_a_client_may_be_closed_twice() -> None:
    client = Sent().client

    await client.close()
    await client.close()
    await client.aclose()


async def test_a_caller_that_is_cancelled_does_not_stop_the_closing() -> None:
    transport = FakeTransport()
    transport.gate = asyncio.Event()
    client = ProxyClient(transport=transport)
    call = asyncio.ensure_future(client.shop.users.insert_one({"_id": 1}))
    await client.flush()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.ensure_future(client.close()), 0.02)
    await asyncio.sleep(0.02)
    assert not transport.is_closed
    transport.gate.set()
    await call
    await asyncio.sleep(0.02)

    assert transport.is_closed


def test_a_client_closed_as_its_loop_ends_leaves_nothing_open(loop_factory: LoopFactory) -> None:
    transport = FakeTransport()

    async def main() -> None:
        client = ProxyClient(transport=transport)
        await client.shop.users.find_one({"_id": 1})
        transport.gate = asyncio.Event()
        call = asyncio.ensure_future(client.shop.users.find_one({"_id": 2}))
        await asyncio.sleep(0.02)
        client.close()  # on its way is what will never be answered
        call.cancel()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())
    assert transport.is_closed


def test_a_client_closed_where_no_loop_runs_is_closed_once_it_is_awaited(
    loop_factory: LoopFactory,
) -> None:
    transport = FakeTransport()
    closing = ProxyClient(transport=transport).close()
    assert repr(closing) == "<Closing not begun>"

    async def main() -> None:
        await closing

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())
    assert transport.is_closed
