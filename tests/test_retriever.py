"""The retriever: both searches, fused, filtered, and never a chunk that is gone."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sync import store, sync
from rag_app.errors import ConfigError
from rag_app.index.index import Index
from rag_app.protocols import Vectors
from rag_app.retrieval.fusion import feedback, fuse, rejudge
from rag_app.retrieval.retriever import Retriever
from tests.fakes import HashEmbedder, OverlapReranker, a_document

FILES = {
    "berths.md": "# Berths\n\nA berth on the pontoon costs £120 a year.",
    "keys.md": "# Keys\n\nThe spare key hangs in the harbour office.",
    "old/berths.txt": "A berth cost £80 in 1990.",
    "tide.txt": "High water is at noon. " * 20,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "documents"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def index(index: Index, folder: Path) -> Index:
    sync([folder], index, embedder=HashEmbedder())
    return index


@pytest.fixture
def retriever(index: Index) -> Retriever:
    return Retriever(index, HashEmbedder())


def names(retriever: Retriever, question: str, **where: str) -> list[str]:
    return [Path(hit.chunk.source).name for hit in retriever.search(question, k=9, where=where)]


def test_the_document_that_says_it_comes_first(retriever: Retriever) -> None:
    assert names(retriever, "Where does the spare key hang?")[0] == "keys.md"


def test_ranks_count_from_one_and_scores_do_not_rise(retriever: Retriever) -> None:
    hits = retriever.search("berth on the pontoon", k=9)
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert all(a.score >= b.score for a, b in pairwise(hits))
    assert len({hit.chunk.id for hit in hits}) == len(hits)


def test_each_hit_has_both_signals_exactly(retriever: Retriever) -> None:
    embedder = HashEmbedder()
    question = embedder.embed(["berth on the pontoon"])[0]
    for hit in retriever.search("berth on the pontoon", k=9):
        cosine = float(np.dot(question, embedder.embed([hit.chunk.text])[0]))
        assert hit.signals.dense == pytest.approx(cosine, abs=1e-5)
        assert hit.signals.lexical is not None


def test_the_only_candidate_of_a_filter_is_a_good_one(retriever: Retriever, folder: Path) -> None:
    where = {"source": str(folder / "keys.md")}
    (hit,) = retriever.search("Where does the spare key hang?", where=where)
    assert hit.score == pytest.approx(1)


def test_k_limits_the_hits(retriever: Retriever) -> None:
    assert len(retriever.search("berth", k=2)) == 2


def test_a_format_can_be_asked_for(retriever: Retriever) -> None:
    assert set(names(retriever, "berth", format="txt")) == {"berths.txt", "tide.txt"}


def test_a_folder_can_be_asked_for(retriever: Retriever, folder: Path) -> None:
    assert names(retriever, "berth", folder=str(folder / "old")) == ["berths.txt"]


def test_a_folder_has_the_folders_below_it(retriever: Retriever, folder: Path) -> None:
    assert len(set(names(retriever, "berth", folder=str(folder)))) == len(
        {Path(name).name for name in FILES}
    )


def test_a_source_can_be_asked_for(retriever: Retriever, folder: Path) -> None:
    assert names(retriever, "berth", source=str(folder / "keys.md")) == ["keys.md"]


def test_files_last_changed_in_a_time_can_be_asked_for(
    retriever: Retriever, index: Index, folder: Path
) -> None:
    day = datetime(2024, 5, 1).timestamp()
    os.utime(folder / "keys.md", (day, day))
    os.utime(folder / "tide.txt", (day + 3600, day + 3600))
    sync([folder], index, embedder=HashEmbedder())
    old = {"keys.md", "tide.txt"}
    assert set(names(retriever, "berth", before="2024-05-02")) == old
    assert set(names(retriever, "berth", after="2024-05-01", before="2024-05-02")) == old
    late = names(retriever, "berth", after="2024-05-01T00:30", before="2024-06-01")
    assert set(late) == {"tide.txt"}
    assert names(retriever, "berth", before="2024-05-01") == []
    assert not old & set(names(retriever, "berth", after="2024-05-02"))
    with pytest.raises(ConfigError, match="'yesterday' is no day or time"):
        retriever.search("berth", where={"after": "yesterday"})


def test_a_large_filter_finds_what_a_search_of_each_document_would(
    retriever: Retriever, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = names(retriever, "berth noon", folder=str(folder))
    monkeypatch.setattr("rag_app.index.index._FEW", 0)
    assert names(retriever, "berth noon  ", folder=str(folder)) == expected
    assert names(retriever, "berth", folder=str(folder / "old")) == ["berths.txt"]


def test_what_was_found_is_remembered_until_the_index_changes(
    retriever: Retriever, index: Index, folder: Path
) -> None:
    first, again = (retriever.retrieve("spare key", k=2) for _ in range(2))
    assert again.hits == first.hits
    assert (set(again.seconds), "embed" in first.seconds) == ({"remember"}, True)
    assert "embed" in retriever.retrieve("spare key", k=2, where={"format": "md"}).seconds
    (folder / "more.md").write_text("The spare key, the spare key, the spare key.")
    sync([folder], index, embedder=HashEmbedder())
    assert retriever.retrieve("spare key", k=2).hits != first.hits


def test_few_searches_are_remembered(retriever: Retriever, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag_app.retrieval.retriever._REMEMBERED", 2)
    for question in ("berth", "key", "tide", "berth"):
        assert "embed" in retriever.retrieve(question).seconds
    assert "embed" not in retriever.retrieve("tide").seconds


def test_a_filter_that_nothing_meets_gives_no_hits(retriever: Retriever) -> None:
    assert names(retriever, "berth", format="pdf") == []


def test_a_removed_file_is_no_hit_at_once(retriever: Retriever, index: Index, folder: Path) -> None:
    (folder / "keys.md").unlink()
    sync([folder], index, embedder=HashEmbedder())
    assert "keys.md" not in names(retriever, "spare key")


def test_a_blank_question_has_no_hits(retriever: Retriever) -> None:
    assert retriever.search(" \n") == []


@pytest.mark.parametrize("question", ['"', "AND OR NOT", "a* ^b", "NEAR(x y)", "col:x", "'; --"])
def test_operators_in_a_question_are_only_words(retriever: Retriever, question: str) -> None:
    assert len(retriever.search(question, k=1)) == 1


def test_a_k_below_one_is_refused(retriever: Retriever) -> None:
    with pytest.raises(ConfigError, match="k=0"):
        retriever.search("berth", k=0)


def test_a_filter_by_an_odd_name_is_refused(retriever: Retriever) -> None:
    with pytest.raises(ConfigError, match="KEY=VALUE"):
        retriever.search("berth", where={"a' OR 1": "x"})


# Near copies


NOTICE = (
    "The yard hauls boats out by the slip while owners stand clear of winch and rope, since a "
    "cradle may roll back before its chocks are in place, and nobody walks under hulls that hang "
    "from slings until two members have signed"
)
OTHERS = ("Boats dry out on the hard.", "A rope hangs by the winch.", "The slip is for boats.")


WIDE = HashEmbedder(dimensions=2048)  # in which no two of these words fall together


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Index]:
    """Forty documents that differ by a word, and three that say something else."""
    texts = [f"{NOTICE} {chr(97 + n // 8)}{chr(97 + n % 8)}." for n in range(40)]
    documents = [a_document(text, source=f"{n}.md") for n, text in enumerate([*texts, *OTHERS])]
    index = Index.open(tmp_path / "copies", embedder=WIDE)
    store(documents, index, embedder=WIDE)
    yield index
    index.close()


@pytest.mark.parametrize("candidates", [3, 10, 100])
def test_as_many_hits_as_are_wanted_are_found_behind_near_copies(
    copies: Index, candidates: int
) -> None:
    retriever = Retriever(copies, WIDE, candidates=candidates)
    for k in (1, 3, 4):
        hits = retriever.search("hauls boats out by the slip, winch and rope", k=k)
        assert [hit.rank for hit in hits] == list(range(1, k + 1))
        assert sum(hit.chunk.text.startswith(NOTICE) for hit in hits) <= 1


def test_where_no_more_are_distinct_there_are_fewer(copies: Index) -> None:
    retriever = Retriever(copies, WIDE, candidates=5)
    hits = retriever.search("hauls boats out", k=50, where={"format": "md"})
    (first,) = (hit for hit in hits if hit.chunk.text.startswith(NOTICE))
    assert {hit.chunk.text for hit in hits} == {*OTHERS, first.chunk.text}
    assert len(first.also) == 39


# Reranking

RERANKED = "berth at noon"


class Contrary:
    """Judges what comes later to be better, and everything a little out of range."""

    def scores(self, question: str, texts: Sequence[str]) -> Vectors:
        return np.linspace(-0.1, 1.1, len(texts), dtype=np.float32)


def test_a_reranker_changes_the_order_and_no_invariant(index: Index) -> None:
    plain = Retriever(index, HashEmbedder()).search(RERANKED, k=9)
    hits = Retriever(index, HashEmbedder(), reranker=Contrary()).search(RERANKED, k=9)
    assert [hit.chunk.id for hit in hits] != [hit.chunk.id for hit in plain]
    assert {hit.chunk.id for hit in hits} == {hit.chunk.id for hit in plain}
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert all(1 >= a.score >= b.score >= 0 for a, b in pairwise(hits))
    assert all(0 <= (hit.signals.rerank or 0) <= 1 for hit in hits)


def test_each_hit_has_the_signal_of_its_own_text(index: Index) -> None:
    reranking = Retriever(index, HashEmbedder(), reranker=OverlapReranker())
    for hit in reranking.search(RERANKED, k=9):
        (judged,) = OverlapReranker().scores(RERANKED, [hit.chunk.text])
        assert hit.signals.rerank == pytest.approx(judged)


def test_only_the_first_are_reranked_and_stay_before_the_others(index: Index) -> None:
    reranker = OverlapReranker()
    plain = Retriever(index, HashEmbedder()).search(RERANKED, k=9)
    some = Retriever(index, HashEmbedder(), reranker=reranker, reranked=2)
    hits = some.search(RERANKED, k=9)
    assert reranker.judged == 2
    assert {hit.chunk.id for hit in hits[:2]} == {hit.chunk.id for hit in plain[:2]}
    assert [hit.chunk.id for hit in hits[2:]] == [hit.chunk.id for hit in plain[2:]]
    assert [hit.signals.rerank is None for hit in hits] == [False] * 2 + [True] * (len(hits) - 2)
    assert "rerank" in some.retrieve("spare key").seconds


def test_nothing_is_reranked_where_nothing_is_found(index: Index) -> None:
    reranker = OverlapReranker()
    retriever = Retriever(index, HashEmbedder(), reranker=reranker)
    assert retriever.search("berth", where={"format": "pdf"}) == retriever.search(" ") == []
    assert reranker.judged == 0


def test_without_a_reranker_there_is_no_signal_of_it(retriever: Retriever) -> None:
    assert [hit.signals.rerank for hit in retriever.search("berth", k=2)] == [None, None]
    assert "rerank" not in retriever.retrieve("spare key").seconds


# Fusion

SCORES = st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 30)))


@given(SCORES, st.floats(0, 1))
def test_fusion_equals_the_naive_formula(scores: list[tuple[float, float]], w: float) -> None:
    dense, lexical = [pair[0] for pair in scores], [pair[1] for pair in scores]
    fused = fuse(np.array(dense), np.array(lexical), dense_weight=w)
    for n, score in enumerate(fused):
        naive = w * scaled(dense, n) + (1 - w) * scaled(lexical, n)
        assert score == pytest.approx(naive, abs=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32)), min_size=1))
def test_what_is_judged_again_stays_between_its_best_and_its_worst(
    pairs: list[tuple[float, float]],
) -> None:
    scores, judged = np.array(pairs, np.float32).T
    again = rejudge(scores, judged)
    assert again.min() >= scores.min()
    assert again.max() <= scores.max()


def test_half_of_a_score_is_the_rerankers() -> None:
    scores, judged = np.array([0.9, 0.5, 0.1]), np.array([0.2, 0.6, 0.4])
    assert rejudge(scores, judged) == pytest.approx([0.5, 0.7, 0.3])


def test_feedback_moves_cosines_towards_what_was_found_first() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1], [0, 0]])
    moved = feedback(np.array([0.5, 0.4, 0.4, 0.3]), vectors, np.array([1.0, 0, 0, 0]))
    assert moved == pytest.approx([0.6, 0.46, 0.4, 0.3])


def test_feedback_of_nothing_changes_nothing() -> None:
    assert feedback(np.array([0.5]), np.ones((1, 2)), np.array([0.0])) == [0.5]
    assert not len(feedback(np.empty(0), np.empty((0, 2)), np.empty(0)))


def scaled(side: list[float], n: int) -> float:
    low, high = min(side), max(side)
    return (side[n] - low) / (high - low) if high > low else float(low > 0)
