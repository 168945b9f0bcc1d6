"""How well the sample documents' own questions are answered, kind by kind.

    python -m benchmarks.questions [--misses]

Builds a throw-away index of `data/samples` and asks everything in
`data/eval/questions.jsonl`. Needs no network and takes about a minute.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.sync import sync
from rag_app import Answer, Rag, Settings

DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question and what became of it."""

    row: dict[str, Any]
    answer: Answer
    exact: bool

    @property
    def found(self) -> bool:
        """Every gold source is among the top five hits."""
        sources = {Path(hit.chunk.source).name for hit in self.answer.hits[:5]}
        return all(gold["source"] in sources for gold in self.row["gold"])

    @property
    def quoted(self) -> bool:
        """The gold answer stands in a cited quote."""
        return any(
            _plain(self.row["answer"]) in _plain(citation.quote)
            for citation in self.answer.citations
        )

    @property
    def refused(self) -> bool:
        """The app said that the documents do not answer."""
        return self.answer.mode == "abstain"


def ask_all(index: Path) -> Iterator[Outcome]:
    """The outcome of every question over an index of the samples in that folder."""
    rag = Rag.open(settings=Settings(index=index, answer="read"))
    sync([DATA / "samples"], rag.index, embedder=rag.embedder)
    for line in (DATA / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        answer = rag.ask(row["question"], history=row["history"])
        yield Outcome(row, answer, _exact(rag, answer))
    rag.close()


def share(values: list[bool]) -> float:
    """How many of the values hold, 0…1."""
    return sum(values) / len(values)


def main() -> None:
    """Print the table, and the misses if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="show what went wrong")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = list(ask_all(Path(folder)))
    print(f"{'kind':14} {'n':>3}  source in top 5  gold quoted  refused")
    kinds = dict.fromkeys(outcome.row["kind"] for outcome in outcomes)
    for kind in kinds:
        _print_row(kind, [o for o in outcomes if o.row["kind"] == kind])
    _print_row("all answerable", [o for o in outcomes if o.row["gold"]])
    print(f"citations exact: {share([o.exact for o in outcomes]):.0%} of answers")
    if arguments.misses:
        for outcome in outcomes:
            _print_miss(outcome)


def _print_row(name: str, outcomes: list[Outcome]) -> None:
    refused = share([o.refused for o in outcomes])
    if not outcomes[0].row["gold"]:
        print(f"{name:14} {len(outcomes):3}  {'':15}  {'':11}  {refused:7.0%}")
        return
    found, quoted = share([o.found for o in outcomes]), share([o.quoted for o in outcomes])
    print(f"{name:14} {len(outcomes):3}  {found:15.0%}  {quoted:11.0%}  {refused:7.0%}")


def _print_miss(outcome: Outcome) -> None:
    row, answer = outcome.row, outcome.answer
    right = outcome.refused if not row["gold"] else outcome.found and outcome.quoted
    if not right:
        print(f"\n{row['id']} {row['kind']}: {answer.searched}\n  gold: {row['answer']}")
        print(f"  {answer.mode} {answer.confidence:.2f} found={outcome.found}: {answer.text!r}")


def _exact(rag: Rag, answer: Answer) -> bool:
    for citation in answer.citations:
        document = rag.index.catalog.document(citation.source)
        if document is None or document.text[citation.start : citation.end] != citation.quote:
            return False
    return True


def _plain(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
