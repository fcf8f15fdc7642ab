"""The options that are figures: made from the classes that check them, and turned back into them.

What a figure is, its unit, its range, its default and that default's source stand with the figure
(`load.py`, `setup.py`) and nowhere here, so that no option can say something else.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import MISSING, Field, fields, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from motorpool.costs.command.amounts import plain
from motorpool.costs.errors import InputError
from motorpool.costs.load import HOURS_OF_A_DAY, Load
from motorpool.costs.price_file import find_prices
from motorpool.costs.setup import Function, Setup

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping

    from motorpool.costs.figures import Figures
    from motorpool.costs.prices import PriceTable

ARCHITECTURE_NAMES: Final = {"x86": "x86_64", "x86-64": "x86_64", "arm": "arm64"}
"""What is written for an architecture beside its own name."""

_NONE: Final = "none"
_METAVARS: Final = {"ms": "MS", "MB": "MB", "GB": "GB", "bytes": "BYTES", "s": "S", "hours": "H"}


class Owner(NamedTuple):
    """What options fill: a class of figures, its default, and the prefix of its options."""

    figures: type[Figures]
    default: Figures | None
    prefix: str


_SETUP: Final = Setup()
OWNERS: Final[Mapping[str, Owner]] = {
    "load": Owner(Load, None, ""),
    "proxy": Owner(Function, _SETUP.proxy, ""),
    "app": Owner(Function, _SETUP.app, "app-"),
    "setup": Owner(Setup, _SETUP, ""),
}
_OF_THE_DATABASE: Final = frozenset(
    {"pool_size", "app_pool_size", "servers", "environment_life_s", "keepalive_s"}
)
_GROUPS: Final = (
    ("load", "load", lambda _: True),
    ("proxy function", "proxy", lambda _: True),
    ("application function", "app", lambda _: True),
    ("database and connections", "setup", lambda name: name in _OF_THE_DATABASE),
    ("times", "setup", lambda name: name.endswith("_ms")),
    ("account and prices", "setup", lambda name: name == "account_concurrency"),
)


def add_load_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a load and a setup, in groups."""
    for title, name, has in _GROUPS:
        group = parser.add_argument_group(title)
        owner = OWNERS[name]
        for field in figures_of(owner.figures):
            if has(field.name):
                _add(group, name, owner, field)
        if name in {"proxy", "app"}:
            group.add_argument(
                f"--{owner.prefix}architecture",
                dest=f"{name}_architecture",
                metavar="NAME",
                help="x86_64 or arm64 (default: x86_64)",
            )
        if name == "load":
            group.add_argument(
                "--hourly",
                metavar="NUMBERS",
                help="requests in each hour of a day: 24 numbers apart by commas, or a file of "
                "them; beside --requests only their proportions count (default: evenly)",
            )
        if title.startswith("database"):
            group.add_argument(
                "--network",
                metavar="NAME",
                help="how the database is reached: vpc (same network or peering, data not "
                "charged), internet, nat (default: vpc)",
            )
        if title.startswith("account"):
            add_price_options(group)


def add_price_options(group: argparse._ActionsContainer) -> None:
    """Declare the options that say which prices hold."""
    group.add_argument(
        "--region", metavar="NAME", help=f"AWS region (default: {_SETUP.region})", default=None
    )
    group.add_argument(
        "--no-free-tier",
        action="store_true",
        help="leave the free tier out: other functions of the account use it up",
    )
    group.add_argument(
        "--prices",
        type=Path,
        metavar="FILE",
        help="price table to use (default: what `motorpool cost prices --refresh` wrote last, "
        "else motorpool's own)",
    )


def add_figures(group: argparse._ActionsContainer, name: str, owner: Owner) -> None:
    """Declare an option for each figure of a class; their values are `given(args, name, class)`."""
    for field in figures_of(owner.figures):
        _add(group, name, owner, field)


def prices_of(args: argparse.Namespace) -> PriceTable:
    """The price table that is meant. Raises PricesError."""
    return find_prices(args.prices)


def region_of(args: argparse.Namespace) -> str:
    """The region that is meant."""
    return args.region or _SETUP.region


def load_of(args: argparse.Namespace) -> Load:
    """The load that was given. Raises InputError in terms of the options."""
    with spelled(spellings("load")):
        given_figures = given(args, "load", Load)
        if "queries" not in given_figures:
            raise InputError("queries", "must be given: the queries of one request, such as 8")
        hourly = _hourly(args.hourly) if args.hourly is not None else ()
        if "requests" in given_figures:
            return Load(**given_figures | {"hourly": hourly})
        if not hourly:
            raise InputError(
                "requests",
                "must be given: requests a month, such as 3e6 (or those of a day's hours: "
                "--hourly)",
            )
        return Load.of_day(hourly, **given_figures)


def setup_of(args: argparse.Namespace) -> Setup:
    """The setup that was given. Raises InputError in terms of the options."""
    words: dict[str, Any] = {name: function_of(args, name) for name in ("proxy", "app")}
    words |= {"region": region_of(args), "has_free_tier": not args.no_free_tier}
    if args.network is not None:
        words["network"] = args.network
    with spelled({**spellings("setup"), "network": "--network"}):
        return Setup(**given(args, "setup", Setup), **words)


def function_of(args: argparse.Namespace, name: str) -> Function:
    """A function as it was given, `proxy` or `app`."""
    default = OWNERS[name].default
    assert isinstance(default, Function)  # noqa: S101 - which mypy cannot see in the table
    changes = given(args, name, Function)
    architecture = getattr(args, f"{name}_architecture")
    if architecture is not None:
        changes["architecture"] = ARCHITECTURE_NAMES.get(architecture, architecture)
    with spelled(spellings(name)):
        return replace(default, **changes)


def figures_of(kind: type[Figures]) -> Iterable[Field[Any]]:
    """The fields that are figures: they have a unit."""
    return (each for each in fields(kind) if "unit" in each.metadata)  # type: ignore[arg-type]  # every heir is a dataclass


def flags(prefix: str, name: str) -> tuple[str, ...]:
    """The option of a figure; memory's is short, and its full name holds as well."""
    full = f"--{prefix}{name.replace('_', '-')}"
    return (full.removesuffix("-mb"), full) if name == "memory_mb" else (full,)


def spellings(name: str) -> dict[str, str]:
    """The options of an owner's figures, by the figures' names."""
    owner = OWNERS[name]
    names = [field.name for field in figures_of(owner.figures)]
    if owner.figures is Function:
        names.append("architecture")
    if owner.figures is Load:
        names.append("hourly")
    return {each: flags(owner.prefix, each)[0] for each in names}


@contextlib.contextmanager
def spelled(options: Mapping[str, str]) -> Iterator[None]:
    """Let an InputError inside name the option instead of the figure, in its reason as well."""
    try:
        yield
    except InputError as error:
        # In a reason another figure is named before its value, which stands in brackets.
        reason = re.sub(
            r"\b([a-z_]+)(?= \()", lambda found: options.get(found[1], found[1]), error.reason
        )
        raise InputError(options.get(error.name, error.name), reason) from None


def given(args: argparse.Namespace, name: str, kind: type[Figures]) -> dict[str, Any]:
    """The figures of a class that were given, as they were written. Raises InputError."""
    texts = {field: getattr(args, f"{name}_{field.name}") for field in figures_of(kind)}
    return {field.name: value_of(field, text) for field, text in texts.items() if text is not None}


def value_of(field: Field[Any], text: str) -> str | None:
    """The text, if it is a number; None for `none`, where a figure may have no value."""
    if text == _NONE and _may_be_none(field):
        return None
    return number(field.name, text)


def number(name: str, text: str) -> str:
    """The text, if it is a number. Raises InputError, which says how numbers are written."""
    try:
        Decimal(text)
    except InvalidOperation:
        raise InputError(
            name, f"must be a number such as 2500, 0.5, 3e6 or 3_000_000, not {text!r}"
        ) from None
    return text


def _add(group: argparse._ActionsContainer, name: str, owner: Owner, field: Field[Any]) -> None:
    told = field.metadata
    group.add_argument(
        *flags(owner.prefix, field.name),
        dest=f"{name}_{field.name}",
        metavar=_METAVARS.get(told["unit"], "N"),
        help=f"{told['what']} [{told['unit']}; {_default(owner, field)}]".replace("%", "%%"),
    )


def _default(owner: Owner, field: Field[Any]) -> str:
    """What holds if the option is not given, and why."""
    if field.default is MISSING:
        return "needed"
    default = getattr(owner.default, field.name) if owner.default else field.default
    source = source_of(owner, field.name, field.metadata["source"])
    if default is None:
        return f"default {source}"
    also = f"; `{_NONE}` for no limit but the account's" if _is_limit(field) else ""
    return f"default {plain(default)}, {source}{also}"


def source_of(owner: Owner, name: str, source: str) -> str:
    """Where a default is from. The field's own word is for a proxy, or for no value."""
    if owner.prefix and name == "memory_mb":
        return "assumed"
    default = getattr(owner.default, name) if owner.default else None
    if name == "reserved_concurrency" and default is not None:
        return "template.yaml"
    return source


def _is_limit(field: Field[Any]) -> bool:
    return field.name == "reserved_concurrency"


def _may_be_none(field: Field[Any]) -> bool:
    return "None" in str(field.type)


def _hourly(text: str) -> tuple[str, ...]:
    """Numbers apart by commas, or those of a file. How many there are, the load checks."""
    if "," in text:
        parts = text.split(",")
    else:
        try:
            parts = Path(text).read_text(encoding="utf-8").replace(",", " ").split()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
            raise InputError(
                "hourly",
                f"must be {HOURS_OF_A_DAY} numbers apart by commas, or a file of them; "
                f"{text!r} cannot be read: {why}",
            ) from None
    return tuple(number("hourly", part.strip()) for part in parts)
