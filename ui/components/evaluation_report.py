"""HTML of an evaluation: its figures, and the questions where something went wrong."""

from collections.abc import Iterable

from rag_app.evaluation.comparison import Comparison
from rag_app.evaluation.question_report import Name, QuestionReport
from rag_app.evaluation.question_runner import DEPTH, Asked, Ranks
from rag_app.evaluation.report_text import difference_text, figure_text, verdict_text
from rag_app.text.printable import shorten
from ui.components.blocks import plain
from ui.components.embeddings import figures_html
from ui.languages.evaluation_words import measures, misses, quantiles, verdicts
from ui.languages.language import figure, gettext, percent

_LONGEST = 400  # characters of an answer


def totals_html(report: QuestionReport) -> str:
    """All figures, each with the number of questions behind it."""
    words = measures()
    rows = [
        (words[name], _shown(name, total.value), str(total.questions))
        for name, total in report.totals().items()
        if total.questions
    ]
    asked = str(len(report.rows))
    for name, quantile in quantiles().items():
        rows.append((quantile, _seconds(report.seconds[name]), asked))
    return figures_html(("", gettext("Figure"), gettext("Questions")), rows)


def kinds_html(report: QuestionReport) -> str:
    """The same figures for each kind of question."""
    words = measures()
    of_kinds = [report.totals(kind) for kind in report.kinds]
    rows = [
        (words[name], *(_shown(name, totals[name].value) for totals in of_kinds))
        for name, total in report.totals().items()
        if total.questions
    ]
    counts = [str(max(f.questions for f in totals.values())) for totals in of_kinds]
    return figures_html(("", *report.kinds), [(gettext("Questions"), *counts), *rows])


def changes_html(sides: Comparison) -> str:
    """All figures under both configurations, and whether the difference is chance."""
    words, told = measures(), verdicts()
    rows = [
        (
            words[name],
            _shown(name, change.before.value),
            _shown(name, change.after.value),
            figure(difference_text(change)),
            str(change.better),
            str(change.worse),
            told[verdict_text(change)],
        )
        for name, change in sides.changes().items()
    ]
    for name, quantile in quantiles().items():
        old, new = sides.before.seconds[name], sides.after.seconds[name]
        differs = figure(f"{new - old:+.2f}")
        rows.append((quantile, _seconds(old), _seconds(new), differs, "", "", ""))
    heading = (
        "",
        gettext("In use"),
        gettext("Tried"),
        gettext("Change"),
        gettext("Better"),
        gettext("Worse"),
        gettext("Verdict"),
    )
    return figures_html(heading, rows)


def differing_html(sides: Comparison) -> str:
    """What was set to what."""
    old = sides.before.settings
    rows = [(name, str(old[name]), str(value)) for name, value in sides.differing.items()]
    return figures_html((gettext("Setting"), gettext("In use"), gettext("Tried")), rows)


def miss_html(row: Asked, number: int) -> str:
    """A question where something is wrong: what was said, and what should have been."""
    wrong = misses()[row.miss] if row.miss else ""
    said = [(gettext("What is wrong"), wrong), (gettext("Said"), _said(row))]
    return _question(row, f"{number}. ", [*said, *_right(row)])


def changed_html(before: Asked, after: Asked) -> str:
    """A question whose answer got better or worse."""
    said = [(gettext("Said in use"), _said(before)), (gettext("Said when tried"), _said(after))]
    return _question(before, "", [*said, *_right(after)])


def _seconds(value: float) -> str:
    return figure(f"{value:.2f}")


def _right(row: Asked) -> Iterable[tuple[str, str]]:
    if row.question.expected:
        yield gettext("Expected"), shorten(" · ".join(row.question.expected), _LONGEST)
    for ranks in row.ranks:
        yield gettext("Right document"), _ranks(ranks)


def _ranks(ranks: Ranks) -> str:
    """At which rank a document and its passage were found."""
    if not ranks.document:
        told = gettext("{source}: not among the first {depth}")
    elif not ranks.passage:
        told = gettext("{source}: rank {rank}")
    else:
        told = gettext("{source}: rank {rank}, its passage rank {passage}")
    found = {"rank": ranks.document, "passage": ranks.passage, "depth": DEPTH}
    return told.format(source=ranks.place.source, **found)


def _shown(name: Name, value: float | None) -> str:
    """A figure for a table; all but one are shares."""
    if value is None or name == "mrr":
        return figure(figure_text(name, value))
    return percent(value)


def _said(row: Asked) -> str:
    return shorten(row.answer.text, _LONGEST)


def _question(row: Asked, number: str, told: Iterable[tuple[str, str]]) -> str:
    earlier = "".join(f"<p>{plain(text)}</p>" for text in row.question.history)
    parts = "".join(
        f"<div><dt>{plain(name)}</dt><dd>{plain(text)}</dd></div>" for name, text in told
    )
    return (
        f'<div class="asked">{earlier}<p class="name">{number}{plain(row.question.text)}</p>'
        f"<dl>{parts}</dl></div>"
    )
