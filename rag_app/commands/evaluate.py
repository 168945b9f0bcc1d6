"""`rag-app eval`: measures on public data, and on questions of one's own."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.commands.common import add_command, key_value, of_an_index, print_json, settings_of
from rag_app.errors import ConfigError
from rag_app.text.printable import json_text, show_text

if TYPE_CHECKING:
    from rag_app.evaluation.question_report import QuestionReport
    from rag_app.evaluation.questions import Question
    from rag_app.rag import Rag

_OWN = "questions"


def add_to(commands: Any) -> None:
    """Add the command."""
    told = "measure retrieval, answers or chunks, or answers to your own questions"
    added = add_command(commands, "eval", measure, told)
    added.add_argument("what", choices=("retrieval", "answers", "chunks", _OWN))
    added.add_argument("data", type=Path)
    added.add_argument("--split", default="test", help="of the relevance judgements")
    added.add_argument("-k", type=int, help="chunks retrieved, where the measure has no own k")
    added.add_argument("--limit", type=int, help="only so many of the questions")
    added.add_argument(
        "--against",
        action="append",
        default=[],
        type=key_value,
        metavar="KEY=VALUE",
        help="ask your own questions with this setting too, and compare; may be repeated",
    )


def measure(arguments: argparse.Namespace) -> int:
    """Measure retrieval, answers or chunks on a data set."""
    from rag_app.evaluation.evaluations import evaluate

    if arguments.what == _OWN:
        return measure_questions(arguments)
    if arguments.against:
        raise ConfigError(f"--against compares answers to your own questions: `eval {_OWN} FILE`")
    report = evaluate(
        arguments.what,
        arguments.data,
        settings=settings_of(arguments),
        split=arguments.split,
        k=arguments.k,
        limit=arguments.limit,
    )
    if arguments.json:
        print_json(report)
    else:
        show_text(json_text(report, indent=2))
    return 0


def measure_questions(arguments: argparse.Namespace) -> int:
    """Ask an index questions whose answers are known, under one configuration or two."""
    from rag_app.evaluation.comparison import Comparison
    from rag_app.evaluation.questions import of_these, read_questions, sources_by_name, spread
    from rag_app.evaluation.report_text import report_text, side_by_side_text
    from rag_app.rag import Rag
    from rag_app.settings.variants import changed_settings, variant

    settings = of_an_index(arguments, k=arguments.k)
    other = variant(settings, dict(arguments.against))
    if arguments.against and not changed_settings(settings, other):
        raise ConfigError("--against names what is set already; give another value")
    given = read_questions(arguments.data)
    with closing(Rag.open(settings=settings)) as rag:
        names = sources_by_name(rag.index.catalog)
        kept = of_these(given, names, name=str(arguments.data))
        questions, left_out = spread(kept, arguments.limit), len(given) - len(kept)
        rags = [rag, rag.under(other)] if arguments.against else [rag]
        reports = _asked(rags, questions, left_out)
    both = Comparison(*reports) if arguments.against else None
    if arguments.json:
        print_json((both or reports[0]).as_dict())
    else:
        show_text(side_by_side_text(both) if both else report_text(reports[0]))
    return 0


def _asked(
    rags: "Sequence[Rag]", questions: "Sequence[Question]", left_out: int
) -> "list[QuestionReport]":
    """A report of each; they take turns, so that a busy machine is no matter of settings."""
    from tqdm import tqdm

    from rag_app.evaluation.question_report import QuestionReport
    from rag_app.evaluation.question_runner import ask_questions

    rows = zip(*(ask_questions(rag, questions) for rag in rags), strict=True)
    bar = tqdm(rows, total=len(questions), unit=" questions", file=sys.stderr, disable=None)
    columns = [*zip(*bar, strict=True)] or [()] * len(rags)
    return [
        QuestionReport.of(column, rag.settings, left_out=left_out)
        for rag, column in zip(rags, columns, strict=True)
    ]
