"""What a price table must not be: each refused in one line that says what would be right."""

from pathlib import Path
from typing import Any

import pytest

from motorpool.costs.errors import PricesError
from motorpool.costs.price_file import read_prices
from tests.costs.price_documents import LEFT_OUT, X86, document, region, written

REFUSED: list[tuple[dict[str, Any] | str | bytes, str]] = [
    ("{", "{path} must be JSON: Expecting property name enclosed in double quotes in line 1"),
    (b"\xff{}", "{path} must be JSON in UTF-8, and its byte 0 is not"),
    ("[]", "{path}: the document must be an object, and is []"),
    ('{"schema": 1, "schema": 1}', "{path}: the key 'schema' stands twice in one object"),
    ("[" * 100_000, "{path} must be a price table, and is nested too deeply"),
    ({}, "{path}: schema is missing"),
    (document(schema=2), "{path}: schema must be 1, the only one that this motorpool reads, and"),
    (document(as_of="19.9.2026"), '{path}: as_of must be a date, such as 2026-11-28, and is "19'),
    (document(as_of="2026-02-30"), '{path}: as_of must be a date, such as 2026-11-28, and is "2'),
    (document(as_of="20260919"), "{path}: as_of must be a date, such as 2026-11-28"),
    (document(others_as_of=""), "{path}: others_as_of must be a date, such as 2026-11-28"),
    (document(confirmed=None), "{path}: confirmed must be a string, and is null"),
    (document(regions={}), "{path}: regions must hold at least one region, and is {}"),
    (document(regions=[]), "{path}: regions must be an object, and is []"),
    (document(region={}), "{path}: region is not known: did you mean regions?"),
    (
        document(prices_of_the_sun={}),
        "{path}: prices_of_the_sun is not known: it may be schema, as_of, free_tier, regions, ",
    ),
    (
        document(regions={"eu-west-1x": region()["regions"]["eu-west-1"]}),
        "{path}: regions.eu-west-1x must be named by a region's code, such as eu-west-1, and is {",
    ),
    (
        document(regions={"Ireland": region()["regions"]["eu-west-1"]}),
        "{path}: regions.Ireland must be named by a region's code, such as eu-west-1, and is {",
    ),
    (
        document(free_tier={"requests": "1"}),
        "{path}: free_tier.gb_seconds is missing",
    ),
    (region(name=["x"]), '{path}: regions.eu-west-1.name must be a string, and is ["x"]'),
    (
        region(name="red\x1b[31m"),
        (
            "{path}: regions.eu-west-1.name must be one line of text, without control characters, "
            'and is "red\\u001b[31m"'
        ),
    ),
    (region(name="a\nb"), "{path}: regions.eu-west-1.name must be one line of text, without"),
    (region(name="a\x85b"), "{path}: regions.eu-west-1.name must be one line of text, without"),
    (region(name="a\u2028b"), "{path}: regions.eu-west-1.name must be one line of text, without"),
    (
        region(name="\ud800"),
        (
            "{path}: regions.eu-west-1.name must be one line of text, without control characters, "
            'and is "\\ud800"'
        ),
    ),
    (document(confirmed="Köln\x1b"), "{path}: confirmed must be one line of text, without"),
    (document(regions={"a\nb": {}}), '{path}: regions."a\\nb" must be named by a region\'s code'),
    (region(**{"x\ny": 1}), '{path}: regions.eu-west-1."x\\ny" is not known: it may be name'),
    (region(Köln=1), "{path}: regions.eu-west-1.Köln is not known: it may be name"),
    (
        region(**{"k" * 60: 1}),
        "{path}: regions.eu-west-1." + "k" * 60 + " is not known: it may be name",
    ),
    (
        region(**{"k" * 61: 1}),
        '{path}: regions.eu-west-1."' + "k" * 59 + "… is not known: it may be name",
    ),
    (region(request=LEFT_OUT), "{path}: regions.eu-west-1.request is missing"),
    (region(arm64=LEFT_OUT), "{path}: regions.eu-west-1.arm64 is missing"),
    (
        region(x86_64=LEFT_OUT, x86={}),
        "{path}: regions.eu-west-1.x86_64 is missing",
    ),
    (region(sparc={}), "{path}: regions.eu-west-1.sparc is not known: it may be name, request"),
    (
        region(nat_gateway_hours="1"),
        "{path}: regions.eu-west-1.nat_gateway_hours is not known: did you mean nat_gateway_hour?",
    ),
    (
        region(request="-0.1"),
        '{path}: regions.eu-west-1.request must be 0 or more, and is "-0.1"',
    ),
    (
        region(request="0,2"),
        (
            '{path}: regions.eu-west-1.request must be a decimal number, such as "0.0000166667", '
            'and is "0,2"'
        ),
    ),
    (region(request="$0.2"), "{path}: regions.eu-west-1.request must be a decimal number"),
    (region(request="NaN"), "{path}: regions.eu-west-1.request must be a decimal number"),
    (region(request=float("inf")), "{path}: regions.eu-west-1.request must be a decimal number"),
    (region(request="1e5"), "{path}: regions.eu-west-1.request must be a decimal number"),
    (region(request="9" * 31), "{path}: regions.eu-west-1.request must be a decimal number"),
    (region(request="٣"), "{path}: regions.eu-west-1.request must be a decimal number"),
    (region(request=None), "{path}: regions.eu-west-1.request must be a decimal number"),
    (region(request=True), "{path}: regions.eu-west-1.request must be a decimal number"),
    (
        region(x86_64={"duration": []}),
        "{path}: regions.eu-west-1.x86_64.duration must hold at least one tier",
    ),
    (
        region(x86_64={"duration": [["5", "2"]]}),
        (
            "{path}: regions.eu-west-1.x86_64.duration[0][0] must be null: the last tier has no "
            'end, and is "5"'
        ),
    ),
    (
        region(x86_64={"duration": [[None, "2"], [None, "1"]]}),
        "{path}: regions.eu-west-1.x86_64.duration[0][0] must be a number: only the last tier",
    ),
    (
        region(x86_64={"duration": [["5", "2"], ["5", "1"], [None, "0"]]}),
        "{path}: regions.eu-west-1.x86_64.duration[1][0] must be above the border before it, 5",
    ),
    (
        region(x86_64={"duration": [["0", "2"], [None, "1"]]}),
        "{path}: regions.eu-west-1.x86_64.duration[0][0] must be above the border before it, 0",
    ),
    (
        region(x86_64={"duration": [["5", "-2"], [None, "1"]]}),
        "{path}: regions.eu-west-1.x86_64.duration[0][1] must be 0 or more",
    ),
    (
        region(x86_64={"duration": [[None]]}),
        "{path}: regions.eu-west-1.x86_64.duration[0] must be a pair of border and price",
    ),
    (
        region(x86_64={"duration": "0.2"}),
        "{path}: regions.eu-west-1.x86_64.duration must be an array",
    ),
    (
        region(logs=[["1", "2"]]),
        "{path}: regions.eu-west-1.logs[0][0] must be null: the last tier has no end",
    ),
    (
        region(internet_egress=None),
        "{path}: regions.eu-west-1.internet_egress must be an array, and is null",
    ),
    (
        region(sources={"request": ["Z"]}),
        "{path}: regions.eu-west-1.sources.request[0] must be the id of one of the file's sources",
    ),
    (
        region(x86_64=X86 | {"sources": ["Z"]}),
        "{path}: regions.eu-west-1.x86_64.sources[0] must be the id of one of the file's sources",
    ),
    (
        document(sources=[{"id": "Q", "what": "w", "where": "w"}]),
        "{path}: sources[0].date is missing",
    ),
    (
        document(sources=[{"id": "Q", "what": "w", "where": "w", "date": "d"}] * 2),
        '{path}: sources[1].id must be an id that no other source has, and is "Q"',
    ),
    (
        region(sources={"requests": []}),
        "{path}: regions.eu-west-1.sources.requests is not known: did you mean request?",
    ),
]


@pytest.mark.parametrize(("content", "told"), REFUSED)
def test_what_is_not_understood_is_named_with_what_would_be_right(
    tmp_path: Path, content: dict[str, Any] | str | bytes, told: str
) -> None:
    path = written(tmp_path, content)

    with pytest.raises(PricesError) as caught:
        read_prices(path)

    assert str(caught.value).startswith(told.replace("{path}", str(path)))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("letters", "shown"), [(58, f'"{"Ä" * 58}"'), (59, f'"{"Ä" * 59}…'), (5000, f'"{"Ä" * 59}…')]
)
def test_a_value_is_shown_up_to_sixty_characters(tmp_path: Path, letters: int, shown: str) -> None:
    path = written(tmp_path, region(request="Ä" * letters))

    with pytest.raises(PricesError) as caught:
        read_prices(path)

    assert str(caught.value).endswith(f', such as "0.0000166667", and is {shown}')
