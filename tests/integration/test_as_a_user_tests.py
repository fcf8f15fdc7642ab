"""How an application's own tests use motorpool: without AWS, without a server, in milliseconds.

`Accounts` stands for the application. It is given a collection and cannot tell whether that one is
reached through a Lambda or, as here, through the same proxy in this process, with the embedded
database behind it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pymongo.errors import DuplicateKeyError

from motorpool.client import Collection, InProcessTransport, ProxyClient
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings

# The application ----------------------------------------------------------------------------------


class EmailTaken(Exception):
    """There is an account with this address already."""


class Accounts:
    """The application's repository: plain async methods over a collection, as with Motor."""

    def __init__(self, collection: Collection) -> None:
        self._accounts = collection

    async def open(self, email: str, name: str) -> None:
        try:
            await self._accounts.insert_one({"_id": email, "name": name, "balance": 0})
        except DuplicateKeyError as error:
            raise EmailTaken(email) from error

    async def deposit(self, email: str, amount: int) -> int:
        account = await self._accounts.find_one_and_update(
            {"_id": email}, {"$inc": {"balance": amount}}, return_document=True
        )
        if account is None:
            raise KeyError(email)
        return int(account["balance"])

    async def names(self, emails: list[str]) -> list[str]:
        """One query for each account, as one writes it without thinking of round trips."""
        found = await asyncio.gather(*[self._accounts.find_one({"_id": each}) for each in emails])
        return [account["name"] for account in found if account is not None]

    async def overview(self) -> dict[str, Any]:
        count, richest = await asyncio.gather(
            self._accounts.count_documents({}),
            self._accounts.find().sort("balance", -1).limit(1).to_list(),
        )
        return {"count": count, "richest": richest[0]["name"] if richest else None}


# Its fixtures -------------------------------------------------------------------------------------


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """An empty database, in this process, for one test."""
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    yield proxy
    proxy.close()


@pytest.fixture
async def client(proxy: Proxy) -> AsyncIterator[ProxyClient]:
    async with ProxyClient(transport=InProcessTransport(proxy.handle)) as client:
        yield client


@pytest.fixture
def accounts(client: ProxyClient) -> Accounts:
    return Accounts(client.bank.accounts)


# Its tests ----------------------------------------------------------------------------------------


async def test_an_account_is_opened_once(accounts: Accounts) -> None:
    await accounts.open("ada@example.org", "Ada")
    with pytest.raises(EmailTaken):
        await accounts.open("ada@example.org", "Another Ada")
    assert await accounts.names(["ada@example.org"]) == ["Ada"]


async def test_deposits_add_up(accounts: Accounts) -> None:
    await accounts.open("ada@example.org", "Ada")
    await accounts.deposit("ada@example.org", 5)
    assert await accounts.deposit("ada@example.org", 7) == 12


async def test_a_deposit_needs_an_account(accounts: Accounts) -> None:
    with pytest.raises(KeyError):
        await accounts.deposit("nobody@example.org", 5)


async def test_the_overview_knows_the_richest(accounts: Accounts) -> None:
    assert await accounts.overview() == {"count": 0, "richest": None}
    for name, amount in (("Ada", 5), ("Bob", 9), ("Eve", 2)):
        await accounts.open(name.lower(), name)
        await accounts.deposit(name.lower(), amount)
    assert await accounts.overview() == {"count": 3, "richest": "Bob"}


async def test_names_cost_one_invocation_however_many_they_are(
    accounts: Accounts, client: ProxyClient
) -> None:
    """What an application may want to pin down: the counters are public."""
    await asyncio.gather(*[accounts.open(f"{number}", f"name {number}") for number in range(50)])
    before = client.counters.invocations
    assert await accounts.names([f"{number}" for number in range(50)]) == [
        f"name {number}" for number in range(50)
    ]
    assert client.counters.invocations - before == 1


async def test_each_test_has_a_database_of_its_own(accounts: Accounts) -> None:
    assert await accounts.overview() == {"count": 0, "richest": None}
