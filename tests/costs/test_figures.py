"""Figures that describe themselves: checked when made, listed with unit and source."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from motorpool.costs.errors import InputError
from motorpool.costs.figures import Assumption, Figures, about, counted
from motorpool.costs.setup import Function, Setup
from tests.costs.examples import load


@dataclass(frozen=True, kw_only=True, slots=True)
class Cup(Figures):
    content: Decimal = field(metadata=about("what is in it", "l", "given", most=1))
    handles: Decimal = field(
        default=Decimal(1), metadata=counted("how many handles", "handles", "assumed", least=1)
    )
    saucer: Decimal | None = field(
        default=None, metadata=about("its saucer's width", "cm", "not given")
    )
    colour: str = "white"


def test_a_figure_becomes_an_exact_decimal() -> None:
    cup = Cup(content=0.1, saucer="14.5")  # type: ignore[arg-type]  # as a caller may give them

    assert cup.content == Decimal("0.1")
    assert isinstance(cup.content, Decimal)
    assert cup.saucer == Decimal("14.5")


def test_a_figure_out_of_its_range_is_refused_by_its_name() -> None:
    with pytest.raises(InputError, match=r"^content must be from 0 to 1, and is 2$"):
        Cup(content=Decimal(2))


def test_what_is_counted_must_be_a_whole_number() -> None:
    with pytest.raises(InputError, match=r"^handles must be a whole number, and is 1\.5$"):
        Cup(content=Decimal(0), handles=Decimal("1.5"))

    assert Cup(content=Decimal(0), handles=Decimal("2.0")).handles == 2


def test_a_figure_that_may_be_left_out_stays_none() -> None:
    assert Cup(content=Decimal(1)).saucer is None


def test_what_has_no_unit_is_no_figure() -> None:
    assert Cup(content=Decimal(1), colour="3").colour == "3"
    assert "colour" not in [each.name for each in Cup(content=Decimal(1)).assumptions()]


def test_every_figure_is_listed_with_unit_and_source_and_whether_it_is_the_default() -> None:
    assert Cup(content=Decimal(1), handles=Decimal(2)).assumptions() == (
        Assumption(
            name="content",
            what="what is in it",
            value=Decimal(1),
            unit="l",
            source="given",
            is_default=False,
        ),
        Assumption(
            name="handles",
            what="how many handles",
            value=Decimal(2),
            unit="handles",
            source="assumed",
            is_default=False,
        ),
        Assumption(
            name="saucer",
            what="its saucer's width",
            value=None,
            unit="cm",
            source="not given",
            is_default=True,
        ),
    )


@pytest.mark.parametrize("figures", [load(), Function(), Setup()])
def test_every_figure_of_an_estimate_says_what_it_is_and_where_its_default_is_from(
    figures: Figures,
) -> None:
    for each in figures.assumptions():
        assert each.what, each.name
        assert each.unit, each.name
        assert each.source, each.name


@pytest.mark.parametrize("figures", [load(), Function(), Setup()])
def test_every_number_of_an_estimate_is_a_figure(figures: Figures) -> None:
    listed = {each.name for each in figures.assumptions()}
    numbers = {
        name
        for name in figures.__dataclass_fields__  # type: ignore[attr-defined]  # all are dataclasses
        if isinstance(getattr(figures, name), Decimal)
    }

    assert numbers <= listed
