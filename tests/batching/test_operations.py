from typing import get_args

import bson
import pytest
from bson.raw_bson import RawBSONDocument

from motorpool.batching.operations import (
    BULK_REQUESTS,
    OPERATIONS,
    Argument,
    Kind,
    OperationSpec,
    is_write,
)

ALL = [*OPERATIONS.values(), *BULK_REQUESTS.values()]


def required(spec: OperationSpec) -> set[str]:
    return {name for name, argument in spec.arguments.items() if argument.required}


def test_each_operation_requires_what_it_makes_no_sense_without() -> None:
    assert {name: required(spec) for name, spec in OPERATIONS.items()} == {
        "find": set(),
        "find_one": set(),
        "explain": set(),
        "aggregate": {"pipeline"},
        "get_more": {"cursor"},
        "kill_cursors": {"cursors"},
        "count_documents": {"filter"},
        "estimated_document_count": set(),
        "distinct": {"key"},
        "insert_one": {"document"},
        "insert_many": {"documents"},
        "update_one": {"filter", "update"},
        "update_many": {"filter", "update"},
        "replace_one": {"filter", "replacement"},
        "delete_one": {"filter"},
        "delete_many": {"filter"},
        "find_one_and_update": {"filter", "update"},
        "find_one_and_replace": {"filter", "replacement"},
        "find_one_and_delete": {"filter"},
        "bulk_write": {"requests"},
        "create_indexes": {"indexes"},
        "drop_index": {"name"},
        "drop_indexes": set(),
        "list_indexes": set(),
        "create_collection": set(),
        "drop_collection": set(),
        "rename": {"new_name"},
        "list_collections": set(),
        "drop_database": set(),
        "list_databases": set(),
        "command": {"command"},
        "client_bulk_write": {"requests"},
    }


def test_each_bulk_request_requires_what_its_operation_requires() -> None:
    assert {name: required(spec) for name, spec in BULK_REQUESTS.items()} == {
        name: required(OPERATIONS[name])
        for name in (
            "insert_one",
            "update_one",
            "update_many",
            "replace_one",
            "delete_one",
            "delete_many",
        )
    }


def test_reads_and_writes_are_told_apart() -> None:
    assert {name for name, spec in OPERATIONS.items() if spec.effect == "read"} == {
        "find",
        "find_one",
        "explain",
        "aggregate",
        "count_documents",
        "estimated_document_count",
        "distinct",
        "list_indexes",
        "list_collections",
        "list_databases",
    }
    assert {name for name, spec in OPERATIONS.items() if spec.effect == "advance"} == {
        "get_more",
        "kill_cursors",
    }
    assert {spec.effect for spec in BULK_REQUESTS.values()} == {"write"}


def test_the_tables_keys_are_the_names_in_them() -> None:
    assert [name for name, spec in OPERATIONS.items() if name != spec.name] == []
    assert [name for name, spec in BULK_REQUESTS.items() if name != spec.name] == []


def test_an_argument_is_of_one_kind_wherever_it_stands_but_where_the_driver_differs() -> None:
    kinds: dict[str, set[str]] = {}
    for spec in ALL:
        for name, argument in spec.arguments.items():
            kinds.setdefault(name, set()).add(argument.kind)

    assert {name: found for name, found in kinds.items() if len(found) > 1} == {
        # What an update is given the driver looks at; what a count is given, the server.
        "filter": {"document", "value"},
        # A client's bulk write says of each request where it goes.
        "requests": {"requests", "client_requests"},
        # get_more is given the cursor; a command is asked for one.
        "cursor": {"document", "bool"},
    }
    assert set().union(*kinds.values()) <= set(get_args(Kind))


def test_a_drivers_name_is_given_only_where_it_differs() -> None:
    assert {
        (name, argument.driver_name)
        for spec in ALL
        for name, argument in spec.arguments.items()
        if argument.driver_name is not None
    } == {
        ("max_time_ms", "maxTimeMS"),
        ("max_await_time_ms", "maxAwaitTimeMS"),
        ("allow_disk_use", "allowDiskUse"),
        ("batch_size", "batchSize"),
        ("bypass_document_validation", "bypassDocumentValidation"),
        ("commit_quorum", "commitQuorum"),
        ("drop_target", "dropTarget"),
        ("name_only", "nameOnly"),
        ("authorized_collections", "authorizedCollections"),
        ("authorized_databases", "authorizedDatabases"),
    }


def test_specs_do_not_share_a_table_that_one_could_change_for_another() -> None:
    find, find_one = OPERATIONS["find"].arguments, OPERATIONS["find_one"].arguments

    assert find is not find_one
    assert find == find_one | {
        "limit": Argument("int"),
        "cursor_type": Argument("cursor_type"),
        "max_await_time_ms": Argument("int"),
        "length": Argument("count"),
    }


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "aggregate"])
def test_whether_an_operation_writes_is_said_by_its_name(name: str) -> None:
    assert is_write(name, {}) is (OPERATIONS[name].effect == "write")


@pytest.mark.parametrize(
    ("pipeline", "writes"),
    [
        ([], False),
        ([{"$match": {}}], False),
        ([{"$match": {}}, {"$out": "c"}], True),
        ([{"$merge": {"into": "c"}}], True),
        ([{"$out": "c"}, {"$match": {}}], False),  # the server refuses it: only the last may write
        ([{"$match": {"$out": 1}}], False),
        (({"$match": {}}, {"$out": "c"}), True),
        ([RawBSONDocument(bson.encode({"$out": "c"}))], True),
        (["$out"], False),
        ({"$out": "c"}, False),
        (None, False),
    ],
)
def test_an_aggregation_writes_if_its_last_stage_is_out_or_merge(
    pipeline: object,
    writes: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    assert is_write("aggregate", {"pipeline": pipeline}) is writes


def test_an_aggregation_without_a_pipeline_does_not_write() -> None:
    assert is_write("aggregate", {}) is False
