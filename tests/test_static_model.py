"""Static models: distilled from the bundled one, used as any other embedder."""

from pathlib import Path

import numpy as np
import pytest

from rag_app.models.embedder import SentenceEmbedder
from rag_app.workbench.static_model import distil


@pytest.fixture(scope="module")
def static(shallow: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return distil(shallow, tmp_path_factory.mktemp("static") / "model", dimensions=128)


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


@pytest.mark.parametrize(
    "text",
    [
        "A boat.\nTwo  boats,\tthree\r\nships — and un-boat-like things",
        "Zoë’s café 船が海を行く \u00a0 no-break\u2003em \x1c control \u200b none",
        "",
        " \n ",
        "boat " * 600,
    ],
)
def test_its_vectors_are_those_of_sentence_transformers(static: Path, text: str) -> None:
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(static), device="cpu", local_files_only=True)
    (wanted,) = theirs.encode([text], normalize_embeddings=True)
    (found,) = SentenceEmbedder.open(str(static)).embed([text])
    if wanted.any():
        assert found == pytest.approx(wanted, abs=1e-5)
    else:
        assert np.linalg.norm(found) == pytest.approx(1)


def test_what_it_remembers_of_words_is_bounded(
    static: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = SentenceEmbedder.open(str(static)).embed(["boats sail the sea", "ships sail home"])
    monkeypatch.setattr("rag_app.models.static._REMEMBERED", 3)
    embedder = SentenceEmbedder.open(str(static))
    assert embedder.embed(["boats sail the sea", "ships sail home"]) == pytest.approx(wanted)
