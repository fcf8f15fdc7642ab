"""What the environment says: read once, named when wrong, and never repeated where it is secret."""

from __future__ import annotations

import dataclasses
import logging
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorpool.batching.operations import OPERATIONS
from motorpool.proxy.settings import Settings, SettingsError, read_settings

SECRET = "s3cret-w0rd"  # noqa: S105 - made up
URI = f"mongodb://someone:{SECRET}@db.example/shop"
PATTERNS = "database.collection, database.*, database.beginning*, *"
OPERATION_WORDS = ", ".join(("read", "write", *OPERATIONS))
SCHEMES = "must begin with mongodb://, mongodb+srv://, or mongomock:// (the embedded database)"


def test_the_uri_alone_is_enough() -> None:
    settings = read_settings({"MOTORPOOL_MONGODB_URI": URI})

    assert settings == Settings(
        mongodb_uri=URI,
        pool_size=5,
        max_operations=10_000,
        max_response_bytes=6_291_556,
        margin_ms=250,
        allow="out",
        namespaces="*",
        operations="read,write",
        driver="motor",
        fuse=True,
        timeout=30,
        usage="off",
    )


def test_every_setting_is_read_from_its_variable() -> None:
    settings = read_settings(
        {
            "MOTORPOOL_MONGODB_URI": "mongodb+srv://db.example",
            "MOTORPOOL_POOL_SIZE": "7",
            "MOTORPOOL_MAX_OPERATIONS": "99",
            "MOTORPOOL_MAX_RESPONSE_BYTES": "4096",
            "MOTORPOOL_MARGIN_MS": "0",
            "MOTORPOOL_ALLOW": "admin",
            "MOTORPOOL_NAMESPACES": "shop.*",
            "MOTORPOOL_OPERATIONS": "read",
            "MOTORPOOL_DRIVER": "pymongo",
            "MOTORPOOL_FUSE": "off",
            "MOTORPOOL_TIMEOUT": "3",
            "MOTORPOOL_USAGE": "stdout",
        }
    )

    assert settings == Settings(
        *("mongodb+srv://db.example", 7, 99, 4096, 0, "admin", "shop.*", "read"),
        driver="pymongo",
        fuse=False,
        timeout=3,
        usage="stdout",
    )


@pytest.mark.parametrize(
    ("value", "is_on"), [("on", True), ("off", False), ("true", True), ("0", False)]
)
def test_a_switch_is_on_or_off(value: str, *, is_on: bool) -> None:
    settings = read_settings({"MOTORPOOL_MONGODB_URI": URI, "MOTORPOOL_FUSE": value})

    assert settings.fuse is is_on


def test_the_process_environment_is_read_where_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOTORPOOL_MONGODB_URI", "mongomock://")
    monkeypatch.setenv("MOTORPOOL_POOL_SIZE", "3")

    assert read_settings() == Settings("mongomock://", pool_size=3)


def test_settings_are_frozen() -> None:
    settings = read_settings({"MOTORPOOL_MONGODB_URI": URI})

    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.pool_size = 100  # type: ignore[misc]


@pytest.mark.parametrize(
    ("uri", "is_embedded"),
    [
        ("mongomock://", True),
        ("mongomock://anything", True),
        ("mongodb://db", False),
        ("mongodb+srv://db", False),
    ],
)
def test_only_its_scheme_names_the_embedded_database(uri: str, *, is_embedded: bool) -> None:
    assert read_settings({"MOTORPOOL_MONGODB_URI": uri}).is_embedded is is_embedded


@pytest.mark.parametrize(
    ("variable", "value", "read"),
    [
        ("ALLOW", "", ""),
        ("ALLOW", " , ", ""),
        ("ALLOW", "out, javascript ,admin", "out,javascript,admin"),
        ("ALLOW", "admin,out,admin", "admin,out"),
        ("NAMESPACES", "*", "*"),
        ("NAMESPACES", " shop.* ,b.c.d,", "shop.*,b.c.d"),
        ("NAMESPACES", "shop.fs.*,shop.log*", "shop.fs.*,shop.log*"),
        ("OPERATIONS", "read , insert_one", "read,insert_one"),
    ],
)
def test_words_are_read_apart_by_commas(variable: str, value: str, read: str) -> None:
    settings = read_settings(
        {"MOTORPOOL_MONGODB_URI": URI, f"MOTORPOOL_{variable}": value},
    )

    assert getattr(settings, variable.lower()) == read


# What is wrong ------------------------------------------------------------------------------------


def test_a_missing_uri_is_named_with_what_would_be_right() -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({"PATH": "/bin", "MONGODB_URI": URI})

    assert str(raised.value) == (
        "MOTORPOOL_MONGODB_URI is not set: give the URI of the database, "
        "or mongomock:// for the embedded one"
    )


@pytest.mark.parametrize(
    "uri",
    [
        "",
        " ",
        "localhost:27017",
        f"http://someone:{SECRET}@db",
        f"postgres://{SECRET}",
        f" mongodb://someone:{SECRET}@db",
        "mongomock",
        "MONGODB://db",
    ],
)
def test_another_scheme_is_refused_and_the_uri_is_not_repeated(uri: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({"MOTORPOOL_MONGODB_URI": uri})

    assert str(raised.value) == f"MOTORPOOL_MONGODB_URI: {SCHEMES}"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("POOL_SIZE", "0", "input should be greater than or equal to 1"),
        ("POOL_SIZE", "101", "input should be less than or equal to 100"),
        ("POOL_SIZE", "-1", "input should be greater than or equal to 1"),
        (
            "POOL_SIZE",
            "five",
            "input should be a valid integer, unable to parse string as an integer",
        ),
        ("POOL_SIZE", "", "input should be a valid integer, unable to parse string as an integer"),
        ("MAX_OPERATIONS", "0", "input should be greater than or equal to 1"),
        ("MAX_OPERATIONS", "100001", "input should be less than or equal to 100000"),
        ("MAX_RESPONSE_BYTES", "1023", "input should be greater than or equal to 1024"),
        ("MAX_RESPONSE_BYTES", "6291557", "input should be less than or equal to 6291556"),
        ("MARGIN_MS", "-1", "input should be greater than or equal to 0"),
        ("MARGIN_MS", "60001", "input should be less than or equal to 60000"),
        ("ALLOW", "out,Admin", "'Admin' is none of out, javascript, admin"),
        ("NAMESPACES", "shop", f"'shop' is none of {PATTERNS}"),
        ("NAMESPACES", "*.orders", f"'*.orders' is none of {PATTERNS}"),
        ("NAMESPACES", "shop.a*b", f"'shop.a*b' is none of {PATTERNS}"),
        ("NAMESPACES", "shop.$cmd", f"'shop.$cmd' is none of {PATTERNS}"),
        ("NAMESPACES", "", f"names nothing; give any of {PATTERNS}"),
        ("OPERATIONS", "find,reads", f"'reads' is none of {OPERATION_WORDS}"),
        ("OPERATIONS", " , ", f"names nothing; give any of {OPERATION_WORDS}"),
        ("DRIVER", "Motor", "must be motor or pymongo"),
        ("DRIVER", "", "must be motor or pymongo"),
        ("FUSE", "perhaps", "must be on or off"),
        ("FUSE", "", "must be on or off"),
        ("TIMEOUT", "0", "input should be greater than or equal to 1"),
        ("TIMEOUT", "901", "input should be less than or equal to 900"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(
    variable: str, value: str, message: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({"MOTORPOOL_MONGODB_URI": URI, f"MOTORPOOL_{variable}": value})

    assert str(raised.value) == f"MOTORPOOL_{variable}: {message}"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("POOL_SIZE", 1),
        ("POOL_SIZE", 100),
        ("MAX_OPERATIONS", 1),
        ("MAX_OPERATIONS", 100_000),
        ("MAX_RESPONSE_BYTES", 1_024),
        ("MAX_RESPONSE_BYTES", 6_291_556),
        ("MARGIN_MS", 0),
        ("MARGIN_MS", 60_000),
        ("TIMEOUT", 1),
        ("TIMEOUT", 900),
    ],
)
def test_the_bounds_themselves_are_taken(variable: str, value: int) -> None:
    settings = read_settings(
        {"MOTORPOOL_MONGODB_URI": URI, f"MOTORPOOL_{variable}": str(value)},
    )

    assert getattr(settings, variable.lower()) == value


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({"MOTORPOOL_POOL_SIZE": "0", "MOTORPOOL_MARGIN_MS": "soon"})

    assert str(raised.value) == (
        "MOTORPOOL_MONGODB_URI is not set: give the URI of the database, "
        "or mongomock:// for the embedded one; "
        "MOTORPOOL_POOL_SIZE: input should be greater than or equal to 1; "
        "MOTORPOOL_MARGIN_MS: input should be a valid integer, "
        "unable to parse string as an integer"
    )


def test_an_unknown_variable_of_ours_is_named_in_a_warning_without_its_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    environment = {"MOTORPOOL_MONGODB_URI": "mongomock://", "MOTORPOOL_MONGO_URI": URI}

    assert read_settings(environment) == Settings("mongomock://")

    message = (
        "MOTORPOOL_MONGO_URI is not a setting; known: MOTORPOOL_MONGODB_URI, "
        "MOTORPOOL_POOL_SIZE, MOTORPOOL_MAX_OPERATIONS, MOTORPOOL_MAX_RESPONSE_BYTES, "
        "MOTORPOOL_MARGIN_MS, MOTORPOOL_ALLOW, MOTORPOOL_NAMESPACES, MOTORPOOL_OPERATIONS, "
        "MOTORPOOL_DRIVER, MOTORPOOL_FUSE, MOTORPOOL_TIMEOUT, MOTORPOOL_USAGE"
    )
    logged = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert logged == [(logging.WARNING, message)]


@pytest.mark.parametrize(
    "variable", ["pool_size", "POOL_SIZE", "http_proxy", "Motorpool_Pool_Size", "_X", "mongodb_uri"]
)
def test_variables_of_others_are_left_alone(
    variable: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = read_settings({"MOTORPOOL_MONGODB_URI": "mongomock://", variable: "7"})

    assert settings == Settings("mongomock://")
    assert caplog.records == []


def test_the_tests_own_variable_is_no_slip(caplog: pytest.LogCaptureFixture) -> None:
    read_settings({"MOTORPOOL_MONGODB_URI": "mongomock://", "MOTORPOOL_TEST_URI": URI})

    assert caplog.records == []


# What is secret -----------------------------------------------------------------------------------


def test_repr_leaves_the_uri_out() -> None:
    assert repr(read_settings({"MOTORPOOL_MONGODB_URI": URI})) == (
        "Settings(pool_size=5, max_operations=10000, max_response_bytes=6291556, margin_ms=250, "
        "allow='out', namespaces='*', operations='read,write', driver='motor', fuse=True, "
        "timeout=30, usage='off')"
    )


@given(
    others=st.dictionaries(
        st.sampled_from(
            ["MOTORPOOL_POOL_SIZE", "MOTORPOOL_MARGIN_MS", "MOTORPOOL_MAX_OPERATIONS", "MOTORPOOL_"]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
        min_size=1,
    ),
    scheme=st.sampled_from(["mongodb", "mongodb+srv", "http", ""]),
)
def test_no_error_carries_the_password(others: dict[str, str], scheme: str) -> None:
    environment = {"MOTORPOOL_MONGODB_URI": f"{scheme}://someone:{SECRET}@db", **others}

    try:
        said = repr(read_settings(environment))
    except SettingsError as error:
        said = "".join(traceback.format_exception(error))

    assert SECRET not in said
