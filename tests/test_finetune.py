"""Fine-tuning: what is trained on, each kind of loss, going on after an interruption."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag_app.errors import DataError
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.workbench.finetune import TrainingOptions, finetune
from rag_app.workbench.training_data import (
    asked_of_documents,
    of_beir,
    of_pairs,
    read_beir,
    read_exam,
    split_questions,
)
from rag_app.workbench.training_sets import TrainingSet, read_training_set
from rag_app.workbench.verdict import judge
from tests.fakes import HashEmbedder, ScriptedGenerator, a_hit

# The triplets of the tutorial: another brand of the same drink is closer than another drink.
COLA = (
    ("Brand A Cola Soda", "Brand B Cola Soda", "Brand A Cola Soda Zero Sugar"),
    ("Brand A Orange Soda", "Brand B Orange Soda", "Brand A Orange Soda Zero Sugar"),
    ("Brand A Lemon Soda", "Brand B Lemon Soda", "Brand A Lemon Soda Zero Sugar"),
)


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def gap(model: str) -> float:
    """How much closer the other brand is than the other drink."""
    first, same, other = SentenceEmbedder.open(model).embed(COLA[0])
    return float(first @ same - first @ other)


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    texts = [{"_id": f"d{n}", "title": "", "text": f"Boat {n} is painted."} for n in range(8)]
    write_lines(folder / "corpus.jsonl", list(texts))
    asked = [{"_id": f"q{n}", "text": f"What is boat {n}?"} for n in range(8)]
    write_lines(folder / "queries.jsonl", list(asked))
    judged = "".join(f"q{n}\td{n}\t1\n" for n in range(8))
    (folder / "qrels" / "train.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return folder


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"anchor": "a", "positive": "b"}, "pairs"),
        ({"anchor": "a", "positive": "b", "negative": "c", "source": "x"}, "triplets"),
        ({"sentence1": "a", "sentence2": "b", "score": 0.5}, "scored"),
    ],
)
def test_the_columns_say_the_kind(tmp_path: Path, row: dict[str, object], kind: str) -> None:
    assert read_training_set(write_lines(tmp_path / "rows.jsonl", [row])).kind == kind


@pytest.mark.parametrize("rows", [[], [{"text": "a"}]])
def test_other_columns_are_told(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    with pytest.raises(DataError, match="none of these columns"):
        read_training_set(write_lines(tmp_path / "rows.jsonl", rows))


def test_a_folder_in_beir_layout_gives_pairs(beir: Path) -> None:
    found = of_pairs(read_beir(beir, "train"))
    assert found.kind == "pairs"
    assert ("What is boat 3?", "Boat 3 is painted.") in found.rows


def test_held_out_questions_are_not_trained_on(beir: Path) -> None:
    kept, held = split_questions(read_beir(beir, "train"), share=0.25)
    assert (len(kept.questions), len(held.questions)) == (6, 2)
    assert not set(kept.questions) & set(held.questions)
    assert kept.corpus == held.corpus


def test_documents_alone_give_questions_on_their_chunks() -> None:
    text = "The old pier was built by local people from the village in 1932. It rained a lot."
    chunk = a_hit(text, source="harbour/pier.md").chunk
    made = asked_of_documents([chunk])
    assert [*made.corpus] == [chunk.id]
    assert any(question.startswith("In which year") for question in made.questions.values())
    assert all(relevant == {chunk.id: 1} for relevant in made.relevant.values())


def test_the_tutorials_triplets_widen_the_gap_between_the_colas(tmp_path: Path) -> None:
    training = TrainingSet("triplets", COLA)
    recipe = TrainingOptions(epochs=5, batch=3, learning_rate=5e-5)
    out = finetune(BUNDLED_EMBEDDER, training, tmp_path / "cola", held=None, recipe=recipe)
    assert gap(BUNDLED_EMBEDDER) == pytest.approx(0.86003 - 0.81907, abs=3e-3)
    assert gap(str(out)) > gap(BUNDLED_EMBEDDER) + 0.05


@pytest.mark.parametrize("lora", [False, True])
def test_pairs_come_closer(tmp_path: Path, beir: Path, lora: bool) -> None:
    training = of_pairs(read_beir(beir, "train"))
    recipe = TrainingOptions(epochs=3, batch=8, learning_rate=2e-4, lora=lora)
    out = finetune(BUNDLED_EMBEDDER, training, tmp_path / "tuned", held=None, recipe=recipe)

    def margin(model: str) -> float:
        """How much closer the right text is than the others."""
        embedder = SentenceEmbedder.open(model)
        asked, right = zip(*training.rows, strict=True)
        cosines = embedder.embed(asked, kind="query") @ embedder.embed(right).T
        return float(np.diag(cosines).mean() - cosines.mean())

    assert margin(str(out)) > margin(BUNDLED_EMBEDDER)


def test_scored_pairs_move_towards_their_scores(tmp_path: Path) -> None:
    rows = (("a boat", "a ship", 0.1), ("a boat", "a loaf", 0.9)) * 4
    recipe = TrainingOptions(epochs=4, batch=4, learning_rate=1e-4)
    training = TrainingSet("scored", rows)
    out = finetune(BUNDLED_EMBEDDER, training, tmp_path / "tuned", held=None, recipe=recipe)
    boat, ship, loaf = SentenceEmbedder.open(str(out)).embed(["a boat", "a ship", "a loaf"])
    assert boat @ loaf > boat @ ship


def test_an_interrupted_training_goes_on(
    tmp_path: Path, beir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentence_transformers import SentenceTransformer

    training, out = of_pairs(read_beir(beir, "train")), tmp_path / "tuned"
    recipe = TrainingOptions(epochs=2, batch=8)
    save = SentenceTransformer.save_pretrained

    def die(model: SentenceTransformer, path: str, **options: Any) -> None:
        if path == str(out):
            raise KeyboardInterrupt
        save(model, path, **options)

    with monkeypatch.context() as patched:
        patched.setattr(SentenceTransformer, "save_pretrained", die)
        with pytest.raises(KeyboardInterrupt):
            finetune(BUNDLED_EMBEDDER, training, out, held=None, recipe=recipe)
    assert not out.exists()
    checkpoints = {path.name for path in (tmp_path / "tuned.training").glob("checkpoint-*")}
    (tmp_path / "tuned.training" / "checkpoint-999").mkdir()  # as a kill leaves one
    finetune(BUNDLED_EMBEDDER, training, out, held=None, recipe=recipe)
    assert (out / "model.safetensors").is_file()
    after = {path.name for path in (tmp_path / "tuned.training").glob("checkpoint-*")}
    assert after == checkpoints  # nothing was trained twice


def test_a_model_is_judged_against_another(beir: Path, minilm: SentenceEmbedder) -> None:
    exam = read_beir(beir, "train")
    same = judge(minilm, minilm, exam)
    assert (same.before.ndcg, same.drift) == (same.after.ndcg, pytest.approx(0, abs=1e-6))
    assert not same.better
    worse = judge(minilm, HashEmbedder(dimensions=2), exam)
    assert worse.after.mean < worse.before.mean
    assert not worse.better
    assert worse.drift > 0.5
    better = judge(HashEmbedder(dimensions=2), minilm, exam)
    assert better.better
    assert "better" in str(better)


def test_nothing_of_an_exam_is_trained_on(beir: Path) -> None:
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq0\td0\t1\n")
    course = of_beir(beir)
    assert course.held
    taught = {anchor for anchor, _ in course.training.rows}
    assert not taught & set(course.held.questions.values())
    assert len(taught) + len(course.held.questions) == 8
    assert set(course.exam.questions) == {"q0"}


def test_an_exam_of_ones_own_asks_for_documents(tmp_path: Path) -> None:
    chunks = [a_hit(f"Pier {n} is old.", source=f"harbour/{n}.md").chunk for n in range(3)]
    rows = [{"question": "Which is the second?", "source": "1.md"}]
    exam = read_exam(write_lines(tmp_path / "exam.jsonl", list(rows)), chunks)
    assert exam.relevant == {"0": {chunks[1].id: 1}}
    rows = [{"question": "Which is the last?", "source": "harbour/2.md"}]
    exam = read_exam(write_lines(tmp_path / "longer.jsonl", list(rows)), chunks)
    assert exam.relevant == {"0": {chunks[2].id: 1}}
    missing = write_lines(tmp_path / "missing.jsonl", [{"question": "?", "source": "9.md"}])
    with pytest.raises(DataError, match=r"'9\.md' is not in the index"):
        read_exam(missing, chunks)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Which pier is oldest?\nBecause …", "Which pier is oldest?"),
        ('"Which pier is oldest?"', "Which pier is oldest?"),
        ("The passage is about piers.", None),
        (f"{'very ' * 50}long?", None),
        ("", None),
    ],
)
def test_a_language_model_writes_questions(written: str, kept: str | None) -> None:
    chunk = a_hit("Pier 1 was built long before all the others in the harbour of the town.").chunk
    made = asked_of_documents([chunk], generator=ScriptedGenerator(written))
    assert (kept in made.questions.values()) == (kept is not None)
    assert len(made.questions) == len(asked_of_documents([chunk]).questions) + (kept is not None)


def test_a_passage_too_long_for_the_language_model_is_not_shown_to_it() -> None:
    chunk = a_hit("Pier 1 was built long before all the others in the harbour of the town.").chunk
    generator = ScriptedGenerator("Why?", prompt_tokens=20)
    assert "Why?" not in asked_of_documents([chunk], generator=generator).questions.values()
    assert not generator.asked
