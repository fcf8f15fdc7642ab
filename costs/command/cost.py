"""`motorpool cost`: its sub-commands, each a module with `add_arguments(parser)` and `run(args)`.

A table and nothing else: what is not chosen is not imported.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMANDS: "Final[Mapping[str, tuple[str, str]]]" = {
    "estimate": (
        "motorpool.costs.command.estimate",
        "estimate what a month of a load costs in one design",
    ),
    "compare": (
        "motorpool.costs.command.compare",
        "compare a driver in every function, one query per invocation, and batching",
    ),
    "report": (
        "motorpool.costs.command.report",
        "tell from recorded usage what a month costs and what batching saved",
    ),
    "bill": (
        "motorpool.costs.command.bill",
        "calculate what AWS asks for plain functions, as on its invoice",
    ),
    "prices": (
        "motorpool.costs.command.prices",
        "show the prices that are used, or ask AWS for today's",
    ),
}
"""By name: the module, and what it does in one line."""
