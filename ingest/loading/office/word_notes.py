"""Footnotes, endnotes and comments of a Word document, put where they are referred to."""

from ingest.loading.archives.zipped_xml import Element, Parts, attribute
from ingest.loading.office.ooxml import related
from ingest.loading.office.word_inline import NOTES
from ingest.loading.office.word_numbering import W, written

Note = tuple[str, str, Element]


class Notes:
    """The notes by what refers to them; `waiting` are those met but not yet told."""

    def __init__(self, parts: Parts, main: str) -> None:
        self.waiting: list[Note] = []
        self._found: dict[tuple[str, str], tuple[str, Element]] = {}
        self._counts = dict.fromkeys(NOTES.values(), 0)
        for kind in NOTES.values():
            for part, root in related(parts, main, kind):
                for note in root:
                    self._found[kind, attribute(note, "id") or ""] = part, note

    def mark(self, reference: Element) -> str:
        """What stands in the text: `[1]`, of endnotes `[i]`, of comments nothing."""
        kind = NOTES[reference.tag]
        found = self._found.pop((kind, attribute(reference, "id") or ""), None)
        if found is None:
            return ""
        part, note = found
        if kind == "comments":
            self.waiting.append((part, _by(note), note))
            return ""
        self._counts[kind] += 1
        form = "lowerRoman" if kind == "endnotes" else "decimal"
        mark = f"[{written(self._counts[kind], form)}]"
        self.waiting.append((part, mark, note))
        return mark

    def take(self) -> list[Note]:
        """Those waiting, each with its part and what introduces it; they wait no longer."""
        taken, self.waiting = self.waiting, []
        return taken


def _by(comment: Element) -> str:
    author = (comment.get(f"{W}author") or "").strip()
    return f"Comment by {author}:" if author else "Comment:"
