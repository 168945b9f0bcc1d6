"""What a Word paragraph is by its style: a heading of some level, an item of some list."""

import re
from dataclasses import dataclass

from ingest.loading.archives.zipped_xml import Element, attribute, whole
from ingest.loading.office.word_numbering import Numbering, W

# Word keeps the English names of its own styles in files of any language.
_HEADING = re.compile(r"heading (\d)")
_BULLET = "list bullet"
_DEEPEST = 6
_LONGEST_HEADING = 300  # characters; what is longer is text, whatever its outline level
_LONGEST_CHAIN = 20  # of styles based on one another


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str
    properties: Element | None


class Styles:
    """The paragraph styles of a document with the numbers of its lists."""

    def __init__(self, root: Element | None, numbering: Numbering) -> None:
        self._numbering = numbering
        self._styles: dict[str, _Style] = {}
        self._usual = ""
        for style in () if root is None else root.iterchildren(f"{W}style"):
            if attribute(style, "type") in {"paragraph", None}:
                name = attribute(style, "styleId") or ""
                self._styles[name] = _Style(
                    name=(attribute(style.find(f"{W}name"), "val") or "").lower(),
                    based_on=attribute(style.find(f"{W}basedOn"), "val") or "",
                    properties=style.find(f"{W}pPr"),
                )
                if attribute(style, "default") in {"1", "true", "on"}:
                    self._usual = name

    def level(self, paragraph: Element, text: str) -> int | None:
        """The level of a heading; None for other paragraphs."""
        own = paragraph.find(f"{W}pPr")
        if len(text) > _LONGEST_HEADING:
            return None
        if (level := _outline(own)) is not None:
            return level or None
        for style in self._chain(own):
            if style.name == "title":
                return 1
            if heading := _HEADING.fullmatch(style.name):
                return min(int(heading[1]), _DEEPEST)
            if (level := _outline(style.properties)) is not None:
                return level or None
        return None

    def label(self, paragraph: Element) -> str:
        """The number or the dash in front of a paragraph; counts it."""
        own = paragraph.find(f"{W}pPr")
        number = level = None
        named = attribute(own.find(f"{W}pStyle"), "val") if own is not None else None
        chain = self._chain(own)
        for properties in (own, *(style.properties for style in chain)):
            found = None if properties is None else properties.find(f"{W}numPr")
            if found is not None:
                level = level or attribute(found.find(f"{W}ilvl"), "val")
                number = number or attribute(found.find(f"{W}numId"), "val")
        if number is None:
            return "-" if any(style.name.startswith(_BULLET) for style in chain) else ""
        if level is None:
            return self._numbering.label(number, self._numbering.level_of(number, named or ""))
        return self._numbering.label(number, whole(level))

    def _chain(self, properties: Element | None) -> list[_Style]:
        """The paragraph's style and those it is based on."""
        own = None if properties is None else properties.find(f"{W}pStyle")
        name = attribute(own, "val") or self._usual
        chain: list[_Style] = []
        while (style := self._styles.get(name)) and len(chain) < _LONGEST_CHAIN:
            chain.append(style)
            name = style.based_on
        return chain


def _outline(properties: Element | None) -> int | None:
    """The level of a heading by its outline, 0 for text, None where nothing is said."""
    found = None if properties is None else properties.find(f"{W}outlineLvl")
    value = attribute(found, "val")
    if value is None:
        return None
    return min(whole(value, 9) + 1, _DEEPEST) if whole(value, 9) < 9 else 0
