"""Alignment, uniformity and similarity, against naive versions and the tutorials' figures."""

import math
from itertools import combinations

import numpy as np
import pytest

from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.model_files import BUNDLED_EMBEDDER, find_model
from rag_app.protocols import Vectors
from rag_app.workbench.geometry import geometry, pair_cosines, uniformity, uniformity_loss
from rag_app.workbench.similarity import duplicates, outliers, similarity_matrix
from rag_app.workbench.tokens import cut, token_embeddings


def unit(rows: int, *, seed: int = 0) -> Vectors:
    drawn = np.random.default_rng(seed).normal(size=(rows, 12)).astype(np.float32)
    vectors: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return vectors


def naive_cosine(a: Vectors, b: Vectors) -> float:
    return float(sum(float(x) * float(y) for x, y in zip(a, b, strict=True)))


def test_all_figures_are_those_of_a_naive_version() -> None:
    left, right, texts = unit(7, seed=1), unit(7, seed=2), unit(9, seed=3)
    found = geometry(left, right, texts)
    aligned = [naive_cosine(a, b) for a, b in zip(left, right, strict=True)]
    apart = [naive_cosine(a, b) for a, b in combinations(texts, 2)]
    assert found.alignment == pytest.approx(sum(aligned) / 7, abs=1e-6)
    distances = [math.dist(a, b) ** 2 for a, b in zip(left, right, strict=True)]
    assert found.alignment_loss == pytest.approx(sum(distances) / 7, abs=1e-6)
    assert found.uniformity == pytest.approx(sum(apart) / len(apart), abs=1e-6)
    kernel = [math.exp(-2 * math.dist(a, b) ** 2) for a, b in combinations(texts, 2)]
    assert found.uniformity_loss == pytest.approx(math.log(sum(kernel) / len(kernel)), abs=1e-6)


def test_many_rows_are_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = unit(50)
    whole = uniformity_loss(texts), duplicates(texts, least=0.5), outliers(texts)
    monkeypatch.setattr("rag_app.workbench.geometry._BLOCK", 7)
    monkeypatch.setattr("rag_app.workbench.similarity._BLOCK", 7)
    again = uniformity_loss(texts), duplicates(texts, least=0.5), outliers(texts)
    assert again[0] == pytest.approx(whole[0])
    assert [(p.left, p.right) for p in again[1]] == [(p.left, p.right) for p in whole[1]]
    assert [o.row for o in again[2]] == [o.row for o in whole[2]]


def test_a_single_text_has_no_uniformity_and_no_pairs_no_alignment() -> None:
    with pytest.raises(ValueError, match="two are needed"):
        uniformity(unit(1))
    with pytest.raises(ValueError, match="pairs of"):
        pair_cosines(unit(0), unit(0))
    with pytest.raises(ValueError, match="pairs of"):
        pair_cosines(unit(2), unit(3))


def test_duplicates_are_those_of_a_naive_search() -> None:
    vectors = np.concatenate([unit(20), unit(20)[3:5]])
    expected = {
        (i, j)
        for i, j in combinations(range(22), 2)
        if naive_cosine(vectors[i], vectors[j]) >= 0.99
    }
    assert {(pair.left, pair.right) for pair in duplicates(vectors, least=0.99)} == expected
    assert expected >= {(3, 20), (4, 21)}


def test_the_odd_one_out_is_the_first_outlier() -> None:
    close = unit(1) + 0.05 * unit(15, seed=4)
    vectors = np.concatenate([close / np.linalg.norm(close, axis=1, keepdims=True), -unit(1)])
    assert outliers(vectors, count=1)[0].row == 15
    assert outliers(unit(1)) == []


def test_a_matrix_of_cosines_never_leaves_their_range() -> None:
    matrix = similarity_matrix(unit(30))
    assert matrix.shape == (30, 30)
    assert matrix.max() <= 1
    assert np.allclose(np.diag(matrix), 1, atol=1e-6)


# The figures of the tutorials


def test_two_sentences_have_two_vectors_of_384(minilm: SentenceEmbedder) -> None:
    texts = ["Hello Sentence Transformers library!", "Another sentence."]
    assert minilm.embed(texts).shape == (2, 384)


def test_cola_is_closer_to_cola_than_to_cola_without_sugar(minilm: SentenceEmbedder) -> None:
    names = ["Brand A Cola Soda", "Brand B Cola Soda", "Brand A Cola Soda Zero Sugar"]
    first, *others = minilm.embed(names)
    assert [float(first @ other) for other in others] == pytest.approx([0.86003, 0.81907], abs=2e-3)


def test_a_subscription_is_cancelled_rather_than_refunded(minilm: SentenceEmbedder) -> None:
    texts = ["How do I cancel my subscription", "account cancellation", "refund policy"]
    question, *others = minilm.embed(texts)
    assert [float(question @ o) for o in others] == pytest.approx([0.6616, 0.2760], abs=3e-3)


def test_tokens_are_those_of_the_models_vocabulary() -> None:
    text = "Embeddings matter."
    tokens = cut(find_model(BUNDLED_EMBEDDER), text)
    assert [token.piece for token in tokens] == [
        "[CLS]", "em", "##bed", "##ding", "##s", "matter", ".", "[SEP]",
    ]  # fmt: skip
    assert (tokens[0].id, tokens[0].piece) == (101, "[CLS]")
    assert "".join(text[t.start : t.end] for t in tokens if not t.special) == "Embeddingsmatter."
    assert [t.piece for t in tokens if t.continues] == ["##bed", "##ding", "##s"]
    assert sum(token.special for token in tokens) == 2


def test_token_embeddings_pool_to_the_sentences_vectors(minilm: SentenceEmbedder) -> None:
    texts = ["A berth costs £120.", "Keys hang in the office of the harbour master."]
    made = token_embeddings(find_model(BUNDLED_EMBEDDER), texts)
    batch, tokens, dimensions = made.states.shape
    assert (batch, tokens, dimensions) == (2, int(made.mask.sum(axis=1).max()), 384)
    mean = made.mean() / np.linalg.norm(made.mean(), axis=1, keepdims=True)
    assert np.einsum("nd,nd->n", mean, minilm.embed(texts)) == pytest.approx([1, 1], abs=1e-3)
    longest = made.states[1].max(axis=0)
    assert made.max()[1] == pytest.approx(longest)
