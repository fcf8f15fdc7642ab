"""A report as a self-contained HTML page, and its plots.

Brings matplotlib (410 ms): imported when a page is asked for. Never prints, never asks a network.
"""

from motorpool.costs.command.page.axis import Axis, short
from motorpool.costs.command.page.bar_chart import BarChart, Beside, Row, bars
from motorpool.costs.command.page.chart import Level, Line, LineChart, Mark, Spot
from motorpool.costs.command.page.comparison import plots_of_comparison
from motorpool.costs.command.page.line_chart import lines
from motorpool.costs.command.page.plot import Plot
from motorpool.costs.command.page.render import html_page

__all__ = [
    "Axis",
    "BarChart",
    "Beside",
    "Level",
    "Line",
    "LineChart",
    "Mark",
    "Plot",
    "Row",
    "Spot",
    "bars",
    "html_page",
    "lines",
    "plots_of_comparison",
    "short",
]
