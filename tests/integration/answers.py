"""What an answer consists of, as flat facts that two answers can be compared by.

A fact is a path and what is found there: `{"value": "list of 1", "value[0]._id": "int 3"}`. Types
are facts, and so are the order of keys, a result's attributes and `repr`, and an exception's class,
code, details, labels and words. Only what cannot be equal is made so: ids that were made while the
tests run, the cluster's clock, the database's name.
"""

import datetime as dt
import inspect
import re
from collections.abc import Mapping
from typing import Any

from bson import DBRef, ObjectId, Regex
from bson.code import Code

from tests.integration.cases.table import Case, Step

Facts = dict[str, str]

MADE_SINCE = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
"""An ObjectId from after this moment was made by the run, and differs in each."""
WHICHEVER = frozenset({"$clusterTime", "operationTime", "opTime", "electionId", "connectionId"})
"""Fields of a server's reply that differ from one command or connection to the next."""
LABELS = (
    "RetryableWriteError",
    "TransientTransactionError",
    "NoWritesPerformed",
    "AnotherLabel",
)

_OBJECT_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{24}(?![0-9a-f])")
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_TIMEOUTS = re.compile(r"\(configured timeouts: [^)]*\)")
_RESULTS: dict[str, tuple[str, ...]] = {
    "InsertOneResult": ("inserted_id",),
    "InsertManyResult": ("inserted_ids",),
    "UpdateResult": ("matched_count", "modified_count", "upserted_id", "did_upsert", "raw_result"),
    "DeleteResult": ("deleted_count", "raw_result"),
    "BulkWriteResult": (
        "inserted_count",
        "matched_count",
        "modified_count",
        "deleted_count",
        "upserted_count",
        "upserted_ids",
        "bulk_api_result",
    ),
    "ClientBulkWriteResult": (
        "inserted_count",
        "matched_count",
        "modified_count",
        "deleted_count",
        "upserted_count",
        "has_verbose_results",
        "insert_results",
        "update_results",
        "delete_results",
        "bulk_api_result",
    ),
}


async def run(case: Case, collection: Any) -> Facts:
    """Run a case's steps in order, each whatever the one before raised; the facts of them all."""
    scribe = _Scribe(collection.database.name)
    for number, step in enumerate(case.steps):
        path = f"step {number}" if len(case.steps) > 1 else ""
        scribe.note(path, await _run_step(step, collection))
    return scribe.facts


def describe(value: Any, database: str) -> Facts:
    """The facts of any value."""
    scribe = _Scribe(database)
    scribe.value("", value)
    return scribe.facts


def differences(direct: Facts, proxied: Facts) -> dict[str, tuple[str | None, str | None]]:
    """Where the two differ: by path, what is found directly and what through the proxy."""
    paths = dict.fromkeys([*direct, *proxied])
    both = {path: (direct.get(path), proxied.get(path)) for path in paths}
    return {path: pair for path, pair in both.items() if pair[0] != pair[1]}


class _Outcome:
    """What a step gave: a value, or what it raised, and whether when called or when awaited."""

    def __init__(self, kind: str, value: Any) -> None:
        self.kind = kind
        self.value = value


async def _run_step(step: Step, collection: Any) -> _Outcome:
    try:
        called = step(collection)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return _Outcome("raised when called", error)
    try:
        return _Outcome("returned", await called if inspect.isawaitable(called) else called)
    except Exception as error:  # noqa: BLE001 - as above
        return _Outcome("raised when awaited", error)


class _Scribe:
    """Writes the facts of one run down; ids made in it are numbered as they appear."""

    def __init__(self, database: str) -> None:
        self.facts: Facts = {}
        self._database = database
        self._made: dict[str, str] = {}

    def note(self, path: str, outcome: _Outcome) -> None:
        self.facts[path or "outcome"] = outcome.kind
        path = f"{path}: " if path else ""
        if outcome.kind == "returned":
            self.value(f"{path}value", outcome.value)
        else:
            self._error(f"{path}error", outcome.value)

    def value(self, path: str, value: Any) -> None:
        if type(value).__name__ in _RESULTS:
            self._result(path, value)
        elif isinstance(value, Mapping):
            keys = ", ".join(self._text(repr(key)) for key in value)
            self.facts[path] = f"{_type(value)} of {keys}"
            for key, item in value.items():
                if key in WHICHEVER:
                    self.facts[f"{path}.{key}"] = f"{_type(item)}, whichever"
                else:
                    self.value(f"{path}.{key}", item)
        elif isinstance(value, list | tuple):
            self.facts[path] = f"{_type(value)} of {len(value)}"
            for index, item in enumerate(value):
                self.value(f"{path}[{index}]", item)
        else:
            self.facts[path] = f"{_type(value)} {self._leaf(value)}"

    def _leaf(self, value: Any) -> str:
        if isinstance(value, Regex | re.Pattern):
            return f"/{value.pattern!r}/{int(value.flags)}"
        if isinstance(value, Code):
            return f"{str(value)!r} in {value.scope!r}"
        if isinstance(value, DBRef):
            return repr(value.as_doc())
        return self._text(repr(value))

    def _result(self, path: str, result: Any) -> None:
        self.facts[path] = type(result).__name__
        for name in (*_RESULTS[type(result).__name__], "acknowledged"):
            try:
                self.value(f"{path}.{name}", getattr(result, name))
            except Exception as error:  # noqa: BLE001 - such as an attribute of an unacknowledged
                self._error(f"{path}.{name}", error)
        raw = getattr(result, "raw_result", getattr(result, "bulk_api_result", None))
        self.facts[f"{path} repr"] = self._text(repr(result).replace(repr(raw), "<raw>"))

    def _error(self, path: str, error: Exception) -> None:
        self.facts[f"{path} class"] = _type(error)
        details = getattr(error, "details", None)
        text = str(error) if details is None else str(error).replace(repr(details), "<details>")
        self.facts[f"{path} text"] = self._text(text)
        for name in ("code", "timeout"):
            self.facts[f"{path} {name}"] = repr(getattr(error, name, None))
        has_label = getattr(error, "has_error_label", lambda _: False)
        self.facts[f"{path} labels"] = repr([label for label in LABELS if has_label(label)])
        self.value(f"{path} details", details)

    def _text(self, text: str) -> str:
        text = _ADDRESS.sub(" at 0x…", text.replace(self._database, "<database>"))
        text = _TIMEOUTS.sub("(configured timeouts)", text)
        return _OBJECT_ID.sub(self._numbered, text)

    def _numbered(self, found: re.Match[str]) -> str:
        text = found.group()
        if ObjectId(text).generation_time < MADE_SINCE:
            return text
        return self._made.setdefault(text, f"<made id {len(self._made) + 1}>")


def _type(value: Any) -> str:
    cls = type(value)
    name = cls.__qualname__
    return name if cls.__module__ == "builtins" else f"{cls.__module__}.{name}"
