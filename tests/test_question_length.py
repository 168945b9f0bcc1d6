"""A question has a length that none exceeds, wherever it is asked, and one line says so."""

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.sync import sync
from rag_app.answerer import Answerer
from rag_app.commands.ask import _questions
from rag_app.errors import RagError
from rag_app.evaluation.answers import load_questions
from rag_app.evaluation.questions import read_questions
from rag_app.evaluation.retrieval import read_question
from rag_app.evaluation.temporary_index import read_lines
from rag_app.index.index import Index
from rag_app.rag import Rag
from rag_app.retrieval.explain import explain
from rag_app.retrieval.question_length import LONGEST_QUESTION
from rag_app.retrieval.retriever import Retriever
from tests.fakes import FixedReader, HashEmbedder

TOO_LONG = "why " * 3_999 + "why?"
LONGEST = ("why " * LONGEST_QUESTION)[:LONGEST_QUESTION]
SQUAD = {"context": "Tides turn.", "qas": [{"question": TOO_LONG, "answers": []}]}
Ask = Callable[[Retriever], object]
Read = Callable[[Path], object]


@pytest.fixture
def retriever(index: Index, docs: Path) -> Retriever:
    sync([docs], index, embedder=HashEmbedder())
    return Retriever(index, HashEmbedder())


def ask(retriever: Retriever, question: str, *history: str) -> object:
    return Answerer(retriever, FixedReader()).ask(question, history=history)


ASKING: dict[str, Ask] = {
    "search": lambda retriever: retriever.search(TOO_LONG),
    "ask": lambda retriever: ask(retriever, TOO_LONG),
    "history": lambda retriever: ask(retriever, "And saws?", "Boats?", TOO_LONG),
    "explain": lambda retriever: explain(TOO_LONG, retriever, retriever._index),
    "langchain": lambda retriever: retriever.as_langchain().invoke(TOO_LONG),
}


@pytest.mark.parametrize("way", ASKING)
def test_a_question_that_is_too_long_is_refused_in_one_line(retriever: Retriever, way: str) -> None:
    with pytest.raises(RagError, match="16,000 characters is too long; ask in at most 8,000") as e:
        ASKING[way](retriever)
    assert "\n" not in str(e.value)


def test_nothing_is_kept_of_a_question_that_is_too_long(retriever: Retriever) -> None:
    with pytest.raises(RagError):
        retriever.search(TOO_LONG)
    assert not retriever._known


def test_the_longest_question_is_answered(retriever: Retriever) -> None:
    assert ask(retriever, LONGEST, LONGEST)
    assert retriever.search(LONGEST)


READING: dict[str, tuple[object, Read]] = {
    "batch": (
        {"question": TOO_LONG},
        lambda file: _questions(Namespace(batch=file)),
    ),
    "history of a batch": (
        {"question": "And saws?", "history": [TOO_LONG]},
        lambda file: _questions(Namespace(batch=file)),
    ),
    "questions": ({"question": TOO_LONG, "source": "tools.md"}, read_questions),
    "queries": ({"_id": 1, "text": TOO_LONG}, lambda file: read_lines(file, read_question)),
    "squad": ({"data": [{"title": "Tides", "paragraphs": [SQUAD]}]}, load_questions),
}


@pytest.mark.parametrize("layout", READING)
def test_a_file_of_questions_names_the_one_that_is_too_long(tmp_path: Path, layout: str) -> None:
    row, read = READING[layout]
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps(row))
    with pytest.raises(RagError, match=r"questions\.jsonl.*16,000 characters is too long"):
        read(file)


@pytest.mark.parametrize("question", ["wind limit\0canoes", "\0", LONGEST])
def test_odd_questions_have_an_answer(samples: Rag, question: str) -> None:
    assert samples.ask(question, history=["What is the wind limit?"]).mode in {"read", "abstain"}
