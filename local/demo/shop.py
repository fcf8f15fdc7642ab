"""The shop's data: a few thousand documents, the same at every run, and how they get in and out.

Never touches a database but its own, `motorpool_demo`.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from motorpool.client import Database

DATABASE: Final = "motorpool_demo"
CUSTOMERS: Final = 400
PRODUCTS: Final = 600
ORDERS: Final = 2_400
CATEGORIES: Final = ("books", "garden", "kitchen", "music", "toys", "travel")
CHUNK: Final = 250
"""Documents of one `insert_many`."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Documents by collection, not loaded yet."""

    collections: dict[str, list[dict[str, Any]]]

    @property
    def size(self) -> int:
        """How many documents there are."""
        return sum(len(documents) for documents in self.collections.values())


def make_shop() -> Shop:
    """The same shop every time: numbers of two runs can be compared."""
    dice = random.Random(20_201)  # noqa: S311 - goods, not secrets
    return Shop(
        {
            "customers": [
                {"_id": i, "name": f"Customer {i}", "likes": dice.choice(CATEGORIES), "views": 0}
                for i in range(CUSTOMERS)
            ],
            "products": [
                {
                    "_id": i,
                    "name": f"Product {i}",
                    "category": CATEGORIES[i % len(CATEGORIES)],
                    "price": dice.randrange(100, 10_000),
                    "rating": dice.randrange(10, 51) / 10,
                }
                for i in range(PRODUCTS)
            ],
            "orders": [
                {
                    "_id": i,
                    "customer": i % CUSTOMERS,
                    "placed": ORDERS - i,
                    "products": dice.sample(range(PRODUCTS), dice.randrange(2, 7)),
                }
                for i in range(ORDERS)
            ],
        }
    )


async def load(db: Database, shop: Shop, progress: Callable[[int], None]) -> None:
    """Clear the demo's collections and load the shop; `progress` gets the documents done so far."""
    await clear(db, shop)
    done = 0
    for name, documents in shop.collections.items():
        for chunk in _chunks(documents):
            await db[name].insert_many(chunk)
            done += len(chunk)
            progress(done)


async def clear(db: Database, shop: Shop) -> None:
    """Empty the demo's collections."""
    await asyncio.gather(*(db[name].delete_many({}) for name in shop.collections))


def _chunks(documents: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(documents), CHUNK):
        yield documents[start : start + CHUNK]
