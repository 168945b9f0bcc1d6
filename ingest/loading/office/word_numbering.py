"""The numbers of Word's lists and headings, which the file only implies.

`Clause 4.2` is what people ask for, but the file holds a level and a reference to rules.
"""

import re
from dataclasses import dataclass, field

from ingest.loading.archives.zipped_xml import Element, attribute, whole

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVELS = 9
_PLACE = re.compile(r"%(\d)")
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Level:
    """How the numbers of one level of a list look."""

    form: str = "decimal"
    text: str = ""
    start: int = 1
    decimal: bool = False  # of the levels above too, whatever their form
    style: str = ""  # of the paragraphs that are at this level without saying so
    after: int | None = None  # begins anew after levels above this one only


@dataclass(slots=True)
class _Kind:
    """A kind of list with the numbers it has reached, shared by all lists of the kind."""

    levels: dict[int, _Level]
    reached: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)


@dataclass(frozen=True, slots=True)
class _List:
    """A list: its kind, with levels that look otherwise or start anew."""

    kind: _Kind
    own: dict[int, _Level]
    anew: dict[int, int]

    def look(self, level: int) -> _Level:
        """How a level looks."""
        return self.own.get(level) or self.kind.levels.get(level) or _Level()


class Numbering:
    """Gives every numbered paragraph its label; to be asked in the order of the text."""

    def __init__(self, root: Element | None) -> None:
        self._lists: dict[str, _List] = {}
        self._begun: set[tuple[str, int]] = set()
        if root is not None:
            self._read(root, _kinds(root))

    def _read(self, root: Element, kinds: dict[str, _Kind]) -> None:
        for number in root.iterchildren(f"{W}num"):
            kind = kinds.get(attribute(number.find(f"{W}abstractNumId"), "val") or "")
            if kind is None:
                continue
            found = _List(kind, {}, {})
            for override in number.iterchildren(f"{W}lvlOverride"):
                at = whole(attribute(override, "ilvl"))
                found.own.update(_level(level) for level in override.iterchildren(f"{W}lvl"))
                if (start := override.find(f"{W}startOverride")) is not None:
                    found.anew[at] = whole(attribute(start, "val"), 1)
            self._lists[attribute(number, "numId") or ""] = found

    def level_of(self, number: str, style: str) -> int:
        """The level of paragraphs of a style that is tied to one."""
        levels = self._lists[number].kind.levels if number in self._lists else {}
        return next((at for at, level in levels.items() if style and level.style == style), 0)

    def label(self, number: str, level: int) -> str:
        """`4.2` or `-`, empty where the list shows nothing; counts the paragraph."""
        found = self._lists.get(number)
        if found is None or not 0 <= level < _LEVELS:
            return ""
        self._count(found, number, level)
        look = found.look(level)
        if look.form == "bullet":
            return "-"

        def place(match: re.Match[str]) -> str:
            at = min(int(match[1]), _LEVELS) - 1
            reached = found.kind.reached[at]
            form = "decimal" if look.decimal else found.look(at).form
            return "" if reached is None else written(reached, form)

        return _PLACE.sub(place, look.text).strip()

    def _count(self, found: _List, number: str, level: int) -> None:
        reached = found.kind.reached
        for above in range(level):  # one that was left out counts as begun
            if reached[above] is None:
                reached[above] = found.look(above).start
        before = reached[level]
        if level in found.anew and (number, level) not in self._begun:
            reached[level] = found.anew[level]
        else:
            reached[level] = found.look(level).start if before is None else before + 1
        self._begun.add((number, level))
        for below in range(level + 1, _LEVELS):
            after = found.look(below).after
            if after is None or level < after:
                reached[below] = None


def _kinds(root: Element) -> dict[str, _Kind]:
    """The kinds of lists by their id; some only name a style that stands for another."""
    kinds: dict[str, _Kind] = {}
    linked: dict[str, str] = {}
    styles: dict[str, str] = {}
    for element in root.iterchildren(f"{W}abstractNum"):
        name = attribute(element, "abstractNumId") or ""
        kinds[name] = _Kind(dict(_level(level) for level in element.iterchildren(f"{W}lvl")))
        if style := attribute(element.find(f"{W}styleLink"), "val"):
            styles[style] = name
        if style := attribute(element.find(f"{W}numStyleLink"), "val"):
            linked[name] = style
    return kinds | {name: kinds[styles[style]] for name, style in linked.items() if style in styles}


def _level(level: Element) -> tuple[int, _Level]:
    def value(name: str) -> str:
        return attribute(level.find(f"{W}{name}"), "val") or ""

    after = value("lvlRestart")
    look = _Level(
        form=value("numFmt") or "decimal",
        text=value("lvlText"),
        start=whole(value("start"), 1),
        decimal=level.find(f"{W}isLgl") is not None,
        style=value("pStyle"),
        after=whole(after) if after else None,
    )
    return whole(attribute(level, "ilvl")), look


def written(number: int, form: str) -> str:
    """A number in letters, Roman or plain figures."""
    if form == "none":
        return ""
    if form in {"lowerLetter", "upperLetter"} and number > 0:
        text = chr(97 + (number - 1) % 26) * min((number - 1) // 26 + 1, 20)
    elif form in {"lowerRoman", "upperRoman"} and 0 < number < 5_000:
        text, rest = "", number
        for value, letters in _ROMAN:
            text += letters * (rest // value)
            rest %= value
    else:
        text = f"{number:02}" if form == "decimalZero" else str(number)
    return text.upper() if form.startswith("upper") else text
