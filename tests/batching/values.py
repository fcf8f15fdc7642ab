"""BSON values of every type, generated, and a form in which equal means equal in type, too."""

from __future__ import annotations

from typing import Any

from bson import Int64, ObjectId
from bson.binary import Binary
from bson.code import Code
from bson.datetime_ms import DatetimeMS
from bson.dbref import DBRef
from bson.decimal128 import Decimal128
from bson.max_key import MaxKey
from bson.min_key import MinKey
from bson.regex import Regex
from bson.timestamp import Timestamp
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# A loaded machine draws slowly, and fails no test by it.
generated = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100)

# Extended JSON's own keys. Beside them a document of the user's own cannot be told from a value.
WRAPPERS = (
    "$oid",
    "$ref",
    "$date",
    "$regex",
    "$minKey",
    "$maxKey",
    "$binary",
    "$code",
    "$uuid",
    "$undefined",
    "$numberLong",
    "$timestamp",
    "$numberDecimal",
    "$dbPointer",
    "$regularExpression",
    "$symbol",
    "$numberInt",
    "$numberDouble",
)

texts = st.text()  # with NUL, without surrogates: what UTF-8 can say
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
keys = names | st.sampled_from(["", "_id", "id", "$set", "$gt", "a.b", "0", "$id", "$db", "$scope"])

dates = st.datetimes().map(lambda date: date.replace(microsecond=date.microsecond // 1000 * 1000))
dates_of_any_year = st.integers(-(2**63), 2**63 - 1).map(DatetimeMS)

int64s = st.integers(-(2**63), 2**63 - 1)
uint32s = st.integers(0, 2**32 - 1)

decimals = st.builds(
    lambda sign, digits, exponent: Decimal128(f"{sign}{digits}E{exponent}"),
    st.sampled_from(["", "-"]),
    st.integers(0, 10**34 - 1),
    st.integers(-6176, 6111),
) | st.sampled_from(["NaN", "Infinity", "-Infinity", "0", "-0", "1.10"]).map(Decimal128)

# Any 16 bytes. Extended JSON has one NaN only, and one way to write each number.
decimals_of_any_bits = st.binary(min_size=16, max_size=16).map(Decimal128.from_bid)

regexes = st.builds(Regex, names, st.integers(0, 127).map(lambda bits: bits & ~1))

plain_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    int64s,
    int64s.map(Int64),
    st.integers(-9, 9).map(Int64),
    st.floats(),
    texts,
    st.binary(max_size=20),
    st.builds(Binary, st.binary(max_size=20), st.integers(0, 255)),
    st.binary(min_size=12, max_size=12).map(ObjectId),
    dates,
    dates_of_any_year,
    decimals,
    regexes,
    texts.map(Code),
    st.builds(Timestamp, uint32s, uint32s),
    st.just(MinKey()),
    st.just(MaxKey()),
)
leaves = plain_leaves | decimals_of_any_bits


def documents(
    leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[str] = keys
) -> st.SearchStrategy[dict[str, Any]]:
    """Generate documents of these leaves and keys, with everything that BSON can nest."""

    def nest(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        fields = st.dictionaries(keys, inner, max_size=4)
        return st.one_of(
            st.lists(inner, max_size=4),
            fields,
            st.builds(Code, texts, fields),
            st.builds(
                lambda collection, id_, database, extra: DBRef(collection, id_, database, **extra),
                texts,
                inner,
                st.none() | texts,
                st.dictionaries(names.map("x{}".format), inner, max_size=2),
            ),
        )

    values = st.recursive(leaves, nest, max_leaves=8)
    return st.dictionaries(keys, values, max_size=4)


def typed(value: Any) -> Any:
    """Give a form that compares equal only where type, value and the order of keys are equal.

    NaN equals itself in it, and 0.0 does not equal -0.0.
    """
    if isinstance(value, dict):
        return (type(value), [(key, typed(item)) for key, item in value.items()])
    if isinstance(value, list):
        return (list, [typed(item) for item in value])
    parts = value
    if isinstance(value, DBRef):
        parts = typed(dict(value.as_doc()))
    elif isinstance(value, Code):
        parts = (str(value), typed(value.scope))
    elif isinstance(value, Regex):
        parts = (value.pattern, value.flags)
    elif isinstance(value, Binary):
        parts = (bytes(value), value.subtype)
    elif isinstance(value, float):
        parts = value.hex()
    return (type(value), parts)
