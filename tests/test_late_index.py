"""An index of token vectors, and a late-interaction model as the reranker of a search."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.sync import sync
from rag_app.cli import main
from rag_app.commands.doctor import examine
from rag_app.errors import ConfigError
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.late_interaction import LateInteraction
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.opening import open_reranker
from rag_app.protocols import Vectors
from rag_app.rag import Rag
from rag_app.settings.provenance import Settings
from rag_app.workbench import late_index
from rag_app.workbench.late_index import LateIndex
from tests.fakes import HashEmbedder
from tests.test_late_interaction import QUESTION, TEXTS


def write_texts(folder: Path) -> Path:
    folder.mkdir()
    for number, text in enumerate(TEXTS):
        (folder / f"{number}.txt").write_text(text)
    return folder


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index of the texts, whose documents stay as they are."""
    root = tmp_path_factory.mktemp("held")
    index = Index.open(root / "index", embedder=HashEmbedder())
    sync([write_texts(root / "documents")], index, embedder=HashEmbedder())
    yield index
    index.close()


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    return write_texts(tmp_path / "documents")


@pytest.fixture
def index(index: Index, documents: Path) -> Index:
    """An index of documents that a test may change."""
    sync([documents], index, embedder=HashEmbedder())
    return index


def test_the_index_finds_what_the_scores_rank_first(held: Index, late: LateInteraction) -> None:
    hits = LateIndex.open(held, late).search(QUESTION, k=3)
    scores = late.scores(QUESTION, [hit.chunk.text for hit in hits])
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert [hit.score for hit in hits] == pytest.approx(sorted(scores, reverse=True), abs=5e-3)
    assert hits[0].chunk.text == TEXTS[0]


def test_few_vectors_at_a_time_are_as_all(
    held: Index, late: LateInteraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [hit.score for hit in LateIndex.open(held, late).search(QUESTION)]
    monkeypatch.setattr(late_index, "_BLOCK", 7)
    found = [hit.score for hit in LateIndex.open(held, late).search(QUESTION)]
    assert found == pytest.approx(expected)


def test_only_new_chunks_are_encoded(
    index: Index, documents: Path, late: LateInteraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    LateIndex.open(index, late)
    (documents / "0.txt").unlink()
    (documents / "3.txt").write_text("A berth is £150 from next year.")
    sync([documents], index, embedder=HashEmbedder())
    encode, encoded = late.encode, []

    def counting(texts: list[str], **options: Any) -> list[Vectors]:
        encoded.extend(texts)
        return encode(texts, **options)

    monkeypatch.setattr(late, "encode", counting)
    found = LateIndex.open(index, late)
    assert encoded == ["A berth is £150 from next year."]
    assert [hit.chunk.text for hit in found.search(QUESTION, k=1)] == encoded[:1]
    LateIndex.open(index, late)
    assert encoded[1:] == [QUESTION]
    (kept,) = [path for path in (index.folder / "late").glob("*/*") if path.is_dir()]
    assert {path.name for path in kept.iterdir()} == {"head.json", "vectors"}


def test_a_removed_document_is_no_hit_at_once(
    index: Index, documents: Path, late: LateInteraction
) -> None:
    found = LateIndex.open(index, late)
    (documents / "0.txt").unlink()
    sync([documents], index, embedder=HashEmbedder())
    assert TEXTS[0] not in [hit.chunk.text for hit in found.search(QUESTION)]


@pytest.mark.parametrize("name", ["head.json", "vectors"])
def test_a_damaged_index_is_made_again(held: Index, late: LateInteraction, name: str) -> None:
    expected = [hit.score for hit in LateIndex.open(held, late).search(QUESTION)]
    (spoilt,) = (held.folder / "late").glob(f"*/*/{name}")
    spoilt.write_bytes(spoilt.read_bytes()[:-9])
    assert [hit.score for hit in LateIndex.open(held, late).search(QUESTION)] == expected


def test_an_empty_index_and_a_blank_question_have_no_hits(
    tmp_path: Path, held: Index, late: LateInteraction
) -> None:
    assert LateIndex.open(held, late).search(" \n") == []
    empty = Index.open(tmp_path / "empty", embedder=HashEmbedder())
    assert LateIndex.open(empty, late).search(QUESTION) == []
    empty.close()


def test_too_many_chunks_are_refused(
    held: Index, late: LateInteraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_index, "MOST_CHUNKS", 2)
    with pytest.raises(ConfigError, match="3 chunks are too many"):
        LateIndex.open(held, late)


def test_the_command_searches_an_index(
    tmp_path: Path,
    documents: Path,
    late_folder: Path,
    minilm: SentenceEmbedder,
    capsys: pytest.CaptureFixture[str],
) -> None:
    index = Index.open(tmp_path / "own", embedder=minilm)
    sync([documents], index, embedder=minilm)
    index.close()
    arguments = ["embed", "late-search", QUESTION, "--model", str(late_folder)]
    arguments += ["--index", str(tmp_path / "own")]
    assert main([*arguments, "-k", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [hit["rank"] for hit in found["hits"]] == [1, 2]
    assert found["hits"][0]["text"] == TEXTS[0]
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("1. ")


# As a reranker


def test_the_settings_name_a_reranker(late_folder: Path, held: Index) -> None:
    settings = Settings(index=held.folder, reranker=str(late_folder), answer="read")
    rag = Rag.assemble(held, HashEmbedder(), settings=settings, reranker=open_reranker(settings))
    first, *_ = rag.retriever.search(QUESTION)
    assert first.chunk.text == TEXTS[0]
    expected = LateInteraction.open(str(late_folder)).scores(QUESTION, [TEXTS[0]])[0]
    assert first.signals.rerank == pytest.approx(expected, abs=1e-3)
    assert ("reranker", True) in [(found.name, found.ok) for found in examine(settings)]


def test_the_doctor_tells_of_a_reranker_that_is_none(held: Index) -> None:
    settings = Settings(index=held.folder, reranker=BUNDLED_EMBEDDER)
    (found,) = [found for found in examine(settings) if found.name == "reranker"]
    assert not found.ok
    assert "no late-interaction model" in found.detail
