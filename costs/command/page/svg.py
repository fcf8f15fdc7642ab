"""From a drawing to the SVG that stands in the page: its colours, ids and fonts become the page's.

What is written depends on what was drawn and on nothing else: no date, no chance, no setting of the
user's. Nothing in it names anything outside it.
"""

from __future__ import annotations

import io
import re
import warnings
from html import escape
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import matplotlib as mpl

from motorpool.costs.command.page.characters import printable
from motorpool.costs.command.page.palette import with_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from motorpool.costs.command.page.sheet import Sheet

ID: Final = "plot-0-"
"""What every id of a drawing begins with, until the page numbers it."""

_SETTINGS: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",  # text stays text, in the page's font
    "svg.hashsalt": "motorpool",
    "text.parse_math": False,  # a dollar sign is a dollar sign
    "hatch.linewidth": 1.6,
}
_NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_DROPPED: Final = {"style", "metadata"}
"""matplotlib's own style sheet would be the whole page's."""
_REFERENCE: Final = re.compile(r"#([\w.-]+)")
_FONT: Final = re.compile(r"font-family:[^;]*;?\s*")
_NUMBER: Final = re.compile(r"-?\d+\.\d{3,}")


def svg(draw: Callable[[], Sheet], *, label: str, description: str) -> str:
    """The SVG of what `draw` draws, as an element of an HTML page.

    `label` names it to who cannot see it, `description` tells what it shows.
    """
    with mpl.rc_context(), warnings.catch_warnings():
        # The reader's browser has the letters that the font here has not.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        sheet, drawn = draw(), io.BytesIO()
        sheet.figure.savefig(drawn, format="svg", metadata=_NO_METADATA)
    root = ET.fromstring(drawn.getvalue())  # noqa: S314 - matplotlib's, written a line above
    head = {
        "class": f"drawing {sheet.form.name}",
        "role": "img",
        "aria-label": printable(label),
        "aria-describedby": f"{ID}{sheet.form.name}-described",
        "viewBox": f"0 0 {sheet.form.width} {sheet.height:.4g}",
        "width": str(sheet.form.width),
        "height": f"{sheet.height:.4g}",
    }
    ids = _ids(root, sheet.form.name)
    body = "".join(part for child in root for part in _written(child, ids))
    return with_variables(
        f"<svg{_attributes(head)}>"
        f'<desc id="{head["aria-describedby"]}">{escape(printable(description))}</desc>{body}</svg>'
    )


def _ids(root: ET.Element, form: str) -> dict[str, str]:
    """New ids, short and in order, for what is referred to; nothing else needs one."""
    named = {
        name
        for element in root.iter()
        for value in element.attrib.values()
        for name in _REFERENCE.findall(value)
    }
    in_order = (element.get("id", "") for element in root.iter())
    return {
        old: f"{ID}{form}-{number}"
        for number, old in enumerate(dict.fromkeys(old for old in in_order if old in named))
    }


def _written(element: ET.Element, ids: Mapping[str, str]) -> Iterable[str]:
    """The element as HTML has it; a group that says nothing is left out, and its content stays."""
    tag = element.tag.partition("}")[2]
    if tag in _DROPPED:
        return
    attributes = {
        name.partition("}")[2] or name: _value(name, value, ids)
        for name, value in element.attrib.items()
        if not _says_nothing(name, value, ids)
    }
    content = escape(element.text or "") if tag == "text" else ""
    content += "".join(part for child in element for part in _written(child, ids))
    if tag == "g" and not attributes:
        yield content
    elif content or tag != "defs":
        yield f"<{tag}{_attributes(attributes)}>{content}</{tag}>"


def _says_nothing(name: str, value: str, ids: Mapping[str, str]) -> bool:
    return (name == "id" and value not in ids) or value.startswith("rotate(-0 ")


def _value(name: str, value: str, ids: Mapping[str, str]) -> str:
    if name == "id":
        return ids[value]
    value = _FONT.sub("", value) if name == "style" else " ".join(value.split())
    value = _REFERENCE.sub(lambda found: f"#{ids.get(found[1], found[1])}", value)
    return _NUMBER.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), value)


def _attributes(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
