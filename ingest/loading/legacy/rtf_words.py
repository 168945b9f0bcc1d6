"""What RTF files are made of: groups, control words and text in many encodings.

The names are those of the Rich Text Format Specification 1.9.1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.loading.legacy.symbols import SYMBOLS

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\(.)|([{}])|[\r\n\0]+"
    rb"|([^\\{}\r\n\0]+)|\\",
    re.DOTALL,
)
SYMBOL_FONT = "symbol"
# The encodings of fonts, by the numbers Windows gives to sets of characters.
CHARACTER_SETS = {
    2: SYMBOL_FONT, 77: "mac_roman", 78: "cp932", 79: "cp949", 80: "cp936", 81: "cp950",
    83: "cp1255", 84: "cp1256", 85: "mac_greek", 86: "mac_turkish", 88: "mac_latin2",
    89: "mac_cyrillic", 128: "cp932", 129: "cp949", 130: "cp1361", 134: "gb18030", 136: "cp950",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
    204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
SHOWN = {
    "tab": "\t", "line": "\n", "softline": "\n", "lbr": "\n", "emdash": "—", "endash": "–",
    "emspace": " ", "enspace": " ", "qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "nestcell": "\t", "nestrow": "\n",
}  # fmt: skip
SHOWN_SIGNS = {b"~": "\xa0", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\", b"\t": "\t"}
# Groups whose text is not part of the document.
DEAD = {
    "colortbl", "fldinst", "filetbl", "listtable", "listoverridetable", "revtbl", "pict",
    "nonshppict", "shprslt", "sp", "xe", "rxe", "tc", "tcn", "pntxta", "pntxtb", "template",
    "mmathPict", "objdata", "objclass", "objname", "bkmkstart", "bkmkend", "private1", "txe",
    "list", "listlevel", "listoverride", "ftnsep", "ftnsepc", "aftnsep", "aftnsepc",
    "ftncn", "aftncn", "falt", "panose",
}  # fmt: skip
# Groups that a reader may pass over, and this one does not.
KNOWN_STARRED = {
    "shpinst", "do", "annotation", "atnauthor", "ud", "moMath", "moMathPara", "dptxbxtext",
    "pn", "listtext", "pntext", "shptxt", "footnote",
}  # fmt: skip
HEADERS = {"header", "headerl", "headerr", "headerf"}
FOOTERS = {"footer", "footerl", "footerr", "footerf"}
BOXES = {"shptxt", "dptxbxtext"}
LABELS = {"listtext", "pntext"}
PROPERTIES = {"title", "author"}
# Groups whose text stands apart from the text around them.
APART = {
    *("footnote", "annotation", "atnauthor"),
    *(BOXES | LABELS | PROPERTIES | HEADERS | FOOTERS),
}
# Groups in which only some groups count, and those that count as if they stood outside.
SILENT = {"shp", "shpinst", "shpgrp", "do", "object", "upr", "info", "fonttbl", "stylesheet", "pn"}
OUTSIDE = {"ud", "result"}
PICTURES = {"pict", "shppict"}


@dataclass(frozen=True, slots=True)
class Token:
    """A control word with its number, a sign after a backslash, a brace, or bytes of text."""

    word: str = ""
    number: int | None = None
    sign: bytes = b""
    brace: bytes = b""
    text: bytes = b""
    escaped: bool = False  # the text is one byte, written as its number


def tokens(data: bytes) -> Iterator[Token]:
    """The tokens in order; pictures kept as bytes are passed over."""
    at = 0
    while found := _TOKEN.match(data, at):
        at = found.end()
        word, number, escaped, sign, brace, text = found.groups()
        if text:
            yield Token(text=text)
        elif escaped:
            yield Token(text=bytes.fromhex(escaped.decode()), escaped=True)
        elif brace:
            yield Token(brace=brace)
        elif word == b"bin":
            at += max(0, int(number or 0))
        elif word:
            yield Token(word=word.decode(), number=None if number is None else int(number))
        elif sign:
            yield Token(sign=sign)


def decoded(data: bytes, encoding: str) -> str:
    """Bytes in the encoding of a font."""
    if encoding == SYMBOL_FONT:
        return "".join(chr(0xF000 + byte) for byte in data).translate(SYMBOLS)
    return data.decode(encoding, "replace")


def code_page(number: int) -> str:
    """The encoding that Windows has a number for."""
    if number in {0, 1252, 28591}:
        return "cp1252"
    names = {936: "gb18030", 10000: "mac_roman", 65001: "utf-8", 20127: "cp1252"}
    name = names.get(number, f"cp{number}")
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name
