"""How well the sample documents' own questions are answered, kind by kind.

    python -m benchmarks.questions [--misses]

Builds a throw-away index of `data/samples` and asks everything in
`data/eval/questions.jsonl`. Needs no network and takes about a minute. The same of any
index and any questions: `rag-app eval questions FILE`.
"""

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.evaluation.answers import citation_exact
from rag_app.evaluation.question_report import QuestionReport
from rag_app.evaluation.question_runner import Asked, ask_questions
from rag_app.evaluation.questions import read_questions
from rag_app.evaluation.report_text import report_text

DATA = Path(__file__).parent.parent / "data"


def ask_all(index: Path) -> tuple[list[Asked], float]:
    """What became of each question, and the share of exact citations.

    Args:
        index: Folder of an index that is made of the samples.
    """
    with closing(Rag.open(settings=Settings(index=index, answer="read"))) as rag:
        sync([DATA / "samples"], rag.index, embedder=rag.embedder)
        rows = [*ask_questions(rag, read_questions(DATA / "eval" / "questions.jsonl"))]
        return rows, citation_exact(rag, [row.answer for row in rows])


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables, with the misses if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="show what went wrong")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        rows, exact = ask_all(Path(folder))
    report = QuestionReport.of(rows, Settings(answer="read"))
    print(report_text(report, misses=arguments.misses))
    print(f"citations exact: {exact:.0%}")


if __name__ == "__main__":
    main()
