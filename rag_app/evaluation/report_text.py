"""Reports of question sets in words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from rag_app.evaluation.comparison import Change, Comparison, Side
from rag_app.evaluation.question_report import Name, QuestionReport
from rag_app.evaluation.question_runner import DEPTH, Asked, Miss, Ranks
from rag_app.text.printable import one_line, shorten

Verdict = Literal["no difference", "more than chance", "may be chance"]
IN_WORDS: Mapping[Name, str] = {
    "right": "Right answers, and refusals where nothing answers",
    "contains_gold": "The answer holds what was expected",
    "recall": "All right documents are among the hits",
    "passage_recall": "All right passages are among the hits",
    "mrr": "Mean reciprocal rank of a right document",
    "refused_unanswerable": "Refused where the documents do not answer",
    "false_refusals": "Refused although the documents answer",
    "repeated_wrong": "Said again what was judged wrong",
}
MISSES: Mapping[Miss, str] = {
    "not found": "The right document is not among the hits",
    "not quoted": "The answer does not hold what was expected",
    "refused": "Refused, although the documents answer",
    "answered": "Answered, although the documents do not",
    "repeated": "Said again what was judged wrong",
}
_WINNERS: Mapping[Side | None, str] = {
    "after": "The second settings answer better; in the settings file:",
    "before": "The first settings answer better.",
    None: "Neither answers better by more than chance.",
}
_BY_KIND: Sequence[tuple[str, Sequence[Name]]] = (
    ("right", ("right",)),
    ("answer", ("contains_gold",)),
    ("document", ("recall",)),
    ("passage", ("passage_recall",)),
    ("MRR", ("mrr",)),
    ("refused", ("refused_unanswerable", "false_refusals")),
)
_WIDEST = 50


def figure_text(name: Name, value: float | None) -> str:
    """A figure for a table."""
    if value is None:
        return "–"
    return f"{value:.3f}" if name == "mrr" else f"{value:.0%}"


def difference_text(change: Change) -> str:
    """By how much the second side differs, with its sign; shares in points of a hundred."""
    differs = (change.after.value or 0.0) - (change.before.value or 0.0)
    if not differs:
        return "0"
    return f"{differs:+.3f}" if change.measure.name == "mrr" else f"{100 * differs:+.1f}"


def verdict_text(change: Change) -> Verdict:
    """Whether the difference is more than chance."""
    if not change.better + change.worse:
        return "no difference"
    return "more than chance" if change.beyond_chance else "may be chance"


def ranks_text(ranks: Ranks) -> str:
    """At which rank a document and its passage were found."""
    document = f"rank {ranks.document}" if ranks.document else f"not among the first {DEPTH}"
    passage = f", its passage rank {ranks.passage}" if ranks.passage else ""
    return f"{ranks.place.source}: {document}{passage}"


def report_text(report: QuestionReport, *, misses: bool = True) -> str:
    """The figures of all questions and of each kind, and what went wrong."""
    told = [*_totals(report), *_kinds(report)]
    return "\n".join(map(one_line, [*told, *_misses(report)] if misses else told))


def side_by_side_text(sides: Comparison) -> str:
    """The figures under both configurations, and the questions that changed."""
    rows = [("", "before", "after", "")]
    old = sides.before.settings
    rows += [(name, str(old[name]), str(new), "") for name, new in sides.differing.items()]
    rows += [
        (
            IN_WORDS[name],
            figure_text(name, change.before.value),
            figure_text(name, change.after.value),
            _verdict(change),
        )
        for name, change in sides.changes().items()
    ]
    for quantile in ("p50", "p95"):
        one, other = (side.seconds[quantile] for side in (sides.before, sides.after))
        rows.append((f"Seconds a question, {quantile}", f"{one:.2f}", f"{other:.2f}", ""))
    lines = [f"{name:{_WIDEST}}{a:>8}{b:>8}  {words}".rstrip() for name, a, b, words in rows]
    for words, pairs in (("better", sides.better), ("worse", sides.worse)):
        lines += ["", f"{words}: {len(pairs)}"]
        for before, after in pairs:
            lines += [f"  {_asked(before)}", f"    before: {_said(before)}"]
            lines += [f"    after: {_said(after)}", *_expected(after)]
    lines = [*map(one_line, lines), "", _WINNERS[sides.winner]]
    return "\n".join([*lines, settings_lines(sides)] if sides.winner == "after" else lines)


def settings_lines(sides: Comparison) -> str:
    """What the second side has of its own, as lines of the settings file."""
    # What JSON writes for words and numbers is TOML too.
    rows = sides.differing.items()
    return "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in rows)


def _verdict(change: Change) -> str:
    verdict = verdict_text(change)
    if not change.better + change.worse:
        return f"{verdict} in {change.after.questions}"
    return (
        f"{difference_text(change)}: {change.better} better, {change.worse} worse of "
        f"{change.after.questions}; {verdict} (sign test {change.chance:.2f}, "
        f"ahead in {change.sureness:.0%} of draws)"
    )


def _totals(report: QuestionReport) -> Iterator[str]:
    left = f"; {report.left_out} left out, as their documents are not in the index"
    yield f"{len(report.rows)} questions{left if report.left_out else ''}"
    for name, figure in report.totals().items():
        if figure.questions:
            shown = figure_text(name, figure.value)
            yield f"{IN_WORDS[name]:{_WIDEST}}{shown:>8}  of {figure.questions}"
    times = report.seconds
    seconds = f"{times['p50']:.2f} median, {times['p95']:.2f} of the slowest 5 %"
    yield f"{'Seconds a question':{_WIDEST}}  {seconds}"


def _kinds(report: QuestionReport) -> Iterator[str]:
    if not report.kinds:
        return
    yield ""
    yield f"{'kind':20}{'n':>5}" + "".join(f"{heading:>10}" for heading, _ in _BY_KIND)
    for kind in report.kinds:
        totals = report.totals(kind)
        told = [next((n for n in names if totals[n].questions), names[0]) for _, names in _BY_KIND]
        cells = "".join(f"{figure_text(name, totals[name].value):>10}" for name in told)
        count = sum(row.question.kind == kind for row in report.rows)
        yield f"{kind:20}{count:5}{cells}"


def _misses(report: QuestionReport) -> Iterator[str]:
    for miss, words in MISSES.items():
        rows = report.misses(miss)
        if not rows:
            continue
        yield from ("", f"{words}: {len(rows)}")
        for row in rows:
            yield from (f"  {_asked(row)}", f"    said: {_said(row)}", *_expected(row))
            yield from (f"    {ranks_text(ranks)}" for ranks in row.ranks)


def _asked(row: Asked) -> str:
    return f"{row.question.id} {shorten(row.question.text)}"


def _said(row: Asked) -> str:
    return shorten(row.answer.text)


def _expected(row: Asked) -> list[str]:
    expected = row.question.expected
    return [f"    expected: {shorten(' | '.join(expected))}"] if expected else []
