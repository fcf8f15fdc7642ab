# ruff: noqa: INP001 - a folder that a Lambda imports from is no package
"""An application as its author would write it, and what the tests want to know of it.

Runs in an execution environment of its own (`template.yaml`), which imports it by this name.
"""

import asyncio
import os
import sys
from typing import Any

from motorpool.client import ProxyClient

client = ProxyClient("motorpool-proxy")
db = client.shop
tasks: set[asyncio.Task[Any]] = set()


@client.handler
async def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Show a customer's page, and what it took."""
    del context
    before = client.counters.invocations
    page = await PAGES[event["page"]](event["customer"])
    return {
        "page": page,
        "invocations": client.counters.invocations - before,
        "loop": id(asyncio.get_running_loop()),
        "process": os.getpid(),
        "after init": AFTER_INIT,
        "driver": "pymongo" in sys.modules,
    }


async def customer(number: int) -> Any:
    """Two waves: the customer beside the orders, and then each order's product."""
    found, orders = await asyncio.gather(
        db.customers.find_one({"_id": number}),
        db.orders.find({"customer": number}).sort("_id").to_list(),
    )
    products = await asyncio.gather(
        *(db.products.find_one({"_id": order["product"]}) for order in orders)
    )
    return {"customer": found, "products": products}


async def fill(number: int) -> Any:
    """Insert what the page shows."""
    await asyncio.gather(
        db.customers.insert_one({"_id": number, "name": "Ada"}),
        db.orders.insert_many([{"customer": number, "product": n} for n in range(3)]),
        db.products.insert_many([{"_id": n, "price": n * 10} for n in range(3)]),
    )


async def leave(number: int) -> Any:
    """Leave an operation queued and a task running."""
    _ = db.log.insert_one({"_id": "queued", "customer": number})
    task = asyncio.create_task(note(number))
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def note(number: int) -> None:
    """Insert a little later."""
    await asyncio.sleep(0.1)
    await db.log.insert_one({"_id": "later", "customer": number})


async def left(number: int) -> Any:
    """What the invocation before has left."""
    return sorted(await db.log.distinct("_id", {"customer": number}))


async def missing(number: int) -> Any:
    """Raise, with something queued."""
    _ = db.log.insert_one({"_id": "missing", "customer": number})
    raise LookupError(f"no customer {number}")


PAGES = {"customer": customer, "fill": fill, "leave": leave, "left": left, "missing": missing}
AFTER_INIT = repr(client)
