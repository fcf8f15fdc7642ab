"""A little result asked for by one raw command: the same documents, errors and servers as by the
driver's own `find`, on either driver, and nothing left open behind it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import TYPE_CHECKING, Any, Final, Self

import bson
import pytest
from bson import DatetimeMS, DBRef, Decimal128, Int64, ObjectId, Regex
from bson.raw_bson import RawBSONDocument
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient, errors, monitoring

from motorpool.batching.codec import LOSSLESS, RawDocuments, open_envelope
from motorpool.proxy.drivers import Question
from tests.batching.values import documents as documents_of
from tests.batching.values import plain_leaves
from tests.proxy import server_drivers
from tests.proxy.fakes import batch, packed
from tests.proxy.hello_servers import HelloServer, uri_of
from tests.proxy.server_drivers import DOCUMENTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from motorpool.proxy.lifecycle import Proxy
    from motorpool.proxy.server_driver import ServerDriver
    from tests.proxy.conftest import FailCommand, MakeProxy
    from tests.proxy.server_drivers import Made

SIZE: Final = 1_000


class Sent(monitoring.CommandListener):
    """The commands that the drivers of a test send of a cursor's."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in {"find", "getMore", "killCursors", "explain"}:
            self.commands.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...

    @property
    def names(self) -> list[str]:
        return [next(iter(command)) for command in self.commands]

    def cleared(self) -> Self:
        self.commands.clear()
        return self


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Give what the clients send that are made after this."""
    listener = Sent()
    everyone = monitoring._LISTENERS  # noqa: SLF001 - `register` has no way back
    monkeypatch.setattr(monitoring, "_LISTENERS", everyone._replace(command_listeners=[listener]))
    return listener


@pytest.fixture
async def driver(sent: Sent, made: Made, wire_uri: str) -> AsyncIterator[ServerDriver]:
    """Give each driver, connected to the wire server."""
    del sent  # first: it hears of clients that are made later
    async with made(wire_uri) as one:
        yield one


@pytest.fixture
async def items(driver: ServerDriver, wire_database: str) -> Any:
    """Give a collection of ten documents."""
    collection = driver.collection(wire_database, "items")
    await collection.insert_many(DOCUMENTS)
    return collection


def find(collection: Any, **args: Any) -> Question:
    return Question("find", collection, args)


async def both_ways(driver: ServerDriver, question: Question, size: int = SIZE) -> tuple[Any, Any]:
    """Give what becomes of it at once, and by the driver's own `find`: documents, or the error."""
    told: list[Any] = []
    for ask in (
        lambda: driver.read_at_once(question, size),
        lambda: driver.read_within(question, size, 1),
    ):
        try:
            found: Any = await ask()
        except Exception as error:  # noqa: BLE001 - whichever it is
            told.append((type(error), getattr(error, "code", None)))
        else:
            told.append(
                found if found is None or isinstance(found, RawDocuments) else found.if_whole
            )
    return told[0], told[1]


async def open_cursors(driver: ServerDriver) -> int:
    status = await driver.database("admin").command("serverStatus")
    count: int = status["metrics"]["cursor"]["open"]["total"]
    return count


async def is_closed(driver: ServerDriver, before: int) -> bool:
    """Wait until no more cursors are open than before; whether that comes true in 5 s."""
    deadline = time.monotonic() + 5
    while await open_cursors(driver) > before:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


# The same documents -------------------------------------------------------------------------------

FIELDS = st.sampled_from(["a", "b", "c"])
# SecantusDB reads a date as Python's own, which has the years from 1 to 9999.
leaves = plain_leaves.filter(lambda value: not isinstance(value, DatetimeMS))
stored = st.lists(documents_of(leaves, FIELDS), max_size=6)
conditions = st.one_of(
    st.just({}),
    st.dictionaries(FIELDS, leaves, min_size=1, max_size=2),
    st.dictionaries(
        FIELDS, st.fixed_dictionaries({"$in": st.lists(leaves, max_size=4)}), min_size=1
    ),
    st.fixed_dictionaries({"_id": st.fixed_dictionaries({"$in": st.lists(st.integers(0, 9))})}),
)
asked = st.fixed_dictionaries(
    {"filter": conditions},
    optional={
        "projection": st.sampled_from(
            [None, {}, [], ["a"], {"a": 1}, {"b": 0}, {"_id": 0}, {"_id": 0, "c": 1}]
        ),
        "sort": st.sampled_from([{"_id": -1}, [("_id", 1)], [("a", 1), ("_id", -1)], None, []]),
        "limit": st.integers(-3, 7),
        "comment": st.sampled_from(["", "why", {}, {"a": "document"}, 7]),
        "max_time_ms": st.sampled_from([None, 10_000, Int64(10_000)]),
        "skip": st.integers(0, 2),
        "collation": st.sampled_from([None, {"locale": "en"}]),
    },
)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(documents=stored, args=asked, hits=st.booleans())
async def test_it_gives_what_the_drivers_own_find_gives(
    driver: ServerDriver,
    wire_database: str,
    documents: list[dict[str, Any]],
    args: dict[str, Any],
    hits: bool,  # noqa: FBT001
) -> None:
    items = driver.collection(wire_database, "generated")
    await items.delete_many({})
    rows = [{"_id": place, **document} for place, document in enumerate(documents)]
    if rows:
        await items.insert_many(rows)
        first = rows[-1]
        if hits and len(first) > 1:
            args = {**args, "filter": {name: first[name] for name in list(first)[1:2]}}

    found, expected = await both_ways(driver, find(items, **args))

    assert found == expected
    if not args.get("skip") and args["filter"] == {} and not args.get("limit"):
        assert len(found) == len(rows)


VALUES: list[Any] = [
    *(1, 1.5, "text", b"bytes", True, None, Int64(2**40), Decimal128("1.10"), [1, {"b": 2}]),
    *(ObjectId(b"not-an-array"), DatetimeMS(2**40), DBRef("c", 1), DBRef("c", 1, "d", x=1)),
    *({"a": {"b": 1}}, bson.Binary(bytes(16), 4), bson.Timestamp(1, 2), bson.Code("x")),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
async def test_a_value_of_any_type_is_found(driver: ServerDriver, items: Any, value: Any) -> None:
    await items.insert_one({"_id": "it", "v": value})

    found, expected = await both_ways(driver, find(items, filter={"v": value, "_id": "it"}))

    assert found == [bson.encode({"_id": "it", "v": value})]
    assert found == expected


@pytest.mark.parametrize(
    "args",
    [
        # What is plain, and what is left to the driver.
        *({}, {"filter": {}}, {"filter": {"_id": {"$gt": 3}}}, {"filter": {"_id": "none"}}),
        *({"sort": {"_id": -1}}, {"sort": [("x", 1), ("_id", -1)]}, {"sort": {}}, {"sort": []}),
        *({"projection": ["x"]}, {"projection": []}, {"projection": {}}, {"projection": {"x": 1}}),
        *({"limit": 3}, {"limit": 0}, {"limit": -3}, {"limit": SIZE}, {"limit": Int64(4)}),
        *({"comment": {"a": 1}}, {"comment": ""}, {"comment": None}, {"max_time_ms": 5_000}),
        *({"hint": "_id_"}, {"hint": [("_id", 1)]}, {"collation": {"locale": "en"}}, {"skip": 2}),
        *({"allow_disk_use": True}, {"filter": RawBSONDocument(bson.encode({"_id": 1}))}),
        # What the old wire protocol made of a filter, and what only looks like it.
        *({"filter": {"$query": {"_id": 1}}}, {"filter": {"_id": 1, "$query": {"_id": 2}}}),
        *({"filter": {"$query": {}, "$orderby": {"_id": -1}}}, {"filter": {"query": 1}}),
        *({"filter": {"query": {"_id": 1}, "a": 1}}, {"filter": {"$explain": True}}),
        *({"filter": {"$query": {"_id": 1}}, "sort": {"_id": 1}}, {"filter": {"$where": "no("}}),
        *({"filter": {"$or": [{"_id": 1}, {"_id": 2}]}}, {"filter": {"_id": Regex("a")}}),
        # What fails.
        *({"filter": {"_id": {"$no": 1}}}, {"filter": {"_id": uuid.UUID(int=1)}}, {"filter": "a"}),
        *({"sort": [("_id", 1.0)]}, {"sort": "ab"}, {"sort": ["_id"]}, {"sort": {"_id": 7}}),
        *({"projection": {"a": 1, "b": 0}}, {"projection": "a"}, {"projection": {"a": {"$x": 1}}}),
        *({"limit": 3.0}, {"limit": "3"}, {"limit": True}, {"comment": 2**70}, {"hint": "none"}),
        *({"max_time_ms": -1}, {"max_time_ms": "1"}, {"max_time_ms": 2**40}, {"limit": 2**64}),
    ],
    ids=repr,
)
async def test_any_arguments_give_the_same(
    driver: ServerDriver, items: Any, args: dict[str, Any]
) -> None:
    found, expected = await both_ways(driver, find(items, **args))

    assert found is not None
    assert found == expected


async def test_nothing_is_no_documents(driver: ServerDriver, items: Any) -> None:
    none = driver.collection(items.database.name, "none")

    assert await driver.read_at_once(find(none), 3) == []
    assert await driver.read_at_once(find(items, filter={"_id": "none"}), 3) == []


# What is sent -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "concerns", "seconds"),
    [
        *(("", {}, None), ("", {}, 60.0), ("readConcernLevel=majority", {}, None)),
        *(("readPreference=secondaryPreferred", {}, None), ("", {"read_concern": {}}, None)),
        ("readConcernLevel=majority", {"read_concern": {"level": "local"}}, None),
        ("readConcernLevel=majority", {"read_concern": {}}, 60.0),
        ("", {"read_preference": {"mode": "secondaryPreferred", "tags": [{"dc": "a"}, {}]}}, None),
        (
            "readPreference=secondary",
            {"read_preference": {"mode": "nearest"}, "read_concern": {"level": "majority"}},
            None,
        ),
    ],
)
async def test_the_command_is_the_drivers_own_but_for_the_size_of_its_batch(  # noqa: PLR0913, PLR0917
    made: Made,
    wire_uri: str,
    wire_database: str,
    sent: Sent,
    options: str,
    concerns: dict[str, Any],
    seconds: float | None,
) -> None:
    args = {"filter": {"a": {"$in": [1, Int64(2)]}}, "sort": [("b", 1), ("a", -1)], "limit": 7}
    args |= {"projection": {"a": 1}, "comment": {"by": "a test"}, "max_time_ms": 70_000}
    async with made(f"{wire_uri}?{options}") as driver:
        items = driver.collection(wire_database, "items", concerns)
        with driver.time_limit(seconds):
            await driver.read_at_once(find(items, **args), SIZE)
            await driver.read_within(find(items, **args), 101, 1)

    command, own = sent.commands
    assert (command.pop("batchSize"), own.pop("batchSize")) == (SIZE, 101)
    alike(command, own)
    told = [one.pop("maxTimeMS") for one in (command, own)]
    assert command == own
    assert command["$db"] == wire_database
    if seconds is None:
        assert told == [70_000, 70_000]
    else:  # what is left of the time
        assert all(0 < each <= 60_000 for each in told)


def alike(*commands: dict[str, Any]) -> None:
    """Take off what is not the same in any two commands."""
    for command in commands:
        assert list(command.pop("lsid")) == ["id"]
        command.pop("$clusterTime", None)


class Member(HelloServer):
    """A member of a replica set, which finds one document: its own name."""

    cursor_id = 0
    """Of the cursor that has more, where there is one."""

    def reply_to(self, command: dict[str, Any]) -> dict[str, Any]:
        reply = super().reply_to(command)
        if "find" in command:
            found = {"firstBatch": [{"_id": self.address}], "id": Int64(self.cursor_id)}
            return {**reply, "cursor": {**found, "ns": "shop.items"}}
        return reply


@pytest.fixture
def members() -> Iterator[list[Member]]:
    """Give a replica set of a primary and a secondary."""
    with Member() as primary, Member() as secondary:
        for one, tag in ((primary, "a"), (secondary, "b")):
            one.hello = {
                "setName": "rs",
                "setVersion": 1,
                "hosts": [primary.address, secondary.address],
                "primary": primary.address,
                "me": one.address,
                "isWritablePrimary": one is primary,
                "secondary": one is secondary,
                "tags": {"dc": tag},
            }
        yield [primary, secondary]


@pytest.mark.parametrize(
    ("options", "concerns", "member"),
    [
        *(("", {}, 0), ("readPreference=secondary", {}, 1)),
        ("", {"read_preference": {"mode": "secondary"}}, 1),
        ("readPreference=secondary", {"read_preference": {"mode": "primary"}}, 0),
        ("", {"read_preference": {"mode": "nearest", "tags": [{"dc": "b"}]}}, 1),
    ],
)
async def test_the_read_preference_chooses_the_server(
    made: Made, members: list[HelloServer], options: str, concerns: dict[str, Any], member: int
) -> None:
    async with made(uri_of(members, options)) as driver:
        items = driver.collection("shop", "items", concerns)

        found, expected = await both_ways(driver, find(items))

    assert found == [bson.encode({"_id": members[member].address})]
    assert found == expected


@pytest.mark.parametrize(("mode", "member"), [("primary", 0), ("secondary", 1)])
async def test_a_cursor_is_ended_on_the_server_that_has_it(
    made: Made, members: list[Member], mode: str, member: int
) -> None:
    members[member].cursor_id = 2**40
    async with made(uri_of([*members])) as driver:
        items = driver.collection("shop", "items", {"read_preference": {"mode": mode}})

        assert await driver.read_at_once(find(items), SIZE) is None
    assert [one.commands.count("killCursors") for one in members] == [1 - member, member]


# More than is asked for at once -------------------------------------------------------------------


@pytest.mark.parametrize(("size", "is_whole"), [(11, True), (SIZE, True), (9, False), (1, False)])
async def test_it_is_all_or_nothing(
    driver: ServerDriver,
    items: Any,
    sent: Sent,
    size: int,
    is_whole: bool,  # noqa: FBT001
) -> None:
    before = await open_cursors(driver)
    sent.cleared()

    found = await driver.read_at_once(find(items, sort=[("_id", 1)]), size)

    assert found == ([bson.encode(each) for each in DOCUMENTS] if is_whole else None)
    assert await is_closed(driver, before)
    assert sent.names == (["find"] if is_whole else ["find", "killCursors"])


async def test_as_many_as_a_batch_holds_leave_nothing_open(
    driver: ServerDriver, items: Any
) -> None:
    before = await open_cursors(driver)

    found = await driver.read_at_once(find(items, sort=[("_id", 1)]), len(DOCUMENTS))

    # With a full batch a server may not know yet that nothing follows.
    assert found in (None, [bson.encode(each) for each in DOCUMENTS])
    assert await is_closed(driver, before)


async def test_a_limit_of_as_many_as_a_batch_holds_is_all_or_nothing(
    driver: ServerDriver, items: Any
) -> None:
    found, expected = await both_ways(driver, find(items, limit=3), 3)

    assert found in (None, expected)  # as above
    assert [bson.decode(each) for each in expected] == DOCUMENTS[:3]


async def test_more_bytes_than_a_batch_holds_are_nothing(
    driver: ServerDriver, wire_database: str
) -> None:
    large = driver.collection(wire_database, "large")
    for number in range(3):
        await large.insert_one({"_id": number, "n": bytes(7 * 1024 * 1024)})
    before = await open_cursors(driver)

    assert await driver.read_at_once(find(large), SIZE) is None
    assert await is_closed(driver, before)


async def test_what_nobody_waits_for_any_more_leaves_nothing_open(
    wire_uri: str, wire_database: str, sent: Sent, fail_command: FailCommand
) -> None:
    # Motor's thread goes on; PyMongo's own client gives up the connection, and with it the command.
    async with server_drivers.made(wire_uri, driver="motor") as driver:
        items = driver.collection(wire_database, "items")
        await items.insert_many(DOCUMENTS)
        before = await open_cursors(driver)
        fail_command("find", blockConnection=True, blockTimeMS=100)
        sent.cleared()

        task = asyncio.ensure_future(driver.read_at_once(find(items), 3))
        while not sent.names:  # noqa: ASYNC110 - it is sent by a thread
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])

        deadline = time.monotonic() + 5
        while len(sent.names) < 2 and time.monotonic() < deadline:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
        assert task.cancelled()
        assert sent.names == ["find", "killCursors"]
        assert await is_closed(driver, before)


async def test_a_cursor_that_cannot_be_ended_is_left_to_the_server(
    driver: ServerDriver, items: Any, sent: Sent, fail_command: FailCommand
) -> None:
    fail_command("killCursors", errorCode=13)
    sent.cleared()

    assert await driver.read_at_once(find(items), 3) is None
    assert sent.names == ["find", "killCursors"]


@pytest.mark.parametrize("args", [{"hint": "_id_"}, {"collation": {"locale": "en"}}, {"skip": 1}])
async def test_what_is_not_plain_is_all_or_nothing_too(
    driver: ServerDriver, items: Any, args: dict[str, Any]
) -> None:
    before = await open_cursors(driver)

    assert await driver.read_at_once(find(items, **args), 3) is None
    assert len(await driver.read_at_once(find(items, **args), SIZE) or []) >= 9
    assert await is_closed(driver, before)


# What fails ---------------------------------------------------------------------------------------


async def test_a_lost_connection_is_nothing_so_that_it_is_asked_again(
    driver: ServerDriver, items: Any, sent: Sent, fail_command: FailCommand
) -> None:
    fail_command("find", closeConnection=True)
    sent.cleared()

    assert await driver.read_at_once(find(items), SIZE) is None
    assert sent.names == ["find"]
    assert len(await driver.read_at_once(find(items), SIZE) or []) == 10


@pytest.mark.parametrize("code", [2, 6, 50, 89, 91, 262, 10107])
async def test_it_is_asked_again_where_the_driver_would(
    driver: ServerDriver, items: Any, sent: Sent, fail_command: FailCommand, code: int
) -> None:
    fail_command("find", times=1, errorCode=code)
    sent.cleared()
    try:
        await driver.read_within(find(items), SIZE, 1)
    except errors.PyMongoError:
        assert sent.names == ["find"]
        is_asked_again = False
    else:
        assert sent.names == ["find", "find"]
        is_asked_again = True
    fail_command("find", times=1, errorCode=code)
    sent.cleared()

    if is_asked_again:
        assert await driver.read_at_once(find(items), SIZE) is None
    else:
        with pytest.raises(errors.OperationFailure) as raised:
            await driver.read_at_once(find(items), SIZE)
        assert raised.value.code == code
    assert sent.names == ["find"]


@pytest.mark.parametrize("how", [{"closeConnection": True}, {"errorCode": 262}], ids=str)
async def test_without_retries_of_reads_the_error_is_raised(  # noqa: PLR0913, PLR0917
    made: Made,
    wire_uri: str,
    wire_database: str,
    sent: Sent,
    fail_command: FailCommand,
    how: dict[str, Any],
) -> None:
    async with made(f"{wire_uri}?retryReads=false") as driver:
        items = driver.collection(wire_database, "items")
        await items.insert_many(DOCUMENTS)
        fail_command("find", **how)

        with pytest.raises((errors.AutoReconnect, errors.OperationFailure)):
            await driver.read_at_once(find(items), SIZE)

        assert sent.names == ["find"]


async def test_that_no_server_is_there_to_ask_is_said(made: Made, sent: Sent) -> None:
    with Member() as secondary:
        secondary.hello = {
            "setName": "rs",
            "hosts": [secondary.address],
            "me": secondary.address,
            "isWritablePrimary": False,
            "secondary": True,
        }
        async with made(uri_of([secondary], "serverSelectionTimeoutMS=100")) as driver:
            with pytest.raises(errors.ServerSelectionTimeoutError):
                await driver.read_at_once(find(driver.collection("shop", "items")), SIZE)

    assert not sent.names


async def test_what_runs_out_of_time_is_not_asked_again(
    driver: ServerDriver, items: Any, sent: Sent, fail_command: FailCommand
) -> None:
    fail_command("find", blockConnection=True, blockTimeMS=1_000)
    sent.cleared()

    with driver.time_limit(0.1), pytest.raises(errors.PyMongoError) as raised:
        await driver.read_at_once(find(items), SIZE)

    assert raised.value.timeout
    assert sent.names == ["find"]


# Within a batch -----------------------------------------------------------------------------------

ROWS: list[dict[str, Any]] = [
    {"_id": number, "a": number % 3, "n": str(number)} for number in range(9)
]


def answered(proxy: Proxy, name_space: str, op: str, field: str) -> tuple[list[Any], int]:
    """Give the results of four operations that are fused, and how often the driver was asked."""
    ops = [
        {"id": place, "op": op, "ns": name_space, "args": {"filter": {field: value}}}
        for place, value in enumerate((1, 2, 0, 99))
    ]
    payload = json.loads(proxy.handle(packed(batch(*ops))))
    response = bson.decode(open_envelope(payload), codec_options=LOSSLESS)
    entries = sorted(response["res"], key=lambda entry: entry["id"])
    return [entry["ok"] for entry in entries], response["stats"]["groups"]


def expected_of(op: str, field: str) -> list[Any]:
    shares = [[row for row in ROWS if row[field] == value] for value in (1, 2, 0, 99)]
    return shares if op == "find" else [next(iter(share), None) for share in shares]


FUSED = [("find_one", "_id"), ("find", "a")]


@pytest.fixture
def rows(wire_uri: str, wire_database: str) -> str:
    """Give the namespace of nine rows."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(wire_uri) as client:
        items: Any = client[wire_database]["rows"]
        items.insert_many(ROWS)
    return f"{wire_database}.rows"


@pytest.mark.parametrize(("op", "field"), FUSED)
def test_what_is_known_to_be_little_is_asked_for_at_once(  # noqa: PLR0913, PLR0917
    sent: Sent,
    make_proxy: MakeProxy,
    driver_name: str,
    wire_uri: str,
    rows: str,
    op: str,
    field: str,
) -> None:
    proxy = make_proxy(mongodb_uri=wire_uri, driver=driver_name, fuse=True)

    for _ in range(2):
        assert answered(proxy, rows, op, field) == (expected_of(op, field), 1)

    first, second = sent.commands
    assert (first.pop("batchSize"), second.pop("batchSize")) == (101, 10_000)
    alike(first, second)
    for command in (first, second):
        command.pop("maxTimeMS", None)  # what is left of the invocation
    assert first == second


@pytest.mark.parametrize(
    ("op", "field", "options", "how", "finds", "groups"),
    [
        # Asked again as one; each by itself, once its own second try has failed, too.
        ("find_one", "_id", "", {"closeConnection": True}, 2, 1),
        ("find", "a", "", {"closeConnection": True}, 2, 1),
        ("find", "a", "", {"errorCode": 262}, 2, 1),
        ("find", "a", "", {"closeConnection": True, "times": 2}, 3, 1),
        ("find", "a", "", {"closeConnection": True, "times": 3}, 3 + 4, 1 + 4),
        ("find_one", "_id", "retryReads=false", {"closeConnection": True}, 1 + 4, 1 + 4),
        ("find", "a", "retryReads=false", {"closeConnection": True}, 1 + 4, 1 + 4),
        ("find", "a", "", {"errorCode": 2}, 1 + 4, 1 + 4),
    ],
)
def test_a_batch_is_answered_though_it_fails(  # noqa: PLR0913, PLR0917
    sent: Sent,
    make_proxy: MakeProxy,
    driver_name: str,
    wire_uri: str,
    rows: str,
    fail_command: FailCommand,
    op: str,
    field: str,
    options: str,
    how: dict[str, Any],
    finds: int,
    groups: int,
) -> None:
    proxy = make_proxy(mongodb_uri=f"{wire_uri}?{options}", driver=driver_name, fuse=True)
    answered(proxy, rows, op, field)  # so that it is known to be little
    fail_command("find", **how)
    sent.cleared()

    assert answered(proxy, rows, op, field) == (expected_of(op, field), groups)

    assert sent.commands[0]["batchSize"] == 10_000
    assert sent.names == ["find"] * finds
