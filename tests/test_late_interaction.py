"""Late interaction: a model made of the bundled one compares texts, and shows what matches."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag_app.errors import ModelError
from rag_app.models.late_interaction import LateInteraction, Match, maxsim
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.protocols import Vectors

QUESTION = "How much is a berth?"
TEXTS = (
    "A berth on the pontoon costs £120 a year, water included.",
    "The spare key hangs in the harbour office.",
    "High water is at noon.",
)


def naive(asked: Vectors, found: Vectors) -> float:
    best = [max(float(np.dot(a, f)) for f in found) for a in asked]
    return sum(best) / len(best)


def words(match: Match, question: str, text: str) -> tuple[str, str]:
    return question[slice(*match.asked)], text[slice(*match.found)]


def test_maxsim_is_that_of_a_naive_loop(late: LateInteraction) -> None:
    (asked,) = late.encode([QUESTION], kind="query")
    expected = [naive(asked, vectors) for vectors in late.encode(TEXTS)]
    assert late.scores(QUESTION, TEXTS) == pytest.approx(expected, abs=1e-5)
    assert late.scores(QUESTION, TEXTS).argmax() == 0


def test_each_token_has_a_unit_vector_and_punctuation_of_passages_has_none(
    late: LateInteraction,
) -> None:
    (passage,) = late.encode(["A berth, a key."])
    (question,) = late.encode(["A berth, a key."], kind="query")
    assert (len(question), len(passage)) == (8, 6)
    assert np.linalg.norm(passage, axis=1) == pytest.approx(np.ones(6), abs=1e-5)


def test_scores_lie_within_their_range_and_a_text_matches_itself_best(
    late: LateInteraction,
) -> None:
    scores = late.scores("High water is at noon", ["High water is at noon", *TEXTS, "", "?!"])
    assert scores[0] == pytest.approx(1, abs=0.02)
    assert scores.argmax() == 0
    assert ((scores >= -1) & (scores <= 1)).all()
    assert late.scores(QUESTION, []).shape == (0,)


def test_a_long_text_is_read_to_its_end(late: LateInteraction) -> None:
    filling = "The tide comes and goes, twice a day. " * 55
    whole, cut = late.scores(QUESTION, [filling + TEXTS[0], filling])
    assert whole > cut + 0.05
    text = filling + TEXTS[0]
    found = [words(match, QUESTION, text) for match in late.matches(QUESTION, text)]
    assert ("berth", "berth") in found


def test_windows_cover_the_text_and_end_between_words(
    late: LateInteraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Embeddings embellish pontoons. " * 5 + "x" * 60
    (whole,) = late.encode([text])
    monkeypatch.setattr(late._model, "max_seq_length", 20)
    cut = late._windows(late._model, text)
    assert len(cut) > 3
    assert "".join(text[start:end] for start, end in cut) == text
    assert all(text[start] == " " for start, _ in cut[1:3])
    # Each window has two special tokens of its own; but for these, no token is lost.
    (read,) = late._read([text], "passage")
    assert len(read.of_the_text().vectors) == len(whole) - 2


def test_matches_are_the_very_words(late: LateInteraction) -> None:
    question, text = "Where hangs the key?", TEXTS[1]
    found = late.matches(question, text)
    pairs = [words(match, question, text) for match in found]
    assert [asked for asked, _ in pairs] == ["Where", "hangs", "the", "key", "?"]
    assert {("hangs", "hangs"), ("key", "key")} <= set(pairs)
    assert all(-1 <= match.cosine <= 1 for match in found)
    assert not any("." in answer for _, answer in pairs)


def test_each_match_is_the_best_of_a_naive_search(late: LateInteraction) -> None:
    asked = late.encode([QUESTION], kind="query")[0][1:-1]
    found = late.encode([TEXTS[2]])[0][1:-1]
    best = [max(float(np.dot(a, f)) for f in found) for a in asked]
    assert [m.cosine for m in late.matches(QUESTION, TEXTS[2])] == pytest.approx(best, abs=1e-5)


def test_nothing_matches_a_text_of_punctuation(late: LateInteraction) -> None:
    assert late.matches(QUESTION, "?! ...") == late.matches(QUESTION, "") == ()


def test_prompt_and_masks_of_a_model_are_no_words_of_the_question(
    late_folder: Path, tmp_path: Path
) -> None:
    from sentence_transformers import MultiVectorEncoder

    taught: Any = MultiVectorEncoder(str(late_folder), device="cpu", local_files_only=True)
    taught.prompts = {"query": "question: ", "document": "passage: "}
    taught[0].query_expansion = {"strategy": "fixed", "attend": False, "length": 32}
    taught.save_pretrained(str(tmp_path / "masked"), create_model_card=False)
    masked = LateInteraction.open(str(tmp_path / "masked"))
    assert [len(vectors) for vectors in masked.encode(["a key", QUESTION], kind="query")] == [
        32
    ] * 2
    question = "Where is the key?"
    pairs = [words(match, question, TEXTS[1]) for match in masked.matches(question, TEXTS[1])]
    assert [asked for asked, _ in pairs] == ["Where", "is", "the", "key", "?"]
    assert ("key", "key") in pairs


def test_a_model_that_merges_tokens_scores_and_has_no_matches(
    late_folder: Path, tmp_path: Path
) -> None:
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.multi_vector_encoder.modules import HierarchicalTokenPooling

    merging: Any = MultiVectorEncoder(str(late_folder), device="cpu", local_files_only=True)
    merging.append(HierarchicalTokenPooling(2))
    merging.save_pretrained(str(tmp_path / "merging"), create_model_card=False)
    merged = LateInteraction.open(str(tmp_path / "merging"))
    assert merged.scores(QUESTION, TEXTS).argmax() == 0
    assert merged.matches(QUESTION, TEXTS[0]) == ()


def test_a_model_of_one_vector_a_text_is_answered_with_the_command_that_helps() -> None:
    with pytest.raises(ModelError, match=r"`rag-app embed late FOLDER --embedder all-MiniLM"):
        LateInteraction.open(BUNDLED_EMBEDDER)


def test_maxsim_of_no_texts_is_empty() -> None:
    assert maxsim(np.ones((2, 3)), np.empty((0, 3)), []).shape == (0,)
