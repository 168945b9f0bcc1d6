"""HTML of an evaluation: its figures, and the questions where something went wrong."""

from collections.abc import Iterable

from rag_app.evaluation.asking import Asked
from rag_app.evaluation.question_report import QuestionReport
from rag_app.evaluation.side_by_side import SideBySide
from rag_app.evaluation.told import (
    IN_WORDS,
    MISSES,
    difference_text,
    figure_text,
    ranks_text,
    verdict_text,
)
from rag_app.rendering import shorten
from ui.components import plain
from ui.embeddings import figures_html

_QUANTILES = {"p50": "Seconds to an answer, median", "p95": "Seconds of the slowest 5 %"}
_LONGEST = 400  # characters of an answer


def totals_html(report: QuestionReport) -> str:
    """All figures, each with the number of questions behind it."""
    rows = [
        (IN_WORDS[name], figure_text(name, figure.value), str(figure.questions))
        for name, figure in report.totals().items()
        if figure.questions
    ]
    asked = str(len(report.rows))
    rows += [(words, f"{report.seconds[name]:.2f}", asked) for name, words in _QUANTILES.items()]
    return figures_html(("", "Figure", "Questions"), rows)


def kinds_html(report: QuestionReport) -> str:
    """The same figures for each kind of question."""
    of_kinds = [report.totals(kind) for kind in report.kinds]
    rows = [
        (IN_WORDS[name], *(figure_text(name, totals[name].value) for totals in of_kinds))
        for name, figure in report.totals().items()
        if figure.questions
    ]
    counts = [str(max(f.questions for f in totals.values())) for totals in of_kinds]
    return figures_html(("", *report.kinds), [("Questions", *counts), *rows])


def changes_html(sides: SideBySide) -> str:
    """All figures under both configurations, and whether the difference is chance."""
    rows = [
        (
            IN_WORDS[name],
            figure_text(name, change.before.value),
            figure_text(name, change.after.value),
            difference_text(change),
            str(change.better),
            str(change.worse),
            verdict_text(change),
        )
        for name, change in sides.changes().items()
    ]
    for quantile, words in _QUANTILES.items():
        old, new = sides.before.seconds[quantile], sides.after.seconds[quantile]
        rows.append((words, f"{old:.2f}", f"{new:.2f}", f"{new - old:+.2f}", "", "", ""))
    heading = ("", "In use", "Tried", "Change", "Better", "Worse", "Verdict")
    return figures_html(heading, rows)


def differing_html(sides: SideBySide) -> str:
    """What was set to what."""
    old = sides.before.settings
    rows = [(name, str(old[name]), str(value)) for name, value in sides.differing.items()]
    return figures_html(("Setting", "In use", "Tried"), rows)


def miss_html(row: Asked, number: int) -> str:
    """A question where something is wrong: what was said, and what should have been."""
    said = [("What is wrong", MISSES[row.miss] if row.miss else ""), ("Said", _said(row))]
    return _question(row, f"{number}. ", [*said, *_right(row)])


def changed_html(before: Asked, after: Asked) -> str:
    """A question whose answer got better or worse."""
    said = [("Said in use", _said(before)), ("Said when tried", _said(after))]
    return _question(before, "", [*said, *_right(after)])


def _right(row: Asked) -> Iterable[tuple[str, str]]:
    if row.question.expected:
        yield "Expected", shorten(" · ".join(row.question.expected), _LONGEST)
    for ranks in row.ranks:
        yield "Right document", ranks_text(ranks)


def _said(row: Asked) -> str:
    return shorten(row.answer.text, _LONGEST)


def _question(row: Asked, number: str, told: Iterable[tuple[str, str]]) -> str:
    earlier = "".join(f"<p>{plain(text)}</p>" for text in row.question.history)
    parts = "".join(f"<div><dt>{name}</dt><dd>{plain(text)}</dd></div>" for name, text in told)
    return (
        f'<div class="asked">{earlier}<p class="name">{number}{plain(row.question.text)}</p>'
        f"<dl>{parts}</dl></div>"
    )
