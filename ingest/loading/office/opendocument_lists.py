"""The numbers of lists and headings in OpenDocument texts, which the file only implies."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.loading.archives.zipped_xml import Element, attribute, local, whole
from ingest.loading.office.word_numbering import written

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_FORMS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_LEVELS = 10
_LONGEST_CHAIN = 20  # of styles based on one another


@dataclass(frozen=True, slots=True)
class _Level:
    """How the numbers of a level look; no form where nothing or a dot is shown."""

    form: str
    bullet: bool
    before: str
    after: str
    shown: int  # levels, this one and those above
    start: int


@dataclass(slots=True)
class Counter:
    """The numbers that a list, or the headings, have reached."""

    levels: dict[int, _Level]
    reached: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)

    def label(self, depth: int, anew: str | None = None) -> str:
        """`4.2` or `-` for the next item of a level, empty where nothing is shown."""
        depth = min(depth, _LEVELS - 1)
        level = self.levels.get(depth)
        before = self.reached[depth]
        start = level.start if level else 1
        self.reached[depth] = (
            whole(anew, start) if anew else start if before is None else before + 1
        )
        self.reached[depth + 1 :] = [None] * (_LEVELS - depth - 1)
        if level is None or level.bullet:
            return "-" if level else ""
        numbers = [
            written(self.reached[at] or 1, _FORMS.get(self.levels[at].form, "decimal"))
            for at in range(max(0, depth - level.shown + 1), depth + 1)
            if at in self.levels and self.levels[at].form
        ]
        return f"{level.before}{'.'.join(numbers)}{level.after}".strip() if level.form else ""


class Lists:
    """The list styles of a document, and which paragraphs are titles."""

    def __init__(self, content: Element, styles: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._parents: dict[str, str] = {}
        self._reached: dict[str, Counter] = {}
        self.headings = Counter({})
        for root in (content, styles):
            for element in () if root is None else root.iter():
                name = attribute(element, "name") or ""
                if element.tag == f"{TEXT}list-style":
                    self._levels[name] = dict(_levels(element))
                elif element.tag == f"{TEXT}outline-style":
                    self.headings = Counter(dict(_levels(element)))
                elif element.tag == f"{STYLE}style":
                    self._parents[name] = element.get(f"{STYLE}parent-style-name", "")

    def is_title(self, style: str) -> bool:
        """Whether the style is, or is based on, that of the document's title."""
        for _ in range(_LONGEST_CHAIN):
            if style == "Title":
                return True
            style = self._parents.get(style, "")
        return False

    def begin(self, element: Element) -> Counter:
        """The numbers for a list: new ones, or those of the list it goes on with."""
        style = element.get(f"{TEXT}style-name", "")
        before = self._reached.get(element.get(f"{TEXT}continue-list", "") or f"style {style}")
        goes_on = element.get(f"{TEXT}continue-numbering") == "true"
        if before is None or not (goes_on or element.get(f"{TEXT}continue-list")):
            before = Counter(self._levels.get(style, {}))
        self._reached[f"style {style}"] = self._reached[attribute(element, "id") or ""] = before
        return before


def _levels(style: Element) -> Iterator[tuple[int, _Level]]:
    for level in style:
        form = level.get(f"{STYLE}num-format", "")
        yield (
            whole(attribute(level, "level"), 1) - 1,
            _Level(
                form=form,
                bullet=local(level) in {"list-level-style-bullet", "list-level-style-image"},
                before=level.get(f"{STYLE}num-prefix", ""),
                after=level.get(f"{STYLE}num-suffix", ""),
                shown=whole(attribute(level, "display-levels"), 1),
                start=whole(attribute(level, "start-value"), 1),
            ),
        )
