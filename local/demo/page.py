"""The page, written as its author would write it: plain `async` code that knows of no batch.

A customer, their orders, each order's products (the N+1 that everybody writes), recommendations, a
counter, and a banner whose query is wrong. It runs unchanged on Motor.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo.errors import OperationFailure

if TYPE_CHECKING:
    from motorpool.client import Database


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows."""

    customer: dict[str, Any]
    orders: list[dict[str, Any]]
    recommendations: list[dict[str, Any]]
    banner: dict[str, Any] | OperationFailure | None
    views: int


async def show_page(db: Database, customer_id: int) -> Page:
    """Everything that the page of one customer shows."""
    customer, orders, views, banner = await asyncio.gather(
        find_customer(db, customer_id),
        db.orders.find({"customer": customer_id}).sort("placed", -1).limit(10).to_list(),
        count_view(db, customer_id),
        find_banner(db),
    )
    recommendations, *whole_orders = await asyncio.gather(
        recommend(db, customer["likes"]),
        *(with_products(db, order) for order in orders),
    )
    return Page(customer, whole_orders, recommendations, banner, views)


async def find_customer(db: Database, customer_id: int) -> dict[str, Any]:
    """The customer. Raises LookupError where there is none."""
    customer = await db.customers.find_one({"_id": customer_id})
    if customer is None:
        raise LookupError(f"no customer {customer_id}")
    return customer


async def with_products(db: Database, order: dict[str, Any]) -> dict[str, Any]:
    """The order with its products in place of their ids: one query each, and never mind."""
    products = await asyncio.gather(
        *(db.products.find_one({"_id": product_id}) for product_id in order["products"])
    )
    return {**order, "products": products}


async def recommend(db: Database, category: str) -> list[dict[str, Any]]:
    """The best products of a category."""
    return await db.products.find({"category": category}).sort("rating", -1).limit(5).to_list()


async def count_view(db: Database, customer_id: int) -> int:
    """Count this view; return how many there were before."""
    before = await db.customers.find_one_and_update({"_id": customer_id}, {"$inc": {"views": 1}})
    return 0 if before is None else int(before["views"])


async def find_banner(db: Database) -> dict[str, Any] | OperationFailure | None:
    """The banner, whose query fails on purpose (MongoDB has no `$cheapest`): the page goes on."""
    try:
        return await db.products.find_one({"price": {"$cheapest": 1}})
    except OperationFailure as error:
        return error
