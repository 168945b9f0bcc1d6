"""What holds at a place in an RTF file: of the group, the paragraph, the fonts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.loading.legacy.rtf_words import CHARACTER_SETS, SYMBOL_FONT, code_page, decoded
from ingest.loading.legacy.symbols import SYMBOLS

NO_FONT = -1
_HEADING_NAME = re.compile(r"heading (\d)", re.IGNORECASE)
_TITLE_NAME = re.compile(r"title;?", re.IGNORECASE)
_UNSEEN = dict.fromkeys((0xAD, 0xFEFF))
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Group:
    """What holds up to a closing brace; text goes to `sink`, nowhere if that is None."""

    sink: list[str] | None
    outside: list[str] | None = None  # where text went before it went nowhere
    kind: str = ""
    opened: bool = False  # the sink is this group's own
    dead: bool = False
    hidden: bool = False
    deleted: bool = False
    font: int | None = None
    skipped: int = 1  # characters that follow one given by its number, for old readers

    @property
    def shown(self) -> bool:
        """Whether a reader sees text here."""
        return self.sink is not None and not self.hidden and not self.deleted


@dataclass(slots=True)
class Paragraph:
    """How a paragraph or a style is set; a level of None is left to the style."""

    style: int = 0
    level: int | None = None
    in_table: bool = False


class Styles:
    """The heading levels of styles."""

    def __init__(self) -> None:
        self._levels: dict[int, int] = {}

    def add(self, style: Paragraph, name: str) -> None:
        """Add a style; one that does not say its level has it in its name."""
        heading = _HEADING_NAME.match(name)
        named = int(heading[1]) if heading else int(bool(_TITLE_NAME.fullmatch(name)))
        self._levels[style.style] = named if style.level is None else style.level

    def level(self, paragraph: Paragraph) -> int:
        """Of a paragraph; 0 if it is no heading."""
        if paragraph.level is not None:
            return paragraph.level
        return self._levels.get(paragraph.style, 0)


class Fonts:
    """The encodings of the fonts, and of text in none of them."""

    def __init__(self, data: bytes) -> None:
        self.is_utf_8 = not data.isascii() and _is_utf_8(data)
        self._general = "cp1252"
        self._default: int | None = None
        self._encodings: dict[int, str] = {}
        self._defined = 0

    def define(self, number: int) -> None:
        """Begin with a font of the list."""
        self._defined = number

    def take(self, word: str, number: int | None) -> None:
        """Take in a word that says something of encodings; others change nothing."""
        if word == "fcharset" and number in CHARACTER_SETS:
            self._encodings[self._defined] = CHARACTER_SETS[number]
        elif word == "cpg" and self._encodings.get(self._defined) != SYMBOL_FONT:
            self._encodings[self._defined] = code_page(number or 0)
        elif word == "ansicpg":
            self._general = code_page(number or 0)
        elif word == "deff":
            self._default = number
        elif word in {"mac", "pc", "pca"}:
            self._general = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]

    def decoded(self, data: bytes, font: int | None) -> str:
        """Bytes set in a font; in the default one if it is None."""
        number = self._default if font is None else font
        found = self._encodings.get(number, "") if number is not None else ""
        return decoded(data, found or self._general)


def whole(parts: Sequence[str]) -> str:
    """The parts as one text without outer white space, halves of characters joined."""
    text = "".join(parts).translate(SYMBOLS).translate(_UNSEEN).strip()
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
