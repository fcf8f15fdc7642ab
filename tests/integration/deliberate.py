"""Where the proxy's answer differs from the direct one on purpose: which cases, what, and why.

An entry says exactly which facts differ (see `answers`; a path means whatever begins with it, and
EVERYTHING the whole answer). An entry whose facts do not differ any more fails the test: it goes.
"""

from typing import NamedTuple


class Deliberate(NamedTuple):
    reason: str
    paths: tuple[str, ...]
    cases: tuple[str, ...]


EVERYTHING = ""

ON_EMBEDDED = (
    Deliberate(
        "mongomock says only that a key clashed; a server, and the proxy, also say which",
        ("error text", "error details"),
        ("insert_one of a duplicate", "insert_one of a duplicate ObjectId"),
    ),
    Deliberate(
        "as above",
        ("error details.writeErrors[0]",),
        (
            "insert_many with a duplicate, ordered",
            "insert_many with a duplicate within",
            "insert_many against a unique index",
            "bulk with a duplicate, ordered",
            "bulk against a unique index",
        ),
    ),
    Deliberate(
        "as above",
        ("error details.writeErrors[0]", "error details.writeErrors[1]"),
        ("insert_many with duplicates, unordered", "bulk with duplicates, unordered"),
    ),
    Deliberate(
        "as above",
        ("step 1: error text", "step 1: error details"),
        ("types as _id", "ids that compare equal clash"),
    ),
    Deliberate(
        "as above",
        ("step 2: error text", "step 2: error details"),
        ("ids that compare equal clash",),
    ),
    Deliberate(
        "mongomock 4.3 takes no bulk update from PyMongo 4.11 or later (it hands over a `sort`); "
        "the proxy's own requests it takes. The wire is the measure of what they do",
        (EVERYTHING,),
        (
            "bulk update_one",
            "bulk update_one of none",
            "bulk update_one upserting",
            "bulk update_one upserting a made _id",
            "bulk update_one with array_filters",
            "bulk update_one with hint",
            "bulk update_one with hint by keys",
            "bulk update_one with collation",
            "bulk update_one with sort",
            "bulk update_one by a pipeline",
            "bulk replace",
            "bulk replace upserting",
            "bulk replace with sort",
            "bulk of every kind",
            "bulk of every kind, unordered",
            "bulk of the client's own classes",
            "bulk with a failing update, ordered",
            "bulk with a failing update, unordered",
            "bulk update against a unique index",
            "bulk upsert, then failure",
            "bulk into a new collection",
        ),
    ),
    Deliberate(
        "mongomock runs queries when called; through the proxy nothing fails before it is awaited",
        ("outcome",),
        (
            "comment",
            "find with let",
            "aggregate with let",
            "min and max",
            "min and max by pairs",
            "min without a hint",
            "return_key",
            "$lookup with a pipeline",
            "$unset in a pipeline",
            "$sortByCount",
            "an unknown stage",
            "an unknown expression",
            "$divide by zero",
        ),
    ),
    Deliberate("as above", ("step 0",), ("$merge",)),
    Deliberate(
        "mongomock does not know min; the proxy misses the hint first, as the driver does",
        ("error class", "error text"),
        ("min without a hint",),
    ),
    Deliberate(
        "mongomock refuses the first option that it does not know; the proxy gives it a hint in a "
        "way that it knows, so it names the next",
        ("error text",),
        ("return_key",),
    ),
    Deliberate(
        "mongomock takes a hint by the cursor's method only; the proxy gives it no other way",
        (EVERYTHING,),
        ("hint by keyword", "hint of no index by keys", "find with hint by document"),
    ),
    Deliberate(
        "mongomock-motor's cursor lacks these methods; the proxy's has them and sends options",
        (EVERYTHING,),
        ("collation by method", "collation in sorting", "comment by method"),
    ),
    Deliberate(
        "mongomock's replace_one has no sort",
        ("error text",),
        ("replace_one with sort",),
    ),
    Deliberate(
        "mongomock sorts by pairs only; the proxy gives it pairs",
        (EVERYTHING,),
        ("find sorted by names",),
    ),
    Deliberate(
        "mongomock-motor's cursor ignores the length of a list",
        (EVERYTHING,),
        ("find, list of two", "a list in pieces", "a list in pieces, within skip and limit"),
    ),
    Deliberate(
        "mongomock's cursor is alive for ever",
        ("value[1]",),
        ("alive at first, and not in the end",),
    ),
    Deliberate(
        "mongomock takes no raw BSON; the proxy has decoded it",
        (EVERYTHING,),
        ("insert_one of raw BSON",),
    ),
    Deliberate(
        "mongomock holds Python values; through the proxy they have been BSON, as on a server: "
        "large ints come back as Int64",
        ("content", "step 1: value", "step 3: value", "step 4: value", "step 5: value"),
        ("a larger int", "the largest int64", "the smallest int64"),
    ),
    Deliberate(
        "as above: a DatetimeMS comes back as what the codec options say, by default a datetime",
        ("content", "step 1: value", "step 3: value", "step 4: value", "step 5: value"),
        ("DatetimeMS within the calendar",),
    ),
    Deliberate(
        "as above: and after year 9999 no datetime can hold it",
        ("step 1", "step 3", "step 4", "step 5"),
        ("DatetimeMS after year 9999",),
    ),
    Deliberate(
        "as above: a pattern comes back as bson.Regex",
        ("content", "step 1: value", "step 3", "step 4: value", "step 5: value"),
        ("re.Pattern",),
    ),
    Deliberate(
        "as above: what is not BSON cannot even be asked for",
        ("step 2", "step 5"),
        (
            "an int too large",
            "a native uuid",
            "a date without a time",
            "a set",
            "an object of no BSON",
            "int as key",
        ),
    ),
    Deliberate("as above", ("step 0: error",), ("int as key",)),
    Deliberate(
        "an error class that is neither the driver's nor built in has no name at the other end",
        ("error class",),
        ("find by a bad regex",),
    ),
)

ON_WIRE = (
    Deliberate(
        "words of our own: the driver's own differ from method to method and say less",
        ("error text",),
        ("find, list of -1",),
    ),
    Deliberate(
        "Python's own words name the function, which is another one",
        ("error text",),
        (
            "find with an unknown option",
            "find_one with an unknown option",
        ),
    ),
    Deliberate(
        "the driver sends any keyword on and leaves it to the server; ours is refused by name",
        (EVERYTHING,),
        (
            "count with an unknown option",
            "aggregate with an unknown option",
        ),
    ),
    Deliberate(
        "the caller's side refuses what the driver sends and a server refuses",
        ("outcome", "error"),
        ("find with max_time_ms of a string by keyword",),
    ),
    Deliberate(
        "as PyMongo's own asynchronous cursor; Motor's gives an empty list",
        (EVERYTHING,),
        ("find, list of 0",),
    ),
    Deliberate(
        "the driver hands pairs on as they are, which a server refuses (only the cursor's methods "
        "make a document of them); the proxy makes one",
        (EVERYTHING,),
        ("min and max by pairs",),
    ),
    Deliberate(
        "a call that lacks a required argument is no call in Python; Motor makes it in a thread",
        ("outcome",),
        ("count without a filter", "insert_one without a document", "delete_one without a filter"),
    ),
    Deliberate(
        "as above, one with an argument that is none",
        ("outcome",),
        (
            "insert_one with an unknown option",
            "update_one with an unknown option",
            "update_many with sort",
            "delete_many with an unknown option",
            "bulk with an unknown option",
        ),
    ),
    Deliberate(
        "the words of PyMongo's asynchronous API; Motor says those of its synchronous one",
        ("error text",),
        ("validate_collection of a number", "drop_database of a number"),
    ),
    Deliberate(
        "the server names the collection's uuid, which is another one in each database",
        ("error",),
        ("create_index, unique, of what is not", "create_collection otherwise than it exists"),
    ),
)

DELIBERATE = {"embedded": ON_EMBEDDED, "wire": ON_WIRE}


def allowed(database: str, case: str) -> tuple[str, ...]:
    """Paths at which the answers of this case differ on this database, and have to."""
    return tuple(
        path for entry in DELIBERATE[database] if case in entry.cases for path in entry.paths
    )
