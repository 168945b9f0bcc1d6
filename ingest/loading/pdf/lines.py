"""Lines of a PDF's page, and how words that know where they stand become lines.

PDFium ends a line by its own lights: it runs bullets of a list together, and sets the
figures of a wrapped table row on a line of their own. Baselines tell better.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

# Of the letters' size: how far below and above the last word's baseline one of the same line
# stands. The figures of a table row stand beside the first line of its label or half way up.
_BELOW, _ABOVE, _ABOVE_LABEL = 0.3, 0.8, 3.0
_NEXT = 0.6  # of the letters' size: how far below a baseline is another line's
_FAR = 12.0  # letters' sizes: a gap in a line that is wider parts columns
_APART = 1.3  # times the distance of the lines around: a paragraph begins
_FARTHER = 1.8  # times the page's usual distance of lines: so it does, whatever is around
_LARGE = 1.15  # times the body's size
_FINISHED = tuple(".!?:;")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; its letters' size in points, 0 if unknown or not one throughout."""

    text: str
    size: float = 0.0
    apart: bool = False  # from the line above, by more than the usual distance


@dataclass(frozen=True, slots=True)
class Word:
    """A word, where its baseline begins in points from the page's lower left, and its size.

    `breaks` says that the reader began a line with it, `turned` that it is not set upright.
    """

    text: str
    x: float
    y: float
    size: float
    breaks: bool = False
    turned: bool = False


def body_size(pages: Iterable[Iterable[Line]]) -> float:
    """The size that most text is set in, to half a point; 0 if no size is known."""
    weights: Counter[float] = Counter()
    for page in pages:
        for line in page:
            if line.size:
                weights[rounded(line.size)] += len(line.text)
    return weights.most_common(1)[0][0] if weights else 0.0


def is_large(line: Line, body: float) -> bool:
    """Whether its letters are those of a heading."""
    return 0 < body * _LARGE <= rounded(line.size)


def rounded(size: float) -> float:
    """To half a point: scaled pages differ by less within one size."""
    return round(size * 2) / 2


def text_of(lines: Sequence[Line]) -> str:
    """The page's text: a newline after each line, a blank line where one stands apart."""
    parts = []
    for number, line in enumerate(lines):
        if number:
            parts.append("\n\n" if line.apart else "\n")
        parts.append(line.text)
    return "".join(parts)


def lines_of(words: Iterable[Word]) -> list[Line]:
    """The words in their order, put into lines by where they stand."""
    rows: list[list[Word]] = []
    for word in words:
        if rows and _continues(rows[-1][-1], word):
            rows[-1].append(word)
        else:
            rows.append([word])
    lines = [Line(" ".join(word.text for word in row), size=_size(row)) for row in rows]
    return [
        replace(line, apart=apart) for line, apart in zip(lines, _stand_apart(rows), strict=True)
    ]


def _continues(last: Word, word: Word) -> bool:
    """Whether the word belongs to the line that ends in `last`."""
    if last.turned or word.turned:
        return not word.breaks
    size = max(last.size, word.size) or 1.0
    rise = word.y - last.y
    if not word.breaks:
        return rise > -_NEXT * size
    figure = not any(map(str.isalpha, word.text))
    if rise < -_BELOW * size or rise > (_ABOVE_LABEL if figure else _ABOVE) * size:
        return False
    reach = (len(last.text) + _FAR) * size
    return word.x - last.x > 0 and (figure or word.x - last.x < reach)


def _size(row: Sequence[Word]) -> float:
    sizes = {round(word.size, 1) for word in (row[0], row[len(row) // 2], row[-1])}
    return sizes.pop() if len(sizes) == 1 else 0.0


def _stand_apart(rows: Sequence[Sequence[Word]]) -> list[bool]:
    """For each line, whether a blank line belongs before it."""
    steps = [above[0].y - row[0].y for above, row in pairwise(rows)]
    far = _FARTHER * median(down) if (down := [step for step in steps if step > 0]) else 0.0
    apart = [False] * min(len(rows), 1)
    for number, (step, row) in enumerate(zip(steps, rows[1:], strict=True)):
        if step >= 0:
            around = (*steps[max(number - 1, 0) : number], *steps[number + 1 : number + 2])
            closest = min((other for other in around if other > 0), default=step)
            usual = max(closest, row[0].size)
            apart.append(step > min(_APART * usual, max(far, row[0].size)))
        else:  # up again: another column, in which a sentence may go on
            above = rows[number][-1].text
            apart.append(above.endswith(_FINISHED) or not row[0].text[:1].islower())
    return apart
