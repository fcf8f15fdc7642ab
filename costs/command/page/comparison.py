"""The four plots of a comparison, in the order in which the page shows them.

Brings the question and its plots together; draws nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorpool.costs.break_even import BreakEven, break_even_points
from motorpool.costs.command.page.connections_plot import connections
from motorpool.costs.command.page.memory_plot import by_memory
from motorpool.costs.command.page.money_plots import against_queries, against_requests
from motorpool.costs.command.page.question import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorpool.costs.command.page.plot import Plot
    from motorpool.costs.load import Load
    from motorpool.costs.prices import PriceTable
    from motorpool.costs.setup import Setup


def plots_of_comparison(
    load: Load,
    setup: Setup,
    prices: PriceTable,
    *,
    points: Sequence[BreakEven] | None = None,
    connection_limits: Mapping[str, int] | None = None,
) -> tuple[Plot, ...]:
    """Cost by queries, by requests and by memory, and connections by requests a second.

    `points`: the load's break-even points, if they are known already; `connection_limits`: what
    database servers take, by name. Raises PricesError for a price that the table does not have.
    """
    if points is None:
        points = break_even_points(load, setup, prices, connection_limits={})
    question = Question(load=load, setup=setup, prices=prices, points=points)
    return (
        against_queries(question),
        against_requests(question),
        by_memory(question),
        connections(question, connection_limits or {}),
    )
