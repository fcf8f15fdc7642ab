"""The room's public face: complete, documented, usable as it is shown, and cheap to import."""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum

import motorpool.costs
from motorpool.costs import (
    CostError,
    Design,
    Estimate,
    Function,
    FunctionUsage,
    Load,
    PriceTable,
    Setup,
    bill_of,
    break_even_points,
    compare,
    estimate,
)
from tests.costs.tables import FREE_TIER, PRICES, US_EAST_1

IMPORT = """
import json, sys
before = set(sys.modules)
import motorpool.costs
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def imported() -> set[str]:
    """What `import motorpool.costs` brings into a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", IMPORT], capture_output=True, text=True, timeout=60, check=True
    )
    return set(json.loads(done.stdout))


def test_importing_the_room_brings_no_library_and_no_event_loop() -> None:
    names = {name.split(".")[0] for name in imported()}

    assert "motorpool" in names
    assert names - {"motorpool"} <= set(sys.stdlib_module_names)
    assert names.isdisjoint({"asyncio", "socket", "ssl", "http", "urllib", "multiprocessing"})


def test_importing_the_room_brings_no_other_room_but_the_batches_bounds() -> None:
    others = {
        name
        for name in imported()
        if name.startswith("motorpool.") and not name.startswith("motorpool.costs")
    }

    assert others == {
        "motorpool.batching",
        "motorpool.batching.bounds",
        "motorpool.batching.limits",
    }


def test_importing_the_room_does_not_import_its_command() -> None:
    assert not [name for name in imported() if name.startswith("motorpool.costs.command")]


def test_every_public_name_is_there_once_in_order_and_documented() -> None:
    names = motorpool.costs.__all__

    # Constants, classes, functions: as ruff sorts them.
    assert len(names) == len(set(names))
    for name in names:
        value = getattr(motorpool.costs, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__module__.startswith("motorpool.costs."), name
            assert inspect.getdoc(value), name
        else:
            assert isinstance(value, Decimal), name


def test_no_public_name_hides_a_module() -> None:
    for module in pkgutil.iter_modules(motorpool.costs.__path__):
        found = importlib.import_module(f"motorpool.costs.{module.name}")
        assert getattr(motorpool.costs, module.name) is found, module.name


def types_within(value: object) -> Iterator[type]:
    """The room's classes among everything that a value holds."""
    if isinstance(value, tuple):
        for each in value:
            yield from types_within(each)
    elif isinstance(value, dict):
        yield from types_within(tuple(value.values()))
    elif is_dataclass(value):
        yield type(value)
        yield from types_within(tuple(getattr(value, each.name) for each in fields(value)))
    elif isinstance(value, Enum):
        yield type(value)


def test_every_class_that_a_caller_meets_is_public() -> None:
    load, setup = Load(requests=Decimal(1_000_000), queries=Decimal(8)), Setup()
    met = {
        *types_within(compare(load, setup, PRICES)),
        *types_within(break_even_points(load, setup, PRICES, connection_limits={})),
        *types_within((*load.assumptions(), *setup.assumptions())),
        *types_within(PRICES),
    }

    assert {each.__name__ for each in met} <= set(motorpool.costs.__all__)
    assert {Estimate, PriceTable, Design} <= met


def test_every_error_of_the_room_is_public() -> None:
    errors = {
        name
        for name, value in vars(importlib.import_module("motorpool.costs.errors")).items()
        if inspect.isclass(value) and issubclass(value, CostError)
    }

    assert errors
    assert errors <= set(motorpool.costs.__all__)


def test_the_example_of_the_rooms_docstring_is_an_estimate() -> None:
    said = "Load(requests=Decimal(3_000_000), queries=Decimal(8)), Setup(), read_prices()).usd"
    assert f"estimate({said}" in (motorpool.costs.__doc__ or "")
    load = Load(requests=Decimal(3_000_000), queries=Decimal(8))
    found = estimate(load, Setup(), PRICES).usd

    assert isinstance(found, Decimal)
    assert found > 0


def test_a_bill_of_usage_alone_needs_no_load() -> None:
    used = FunctionUsage(name="proxy", requests=Decimal(2_000_000))

    assert bill_of([used], US_EAST_1, FREE_TIER).usd == Decimal("0.2")


def test_a_configuration_is_made_of_public_classes_alone() -> None:
    arm = Function(memory_mb=Decimal(256), architecture="arm64")

    assert Setup(proxy=arm).proxy.architecture == "arm64"
