"""The reranker's training: what it is shown, and a file that can be loaded."""

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest

from rag_app.errors import DataError
from rag_app.models.files import BUNDLED_EMBEDDER, find_model
from rag_app.models.reranker import CrossEncoderReranker
from rag_app.workbench.sentence_bank import SentenceBank, held_out
from rag_app.workbench.train_reranker import choices, main
from tests.fakes import HashEmbedder

PARAGRAPHS = [f"Boat {n} is blue. It was built in {1800 + n}. It sank." for n in range(140)]


def write(path: Path, rows: list[dict[str, object]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    articles = [
        {
            "question": f"When was boat {n} built?",
            "context": text,
            "start": text.index("built in") + 9,
            "end": text.index("built in") + 13,
        }
        for n, text in enumerate(PARAGRAPHS)
    ]
    pairs = [{"question": f"who owns pier {n} ?", "passage": f"ann owns pier {n} ."} for n in "abc"]
    write(tmp_path / "squad_13_articles.jsonl.gz", list(articles))
    write(tmp_path / "question_sentence_pairs.jsonl.gz", list(pairs))
    write(
        tmp_path / "qamr.jsonl.gz",
        [{"question": "Who waved?            Bo", "context": "Bo waved."}],
    )
    return tmp_path


def test_a_question_points_to_the_sentence_that_answers(folder: Path) -> None:
    bank = SentenceBank.read(folder)
    first = bank.questions[0]
    assert bank.sentences[first.answer].text == "It was built in 1800."
    assert bank.sentences[first.answer].before == "Boat 0 is blue."
    assert [bank.sentences[n].text for n in first.near] == ["Boat 0 is blue.", "It sank."]


def test_an_answer_behind_a_question_is_cut_off(folder: Path) -> None:
    assert SentenceBank.read(folder).questions[-1].text == "Who waved?"


def test_held_out_paragraphs_are_in_no_bank(folder: Path) -> None:
    rows, _ = held_out(folder)
    known = {sentence.text for sentence in SentenceBank.read(folder).sentences}
    assert len(rows) == 120
    assert not any("It was built in 1850." in text for text in known)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="squad_13_articles"):
        SentenceBank.read(tmp_path)


def test_the_right_choice_is_among_the_texts_or_left_out(folder: Path) -> None:
    bank = SentenceBank.read(folder)
    mined = bank.mine(HashEmbedder())
    numbers = list(range(20)) * 5
    shown = list(choices(bank, mined, numbers, random.Random(1)))
    for number, choice in zip(numbers, shown, strict=True):
        answer = bank.sentences[bank.questions[number].answer].text
        places = [i for i, text in enumerate(choice.texts) if text.startswith(answer)]
        assert places == ([choice.right] if choice.right >= 0 else [])
    assert 0 < np.mean([choice.right == -1 for choice in shown]) < 0.5


def test_training_writes_a_file_that_the_reranker_reads(folder: Path) -> None:
    out = folder / "reranker.safetensors"
    main([str(folder), "--out", str(out), "--epochs", "2"])
    reranker = CrossEncoderReranker(find_model(BUNDLED_EMBEDDER), out)
    assert np.isfinite(reranker.score("When?", ["In 1900.", "Never."])).all()
    assert out.stat().st_size < 4_000_000
