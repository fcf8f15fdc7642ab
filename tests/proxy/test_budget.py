"""A response is never larger than Lambda takes, and nothing is left out of it in silence."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motorpool.batching.limits import LAMBDA_RESPONSE_BYTES
from motorpool.proxy.requests import Reply
from motorpool.proxy.responses import Answer, answer, write_response
from tests.proxy.fakes import batch, opened, operation, packed

if TYPE_CHECKING:
    from motorpool.proxy.lifecycle import Proxy
    from tests.proxy.conftest import MakeProxy

READABLE = Reply(is_packed=False, reads_zlib=False)
PACKED = Reply(is_packed=True, reads_zlib=False)
ZLIB = Reply(is_packed=True, reads_zlib=True)
STATS = {"handler_ms": 1.5, "cold": False}
AGAIN = "the response was full"

every_reply = pytest.mark.parametrize(
    "reply", [READABLE, PACKED, ZLIB], ids=["readable", "packed", "zlib"]
)


def noise(size: int, seed: int = 0) -> str:
    """Return so many characters that zlib makes little of."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice, no secret
    return "".join(dice.choices("abcdefghijklmnopqrstuvwxyz0123456789-_", k=size))


def read(id_: int, size: int, reply: Reply) -> Answer:
    return answer(id_, reply=reply, is_write=False, ok=[{"text": noise(size, id_)}])


def write(id_: int, size: int, reply: Reply) -> Answer:
    return answer(id_, reply=reply, is_write=True, ok={"inserted_ids": noise(size, id_)})


def failed(id_: int, size: int, reply: Reply, *, is_write: bool = False) -> Answer:
    err = {"type": "OperationFailure", "message": noise(size, id_)}
    return answer(id_, reply=reply, is_write=is_write, err=err)


def outcomes(payload: bytes) -> dict[int, str]:
    """Return each entry's outcome by its id."""
    entries = opened(payload)["res"]
    return {entry["id"]: next(key for key in entry if key != "id") for entry in entries}


def errors(payload: bytes) -> dict[int, Any]:
    return {entry["id"]: entry.get("err") for entry in opened(payload)["res"]}


@pytest.mark.parametrize("reply", [READABLE, PACKED], ids=["readable", "packed"])
def test_a_response_that_fits_to_the_byte_is_whole_and_one_byte_less_loses_the_largest_read(
    reply: Reply,
) -> None:
    answers = [read(1, 700, reply), read(2, 900, reply), write(3, 800, reply)]
    whole = write_response(answers, STATS, reply, LAMBDA_RESPONSE_BYTES)

    assert write_response(answers, STATS, reply, len(whole) + 1) == whole
    assert write_response(answers, STATS, reply, len(whole)) == whole
    less = write_response(answers, STATS, reply, len(whole) - 1)
    assert len(less) < len(whole)
    assert outcomes(less) == {1: "ok", 2: "again", 3: "ok"}
    assert opened(less)["res"][1] == {"id": 2, "again": AGAIN}


def test_a_response_is_compressed_only_where_it_would_not_fit_otherwise() -> None:
    answers = [read(1, 700, ZLIB), read(2, 900, ZLIB), write(3, 800, ZLIB)]
    plain = write_response(answers, STATS, ZLIB, LAMBDA_RESPONSE_BYTES)

    assert "z" not in json.loads(write_response(answers, STATS, ZLIB, len(plain)))
    compressed = write_response(answers, STATS, ZLIB, len(plain) - 1)
    assert json.loads(compressed)["z"] == "zlib"
    assert outcomes(compressed) == {1: "ok", 2: "ok", 3: "ok"}
    less = write_response(answers, STATS, ZLIB, len(compressed) - 1)
    assert len(less) < len(compressed)
    assert outcomes(less) == {1: "ok", 2: "again", 3: "ok"}


@every_reply
def test_the_smallest_reads_stay(reply: Reply) -> None:
    answers = [read(id_, size, reply) for id_, size in enumerate([3_000, 100, 2_000, 200, 2_800])]

    payload = write_response(answers, STATS, reply, 4_096)

    assert len(payload) <= 4_096
    assert outcomes(payload) == {0: "again", 1: "ok", 2: "ok", 3: "ok", 4: "again"}


@every_reply
def test_a_read_that_fits_into_no_response_is_too_large_by_its_size(reply: Reply) -> None:
    alone = read(7, 5_000, reply)

    payload = write_response([alone], STATS, reply, 4_096)

    size = len(alone.encoded)
    assert size > 5_000
    assert opened(payload)["res"] == [
        {
            "id": 7,
            "err": {
                "type": "ResultTooLarge",
                "message": f"the result is {size} bytes, more than fits into a response; "
                "ask for less of it",
            },
        }
    ]


@every_reply
def test_a_writes_result_without_room_says_that_the_write_was_applied(reply: Reply) -> None:
    answers = [write(1, 5_000, reply), read(2, 10, reply)]

    payload = write_response(answers, STATS, reply, 4_096)

    assert errors(payload) == {
        1: {
            "type": "ResultTooLarge",
            "message": f"the result is {len(answers[0].encoded)} bytes, "
            "more than fits into a response; the write was applied",
            "may_have_applied": True,
        },
        2: None,
    }


@every_reply
def test_a_writes_result_stays_before_a_reads(reply: Reply) -> None:
    answers = [read(1, 1_600, reply), write(2, 2_000, reply), read(3, 1_500, reply)]

    payload = write_response(answers, STATS, reply, 3_400)

    assert outcomes(payload) == {1: "again", 2: "ok", 3: "again"}


@every_reply
def test_a_failure_stays_before_a_result(reply: Reply) -> None:
    answers = [write(1, 1_900, reply), failed(2, 1_900, reply), read(3, 1_900, reply)]

    payload = write_response(answers, STATS, reply, 3_300)

    assert outcomes(payload) == {1: "err", 2: "err", 3: "again"}
    assert errors(payload)[2] == {"type": "OperationFailure", "message": noise(1_900, 2)}
    assert errors(payload)[1]["type"] == "ResultTooLarge"


@every_reply
@pytest.mark.parametrize("is_write", [True, False], ids=["write", "read"])
def test_a_failure_too_large_to_return_says_so_and_what_it_leaves_open(
    reply: Reply, *, is_write: bool
) -> None:
    answers = [failed(1, 9_000, reply, is_write=is_write)]

    payload = write_response(answers, STATS, reply, 4_096)

    message = "the error itself was too large to be returned"
    flag = {"may_have_applied": True} if is_write else {}
    assert errors(payload) == {1: {"type": "ResultTooLarge", "message": message, **flag}}


@every_reply
def test_entries_that_do_not_fit_even_shortened_refuse_the_batch(reply: Reply) -> None:
    answers = [read(id_, 0, reply) for id_ in range(200)]

    payload = write_response(answers, STATS, reply, 1_024)

    message = "200 entries do not fit into a response of 1024 bytes"
    assert json.loads(payload) == {"v": 1, "err": {"type": "ResultTooLarge", "message": message}}


@every_reply
def test_bytes_out_counts_the_entries_that_are_sent(reply: Reply) -> None:
    answers = [read(1, 100, reply), read(2, 9_000, reply)]

    whole = opened(write_response(answers, STATS, reply, LAMBDA_RESPONSE_BYTES))
    less = opened(write_response(answers, STATS, reply, 4_096))

    assert whole["stats"] == {**STATS, "bytes_out": sum(len(item.encoded) for item in answers)}
    assert len(answers[0].encoded) < less["stats"]["bytes_out"] < 300


@settings(max_examples=1_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.lists(
        st.tuples(
            st.sampled_from(["read", "write", "failed", "failed write", "nameless"]),
            st.one_of(st.integers(0, 40), st.integers(0, 3_000), st.integers(2_000, 20_000)),
            st.booleans(),
        ),
        max_size=40,
    ),
    reply=st.sampled_from([READABLE, PACKED, ZLIB]),
    max_bytes=st.one_of(st.integers(1_024, 4_096), st.integers(1_024, 100_000)),
)
def test_no_mix_of_answers_is_ever_larger_than_allowed_and_every_operation_is_answered(
    asked: list[tuple[str, int, bool]], reply: Reply, max_bytes: int
) -> None:
    answers: list[Answer] = []
    texts: list[str] = []
    for id_, (kind, size, is_noise) in enumerate(asked):
        texts.append(noise(size, id_) if is_noise else "x" * size)
        content: dict[str, Any] = {"ok": texts[-1]}
        if kind.startswith(("failed", "nameless")):
            content = {"err": {"type": "OperationFailure", "message": texts[-1]}}
        answers.append(
            answer(
                None if kind == "nameless" else id_,
                reply=reply,
                is_write=kind.endswith("write"),
                **content,
            )
        )

    payload = write_response(answers, STATS, reply, max_bytes)

    assert len(payload) <= max_bytes
    response = opened(payload)
    if "err" in response:
        assert response["err"]["type"] == "ResultTooLarge"
        # A few hundred bytes for each entry are enough to say that it was left out.
        assert len(asked) * 400 + 512 > max_bytes
        return
    assert len(response["res"]) == len(asked)
    for id_, (entry, (kind, _, _)) in enumerate(zip(response["res"], asked, strict=True)):
        left_out = entry.get("err", {}).get("type") == "ResultTooLarge"
        flag = entry.get("err", {}).get("may_have_applied")
        assert entry["id"] == (None if kind == "nameless" else id_)
        assert flag == (True if left_out and kind.endswith("write") else None)
        if kind == "read" and not left_out:
            assert entry in ({"id": id_, "ok": texts[id_]}, {"id": id_, "again": AGAIN})
        elif kind == "read":
            assert len(asked) == 1
        elif kind == "write":
            assert left_out or entry == {"id": id_, "ok": texts[id_]}
        else:
            assert left_out or entry["err"]["message"] == texts[id_]


# Through the handler ------------------------------------------------------------------------------


def test_what_is_to_be_sent_again_comes_when_it_is_asked_for_alone(make_proxy: MakeProxy) -> None:
    proxy = make_proxy(max_response_bytes=4_096)
    documents = [{"_id": id_, "text": "x" * 1_900} for id_ in range(2)]
    proxy.handle(packed(batch(operation(0, "insert_many", documents=documents))))
    ops = [operation(id_, "find_one", filter={"_id": id_}) for id_ in range(2)]

    first = opened(proxy.handle(packed(batch(*ops))))["res"]
    second = opened(proxy.handle(packed(batch(ops[1]))))["res"]

    assert first == [{"id": 0, "ok": documents[0]}, {"id": 1, "again": AGAIN}]
    assert second == [{"id": 1, "ok": documents[1]}]


def test_a_find_of_more_than_a_response_is_told_its_size(make_proxy: MakeProxy) -> None:
    proxy = make_proxy(max_response_bytes=4_096)
    documents = [{"text": "x" * 1_000} for _ in range(5)]
    proxy.handle(batch(operation(0, "insert_many", documents=documents)))

    err = opened(proxy.handle(packed(batch(operation(1, "find")))))["res"][0]["err"]

    assert err["type"] == "ResultTooLarge"
    assert err["message"].startswith("the result is 5")


def test_ten_thousand_long_refusals_fit_into_what_lambda_takes(proxy: Proxy) -> None:
    quotes = '"' * 400  # two bytes each in JSON, and four where they are quoted twice
    ops = [{**operation(id_, "find"), quotes: 1} for id_ in range(10_000)]

    payload = proxy.handle(batch(*ops))

    assert LAMBDA_RESPONSE_BYTES // 2 < len(payload) <= LAMBDA_RESPONSE_BYTES
    assert list(outcomes(payload)) == list(range(10_000))
    assert set(outcomes(payload).values()) == {"err"}
