"""Reads a page as strictly as a validator would where it can: tags balanced, ids unique and found.

Knows HTML's void elements and nothing else of what may stand where.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}
REFERRING = ("aria-labelledby", "aria-describedby", "for")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: tuple[str, ...] = ()


@dataclass
class Markup(HTMLParser):
    """What a page is made of; `wrong` lists what a validator would complain of."""

    elements: list[Element] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.wrong.append(f"<{tag}> has an attribute twice")
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag, attributes, inside=tuple(each.tag for each in self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.wrong.append(f"<{tag}/> with {len(attrs)} attributes closes itself")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            self.wrong.append(f"</{tag}> closes nothing")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def of(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    @property
    def ids(self) -> list[str]:
        return [each.attributes["id"] for each in self.elements if "id" in each.attributes]


def read(page: str) -> Markup:
    """Read a page, and see what is wrong with it."""
    markup = Markup()
    markup.feed(page)
    markup.close()
    markup.wrong += [f"<{each.tag}> is not closed" for each in markup._open]  # noqa: SLF001 - its own
    ids = set(markup.ids)
    markup.wrong += [f"id {name} stands twice" for name in ids if markup.ids.count(name) > 1]
    for element in markup.elements:
        referred = [
            name for key in REFERRING for name in element.attributes.get(key, "").split()
        ] + [
            value[value.index("#") + 1 :].partition(")")[0]
            for key, value in element.attributes.items()
            if key != "id" and ("url(#" in value or value.startswith("#"))
        ]
        markup.wrong += [f"no element has the id {name}" for name in referred if name not in ids]
    return markup
