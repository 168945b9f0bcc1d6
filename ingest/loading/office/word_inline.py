"""The text of one Word paragraph as it is shown, and what hangs on it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ingest.loading.archives.zipped_xml import SOFT_HYPHEN, Element, attribute, local
from ingest.loading.office.equation import MATH, linear
from ingest.loading.office.ooxml import CHART, DIAGRAM, seen
from ingest.loading.office.word_numbering import W

_VML = "{urn:schemas-microsoft-com:vml}"
# Deleted, moved away, or never shown: codes, properties, prompts of empty fields.
_UNSEEN = {
    f"{W}{name}"
    for name in ("del", "moveFrom", "delText", "instrText", "delInstrText", "fldData", "pPr")
} | {f"{W}{name}" for name in ("sdtEndPr", "tblPr", "tblGrid", "rubyPr", "numPr")}
_SIGNS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
    f"{W}dayLong": "",
}
# Signs of the fonts Symbol and Wingdings that stand for a choice or a bullet.
_SYMBOLS = {"A8": "☐", "6F": "☐", "FE": "☒", "78": "☒", "FC": "✓", "FD": "☒", "A7": "-", "E0": "→"}
NOTES = {
    f"{W}footnoteReference": "footnotes",
    f"{W}endnoteReference": "endnotes",
    f"{W}commentReference": "comments",
}


@dataclass(slots=True)
class Inline:
    """The text so far, and the text boxes, charts and diagrams that stand beside it.

    `mark` gives what stands in the text for a note or a comment.
    """

    mark: Callable[[Element], str]
    pieces: list[str] = field(default_factory=list)
    beside: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text without the blanks around it."""
        return "".join(self.pieces).replace(SOFT_HYPHEN, "").strip()


def read(element: Element, inline: Inline) -> None:
    """Add what the children of an element show."""
    for child in seen(element):
        tag = child.tag
        if tag in _UNSEEN or not isinstance(tag, str):
            continue
        if tag == f"{W}t":
            inline.pieces.append(child.text or "")
        elif tag in _SIGNS:
            inline.pieces.append(_SIGNS[tag])
        elif tag == f"{W}r":
            if not _hidden(child):
                read(child, inline)
        elif tag in MATH:
            inline.pieces.append(linear(child))
        elif tag in NOTES:
            inline.pieces.append(inline.mark(child))
        elif tag in {f"{W}txbxContent", f"{CHART}chart", f"{DIAGRAM}relIds"}:
            inline.beside.append(child)
        elif tag == f"{_VML}textpath":
            inline.pieces.append(child.get("string", ""))
        else:
            _special(child, inline)


def _special(element: Element, inline: Inline) -> None:
    kind = local(element)
    if kind == "sym":
        code = (attribute(element, "char") or "")[-2:].upper()
        inline.pieces.append(_SYMBOLS.get(code, ""))
    elif kind == "checkBox" and element.tag.startswith(W):
        inline.pieces.append("☒" if _is_checked(element) else "☐")
    elif kind == "ruby":
        _ruby(element, inline)
    elif kind != "sdt" or element.find(f"{W}sdtPr/{W}showingPlcHdr") is None:
        read(element, inline)


def _ruby(element: Element, inline: Inline) -> None:
    """Characters with their reading in brackets."""
    for name in ("rubyBase", "rt"):
        part = Inline(inline.mark)
        for found in element.iterchildren(f"{W}{name}"):
            read(found, part)
        inline.pieces.append(part.text if name == "rubyBase" else f"({part.text})")


def _hidden(run: Element) -> bool:
    mark = run.find(f"{W}rPr/{W}vanish")
    return mark is not None and attribute(mark, "val") not in {"0", "false", "off"}


def _is_checked(box: Element) -> bool:
    for name in ("checked", "default"):
        mark = box.find(f"{W}{name}")
        if mark is not None:
            return attribute(mark, "val") not in {"0", "false", "off"}
    return False
