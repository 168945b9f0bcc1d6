"""A fact is answered in whatever form it stands, with a full stop or without."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.forms import FORMS, outcome
from ingest.sync import sync
from rag_app.models.embedder import SentenceEmbedder
from rag_app.rag import Rag
from rag_app.settings.provenance import Settings
from tests.conftest import SHARED

CASES = SHARED / "cases"
CASE = "E01"
needs_cases = pytest.mark.skipif(
    not CASES.is_dir(), reason=f"no cases in {CASES}; set RAG_APP_SHARED_DATA"
)
FACTS = (
    ("Wi-Fi password is harbour42", "What is the Wi-Fi password?"),
    ("The gate closes at nine", "When does the gate close?"),
    ("The spare key hangs in locker 12", "Where does the spare key hang?"),
    ("Treasurer is Odile Marchetti", "Who is the treasurer?"),
)


def opened(folder: Path, documents: Path, embedder: SentenceEmbedder) -> Rag:
    rag = Rag.open(settings=Settings(index=folder / "index", answer="read"))
    sync([documents], rag.index, embedder=embedder)
    return rag


def quotes(rag: Rag, question: str) -> list[str]:
    return [citation.quote for citation in rag.ask(question).citations]


@pytest.mark.parametrize("layout", ["{}.", "- {}", "{}", "## {}"])
def test_a_line_is_quoted_with_a_full_stop_or_without(
    tmp_path: Path, minilm: SentenceEmbedder, layout: str
) -> None:
    lines = [layout.format(fact) for fact, _ in FACTS]
    documents = tmp_path / "docs"
    documents.mkdir()
    (documents / "notes.md").write_text("# Notes\n\n" + "\n".join(lines) + "\n")
    rag = opened(tmp_path, documents, minilm)
    assert [quotes(rag, question)[:1] for _, question in FACTS] == [[line] for line in lines]
    rag.close()


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory, minilm: SentenceEmbedder) -> Iterator[Rag]:
    rag = opened(tmp_path_factory.mktemp("crew"), CASES / CASE, minilm)
    yield rag
    rag.close()


def asked() -> list[tuple[str, str]]:
    """The questions of the case, with what must be quoted first."""
    if not CASES.is_dir():
        return []
    rows = map(json.loads, (CASES / "questions.jsonl").read_text(encoding="utf-8").splitlines())
    return [
        (row["question"], re.sub(r" \(.*", "", row["right"])) for row in rows if row["id"] == CASE
    ]


@needs_cases
@pytest.mark.parametrize(("question", "right"), asked())
def test_a_line_of_a_list_a_slide_or_a_note_is_quoted_alone(
    crew: Rag, question: str, right: str
) -> None:
    first = quotes(crew, question)[0]
    assert right in first
    assert len(first.splitlines()) == 1


@pytest.mark.slow
def test_facts_are_answered_alike_in_every_form(tmp_path: Path) -> None:
    right = {form: outcome(form, tmp_path).right for form in FORMS}
    assert min(right.values()) >= 0.95, right
    assert max(right.values()) - min(right.values()) <= 0.05, right
