"""The init phase in a fresh interpreter: it starts as it was told, or says what it was not told."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.proxy.server_drivers import DRIVERS

SECRET = "s3cret-w0rd"  # noqa: S105 - made up
# Nothing listens on port 1.
UNREACHABLE = f"mongodb://someone:{SECRET}@127.0.0.1:1/?serverSelectionTimeoutMS=50"
SCHEMES = "must begin with mongodb://, mongodb+srv://, or mongomock:// (the embedded database)"
INTEGER = "input should be a valid integer, unable to parse string as an integer"

IMPORT = """
import sys
try:
    import motorpool.proxy.handler
finally:
    print("mongomock_motor" in sys.modules)
"""

# Everything that can be logged is logged, and everything that has a repr is printed.
RUN = """
import json, logging, os, sys
logging.basicConfig(level=logging.DEBUG)
from motorpool.proxy import handler as module
proxy = module._proxy
print(repr(proxy), repr(proxy._settings), repr(proxy._executor), str(vars(proxy)))
event = {"v": 1, "ops": [
    {"id": 1, "op": "find_one", "ns": "shop.items"},
    {"id": 2, "op": "insert_one", "ns": "shop.items", "args": {"document": {}}},
]}
for _ in range(2):
    print(module.handler(event, None).decode(), flush=True)
module.handler({"v": 0}, None)
os._exit(0)
"""

HANDLE = """
import json, sys
from motorpool.proxy.handler import handler
print(handler(json.loads(sys.argv[1]), None).decode())
"""


def started(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a fresh interpreter that has these variables and none of ours besides."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("MOTORPOOL_")
    }
    return subprocess.run(
        [sys.executable, "-I", "-c", program, *arguments],
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_uri_the_start_fails_naming_the_variable_and_what_would_be_right() -> None:
    done = started(IMPORT)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "motorpool.proxy.settings.SettingsError: MOTORPOOL_MONGODB_URI is not set: "
        "give the URI of the database, or mongomock:// for the embedded one"
    )
    # And never the embedded database instead, in silence.
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"MOTORPOOL_MONGODB_URI": f"someone:{SECRET}@db"},
            f"MOTORPOOL_MONGODB_URI: {SCHEMES}",
        ),
        (
            {"MOTORPOOL_MONGODB_URI": ""},
            f"MOTORPOOL_MONGODB_URI: {SCHEMES}",
        ),
        (
            {"MOTORPOOL_MONGODB_URI": UNREACHABLE, "MOTORPOOL_POOL_SIZE": "many"},
            f"MOTORPOOL_POOL_SIZE: {INTEGER}",
        ),
        (
            {"MOTORPOOL_MONGODB_URI": UNREACHABLE, "MOTORPOOL_POOL_SIZE": "0"},
            "MOTORPOOL_POOL_SIZE: input should be greater than or equal to 1",
        ),
    ],
)
def test_a_bad_setting_fails_the_start_naming_its_variable(
    environment: dict[str, str], message: str
) -> None:
    done = started(IMPORT, **environment)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"motorpool.proxy.settings.SettingsError: {message}"
    assert done.stdout == "False\n"
    assert SECRET not in done.stderr


BAD_URIS = [
    f"mongodb://someone:{SECRET}/unescaped@127.0.0.1",
    f"mongodb://someone:{SECRET}@unescaped@127.0.0.1",
    f"mongodb://someone:{SECRET}%@127.0.0.1",
    f"mongodb://someone:{SECRET}@127.0.0.1:port/",
    f"mongodb://someone:{SECRET}@127.0.0.1:99999/",
    f"mongodb://someone:{SECRET}@127.0.0.1/?option",
    f"mongodb://someone:{SECRET}@127.0.0.1/?minPoolSize=50",
    f"mongodb://someone:{SECRET}@/",
    f"mongodb://someone:{SECRET}@[::1",
]


@pytest.mark.parametrize(
    ("uri", "driver"),
    # What reads a URI is the same for both, so one is enough for the second.
    [*((uri, "motor") for uri in BAD_URIS), (BAD_URIS[0], "pymongo")],
)
def test_a_uri_that_the_driver_cannot_read_fails_the_start_without_the_password(
    uri: str, driver: str
) -> None:
    done = started(IMPORT, MOTORPOOL_MONGODB_URI=uri, MOTORPOOL_DRIVER=driver)

    assert done.returncode == 1
    assert done.stdout == "False\n"
    assert SECRET not in done.stderr


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_password_is_in_no_answer_no_log_and_no_repr(driver: str) -> None:
    done = started(RUN, MOTORPOOL_MONGODB_URI=UNREACHABLE, MOTORPOOL_DRIVER=driver)

    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    errors = [entry["err"]["type"] for answer in answers for entry in answer["res"]]
    assert errors == ["ServerSelectionTimeoutError"] * 4
    assert "Server selection failed" in done.stderr  # the driver did log
    assert SECRET not in done.stdout
    assert SECRET not in done.stderr


@pytest.mark.parametrize("driver", DRIVERS)
def test_an_unreachable_server_does_not_stop_the_start(driver: str) -> None:
    done = started(IMPORT, MOTORPOOL_MONGODB_URI=UNREACHABLE, MOTORPOOL_DRIVER=driver)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_embedded_database_is_used_where_its_scheme_names_it() -> None:
    event = {"v": 1, "ops": [{"id": 1, "op": "count_documents", "ns": "a.b", "args": {}}]}
    event["ops"][0]["args"] = {"filter": {}}  # type: ignore[index]

    done = started(HANDLE, json.dumps(event), MOTORPOOL_MONGODB_URI="mongomock://")

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["res"] == [{"id": 1, "ok": {"$numberInt": "0"}}]


def test_the_embedded_database_that_is_not_installed_fails_the_start_saying_what_to_install() -> (
    None
):
    program = "import sys; sys.modules['mongomock_motor'] = None; import motorpool.proxy.handler"

    done = started(program, MOTORPOOL_MONGODB_URI="mongomock://")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "motorpool.proxy.settings.SettingsError: MOTORPOOL_MONGODB_URI names the embedded database,"
        " which is not installed here"
    )
    assert "install motorpool[local], or give a server's URI" in done.stderr
