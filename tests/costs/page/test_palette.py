"""The colours: their contrast in both schemes, and that no kind of colour vision confuses them."""

import itertools

import pytest

from motorpool.costs.command.page.palette import (
    DARK,
    LIGHT,
    LOOKS,
    PARTS,
    declarations,
    stand_in,
    with_variables,
)
from tests.costs.page.contrast import CONES, contrast, difference

SCHEMES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
TEXT_ON = [(text, "paper") for text in ("ink", "muted", "direct", "single", "batched")] + [
    ("ink", "tint"),
    ("muted", "tint"),
]


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "rgb(255, 255, 255)") == pytest.approx(4.48, abs=0.005)


@SCHEMES
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_has_the_contrast_of_wcag_aa(colours: dict[str, str], text: str, ground: str) -> None:
    assert contrast(colours[text], colours[ground]) >= 4.5


@SCHEMES
def test_shapes_have_the_contrast_of_wcag_aa(colours: dict[str, str]) -> None:
    for name in (*PARTS, *(look.colour for look in LOOKS.values())):
        assert contrast(colours[name], colours["paper"]) >= 3, name


@SCHEMES
@pytest.mark.parametrize("kind", [None, *CONES])
def test_no_two_lines_look_alike_whatever_cones_are_lacking(
    colours: dict[str, str], kind: str | None
) -> None:
    for one, other in itertools.combinations(LOOKS.values(), 2):
        assert difference(colours[one.colour], colours[other.colour], kind) > 20


@SCHEMES
@pytest.mark.parametrize("kind", [None, *CONES])
def test_no_two_neighbouring_parts_look_alike_whatever_cones_are_lacking(
    colours: dict[str, str], kind: str | None
) -> None:
    for one, other in itertools.pairwise(PARTS):
        assert difference(colours[one], colours[other], kind) > 15


def test_lines_differ_in_dashes_and_markers_too() -> None:
    looks = list(LOOKS.values())

    assert len({look.dashes for look in looks}) == len(looks)
    assert len({look.marker for look in looks}) == len(looks)


def test_both_schemes_have_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


def test_a_stand_in_becomes_the_variable_of_its_name() -> None:
    drawn = " ".join(stand_in(name) for name in LIGHT)

    assert with_variables(drawn) == " ".join(f"var(--{name})" for name in LIGHT)


def test_variables_are_declared_as_css() -> None:
    assert declarations({"ink": "#000000", "paper": "#ffffff"}) == "--ink:#000000;--paper:#ffffff;"


def test_a_colour_that_is_not_in_the_palette_is_refused() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        stand_in("pink")
