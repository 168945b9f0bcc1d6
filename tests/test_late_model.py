"""A late-interaction model is made of an embedding model, and trained."""

import json
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from rag_app.cli import main
from rag_app.errors import DataError, ModelError
from rag_app.models.late_interaction import LateInteraction
from rag_app.models.model_files import BUNDLED_EMBEDDER, find_model
from rag_app.workbench.finetune import TrainingOptions
from rag_app.workbench.late_model import make, train
from rag_app.workbench.training_data import HeldOut
from rag_app.workbench.training_sets import TrainingSet

PAIRS = (
    ("Which vessel leaks?", "The barge takes in water."),
    ("Who minds the gate?", "A warden stands at the entrance."),
    ("What is brewed at dawn?", "Coffee is made in the morning."),
    ("Where do ropes dry?", "Lines hang in the loft."),
)


def test_none_is_made_of_a_model_without_states(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(find_model(BUNDLED_EMBEDDER) / "tokenizer.json"))
    static = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=2)])
    static.save_pretrained(str(tmp_path / "static"), create_model_card=False)
    with pytest.raises(ModelError, match="has no states of tokens"):
        make(str(tmp_path / "static"), tmp_path / "late")


def test_training_brings_pairs_closer(late_folder: Path, tmp_path: Path) -> None:
    asked, right = zip(*PAIRS, strict=True)
    corpus, questions = (dict(zip("abcd", texts, strict=True)) for texts in (right, asked))
    held = HeldOut(questions, corpus, {name: {name: 1} for name in "abcd"})

    def margin(model: LateInteraction) -> float:
        scores = np.array([model.scores(question, right) for question in asked])
        return float(np.diag(scores).mean() - scores.mean())

    taught = copytree(late_folder, tmp_path / "taught")
    recipe = TrainingOptions(epochs=2, batch=4, learning_rate=3e-4)
    train(taught, TrainingSet("pairs", PAIRS), held=held, recipe=recipe)
    before, after = (LateInteraction.open(str(path)) for path in (late_folder, taught))
    assert margin(after) > margin(before) + 0.02
    assert before.fingerprint != after.fingerprint


def test_scored_pairs_are_refused(late_folder: Path) -> None:
    scored = TrainingSet("scored", (("a", "b", 0.5),))
    with pytest.raises(DataError, match="pairs or triplets"):
        train(late_folder, scored, held=None, recipe=TrainingOptions())


TEXT = "The spare key hangs in the harbour office."


def test_the_commands_make_a_model_and_show_matches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "made")
    assert main(["embed", "late", out]) == 0
    assert main(["embed", "matches", "the key", TEXT, "--model", out, "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [match["asked"] for match in told["matches"]] == [[0, 3], [4, 7]]
    start, end = told["matches"][1]["found"]
    assert TEXT[start:end] == "key"
    assert main(["embed", "matches", "the key", TEXT, "--model", out]) == 0
    assert "'key' – 'key', 10–13" in capsys.readouterr().out
