"""Updates and deletions as one `bulkWrite`: each gets its own answer."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.errors import DuplicateKeyError

from motorpool.proxy.failures import describe
from tests.proxy.fakes import FakeDriver
from tests.proxy.fused import run
from tests.proxy.fused_writes import (
    ALL_ALONE,
    ANSWERS,
    CONCERN,
    LONE,
    LONE_DELETE,
    OPERATIONS,
    UPDATE,
    raises,
    refused,
    sum_of,
    written,
)


async def test_each_gets_its_own_result_as_if_it_had_been_alone() -> None:
    ran = await written(sum_of((0, 1, 2)))

    assert ran.results == ANSWERS
    assert ran.asked == 1
    assert all(each.is_write for each in ran.done)
    assert ran.driver.calls == [
        (
            "client_bulk_write",
            {
                "requests": [
                    ("update_one", {**UPDATE, "upsert": True, "namespace": "shop.items"}),
                    (
                        "replace_one",
                        {
                            "filter": {"_id": 1},
                            "replacement": {"a": 1},
                            "sort": {"a": 1},
                            "namespace": "other.things",
                        },
                    ),
                    ("delete_one", {"filter": {"_id": 2}, "namespace": "shop.items"}),
                ],
                "ordered": False,
                "verbose_results": True,
            },
        )
    ]


async def test_a_server_that_may_not_have_the_command_gets_each_by_itself() -> None:
    async def act(method: str, _: dict[str, Any]) -> Any:
        return LONE_DELETE if method == "delete_one" else LONE

    driver = FakeDriver(act)
    driver.has_client_bulk_write = False

    ran = await run(driver, *OPERATIONS)

    assert ran.methods == ["update_one", "replace_one", "delete_one"]
    assert ran.results == ALL_ALONE


# Some of them fail --------------------------------------------------------------------------------


@pytest.mark.parametrize("failed", [(0,), (1,), (2,), (0, 2), (0, 1, 2)], ids=str)
async def test_those_that_failed_are_tried_alone_once_and_the_others_not_again(
    failed: tuple[int, ...],
) -> None:
    applied = tuple(index for index in range(3) if index not in failed)

    ran = await written(raises(applied, writeErrors=refused(*failed)))

    assert ran.results == [(ALL_ALONE if index in failed else ANSWERS)[index] for index in range(3)]
    assert ran.methods == ["client_bulk_write", *(OPERATIONS[index].op for index in failed)]
    assert ran.asked == 1 + len(failed)


async def test_the_error_of_one_that_fails_is_the_one_that_it_has_alone() -> None:
    error = DuplicateKeyError("E11000", 11000, {"code": 11000, "keyValue": {"_id": 0}})

    async def act(method: str, _: dict[str, Any]) -> Any:
        if method == "client_bulk_write":
            raise raises((1, 2), writeErrors=refused(0))
        raise error

    ran = await run(FakeDriver(act), *OPERATIONS)

    assert ran.results == [describe(error, is_write=True), *ANSWERS[1:]]
    assert ran.methods == ["client_bulk_write", "update_one"]


@pytest.mark.parametrize("failed", [(), (1,), (0, 1, 2)], ids=str)
async def test_what_was_not_confirmed_is_told_to_those_that_were_applied(
    failed: tuple[int, ...],
) -> None:
    applied = tuple(index for index in range(3) if index not in failed)

    ran = await written(raises(applied, writeErrors=refused(*failed), writeConcernErrors=[CONCERN]))

    for index, result in enumerate(ran.results):
        if index in failed:
            assert result == ALL_ALONE[index]
        else:
            assert result["type"] == "WTimeoutError"
            assert result["may_have_applied"] is True
            assert result["details"] == CONCERN
    assert ran.methods == ["client_bulk_write", *(OPERATIONS[index].op for index in failed)]
