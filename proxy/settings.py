"""The proxy's settings, read once at start from `MOTORPOOL_*` environment variables.

A missing or bad one stops the start with an error that names the variable: a proxy that guesses
its database is worse than none. Never prints the URI, which holds a password.
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pydantic_core import PydanticCustomError, SchemaValidator, ValidationError, core_schema

from motorpool.batching.limits import LAMBDA_RESPONSE_BYTES, MAX_OPERATIONS
from motorpool.batching.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log: Final = logging.getLogger("motorpool.proxy")

PREFIX: Final = "MOTORPOOL_"
EMBEDDED_SCHEME: Final = "mongomock://"
"""Names the embedded database: mongomock-motor, in the process, for tests and the demo."""

_POOL_SIZE: Final = 5
_MARGIN_MS: Final = 250
_ALLOW: Final = "out"
_NAMESPACES: Final = "*"
_OPERATIONS: Final = "read,write"
_DRIVERS: Final = ("motor", "pymongo")
_TIMEOUT: Final = 30
_USAGE: Final = "off"
_USAGE_PLACES: Final = r"^(off|stdout|.*[./].*)$"  # a word alone is a slip, and no file's name
_SCHEMES: Final = r"^(mongodb|mongodb\+srv|mongomock)://"
_NOT_SETTINGS: Final = frozenset({"MOTORPOOL_TEST_URI"})  # the project's own tests read it


class SettingsError(ValueError):
    """A setting is missing or bad. The message names the environment variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the proxy is told. Each field is `MOTORPOOL_` and its name in capitals."""

    mongodb_uri: str = field(repr=False)  # it holds a password
    """`mongodb://`, `mongodb+srv://`, or `mongomock://` for the embedded database."""
    pool_size: int = _POOL_SIZE
    """Connections and operations at once in one execution environment: with the reserved
    concurrency it makes the ceiling of connections on the server. 5 by measurement: a millisecond
    from the server 100 operations take a quarter of the time that they take over one connection,
    and ten save little more (docs/connections.md)."""
    max_operations: int = MAX_OPERATIONS
    """Operations taken in one batch."""
    max_response_bytes: int = LAMBDA_RESPONSE_BYTES
    """Bytes of JSON in one response; more than Lambda takes would kill the environment."""
    margin_ms: int = _MARGIN_MS
    """Milliseconds of the invocation's time kept back to write the answer in."""
    allow: str = _ALLOW
    """What is refused unless it is named here, words apart by commas: `out` ($out, $merge),
    `javascript` (run by the server), `admin` (of the cluster and its users)."""
    namespaces: str = _NAMESPACES
    """What may be read and written, apart by commas: `shop.orders`, `shop.*`, `*`."""
    operations: str = _OPERATIONS
    """Which operations are run, by name or by what they do, apart by commas: `read`, `write`."""
    driver: str = _DRIVERS[0]
    """What speaks to the server: `motor`, or `pymongo`, whose own asynchronous client it is."""
    fuse: bool = True
    """Whether operations of a batch are put together into fewer round trips: `on` or `off`."""
    timeout: int = _TIMEOUT
    """Seconds after which Lambda ends an invocation, which nobody tells the function itself: an
    unreachable server is given up well before."""
    usage: str = _USAGE
    """Where a line of recorded usage goes for each batch: `off`, `stdout`, or the path of a file
    that it is appended to. See `motorpool.proxy.usage`."""

    @property
    def is_embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return self.mongodb_uri.startswith(EMBEDDED_SCHEME)


def _int(default: int, minimum: int, maximum: int) -> core_schema.CoreSchema:
    return core_schema.with_default_schema(
        core_schema.int_schema(ge=minimum, le=maximum), default=default
    )


def _words(text: str) -> list[str]:
    """The words of a list, each once, in their order."""
    return list(dict.fromkeys(word for part in text.split(",") if (word := part.strip())))


def _list_of_words(
    default: str, is_word: Callable[[str], object], right: str, *, may_be_empty: bool = False
) -> core_schema.CoreSchema:
    """A list of words, apart by commas. `right`: what a word may be, for the one who reads it."""

    def read(text: str) -> str:
        words = _words(text)
        for word in words:
            if not is_word(word):
                raise PydanticCustomError("word", "{word} is none of {right}", _said(word, right))
        if not words and not may_be_empty:
            raise PydanticCustomError(
                "empty", "names nothing; give any of {right}", {"right": right}
            )
        return ",".join(words)

    return core_schema.with_default_schema(
        core_schema.no_info_after_validator_function(read, core_schema.str_schema()),
        default=default,
    )


def _said(word: str, right: str) -> dict[str, str]:
    return {"word": f"{word!r:.100}", "right": right}


_FIELDS: Final[dict[str, core_schema.CoreSchema]] = {
    "mongodb_uri": core_schema.custom_error_schema(
        core_schema.str_schema(pattern=_SCHEMES),
        custom_error_type="uri_scheme",
        custom_error_message=(
            "must begin with mongodb://, mongodb+srv://, or mongomock:// (the embedded database)"
        ),
    ),
    "pool_size": _int(_POOL_SIZE, 1, 100),
    "max_operations": _int(MAX_OPERATIONS, 1, 100_000),
    "max_response_bytes": _int(LAMBDA_RESPONSE_BYTES, 1_024, LAMBDA_RESPONSE_BYTES),
    "margin_ms": _int(_MARGIN_MS, 0, 60_000),
    "allow": _list_of_words(
        _ALLOW,
        {"out", "javascript", "admin"}.__contains__,
        "out, javascript, admin",
        may_be_empty=True,
    ),
    "namespaces": _list_of_words(
        _NAMESPACES,
        # The names are the server's to judge; a star has no meaning but at the end of one.
        re.compile(r"\*|[^.*$]+\.[^*$]+\*?|[^.*$]+\.\*").fullmatch,
        "database.collection, database.*, database.beginning*, *",
    ),
    "operations": _list_of_words(
        _OPERATIONS,
        {"read", "write", *OPERATIONS}.__contains__,
        ", ".join(("read", "write", *OPERATIONS)),
    ),
    "driver": core_schema.with_default_schema(
        core_schema.custom_error_schema(
            core_schema.literal_schema(list(_DRIVERS)),
            custom_error_type="driver",
            custom_error_message=f"must be {' or '.join(_DRIVERS)}",
        ),
        default=_DRIVERS[0],
    ),
    "fuse": core_schema.with_default_schema(
        core_schema.custom_error_schema(
            core_schema.bool_schema(),
            custom_error_type="switch",
            custom_error_message="must be on or off",
        ),
        default=True,
    ),
    "timeout": _int(_TIMEOUT, 1, 900),
    "usage": core_schema.with_default_schema(
        core_schema.custom_error_schema(
            core_schema.str_schema(pattern=_USAGE_PLACES),
            custom_error_type="usage",
            custom_error_message=(
                "must be off, stdout, or the path of a file to append to, such as /tmp/usage.jsonl"
            ),
        ),
        default=_USAGE,
    ),
}

_VALIDATOR: Final = SchemaValidator(
    core_schema.dataclass_schema(
        Settings,
        core_schema.dataclass_args_schema(
            "Settings",
            [core_schema.dataclass_field(name, schema) for name, schema in _FIELDS.items()],
            extra_behavior="forbid",
        ),
        list(_FIELDS),
        frozen=True,
        slots=True,
    )
)


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environment` (the process's own by default).

    Raises SettingsError. A `MOTORPOOL_` variable that is no setting is named in a warning, since
    it is more likely a slip than meant.
    """
    environment = os.environ if environment is None else environment
    given: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable in _NOT_SETTINGS:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in _FIELDS:
            given[name] = value
        else:
            log.warning("%s is not a setting; known: %s", variable, ", ".join(_variables()))
    try:
        settings: Settings = _VALIDATOR.validate_python(given)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    return settings


def _variables() -> list[str]:
    return [PREFIX + name.upper() for name in _FIELDS]


def _explain(error: ValidationError) -> str:
    said = []
    for fault in error.errors(include_url=False, include_input=False):
        variable = PREFIX + str(fault["loc"][-1]).upper()
        if fault["type"] == "missing":
            said.append(
                f"{variable} is not set: give the URI of the database, "
                "or mongomock:// for the embedded one"
            )
        else:
            said.append(f"{variable}: {fault['msg'][:1].lower()}{fault['msg'][1:]}")
    return "; ".join(said)
