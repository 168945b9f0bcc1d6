"""Calibration: the line, what is kept of it, and fitting it to an index."""

import json
import math
import random
from pathlib import Path

import numpy as np
import pytest

from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.cli import main
from rag_app.errors import DataError, StoreError
from rag_app.evaluation.metrics import expected_calibration_error
from rag_app.index.index import Index
from rag_app.reading.calibration import STATE, Calibration, log_odds, logistic
from rag_app.schema import Chunk
from rag_app.workbench.calibrate import Outcome, calibrate, fit
from rag_app.workbench.made_questions import made_questions, question_on
from tests.conftest import SAMPLES
from tests.fakes import HashEmbedder, OverlapPointer, a_hit


@pytest.mark.parametrize("chance", [0.0, 1e-9, 0.3, 0.5, 0.999, 1.0])
def test_as_it_stands_it_changes_nothing(chance: float) -> None:
    assert Calibration()(chance) == pytest.approx(chance, abs=1e-5)


def test_two_lines_become_one() -> None:
    first, second = Calibration("r", 0.5, 1.0), Calibration("r", 2.0, -1.0)
    assert second.after(first)(0.3) == pytest.approx(second(first(0.3)))


def test_what_is_kept_is_for_one_reader() -> None:
    kept = Calibration("reader 1", 0.5, 1.0)
    assert Calibration.loads(kept.dumps(), reader="reader 1") == kept
    assert Calibration.loads(kept.dumps(), reader="reader 2") == Calibration("reader 2")
    assert Calibration.loads(None, reader="reader 2") == Calibration("reader 2")


@pytest.mark.parametrize("damaged", ["", "[]", '{"scale": 1', '{"other": 1}'])
def test_a_damaged_one_is_told(damaged: str) -> None:
    with pytest.raises(StoreError, match="calibrate again"):
        Calibration.loads(damaged, reader="reader 1")


def test_log_odds_and_logistic_undo_each_other() -> None:
    assert all(logistic(log_odds(p)) == pytest.approx(p) for p in (0.01, 0.5, 0.99))
    assert math.isfinite(logistic(-1e6)) and math.isfinite(logistic(1e6))


def test_the_error_is_that_of_a_naive_count() -> None:
    dice = np.random.default_rng(0)
    chances, outcomes = dice.random(500), dice.random(500) < 0.5
    error = 0.0
    for low in range(10):
        inside = (chances >= low / 10) & (chances < (low + 1) / 10)
        if inside.any():
            error += inside.mean() * abs(chances[inside].mean() - outcomes[inside].mean())
    assert expected_calibration_error(chances, outcomes) == pytest.approx(error)


def test_a_reader_that_is_always_right_or_wrong_as_it_says_has_no_error() -> None:
    assert expected_calibration_error([1.0, 1.0, 0.0], [True, True, False]) == 0.0
    assert expected_calibration_error([], []) == 0.0


def test_a_reader_that_is_too_sure_is_made_more_modest() -> None:
    dice = random.Random(1)
    outcomes = [Outcome(0.95, dice.random() < 0.7) for _ in range(300)]
    outcomes += [Outcome(0.2, dice.random() < 0.1) for _ in range(300)]
    fitted = fit(outcomes, Calibration("r"))
    assert fitted.better
    assert fitted.calibration(0.95) == pytest.approx(0.7, abs=0.08)
    assert fitted.calibration.reader == "r"


def test_a_question_asks_for_what_was_taken_out_of_its_sentence() -> None:
    sentence = "The society was registered by sixty-one local people on the quay in 2009."
    asked = question_on(sentence, random.Random(3))
    assert asked is not None
    assert asked.question.startswith("In which year ")
    assert "2009" not in asked.question
    assert asked.answer == "2009"


@pytest.mark.parametrize("sentence", ["Too short in 2009.", "Was it built in 2009 by the people?"])
def test_some_sentences_give_no_question(sentence: str) -> None:
    assert question_on(sentence, random.Random(1)) is None


def test_each_chunk_gives_one_question_at_most() -> None:
    text = "The old pier was built by local people in 1932. It rained. " * 3
    chunk: Chunk = a_hit(text, start=100).chunk
    (made,) = made_questions([chunk], random.Random(1))
    assert (made.source, made.answer) == (chunk.source, "1932")
    assert text[made.start - 100 : made.end - 100].endswith("in 1932.")


def test_too_few_documents_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One line.")
    embedder = HashEmbedder()
    index = Index.open(tmp_path / "index", embedder=embedder)
    sync([tmp_path / "a.txt"], index, embedder=embedder)
    rag = Rag.assemble(index, embedder, settings=Settings(index=tmp_path / "index"))
    with pytest.raises(DataError, match="add more"):
        calibrate(rag)
    rag.close()


def test_the_command_fits_the_samples_and_answers_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag_app.opening.open_embedder", lambda _: HashEmbedder())
    monkeypatch.setattr("rag_app.rag.open_pointer", lambda _: OverlapPointer())
    settings = Settings(index=tmp_path, answer="read")
    rag = Rag.open(settings=settings)
    sync([SAMPLES], rag.index, embedder=rag.embedder)
    before = rag.ask("How much is a day pass for the workshop?").confidence
    rag.close()
    assert main(["calibrate", "--index", str(tmp_path), "--questions", "40", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rag = Rag.open(settings=settings)
    kept = rag.index.catalog.get(STATE)
    after = rag.ask("How much is a day pass for the workshop?").confidence
    rag.close()
    assert told["kept"] == (kept is not None) == (after != before)
    assert told["questions"] >= 60
