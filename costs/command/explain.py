"""Where every figure of a report comes from: what was assumed, its sums, its prices, their sources.

Only lists what the estimate has kept; computes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from motorpool.costs.command.amounts import NONE, count, exact, money, plain
from motorpool.costs.command.columns import numbers, words
from motorpool.costs.command.document import Table
from motorpool.costs.command.options import OWNERS, flags, source_of
from motorpool.costs.durations import Design
from motorpool.costs.load import Load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from motorpool.costs.bill import Bill, Line, Term
    from motorpool.costs.durations import Figure
    from motorpool.costs.figures import Assumption, Figures
    from motorpool.costs.prices import PriceTable, RegionPrices
    from motorpool.costs.setup import Setup

Records = list[dict[str, Any]]

GIVEN: Final = "given"
OF_A_PROXY: Final = frozenset(
    {
        "pool_size",
        "invoke_ms",
        "batch_cpu_ms",
        "fused_cpu_ms",
        "invoke_cpu_ms",
        "proxy_init_ms",
        "client_init_ms",
        "single_ms",
        "batch_ms",
    }
)
"""Figures of a setup that are of no account where there is no proxy."""
OF_A_DRIVER: Final = frozenset({"app_pool_size", "driver_init_ms"})
"""Figures of a setup that are of no account where the application has no driver."""
_SOURCE_KEYS: Final[Mapping[str, str]] = {
    "requests": "request",
    "provisioned concurrency": "provisioned",
    "provisioned duration": "provisioned",
    "ephemeral storage": "ephemeral_storage",
    "response streaming": "response_stream",
    "SnapStart cache": "snapstart",
    "SnapStart restore": "snapstart",
    "internet egress": "internet_egress",
    "NAT gateway data": "nat_gateway",
    "NAT gateway hours": "nat_gateway",
}
"""By the bill's line, what its price's sources are kept under (`RegionPrices.sources`)."""


def assumptions(load: Load, setup: Setup, designs: Iterable[Design]) -> Records:
    """What the estimate rests on, whether given or assumed, as far as these designs use it."""
    of_all = set(designs)
    has_proxy, has_driver = of_all != {Design.DIRECT}, Design.DIRECT in of_all
    left_out = (frozenset() if has_proxy else OF_A_PROXY) | (
        frozenset() if has_driver else OF_A_DRIVER
    )
    functions = {"app": setup.app} | ({"proxy": setup.proxy} if has_proxy else {})
    # How many waves are assumed depends on the queries.
    records = _figures("load", load, Load(requests=load.requests, queries=load.queries))
    if load.hourly:
        hours = ", ".join(plain(each) for each in load.hourly)
        records.append(_word("--hourly", "requests in each hour of a day", hours, None))
    for name, function in functions.items():
        unused = frozenset() if function.provisioned_concurrency else {"provisioned_hours"}
        records += _figures(name, function, OWNERS[name].default, unused)
        records.append(
            _word(
                f"--{OWNERS[name].prefix}architecture",
                f"processor of the {name}",
                function.architecture,
                "Lambda's default" if function.architecture == "x86_64" else None,
            )
        )
    default = OWNERS["setup"].default
    records += _figures("setup", setup, default, left_out)
    for word, what, source in _WORDS:
        value = getattr(setup, word)
        is_default = value == getattr(default, word)
        records.append(_word(f"--{word}", what, value, source if is_default else None))
    records.append(
        _word(
            "--no-free-tier",
            "whether the account's free tier is there for these functions",
            "free tier" if setup.has_free_tier else "no free tier",
            "assumed" if setup.has_free_tier else None,
        )
    )
    return records


def assumptions_table(records: Records) -> Table:
    """The assumptions, those that were given marked."""
    return Table(
        key="assumptions",
        title="What it rests on",
        columns=(words("option"), numbers("value"), words("where it is from")),
        rows=tuple(
            (
                record["option"],
                _value(record),
                GIVEN if not record["is_default"] else record["source"],
            )
            for record in records
        ),
    )


def figure_records(figures: Iterable[Figure], **of: str) -> Records:
    """Each number of an estimate with its sum; `of` says what it is of, if there are several."""
    return [
        {**of, "name": each.name, "value": each.value, "unit": each.unit, "how": each.how}
        for each in figures
    ]


def figures_table(figures: Sequence[Figure], *, key: str = "figures", of: str = "") -> Table:
    """Each number of an estimate with its sum, in the order in which they are computed."""
    return Table(
        key=key,
        title=f"How the numbers come about{f': {of}' if of else ''}",
        columns=(words("figure"), numbers("value"), words("sum")),
        rows=tuple(
            (each.name, f"{_six_digits(each.value)} {each.unit}", each.how) for each in figures
        ),
    )


def term_records(bill: Bill, region: RegionPrices, **of: str) -> Records:
    """Each product of the bill: quantity, unit, price, why that price, dollars, and its sources."""
    return [
        {
            **of,
            "what": line.what,
            "architecture": line.architecture,
            "quantity": term.quantity,
            "unit": term.unit,
            "price_usd": term.price,
            "why": term.why,
            "usd": term.usd,
            "sources": list(source_ids(line, term, region)),
        }
        for line in bill.lines
        for term in line.terms
    ]


def terms_table(bill: Bill, region: RegionPrices, *, key: str = "terms", of: str = "") -> Table:
    """The bill as products that are added up."""
    return Table(
        key=key,
        title=f"The terms of the bill{f': {of}' if of else ''}",
        columns=(
            words("what"),
            numbers("quantity"),
            numbers("× USD a unit"),
            numbers("= USD"),
            words("price"),
        ),
        rows=tuple(
            (
                line_name(line),
                f"{exact(term.quantity)} {term.unit}",
                exact(term.price),
                exact(term.usd) if term.usd else money(term.usd),
                _price_note(line, term, region),
            )
            for line in bill.lines
            for term in line.terms
        ),
    )


def price_sources(bills: Iterable[Bill], prices: PriceTable, region: RegionPrices) -> Records:
    """Where the prices that the bills use were read."""
    used = dict.fromkeys(
        each
        for bill in bills
        for line in bill.lines
        for term in line.terms
        for each in source_ids(line, term, region)
    )
    known = {source.id: source for source in prices.sources}
    return [
        {"id": each.id, "what": each.what, "where": each.where, "date": each.date}
        for each in (known[name] for name in used if name in known)
    ]


def sources_table(records: Records) -> Table:
    """Where the prices were read."""
    return Table(
        key="sources",
        title="Sources of the prices",
        columns=tuple(words(name) for name in ("source", "what", "where", "date")),
        rows=tuple(tuple(record.values()) for record in records),
    )


def line_name(line: Line) -> str:
    """A line of the bill, as it is called."""
    return f"{line.what} on {line.architecture}" if line.architecture else line.what


def source_ids(line: Line, term: Term, region: RegionPrices) -> tuple[str, ...]:
    """The ids of the sources of a term's price; what is free has none."""
    if not term.price:
        return ()
    if line.what == "duration" and line.architecture is not None:
        return region.on(line.architecture).sources
    return region.sources.get(_SOURCE_KEYS[line.what], ())


def _price_note(line: Line, term: Term, region: RegionPrices) -> str:
    ids = source_ids(line, term, region)
    return f"{term.why}, source {', '.join(ids)}" if ids else term.why


def _figures(
    name: str, figures: Figures, default: Figures | None, left_out: Iterable[str] = ()
) -> Records:
    owner = OWNERS[name]
    return [
        {
            "option": flags(owner.prefix, each.name)[0],
            "what": each.what,
            "value": each.value,
            "unit": each.unit,
            "is_default": is_default,
            "source": source_of(owner, each.name, each.source) if is_default else GIVEN,
        }
        for each in figures.assumptions()
        if each.name not in set(left_out)
        for is_default in [_is_default(default, each)]
        if not (each.value is None and is_default and each.name in _UNSET)
    ]


_SHARE: Final = "of 1"
"""The unit of a share, which goes without saying."""
_UNSET: Final = frozenset({"single_ms", "batch_ms"})
"""Without a value they take no part in the estimate: the times beside them do."""


def _is_default(default: Figures | None, assumption: Assumption) -> bool:
    """Whether it is what would hold if nothing were given."""
    return assumption.source != GIVEN and assumption.value == getattr(default, assumption.name)


_WORDS: Final = (
    ("network", "how the database is reached", "assumed: the same network, or peering"),
    ("region", "AWS region", "assumed"),
)


def _word(option: str, what: str, value: str, source: str | None) -> dict[str, Any]:
    """What is no number; `source`: of its default, None if it was given."""
    return {
        "option": option,
        "what": what,
        "value": value,
        "unit": "",
        "is_default": source is not None,
        "source": GIVEN if source is None else source,
    }


def _value(record: dict[str, Any]) -> str:
    value = record["value"]
    if value is None:
        return NONE
    return (
        value
        if isinstance(value, str)
        else f"{plain(value)} {record['unit'].removesuffix(_SHARE)}".strip()
    )


def _six_digits(number: Decimal) -> str:
    """As in the sums."""
    return count(number) if number >= 10**6 else plain(f"{number:.6g}")
