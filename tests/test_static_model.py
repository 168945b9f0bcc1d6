"""Static models: distilled from the bundled one, used as any other embedder."""

from pathlib import Path

import numpy as np
import pytest

from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.files import BUNDLED_EMBEDDER
from rag_app.workbench.static_model import distil


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return distil(BUNDLED_EMBEDDER, tmp_path_factory.mktemp("static") / "model", dimensions=128)


def test_it_embeds_texts_of_any_length(static: Path) -> None:
    embedder = SentenceEmbedder.open(str(static))
    vectors = embedder.embed(["A boat.", "boat " * 5_000], kind="query")
    assert vectors.shape == (2, 128)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-3)
    assert embedder.max_tokens > 100_000
    assert embedder.tokenizer.counts(["A boat."]) == [3]


def test_it_knows_what_is_alike(static: Path) -> None:
    texts = ["the boat sails on the sea", "a ship upon the ocean", "bread is baked in the oven"]
    boat, ship, bread = SentenceEmbedder.open(str(static)).embed(texts)
    assert boat @ ship > boat @ bread + 0.1


def test_frequent_words_say_little(static: Path) -> None:
    plain, padded, other = SentenceEmbedder.open(str(static)).embed(
        ["boat", "the boat of the", "bread"]
    )
    assert plain @ padded > 0.8
    assert plain @ padded > plain @ other
