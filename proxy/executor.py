"""Runs a batch's operations concurrently, at most as many at once as there are connections.

One operation's failure is its own and never another's. Knows no driver (see `drivers`) and no
encoding: it hands on what the driver returned, in the shapes of docs/protocol.md, "Results".
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from motorpool.batching.errors import OperationTimeout
from motorpool.batching.operations import BULK_REQUESTS, OPERATIONS, is_write
from motorpool.proxy.failures import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from motorpool.batching.operations import OperationSpec
    from motorpool.proxy.drivers import Driver
    from motorpool.proxy.models import ValidOperation

_AS_DOCUMENT: Final = frozenset(
    {
        # Handed on as they are, where a server takes a document; only a cursor's own methods turn
        # pairs into one (pymongo/cursor_shared.py).
        *((op, name) for op in ("find", "find_one") for name in ("min", "max")),
        ("aggregate", "hint"),
        # Checked to be one (pymongo's `validate_is_mapping`), in a bulk, too.
        *((op, "sort") for op in ("update_one", "replace_one")),
    }
)
"""Keys that the driver takes as a document, and not as pairs like all others."""

DRIVER_GRACE_SECONDS: Final = 0.05
"""How much later than the driver's own time limit the executor gives an operation up."""


class Limit(NamedTuple):
    """How long an operation may take, in seconds from now; None: without limit."""

    asked: float | None = None
    """What the caller allows."""
    left: float | None = None
    """What the invocation has left."""

    def after(self, waited: float) -> Limit:
        """What remains of it once `waited` seconds have passed."""
        return Limit(*(None if value is None else value - waited for value in self))

    @property
    def total(self) -> float | None:
        """When the executor gives the operation up."""
        # The driver's own limit, where it is told one, comes first: its error says more than ours.
        asked = None if self.asked is None else self.asked + DRIVER_GRACE_SECONDS
        return min((value for value in (asked, self.left) if value is not None), default=None)

    @property
    def is_over(self) -> bool:
        """Whether nothing remains."""
        return any(value is not None and value <= 0 for value in self)


class Done(NamedTuple):
    """What became of one operation: its result or its `err` document, and how long it ran."""

    ok: Any
    err: dict[str, Any] | None
    is_write: bool
    seconds: float


class Executor:
    """Runs operations through a driver, `pool_size` at once, whichever batch they come from."""

    def __init__(self, driver: Driver, pool_size: int) -> None:
        """`pool_size`: operations at once; the driver's pool has as many connections."""
        self._driver = driver
        self._slots = asyncio.Semaphore(pool_size)

    async def run(
        self, operations: Sequence[ValidOperation], limits: Sequence[Limit]
    ) -> list[Done]:
        """Run all, each within its limit. Never raises for one of them."""
        return await asyncio.gather(*map(self._run_one, operations, limits))

    async def _run_one(self, operation: ValidOperation, limit: Limit) -> Done:
        writes = is_write(operation.op, dict(operation.args))
        loop = asyncio.get_running_loop()
        began = loop.time()
        has_started = False
        try:
            # One limit for the wait and the run: the caller's patience knows no difference.
            async with asyncio.timeout(limit.total):
                async with self._slots:
                    limit = limit.after(loop.time() - began)
                    if limit.is_over:
                        raise TimeoutError  # noqa: TRY301 - the same end as the time-out above
                    has_started = True
                    began = loop.time()
                    ok = await self._call_driver(operation, limit)
        except TimeoutError:
            error = _timed_out(operation, has_started=has_started, writes=writes)
            return Done(None, describe(error, is_write=writes), writes, loop.time() - began)
        except Exception as error:  # noqa: BLE001 - rule 1: a failure is a value in its own entry
            whole = await self._completed(operation, error)
            return Done(None, describe(whole, is_write=writes), writes, loop.time() - began)
        return Done(ok, None, writes, loop.time() - began)

    async def _completed(self, operation: ValidOperation, error: Exception) -> Exception:
        try:
            return await self._driver.complete(operation, error)
        except Exception:  # noqa: BLE001 - the first error is the one that the caller must get
            return error

    async def _call_driver(self, operation: ValidOperation, limit: Limit) -> Any:
        collection = self._driver.collection(operation.database, operation.collection)
        spec = OPERATIONS[operation.op]
        given = operation.args if limit.asked is not None else self._within(limit, operation)
        args = self._driver_arguments(spec, given)
        with self._driver.time_limit(_driver_limit(limit, given.get("max_time_ms"))):
            return await _RUNNERS[operation.op](collection, args)

    def _within(self, limit: Limit, operation: ValidOperation) -> Mapping[str, Any]:
        """The arguments, with a `max_time_ms` that ends the command with the invocation.

        Only that, and not the driver's own limit, where the caller has asked for none: under it the
        driver repeats a retryable failure until the limit, where it would repeat it once.
        """
        args = operation.args
        if limit.left is None or "max_time_ms" not in OPERATIONS[operation.op].arguments:
            return args
        left = self._driver.max_time_ms(limit.left)
        asked = args.get("max_time_ms")
        return args if left is None or (asked and asked <= left) else {**args, "max_time_ms": left}

    def _driver_arguments(self, spec: OperationSpec, args: Mapping[str, Any]) -> dict[str, Any]:
        """The driver's keyword arguments: its names for them, and its forms of their values."""
        given: dict[str, Any] = {}
        for name, value in args.items():
            argument = spec.arguments[name]
            if value is None and not argument.required:
                continue
            if argument.kind in ("keys", "hint"):
                value = _pairs(value)  # noqa: PLW2901 - the same value in the driver's form
                if (spec.name, name) in _AS_DOCUMENT and not isinstance(value, str):
                    value = dict(value)  # noqa: PLW2901
            elif argument.kind == "return_document":
                value = value == "after"  # noqa: PLW2901 - pymongo.ReturnDocument is a bool
            elif argument.kind == "requests":
                value = [self._bulk_request(request) for request in value]  # noqa: PLW2901
            given[argument.driver_name or name] = value
        return given

    def _bulk_request(self, request: Mapping[str, Any]) -> Any:
        spec = BULK_REQUESTS[request["op"]]
        return self._driver.bulk_request(
            request["op"], self._driver_arguments(spec, request["args"])
        )


def _pairs(value: Any) -> Any:
    """Keys as the driver takes them: `{"a": 1}` and `[["a", 1]]` alike become `[("a", 1)]`."""
    if isinstance(value, str):
        return value
    pairs: Iterable[Any] = value.items() if hasattr(value, "items") else value
    return [tuple(pair) for pair in pairs]


def _driver_limit(limit: Limit, max_time_ms: int | None) -> float | None:
    """The driver's time limit, where the caller has asked for one.

    None where the operation's own `max_time_ms` is stricter: PyMongo's limit overwrites the
    command's maxTimeMS (pymongo/pool_shared.py, apply_timeout), so it would be lost.
    """
    if limit.asked is None:
        return None
    seconds = limit.asked if limit.left is None else min(limit.asked, limit.left)
    return None if max_time_ms and max_time_ms < seconds * 1000 else seconds


def _timed_out(operation: ValidOperation, *, has_started: bool, writes: bool) -> OperationTimeout:
    what = f"{operation.op} on {operation.ns}"
    if not has_started:
        return OperationTimeout(f"{what}: time-out while waiting for a connection; it was not run")
    fate = "; it may have been applied" if writes else ""
    return OperationTimeout(f"{what}: time-out at the proxy{fate}", may_have_applied=writes)


# One line for each result shape -------------------------------------------------------------------


async def _find(collection: Any, args: dict[str, Any]) -> Any:
    # By the cursor's method, which is the same to Motor: mongomock takes a hint in no other way.
    hint = args.pop("hint", None)
    cursor = collection.find(**args)
    return await (cursor if hint is None else cursor.hint(hint)).to_list(None)


async def _aggregate(collection: Any, args: dict[str, Any]) -> Any:
    return await collection.aggregate(**args).to_list(None)


def _method(name: str, shape: Callable[[Any], Any] = lambda result: result) -> Any:
    async def run(collection: Any, args: dict[str, Any]) -> Any:
        return shape(await getattr(collection, name)(**args))

    return run


def _inserted_one(result: Any) -> dict[str, Any]:
    return {"acknowledged": result.acknowledged, "inserted_id": result.inserted_id}


def _inserted_many(result: Any) -> dict[str, Any]:
    return {"acknowledged": result.acknowledged, "inserted_ids": result.inserted_ids}


def _updated(result: Any) -> dict[str, Any]:
    return _acknowledged(result, "matched_count", "modified_count", "upserted_id", "raw_result")


def _deleted(result: Any) -> dict[str, Any]:
    return _acknowledged(result, "deleted_count", "raw_result")


def _bulk_written(result: Any) -> dict[str, Any]:
    return _acknowledged(
        result,
        "inserted_count",
        "matched_count",
        "modified_count",
        "deleted_count",
        "upserted_count",
        "bulk_api_result",
    )


def _acknowledged(result: Any, *attributes: str) -> dict[str, Any]:
    # With a write concern of 0 in the URI nothing is acknowledged, and the driver raises for each.
    if not result.acknowledged:
        return {"acknowledged": False}
    return {"acknowledged": True, **{name: getattr(result, name) for name in attributes}}


_RUNNERS: Final[dict[str, Callable[[Any, dict[str, Any]], Any]]] = {
    "find": _find,
    "find_one": _method("find_one"),
    "aggregate": _aggregate,
    "count_documents": _method("count_documents"),
    "estimated_document_count": _method("estimated_document_count"),
    "distinct": _method("distinct"),
    "insert_one": _method("insert_one", _inserted_one),
    "insert_many": _method("insert_many", _inserted_many),
    "update_one": _method("update_one", _updated),
    "update_many": _method("update_many", _updated),
    "replace_one": _method("replace_one", _updated),
    "delete_one": _method("delete_one", _deleted),
    "delete_many": _method("delete_many", _deleted),
    "find_one_and_update": _method("find_one_and_update"),
    "find_one_and_replace": _method("find_one_and_replace"),
    "find_one_and_delete": _method("find_one_and_delete"),
    "bulk_write": _method("bulk_write", _bulk_written),
}
