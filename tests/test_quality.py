"""What the figures in the README rest on does not get worse unseen."""

import pytest

from benchmarks.questions import ask_all
from rag_app.evaluation.answers import evaluate_answers
from rag_app.evaluation.question_report import Figure, Name, QuestionReport
from rag_app.evaluation.question_runner import Asked
from rag_app.evaluation.retrieval import evaluate_retrieval
from rag_app.settings.provenance import Settings
from tests.conftest import SHARED

pytestmark = pytest.mark.slow
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"the evaluation data is not in {SHARED}; set RAG_APP_SHARED_DATA"
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Asked], float]:
    return ask_all(tmp_path_factory.mktemp("questions"))


def test_every_citation_is_exact(outcomes: tuple[list[Asked], float]) -> None:
    rows, exact = outcomes
    assert sum(len(row.answer.citations) for row in rows) > 100
    assert exact == 1.0


def test_every_claim_of_a_read_answer_is_its_quote(outcomes: tuple[list[Asked], float]) -> None:
    for row in outcomes[0]:
        for citation in row.answer.citations:
            claim = row.answer.text[citation.answer_start : citation.answer_end]
            assert claim == citation.quote


@pytest.mark.parametrize(
    ("name", "least"),
    [("recall", 0.90), ("contains_gold", 0.62), ("refused_unanswerable", 0.35)],
)
def test_questions_about_the_samples_are_answered_as_well_as_before(
    outcomes: tuple[list[Asked], float], name: Name, least: float
) -> None:
    assert (figure(outcomes, name).value or 0.0) >= least


def test_answerable_questions_are_seldom_refused(outcomes: tuple[list[Asked], float]) -> None:
    assert (figure(outcomes, "false_refusals").value or 0.0) <= 0.12


def figure(outcomes: tuple[list[Asked], float], name: Name) -> Figure:
    """One of the totals."""
    return QuestionReport.of(outcomes[0], Settings()).totals()[name]


@needs_shared
def test_citations_are_exact_on_public_questions() -> None:
    report = evaluate_answers(
        SHARED / "squad2" / "dev-half.json", settings=Settings(answer="read"), limit=200
    )
    assert report["citation_exact"] == 1.0
    assert report["reading"]["sentence"] >= 0.85


@needs_shared
def test_retrieval_on_public_claims() -> None:
    report = evaluate_retrieval(SHARED / "scifact", settings=Settings())
    assert report["ndcg@10"] >= 0.72
