"""The sample documents and the gold questions on them fit together."""

import json
from functools import cache
from typing import Any

import pytest

from ingest.loading import FORMATS, load
from tests.conftest import ROOT, SAMPLES

QUESTIONS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (ROOT / "data" / "eval" / "questions.jsonl").read_text("utf-8").splitlines()
]


@cache
def text_of(source: str) -> str:
    return load(SAMPLES / source).text


def test_every_sample_is_read_whole() -> None:
    assert [path.name for path in SAMPLES.iterdir() if load(path).missing] == []


def test_the_samples_come_in_the_formats_people_have() -> None:
    suffixes = {path.suffix.removeprefix(".") for path in SAMPLES.iterdir()}
    assert suffixes == {"md", "txt", "html", "docx", "xlsx", "csv", "pdf"}
    assert suffixes <= set(FORMATS)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_a_gold_quote_stands_where_the_question_says(question: dict[str, Any]) -> None:
    for gold in question["gold"]:
        assert text_of(gold["source"])[gold["start"] : gold["end"]] == gold["quote"]


def test_questions_have_ids_of_their_own() -> None:
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS)


def test_some_questions_are_not_answered_by_the_samples() -> None:
    kinds = {bool(question["gold"]) for question in QUESTIONS}
    assert kinds == {True, False}
