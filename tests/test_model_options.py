"""Forms of one model: how much it sees, and how precisely it computes."""

from pathlib import Path

import numpy as np
import pytest

from rag_app.errors import ModelError
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.models.model_options import ModelOptions

TEXTS = ["The harbour is dredged every spring.", "Bread is baked at dawn. " * 30]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("model", ModelOptions("model")),
        ("model@256", ModelOptions("model", tokens=256)),
        ("folder/model@int8", ModelOptions("folder/model", computing="int8")),
        ("model@256,float32", ModelOptions("model", tokens=256, computing="float32")),
    ],
)
def test_the_name_says_the_form(name: str, form: ModelOptions) -> None:
    assert ModelOptions.parse(name) == form


def test_a_folder_may_have_the_sign_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "model@home").mkdir()
    assert ModelOptions.parse(str(tmp_path / "model@home")).model == str(tmp_path / "model@home")


@pytest.mark.parametrize("name", ["model@", "model@8", "model@float8", "model@256,"])
def test_other_forms_are_told(name: str) -> None:
    with pytest.raises(ModelError, match="is no form of a model"):
        ModelOptions.parse(name)


def test_fewer_tokens_are_seen_and_told_by_the_fingerprint(minilm: SentenceEmbedder) -> None:
    short = SentenceEmbedder.open(f"{BUNDLED_EMBEDDER}@16")
    assert short.max_tokens == 16
    assert short.fingerprint != minilm.fingerprint
    begin, whole = short.embed(["a b c d e f g h i j k l m n", "a b c d e f g h i j k l m n o p"])
    assert begin == pytest.approx(whole, abs=1e-3)


@pytest.mark.parametrize(("computing", "least"), [("bfloat16", 0.999), ("int8", 0.995)])
def test_each_way_of_computing_gives_nearly_the_same(
    computing: str, least: float, caplog: pytest.LogCaptureFixture
) -> None:
    exact = SentenceEmbedder.open(f"{BUNDLED_EMBEDDER}@float32").embed(TEXTS)
    other = SentenceEmbedder.open(f"{BUNDLED_EMBEDDER}@{computing}")
    vectors = other.embed(TEXTS)
    assert np.einsum("nd,nd->n", exact, vectors).min() > least
    same = (vectors == exact).all()
    assert same == ("no bfloat16 instructions" in caplog.text)
