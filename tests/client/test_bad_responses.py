"""A response that breaks the protocol: every caller gets an error, and nothing is sent again."""

import asyncio
import json
from typing import Any

import pymongo.errors
import pytest
from bson.datetime_ms import DatetimeMS
from bson.errors import InvalidBSON

from motorpool.batching import codec, envelope, errors
from motorpool.client import OutcomeUnknown, ProtocolError, ProxyClient
from tests.both_loops import Logged
from tests.client.fakes import Batch, FakeTransport, response


def ok(*ids: int | str) -> bytes:
    """Pack a response in which these ids have succeeded."""
    return response(*(envelope.success(id_, {"_id": id_}) for id_ in ids))


async def outcomes(step: Any, count: int = 3) -> list[Any]:
    """Ask for so many documents at once, and return what came of each; the batch is sent once."""
    transport = FakeTransport(step)
    users = ProxyClient(transport=transport).shop.users
    results = await asyncio.gather(
        *(users.find_one({"_id": n}) for n in range(count)), return_exceptions=True
    )
    assert len(transport.batches) == 1
    return list(results)


BROKEN = {
    "no JSON": (b"<html>504</html>", "the response is not JSON"),
    "nothing": (b"", "the response is not JSON"),
    "null, as a handler that returns nothing": (b"null", "not a JSON object but NoneType"),
    "a list": (b"[1]", "not a JSON object but list"),
    "another version": (b'{"v": 2, "res": []}', "the response has version 2; this client speaks 1"),
    "no version": (b'{"res": []}', "the response has version None"),
    "no entries": (b'{"v": 1}', "the response has no list 'res'"),
    "bad base64": (b'{"v": 1, "bson": "%%%"}', "'bson' is not base64"),
    "bad BSON": (b'{"v": 1, "bson": "AAAA"}', "does not hold a BSON document of entries"),
    "a bad stream": (b'{"v": 1, "bson": "AAAA", "z": "zlib"}', "not a zlib stream"),
    "an unknown compression": (b'{"v": 1, "bson": "AAAA", "z": "br"}', "unknown compression 'br'"),
    "an entry that is none": (b'{"v": 1, "res": [5]}', "an entry of the response is not an object"),
    "an entry without an id": (b'{"v": 1, "res": [{"ok": 1}]}', "has no id but None"),
    "an entry without an outcome": (b'{"v": 1, "res": [{"id": 0}]}', "needs one of ok, err"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_response_that_is_none_fails_reads_and_leaves_writes_unknown(name: str) -> None:
    payload, said = BROKEN[name]
    transport = FakeTransport(payload)
    users = ProxyClient(transport=transport).shop.users

    read, write = users.find_one({"_id": 1}), users.insert_one({"a": 1})

    with pytest.raises(ProtocolError) as failed:
        await read
    assert said in str(failed.value)
    assert isinstance(failed.value, pymongo.errors.ProtocolError)
    with pytest.raises(OutcomeUnknown) as unknown:
        await write
    assert said in str(unknown.value)
    assert (failed.value.may_have_applied, unknown.value.may_have_applied) == (False, True)
    assert len(transport.batches) == 1


async def test_a_batch_that_the_proxy_could_not_read_has_not_run() -> None:
    refusal = {"v": 1, "err": envelope.error("ProtocolError", "unknown version 7")}
    users = ProxyClient(transport=FakeTransport(json.dumps(refusal).encode())).shop.users

    for call in (users.find_one({"_id": 1}), users.insert_one({"a": 1})):
        with pytest.raises(ProtocolError) as raised:
            await call
        assert str(raised.value) == "the proxy refused the batch: unknown version 7"
        assert raised.value.may_have_applied is False


@pytest.mark.parametrize("type_", ["InternalError", "ResultTooLarge"])
async def test_a_batch_that_the_proxy_failed_on_may_have_run(type_: str) -> None:
    refusal = {"v": 1, "err": envelope.error(type_, "the proxy failed on this batch")}
    users = ProxyClient(transport=FakeTransport(json.dumps(refusal).encode())).shop.users

    read, write = users.find_one({"_id": 1}), users.insert_one({"a": 1})

    with pytest.raises(ProtocolError, match="the proxy failed on this batch") as failed:
        await read
    with pytest.raises(OutcomeUnknown, match="the proxy failed on this batch") as unknown:
        await write
    assert (failed.value.may_have_applied, unknown.value.may_have_applied) == (False, True)
    assert isinstance(unknown.value.__cause__, errors.ProtocolError)


async def test_an_id_that_is_missing_fails_alone() -> None:
    first, missing, last = await outcomes(ok(0, 2))

    assert (first, last) == ({"_id": 0}, {"_id": 2})
    assert isinstance(missing, ProtocolError)
    assert str(missing) == "the response has no entry for operation 1"


async def test_an_empty_response_fails_all() -> None:
    results = await outcomes(ok())

    assert [str(result) for result in results] == [
        f"the response has no entry for operation {n}" for n in range(3)
    ]


async def test_an_id_that_is_doubled_fails_alone() -> None:
    doubled, second, third = await outcomes(ok(0, 1, 0, 2))

    assert (second, third) == ({"_id": 1}, {"_id": 2})
    assert isinstance(doubled, ProtocolError)
    assert str(doubled) == "the response has more than one entry for operation 0"


async def test_ids_that_were_never_sent_are_told_to_those_that_have_no_answer() -> None:
    first, second, third = await outcomes(ok(0, 7, "x", 2))

    assert (first, third) == ({"_id": 0}, {"_id": 2})
    assert isinstance(second, ProtocolError)
    assert str(second) == (
        "the response has no entry for operation 1; it has entries for unknown ids [7, 'x']"
    )


async def test_entries_beyond_those_asked_for_do_no_harm_and_are_logged(logged: Logged) -> None:
    assert await outcomes(ok(2, 1, 0, 3, 4)) == [{"_id": 0}, {"_id": 1}, {"_id": 2}]
    assert logged() == ["the response has entries for ids that were not sent: [3, 4]"]


async def test_a_write_without_an_answer_may_have_been_applied() -> None:
    users = ProxyClient(transport=FakeTransport(ok())).shop.users

    with pytest.raises(OutcomeUnknown) as raised:
        await users.insert_one({"a": 1})

    assert "the response has no entry for operation 0" in str(raised.value)
    assert raised.value.may_have_applied is True


async def test_a_readable_response_is_read_as_well() -> None:
    payload = b'{"v": 1, "res": [{"id": 0, "ok": {"_id": {"$numberLong": "5"}}}]}'

    (found,) = await outcomes(payload, count=1)

    assert found == {"_id": 5}


async def test_an_entry_that_says_nothing_of_its_error_is_an_unknown_outcome() -> None:
    def vague(batch: Batch) -> bytes:
        return response(*({"id": asked.id, "err": "no"} for asked in batch))

    users = ProxyClient(transport=FakeTransport(vague)).shop.users
    read, write = users.find_one({"_id": 1}), users.insert_one({"a": 1})

    with pytest.raises(pymongo.errors.AutoReconnect):
        await read
    with pytest.raises(OutcomeUnknown):
        await write


async def test_an_operation_that_was_skipped_says_why() -> None:
    skipped = {"id": 0, "skipped": "the operation before it failed"}

    (result,) = await outcomes(response(skipped), count=1)

    assert isinstance(result, errors.InvalidOperationError)
    assert isinstance(result, pymongo.errors.InvalidOperation)
    assert str(result) == "not run: the operation before it failed"


async def test_what_the_codec_options_cannot_take_fails_its_own_caller_only() -> None:
    def far_future(batch: Batch) -> bytes:
        entries = [codec.encode_entry(envelope.success(asked.id, {"_id": 1})) for asked in batch]
        # The year 10000, which Python's datetime has not.
        late = DatetimeMS(253_402_300_800_000)
        entries[0] = codec.encode_entry(envelope.success(0, {"_id": late}))
        return codec.seal_envelope(codec.join_response(entries, {}), compress=False)

    bad, good = await outcomes(far_future, count=2)

    assert good == {"_id": 1}
    assert isinstance(bad, InvalidBSON)
