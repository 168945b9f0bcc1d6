"""What is told of candidates, and of documents that are none."""

from pathlib import Path

import pytest

from ingest.sync import sync
from rag_app.errors import ConfigError
from rag_app.index.index import Index
from rag_app.retrieval.explain import explain, explanation_text
from rag_app.retrieval.retriever import Retriever
from tests.fakes import HashEmbedder, OverlapReranker

QUESTION = "What does a berth on the pontoon cost?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    return made


@pytest.fixture
def index(index: Index, folder: Path) -> Index:
    (folder / "berths.md").write_text("# Berths\n\nA berth on the pontoon costs £120 a year.")
    (folder / "keys.md").write_text("# Keys\n\nThe spare key hangs in the harbour office.")
    (folder / "empty.txt").touch()
    for number in range(8):
        (folder / f"tide{number}.txt").write_text(
            f"High water number {number} is at noon. " * (number + 1)
        )
    sync([folder], index, embedder=HashEmbedder())
    return index


@pytest.fixture
def retriever(index: Index) -> Retriever:
    return Retriever(index, HashEmbedder(), candidates=3)


def verdict(retriever: Retriever, index: Index, source: Path, **where: str) -> str:
    return explain(QUESTION, retriever, index, k=1, where=where, source=str(source)).verdict


def test_candidates_are_told_in_the_order_of_the_search(retriever: Retriever, index: Index) -> None:
    told = explain(QUESTION, retriever, index, k=3).candidates
    hits = retriever.search(QUESTION, k=3)
    assert [row.chunk_id for row in told] == [hit.chunk.id for hit in hits]
    assert [row.score for row in told] == [hit.score for hit in hits]
    assert [row.rank for row in told] == [1, 2, 3]


def test_words_in_common_are_told_with_the_place_they_give(
    retriever: Retriever, index: Index
) -> None:
    first, *others = explain(QUESTION, retriever, index, k=3).candidates
    assert set(first.matched) == {"berth", "pontoon", "cost"}
    assert first.lexical_rank == 1
    assert all(row.lexical_rank is None and not row.matched for row in others)


def test_a_document_that_is_found_is_told_so(
    retriever: Retriever, index: Index, folder: Path
) -> None:
    assert "is found: its best chunk is number 1" in verdict(retriever, index, folder / "berths.md")


def test_a_copy_of_what_is_found_is_told_so(index: Index, folder: Path) -> None:
    words = "The pontoon has a berth for each boat whose owner pays the cost in spring"
    (folder / "one.txt").write_text(words)
    (folder / "two.txt").write_text(words.upper())
    sync([folder], index, embedder=HashEmbedder())
    retriever = Retriever(index, HashEmbedder())
    (copied,) = (hit for hit in retriever.search(words) if hit.also)
    (copy,) = copied.also
    told = explain(words, retriever, index, source=copy).verdict
    assert told == f"{copy} says the same as {copied.chunk.source}, which is number 1"


def test_reasons_why_a_document_is_not_there(
    retriever: Retriever, index: Index, folder: Path
) -> None:
    assert "has no text in the index" in verdict(retriever, index, folder / "empty.txt")
    left_out = verdict(retriever, index, folder / "berths.md", format="txt")
    assert left_out.endswith("is left out by the filter")
    far = [verdict(retriever, index, folder / f"tide{number}.txt") for number in range(8)]
    assert any("no candidate: its best cosine is" in reason for reason in far)
    assert any("is a candidate, number" in reason for reason in far), far


def test_a_document_that_is_not_in_the_index_is_an_error(
    retriever: Retriever, index: Index
) -> None:
    with pytest.raises(ConfigError, match="is not in the index"):
        explain(QUESTION, retriever, index, source="nowhere.md")


def test_the_table_has_a_line_for_each_candidate(
    retriever: Retriever, index: Index, folder: Path
) -> None:
    told = explain(QUESTION, retriever, index, k=2, source=str(folder / "berths.md"))
    lines = explanation_text(told).splitlines()
    assert len(lines) == 2 + 2 + 1
    assert "berth" in lines[2]
    assert lines[-1] == told.verdict


def test_a_reranker_has_a_column_of_its_own(retriever: Retriever, index: Index) -> None:
    reranker = OverlapReranker()
    reranking = Retriever(index, HashEmbedder(), candidates=3, reranker=reranker, reranked=1)
    told = explain(QUESTION, reranking, index, k=3)
    (judged,) = reranker.scores(QUESTION, ["A berth on the pontoon costs £120 a year."])
    assert [row.rerank for row in told.candidates] == [pytest.approx(judged), None, None]
    head, first, second, _ = explanation_text(told).splitlines()[1:]
    assert "  rerank  words" in head
    assert f"  {judged:.3f}  [" in first
    assert "  –  [" in second
    assert "  rerank  " not in explanation_text(explain(QUESTION, retriever, index))
