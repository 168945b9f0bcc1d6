"""`rag-app eval questions`: the report, two configurations side by side, and clear errors."""

import json
from pathlib import Path

import pytest

from rag_app.history.conversations import Conversations, KeptTurn
from tests.conftest import ROOT
from tests.test_cli import Commands
from tests.test_ui_components import an_abstention

QUESTIONS = ROOT / "data" / "eval" / "questions.jsonl"


@pytest.fixture(scope="module")
def rag_app(samples_index: Path) -> Commands:
    """The command on the sample documents."""
    return Commands(samples_index)


@pytest.fixture(autouse=True)
def quoting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a language model, whatever there is on this machine."""
    monkeypatch.setenv("RAG_APP_ANSWER", "read")


@pytest.fixture
def some(tmp_path: Path) -> str:
    """A question that is answered and one whose document comes sixth."""
    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if json.loads(line)["id"] in {"q001", "q061"}]
    path = tmp_path / "some.jsonl"
    path.write_text("\n".join(kept), encoding="utf-8")
    return str(path)


def test_the_report_tells_figures_kinds_and_misses(rag_app: Commands, some: str) -> None:
    ran = rag_app("eval", "questions", some)
    assert ran.status == 0
    assert "Right answers, and refusals where nothing answers      50%  of 2" in ran.out
    assert "lookup                  1      100%" in ran.out
    assert "The right document is not among the hits: 1\n  q061 My sister" in ran.out
    assert "    expected: 93.00\n    fleet-register.csv: rank " in ran.out


def test_the_report_is_json(rag_app: Commands, some: str) -> None:
    told = rag_app("eval", "questions", some, "--limit", "1", "--json").json()
    assert told["totals"]["contains_gold"] == {"value": 1.0, "questions": 1}
    assert told["seconds"]["questions"] == 1
    (row,) = told["rows"]
    assert (row["id"], row["mode"], row["miss"]) == ("q001", "read", None)
    assert row["ranks"][0]["document"] == 1


def test_two_configurations_stand_side_by_side(rag_app: Commands, some: str) -> None:
    against = ("--against", "k=8", "--against", "candidates=90")
    both = rag_app("eval", "questions", some, *against, "--json").json()
    assert both["differing"] == {"k": 8, "candidates": 90}
    assert both["before"]["settings"]["k"] == 5
    assert both["changes"]["recall"]["after"] == {"value": 1.0, "questions": 2}
    assert both["changes"]["recall"]["beyond_chance"] is False


def test_side_by_side_is_for_people_too(rag_app: Commands, some: str) -> None:
    out = rag_app("eval", "questions", some, "--against", "k=8").out
    head, *rows = out.splitlines()
    assert head.split() == ["before", "after"]
    assert rows[0].split() == ["k", "5", "8"]
    assert "0 worse of 2; may be chance (sign test 1.00" in out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--against", "chunk_tokens=256"), "chunk_tokens cannot change without a new index"),
        (("--against", "deep=1"), "deep is no setting"),
        (("--against", "k=0"), "k=0 is out of range"),
        (("--against", "k=5"), "--against names what is set already"),
        (("--against", "reranker=nowhere"), "nowhere"),
    ],
)
def test_a_setting_that_cannot_be_compared_is_one_line(
    rag_app: Commands, some: str, arguments: tuple[str, str], reason: str
) -> None:
    ran = rag_app("eval", "questions", some, "--limit", "1", *arguments)
    assert (ran.status, ran.out) == (1, "")
    assert reason in ran.err.splitlines()[-1]


def test_only_questions_are_compared(rag_app: Commands, tmp_path: Path) -> None:
    ran = rag_app("eval", "retrieval", str(tmp_path), "--against", "k=8")
    assert ran.status == 1
    assert "`eval questions FILE`" in ran.err


def test_against_needs_a_key_and_a_value(rag_app: Commands, some: str) -> None:
    assert rag_app("eval", "questions", some, "--against", "k").status == 2


def test_questions_of_other_documents_are_told(rag_app: Commands, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"question": "Who?", "source": "elsewhere.md"}\n')
    ran = rag_app("eval", "questions", str(other))
    assert ran.status == 1
    assert "'elsewhere.md' is not in the index" in ran.err


def test_what_feedback_writes_is_a_question_set(
    rag_app: Commands, samples_index: Path, tmp_path: Path
) -> None:
    kept = Conversations(tmp_path)
    question = "What is the capital of Mongolia?"
    answer = an_abstention()
    kept.keep("", [KeptTurn(question, answer=answer, verdict="up")])
    kept.close()
    (tmp_path / "catalog.sqlite").touch()
    file = tmp_path / "thumbs.jsonl"
    assert Commands(tmp_path)("feedback", "--out", str(file)).status == 0
    told = rag_app("eval", "questions", str(file), "--json").json()
    assert told["totals"]["refused_unanswerable"] == {"value": 1.0, "questions": 1}
    assert list(told["kinds"]) == ["thumb up"]
