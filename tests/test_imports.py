"""The rule of imports that holds the start-up budgets; `make startup` measures the time itself.

Each import runs in a fresh interpreter, since this one has imported everything.
"""

import base64
import json
import os
import subprocess
import sys

import bson
import pytest

# Nothing listens on port 1: what the handler starts in the background stays on this machine.
UNREACHABLE = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"

AWS = ("aioboto3", "aiobotocore", "boto3", "botocore", "aiohttp")
EMBEDDED = ("mongomock", "mongomock_motor")
DRIVERS = ("pymongo", "motor", *EMBEDDED)
OTHER_ROOMS = ("motorpool.client", "motorpool.costs", "motorpool.local")
PYDANTIC = ("pydantic", "pydantic_core")

# os._exit: the driver's threads are not waited for.
IMPORT = """
import importlib, json, os, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(sys.modules)), flush=True)
os._exit(0)
"""

FIRST_BATCH = """
import json, os, sys
from motorpool.proxy.handler import handler
before = set(sys.modules)
for event in json.loads(sys.argv[1]):
    handler(event, None)
print(json.dumps(sorted(set(sys.modules) - before)), flush=True)
os._exit(0)
"""


def run(program: str, argument: str, driver: str = "motor") -> set[str]:
    """Run a program in a fresh interpreter and return the set of names that it prints."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MOTORPOOL_")
    }
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, argument],
        env=environment | {"MOTORPOOL_MONGODB_URI": UNREACHABLE, "MOTORPOOL_DRIVER": driver},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def at_or_below(names: set[str], packages: tuple[str, ...]) -> list[str]:
    """Return those of the names that are one of the packages or stand in one."""
    return sorted(
        name for name in names if any(f"{name}.".startswith(f"{package}.") for package in packages)
    )


@pytest.mark.parametrize(
    ("module", "left_alone"),
    [
        ("motorpool.batching", (*DRIVERS, *AWS, *PYDANTIC)),
        ("motorpool.client", (*DRIVERS, *AWS, *PYDANTIC)),
        ("motorpool.proxy.handler", (*EMBEDDED, *AWS, *OTHER_ROOMS, "yaml")),
        ("motorpool.costs", (*DRIVERS, *AWS, *PYDANTIC)),
    ],
    ids=["batching", "client", "proxy.handler", "costs"],
)
def test_importing_a_room_leaves_what_it_must_not_pay_for(
    module: str, left_alone: tuple[str, ...]
) -> None:
    imported = run(IMPORT, module)

    assert module in imported
    assert at_or_below(imported, left_alone) == []


def test_the_handlers_import_pays_for_all_that_the_first_batch_needs() -> None:
    imported = run(IMPORT, "motorpool.proxy.handler")

    assert {"motor.motor_asyncio", "pydantic_core", "orjson", "bson"} <= imported


@pytest.mark.parametrize(
    ("driver", "module", "other"),
    [("motor", "motor", "motorpool.proxy.pymongo_driver"), ("pymongo", "pymongo", "motor")],
)
def test_only_the_driver_that_is_chosen_is_paid_for(driver: str, module: str, other: str) -> None:
    imported = run(IMPORT, "motorpool.proxy.handler", driver)

    assert module in imported
    assert at_or_below(imported, (other,)) == []


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
def test_the_first_batch_imports_nothing_more(driver: str) -> None:
    operations = [
        {"id": 1, "op": "find_one", "ns": "db.collection", "args": {"filter": {"_id": 1}}},
        {"id": 2, "op": "insert_one", "ns": "db.collection", "args": {"document": {"_id": 1}}},
        {"id": 3, "op": "no_such_operation", "ns": "db.collection", "args": {}},
    ]
    packed = base64.b64encode(bson.encode({"v": 1, "ops": operations[:2]})).decode()
    events = [{"v": 1, "ops": operations}, {"v": 1, "bson": packed}, {"v": 0}]

    assert run(FIRST_BATCH, json.dumps(events), driver) == set()
