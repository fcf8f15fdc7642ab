"""A small report, for tests that are about its form."""

from decimal import Decimal

from motorpool.costs.command.columns import numbers, words
from motorpool.costs.command.document import Document, Table

DOCUMENT = Document(
    title="A report | of <b>all</b>",
    lead=("It costs USD 1,234.56.", "And *nothing* more."),
    tables=(
        Table(
            key="designs",
            title="The designs",
            columns=(words("design"), numbers("USD a month"), numbers("connections")),
            rows=(("one query per invocation, 128 MB", "1,234.56", "7"), ("batched", "0.0031", "")),
            emphasis=1,
            note="As counted.",
        ),
        Table(
            key="printed",
            title="Without data",
            columns=(words("what"), numbers("how many")),
            rows=(("a, b", "1,000"),),
        ),
    ),
    notes=("A note.",),
    data={
        "report": "test",
        "designs": [
            {"label": "one", "usd_a_month": Decimal("1234.5600"), "is_asked": False, "x": None},
            {"label": "batched", "usd_a_month": Decimal("0.0000001"), "is_asked": True, "y": 1.5},
        ],
        "waiting": {"ms": Decimal(5), "ids": ["a", "b"]},
    },
)
