"""Whether a fact is answered alike in whatever form it stands: prose, list, slide, cells, notes.

    python -m benchmarks.forms [--beside FOLDER]

The facts of `data/eval/forms.jsonl` are written once in each form, with the same words, and the
questions that stand beside them are asked of each. Needs no network and takes some minutes.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

import docx
from openpyxl import Workbook
from pptx import Presentation

from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.evaluation.question_runner import Asked, ask_questions
from rag_app.evaluation.questions import read_questions

SET = Path(__file__).parent.parent / "data" / "eval" / "forms.jsonl"
HEAD = ("Matter", "Entry")  # of the columns


@dataclass(frozen=True, slots=True)
class Fact:
    """What is told of something: "The `what` `says` `value`"."""

    topic: str
    what: str
    says: str
    value: str

    @property
    def line(self) -> str:
        """In words, without a full stop."""
        return f"The {self.what} {self.says} {self.value}"

    @property
    def row(self) -> tuple[str, str]:
        """In the cells of two columns."""
        return self.what.capitalize() if self.what.islower() else self.what, self.value


Topic = tuple[str, Sequence[Fact]]


def topics() -> list[Topic]:
    """The facts of the set by their topic."""
    rows = map(json.loads, SET.read_text(encoding="utf-8").splitlines())
    facts = [Fact(r["topic"], r["what"], r["says"], r["value"]) for r in rows if "topic" in r]
    return [(topic, list(own)) for topic, own in groupby(facts, lambda fact: fact.topic)]


def prose(folder: Path, topic: str, facts: Sequence[Fact]) -> None:
    """A paragraph of sentences."""
    text = " ".join(f"{fact.line}." for fact in facts)
    (folder / f"{topic}.md").write_text(f"# {topic}\n\n{text}\n", encoding="utf-8")


def bullets(folder: Path, topic: str, facts: Sequence[Fact]) -> None:
    """A Markdown list."""
    text = "\n".join(f"- {fact.line}" for fact in facts)
    (folder / f"{topic}.md").write_text(f"# {topic}\n\n{text}\n", encoding="utf-8")


def slide(folder: Path, topic: str, facts: Sequence[Fact]) -> None:
    """The lines of one text box under the title of a slide."""
    presentation = Presentation()
    shapes = presentation.slides.add_slide(presentation.slide_layouts[1]).shapes
    shapes.title.text = topic
    shapes.placeholders[1].text = "\n".join(fact.line for fact in facts)
    presentation.save(str(folder / f"{topic}.pptx"))


def word_cells(folder: Path, topic: str, facts: Sequence[Fact]) -> None:
    """A table of two columns in a Word file."""
    document = docx.Document()
    document.add_heading(topic, 1)
    table = document.add_table(rows=0, cols=len(HEAD))
    for row in (HEAD, *(fact.row for fact in facts)):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.save(str(folder / f"{topic}.docx"))


def sheet_cells(folder: Path, topic: str, facts: Sequence[Fact]) -> None:
    """The same on a sheet of a workbook."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = topic
    for row in (HEAD, *(fact.row for fact in facts)):
        sheet.append(row)
    workbook.save(folder / f"{topic}.xlsx")


def page_cells(folder: Path, topic: str, facts: Sequence[Fact]) -> None:
    """The same on a web page."""
    head = "".join(f"<th>{name}</th>" for name in HEAD)
    rows = ("".join(f"<td>{escape(cell)}</td>" for cell in fact.row) for fact in facts)
    body = "".join(f"<tr>{row}</tr>" for row in (head, *rows))
    page = f"<!doctype html><meta charset=utf-8><h1>{topic}</h1><table>{body}</table>"
    (folder / f"{topic}.html").write_text(page, encoding="utf-8")


def titles(folder: Path, topic: str, facts: Sequence[Fact]) -> None:
    """Headings of a Word file with nothing under them, as on a poster."""
    document = docx.Document()
    document.add_heading(topic, 1)
    for fact in facts:
        document.add_heading(fact.line, 2)
    document.save(str(folder / f"{topic}.docx"))


def notes(folder: Path, topic: str, facts: Sequence[Fact]) -> None:
    """A text file of one line for each."""
    text = "".join(f"{fact.line}\n" for fact in facts)
    (folder / f"{topic}.txt").write_text(text, encoding="utf-8")


def slips(folder: Path, topic: str, facts: Sequence[Fact]) -> None:
    """A text file of one line."""
    for number, fact in enumerate(facts, start=1):
        (folder / f"{topic} {number}.txt").write_text(fact.line, encoding="utf-8")


FORMS: Mapping[str, Callable[[Path, str, Sequence[Fact]], None]] = {
    form.__name__: form
    for form in (prose, bullets, slide, word_cells, sheet_cells, page_cells, titles, notes, slips)
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Shares, 0…1, of the facts and of the questions that no document answers.

    Attributes:
        right: Facts of which the answer was quoted.
        refused: Facts that the documents were said not to tell.
        rejected: Of the other questions, those that were refused.
    """

    right: float
    refused: float
    rejected: float

    @classmethod
    def of(cls, rows: Iterable[Asked]) -> "Outcome":
        """What became of the questions."""
        asked = list(rows)
        facts = [row for row in asked if row.question.answerable]
        rest = [row for row in asked if not row.question.answerable]
        return cls(
            sum(row.miss is None for row in facts) / len(facts),
            sum(row.refused for row in facts) / len(facts),
            sum(row.refused for row in rest) / len(rest),
        )


def outcome(form: str, folder: Path, beside: Sequence[Path] = ()) -> Outcome:
    """What becomes of the set where its facts stand in one form.

    Args:
        form: One of `FORMS`.
        folder: An empty one, for documents and index.
        beside: Other documents that are in the index too.
    """
    documents = folder / form
    documents.mkdir()
    for topic, facts in topics():
        FORMS[form](documents, topic, facts)
    settings = Settings(index=folder / f"{form}.index", answer="read")
    with closing(Rag.open(settings=settings)) as rag:
        sync([documents, *beside], rag.index, embedder=rag.embedder)
        return Outcome.of(ask_questions(rag, read_questions(SET)))


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", type=Path, nargs="*", default=(), help="documents among them")
    arguments = parser.parse_args(argv)
    print(f"{'form':12} {'right':>7} {'refused':>8} {'rejected':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMS:
            told = outcome(form, Path(folder), arguments.beside)
            print(f"{form:12} {told.right:7.0%} {told.refused:8.0%} {told.rejected:9.0%}")


if __name__ == "__main__":
    main()
