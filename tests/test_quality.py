"""What the figures in the README rest on does not get worse unseen."""

from collections.abc import Callable

import pytest

from benchmarks.questions import Outcome, ask_all, share
from rag_app.config import Settings
from rag_app.evaluation.answers import evaluate_answers
from rag_app.evaluation.retrieval import evaluate_retrieval
from tests.conftest import SHARED

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"the evaluation data is not in {SHARED}; set RAG_APP_SHARED_DATA"
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    return list(ask_all(tmp_path_factory.mktemp("questions")))


def part(outcomes: list[Outcome], *, answerable: bool) -> list[Outcome]:
    return [outcome for outcome in outcomes if bool(outcome.row["gold"]) == answerable]


def test_every_citation_is_exact(outcomes: list[Outcome]) -> None:
    assert sum(len(outcome.answer.citations) for outcome in outcomes) > 100
    assert [outcome.row["id"] for outcome in outcomes if not outcome.exact] == []


def test_every_claim_of_a_read_answer_is_its_quote(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        for citation in outcome.answer.citations:
            claim = outcome.answer.text[citation.answer_start : citation.answer_end]
            assert claim == citation.quote


@pytest.mark.parametrize(
    ("measure", "least"),
    [(lambda o: o.found, 0.90), (lambda o: o.quoted, 0.62), (lambda o: not o.refused, 0.88)],
    ids=["source among the first five", "answer quoted", "answered"],
)
def test_answerable_questions(
    outcomes: list[Outcome], measure: Callable[[Outcome], bool], least: float
) -> None:
    assert share([measure(outcome) for outcome in part(outcomes, answerable=True)]) >= least


def test_unanswerable_questions_are_often_refused(outcomes: list[Outcome]) -> None:
    assert share([outcome.refused for outcome in part(outcomes, answerable=False)]) >= 0.35


@needs_shared
@pytest.mark.slow
def test_citations_are_exact_on_public_questions() -> None:
    report = evaluate_answers(
        SHARED / "squad2" / "dev-half.json", settings=Settings(answer="read"), limit=200
    )
    assert report["citation_exact"] == 1.0
    assert report["reading"]["sentence"] >= 0.85


@needs_shared
@pytest.mark.slow
def test_retrieval_on_public_claims() -> None:
    report = evaluate_retrieval(SHARED / "scifact", settings=Settings())
    assert report["ndcg@10"] >= 0.72
