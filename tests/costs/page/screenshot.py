"""Makes docs/costs-report.png anew: `.venv/bin/python -m tests.costs.page.screenshot`.

Of the report on three million requests of eight queries, at the packaged prices. It is no test.
"""

import io
import tempfile
from datetime import date
from pathlib import Path

from PIL import Image

from motorpool.costs.break_even import break_even_points
from motorpool.costs.command.compare import comparison_document
from motorpool.costs.command.database_limits import connection_limits
from motorpool.costs.command.page import html_page, plots_of_comparison
from motorpool.costs.model import compare
from motorpool.costs.price_file import read_prices
from tests.costs.page.asked import LOADS, SETUP
from tests.costs.page.browser import executable, opened, running

FILE = Path(__file__).parents[3] / "docs" / "costs-report.png"
COLOURS = 96


def main() -> None:
    """Write the page down to the end of its plots, as a desk has it, in few colours."""
    load, prices, limits = LOADS["middling"], read_prices(), connection_limits()
    points = break_even_points(load, SETUP, prices, connection_limits=limits)
    plots = plots_of_comparison(load, SETUP, prices, points=points, connection_limits=limits)
    document = comparison_document(
        compare(load, SETUP, prices), points, prices, today=date(2026, 11, 28)
    )
    path = executable()
    if path is None:
        raise SystemExit("no Chromium is on the PATH (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder, running(path) as browser:
        page = Path(folder) / "page.html"
        page.write_text(html_page(document, plots), encoding="utf-8")
        with opened(browser, page, width=1180) as seen:
            end = seen.page.locator(".plots").bounding_box()
            height = 2000 if end is None else end["y"] + end["height"]
            clip = {"x": 0, "y": 0, "width": 1180, "height": height}
            shot = seen.page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]  # a FloatRect
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    # Not by the median cut, which gives thin lines the colours of their neighbours.
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(FILE, optimize=True)


if __name__ == "__main__":
    main()
