"""The reader's training: what it is shown, and a file that can be loaded."""

import gzip
import json
import random
from pathlib import Path

import pytest

from rag_app.errors import DataError
from rag_app.models.model_files import BUNDLED_EMBEDDER, find_model
from rag_app.reading.span_scorer import SpanScorer
from rag_app.training.reading_data import KINDS, Asked, Example, Kind, RunningText, held_out, read
from rag_app.training.train_reader import Training, main
from rag_app.training.unanswerable import unanswerable

BOATS = [f"Boat {n} is blue. It was built in {1800 + n}. It sank." for n in range(130)]


def write(path: Path, rows: list[dict[str, object]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)


def row(question: str, context: str, answer: str) -> dict[str, object]:
    start = context.index(answer)
    end = start + len(answer)
    return {
        "question": question,
        "context": context,
        "start": start,
        "end": end,
        "answer": answer,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    boats = [row(f"When was boat {n} built?", text, str(1800 + n)) for n, text in enumerate(BOATS)]
    pairs = [{"question": f"who owns pier {n} ?", "passage": f"ann owns pier {n} ."} for n in "abc"]
    write(tmp_path / "squad_13_articles.jsonl.gz", boats)
    write(tmp_path / "question_sentence_pairs.jsonl.gz", list(pairs))
    waved = [row("Who waved?            Bo", f"Bo waved {n} times.", "Bo") for n in range(9)]
    write(tmp_path / "qamr.jsonl.gz", waved)
    write(tmp_path / "policyqa.jsonl.gz", [row("Who may?", "All may.", "All")] * 4)
    write(tmp_path / "covidqa.jsonl.gz", [row("Who is ill?", "Bats are ill.", "Bats")])
    return tmp_path


def all_examples(texts: list[RunningText], times: int = 1) -> list[Example]:
    dice = random.Random(1)
    return [e for _ in range(times) for text in texts for e in text.examples(dice)]


def test_an_answer_stands_where_it_is_said_to(folder: Path) -> None:
    answered = [e for e in all_examples(read(folder), 20) if e.answer is not None]
    said = {e.text[slice(*e.answer)] for e in answered if e.exact and e.answer}
    assert {"1800", "1809", "Bo", "All", "Bats"} <= said
    assert {e.text[slice(*e.answer)] for e in answered if not e.exact and e.answer} == {
        f"ann owns pier {n} ." for n in "abc"
    }


def test_a_text_without_the_answer_does_not_hold_it() -> None:
    text = RunningText(Kind("boats", 1.0, (5, 30), missing=1.0), exact=True)
    for number, boat in enumerate(BOATS):
        begin = text.append(boat) + boat.index(str(1800 + number))
        text.asked.append(Asked(f"When was boat {number} built?", begin, begin + 4))
    text.close()
    shown = all_examples([text], 5)
    assert all(example.answer is None for example in shown)
    assert not any(
        f"built in {1800 + int(example.question.split()[3])}" in example.text for example in shown
    )


def test_an_answer_behind_a_question_is_cut_off(folder: Path) -> None:
    assert "Who waved?" in {e.question for e in all_examples(read(folder), 5)}


def test_held_out_paragraphs_are_not_trained_on(folder: Path) -> None:
    rows, paragraphs = held_out(folder)
    assert (len(rows), len(paragraphs)) == (120, 130)
    shown = " ".join(example.text for example in all_examples(read(folder), 5))
    assert "built in 1809" in shown
    assert "built in 1815" not in shown


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="squad_13_articles"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("question", "others"),
    [
        ("When was pier 1200 built?", []),
        ("Which is the largest pier?", []),
        ("Who is Ann Blue?", ["Where did Mary Green go?"]),
        ("who painted boats ?", ["who sold houses ?"]),
    ],
)
def test_a_changed_question_is_another_one(question: str, others: list[str]) -> None:
    made = {unanswerable(question, others, random.Random(n)) for n in range(20)} - {None}
    assert made
    assert question not in made


def test_where_nothing_can_be_changed_nothing_is() -> None:
    assert unanswerable("Why?", [], random.Random(1)) is None


def test_each_kind_leaves_some_questions_answered() -> None:
    assert all(kind.changed + kind.missing < 0.5 for kind in KINDS)


def test_training_writes_a_file_that_the_reader_points_with(folder: Path) -> None:
    out = folder / "reader.safetensors"
    main([str(folder), "--out", str(out), "--passes", "1", "--kept", str(folder / "kept.pt")])
    assert not (folder / "kept.pt").exists()
    assert out.stat().st_size < 12_000_000
    pointed = SpanScorer(find_model(BUNDLED_EMBEDDER), out).point("When?", ["In 1900.", "Never."])
    assert [len(each.starts) for each in pointed] == [3, 2]


def test_an_interrupted_training_goes_on_after_its_last_pass(folder: Path) -> None:
    kept = folder / "kept.pt"
    Training(folder, passes=1).run(kept)
    again = Training(folder, passes=1)
    before = again.changes()
    assert not any(change.any() for change in before.values())
    again.run(kept)  # nothing is left to do but to load
    assert any(change.any() for change in again.changes().values())
