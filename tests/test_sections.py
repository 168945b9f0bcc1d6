"""Sections: exact stretches of their documents, each hit in one, neighbours together."""

import json
from pathlib import Path

import pytest

from ingest.script import main as ingest
from ingest.sync import sync
from rag_app.cli import main
from rag_app.index.index import Index
from rag_app.retrieval.retriever import Retriever
from rag_app.schema import Hit, Signals
from tests.fakes import HashEmbedder

PARTS = ("Berths", "Keys", "Tides")
TEXT = "\n\n".join(
    f"# {part}\n\n" + " ".join(f"{part} are told of in sentence {n}." for n in range(40))
    for part in PARTS
)


@pytest.fixture
def index(index: Index, tmp_path: Path) -> Index:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "long.md").write_text(TEXT)
    (tmp_path / "docs" / "plain.txt").write_text("Nothing but water. " * 200)
    sync([tmp_path / "docs"], index, embedder=HashEmbedder())
    return index


@pytest.fixture
def retriever(index: Index) -> Retriever:
    return Retriever(index, HashEmbedder())


def hits_of(index: Index, name: str, *numbers: int) -> list[Hit]:
    """Chunks of a document as hits, in the order given."""
    (source,) = (e.source for e in index.catalog.entries() if e.source.endswith(name))
    document = index.catalog.document(source)
    assert document
    chunks = index.catalog.chunks_of(document.id)
    return [Hit(chunks[n], 1 / r, r, Signals()) for r, n in enumerate(numbers, start=1)]


def test_sections_are_exact_and_hold_every_hit_once(index: Index, retriever: Retriever) -> None:
    hits = retriever.search("Which keys are told of?", k=9)
    for longest in (0, 500, 4_000, 10**6):
        found = retriever.sections(hits, longest=longest)
        for section in found:
            document = index.catalog.document(section.source)
            assert document
            assert document.text[section.start : section.end] == section.text
        assert sorted(h.rank for s in found for h in s.hits) == [h.rank for h in hits]
        assert [s.hits[0].rank for s in found] == sorted(s.hits[0].rank for s in found)


def test_a_section_is_what_stands_under_its_heading(index: Index, retriever: Retriever) -> None:
    (hit,) = hits_of(index, "long.md", 0)
    (section,) = retriever.sections([hit])
    assert section.heading == "Berths"
    assert section.text.count("Berths are told") == 40
    assert "Keys are told" not in section.text


def test_neighbours_are_joined_and_others_kept_apart(index: Index, retriever: Retriever) -> None:
    hits = hits_of(index, "plain.txt", 4, 0, 5)
    first, second = retriever.sections(hits, longest=0)
    assert ([h.rank for h in first.hits], [h.rank for h in second.hits]) == ([1, 3], [2])
    assert first.text == hits[0].chunk.text + hits[2].chunk.text


def test_a_long_section_is_cut_around_its_hit(index: Index, retriever: Retriever) -> None:
    (hit,) = hits_of(index, "plain.txt", 5)
    (section,) = retriever.sections([hit], longest=1_500)
    assert len(hit.chunk.text) < len(section.text) <= 1_500
    assert section.start < hit.chunk.start < hit.chunk.end < section.end


def test_a_hit_that_is_gone_is_left_out(index: Index, retriever: Retriever, tmp_path: Path) -> None:
    hits = hits_of(index, "long.md", 0)
    (tmp_path / "docs" / "long.md").unlink()
    sync([tmp_path / "docs"], index, embedder=HashEmbedder())
    assert retriever.sections(hits) == []


def test_the_command_shows_sections(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "long.md").write_text(TEXT)
    place = ["--index", str(tmp_path / "index")]
    assert ingest([str(tmp_path / "long.md"), *place]) == 0
    capsys.readouterr()
    asked = ["search", "Which keys are told of?", "--sections", "-k", "1", *place]
    assert main([*asked, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["sections"]
    assert TEXT[found["start"] : found["end"]] == found["text"]
    assert found["hits"] == [1]
    assert main(asked) == 0
    assert "Keys are told of in sentence 9." in capsys.readouterr().out
