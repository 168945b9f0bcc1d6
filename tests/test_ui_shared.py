"""What is opened anew when a setting changes, and what is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.settings.provenance import Settings
from ui.resources import shared


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an index that is made when it is first opened."""
    url = "http://127.0.0.1:9/v1"
    return Settings(index=tmp_path, embedder=BUNDLED_EMBEDDER, generator="some", generator_url=url)


def test_how_many_passages_are_wanted_opens_no_model_anew(settings: Settings) -> None:
    before = shared.rag(settings)
    after = shared.rag(replace(settings, k=8, dense_weight=0.2, min_confidence=0.5, strict=True))
    assert (before.retriever.k, after.retriever.k) == (5, 8)
    assert after.index is before.index
    assert after.embedder is before.embedder
    assert after.generator is before.generator is not None


def test_another_language_model_leaves_the_index_open(settings: Settings) -> None:
    before = shared.rag(settings)
    after = shared.rag(replace(settings, max_new_tokens=100))
    assert after.generator is not before.generator
    assert after.index is before.index


def test_how_the_embedding_model_computes_opens_it_anew(settings: Settings) -> None:
    before = shared.rag(settings)
    after = shared.rag(replace(settings, threads=1))
    assert after.embedder is not before.embedder


def test_documents_that_are_being_added_stay_in_sight(settings: Settings) -> None:
    before = shared.ingestion(settings)
    assert shared.ingestion(replace(settings, k=8)) is before
    assert shared.ingestion(replace(settings, chunk_tokens=100)) is not before
