"""Themes and the map of a collection."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.sync import sync
from rag_app.cli import main
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.workbench.collection_map import CollectionMap, draw_map, legend
from rag_app.workbench.themes import themes

BOATS = ["The boat lies at the pier.", "A boat needs varnish.", "Boats are launched in spring."]
BREAD = ["Bread is baked at dawn.", "The oven bakes bread.", "Dough for bread rests overnight."]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, minilm: SentenceEmbedder) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("documents")
    for name, lines in (("boats", BOATS), ("bread", BREAD)):
        (folder / name).mkdir()
        for number, line in enumerate(lines):
            (folder / name / f"{number}.txt").write_text(line)
    opened = Index.open(tmp_path_factory.mktemp("index"), embedder=minilm)
    sync([folder], opened, embedder=minilm)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def drawn(index: Index) -> CollectionMap:
    return draw_map(index)


def test_every_chunk_is_a_point_with_a_theme(drawn: CollectionMap) -> None:
    assert drawn.points.shape == (6, 2)
    assert len(drawn.chunks) == len(drawn.theme) == 6
    assert 0 < drawn.principal.shown <= 1


def test_what_says_alike_things_has_one_theme_named_by_its_words(drawn: CollectionMap) -> None:
    by_folder = {
        folder: {theme for theme, own in zip(drawn.theme, legend(drawn, "folder"), strict=True)
                 if own.endswith(folder)}
        for folder in ("boats", "bread")
    }  # fmt: skip
    (boats,), (bread,) = by_folder["boats"], by_folder["bread"]
    assert "boat" in boats
    assert "bread" in bread


def test_the_axes_are_those_of_a_plain_decomposition(drawn: CollectionMap) -> None:
    centred = drawn.vectors - drawn.vectors.mean(axis=0)
    _, strengths, _ = np.linalg.svd(centred, full_matrices=False)
    assert drawn.points.std(axis=0) * np.sqrt(6) == pytest.approx(strengths[:2], rel=1e-3)
    assert drawn.principal.shown == pytest.approx(
        (strengths[:2] ** 2).sum() / (strengths**2).sum(), rel=1e-3
    )


def test_a_chunks_own_vector_is_pinned_on_its_point(drawn: CollectionMap) -> None:
    for row, point in enumerate(drawn.points):
        assert drawn.place(drawn.vectors[row]) == pytest.approx(tuple(point), abs=1e-5)


def test_a_question_has_its_true_neighbours(drawn: CollectionMap, minilm: SentenceEmbedder) -> None:
    vector = minilm.embed(["When is the bread baked?"], kind="query")[0]
    near = drawn.nearest(vector, count=3)
    assert all("bread" in drawn.chunks[row].text.lower() for row in near)
    x, y = drawn.place(vector)
    distances = np.hypot(drawn.points[:, 0] - x, drawn.points[:, 1] - y)
    assert set(np.argsort(distances)[:3]) == set(near)


def test_the_same_index_gives_the_same_map(index: Index, drawn: CollectionMap) -> None:
    again = draw_map(index)
    assert np.array_equal(again.points, drawn.points)
    assert again.theme == drawn.theme


def test_an_empty_index_has_an_empty_map(tmp_path: Path, minilm: SentenceEmbedder) -> None:
    index = Index.open(tmp_path, embedder=minilm)
    assert draw_map(index).chunks == ()
    index.close()


def test_few_texts_are_one_theme() -> None:
    one = themes(np.eye(2, dtype=np.float32), ["red boats", "red cars"])
    assert one.of.tolist() == [0, 0]
    assert one.names[0].startswith("red")
    assert themes(np.empty((0, 2), np.float32), []).names == ()


@pytest.mark.parametrize(
    ("command", "key"),
    [("map", "points"), ("outliers", "passages"), ("duplicates", "pairs")],
)
def test_the_commands_print_json(
    index: Index, capsys: pytest.CaptureFixture[str], command: str, key: str
) -> None:
    assert main(["embed", command, "--index", str(index.folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told[key]) == {"points": 6, "passages": 6, "pairs": 0}[key]


def test_tokens_and_cosines_need_no_index(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["embed", "tokens", "Embeddings matter."]) == 0
    assert "8 tokens, 2 of them special" in capsys.readouterr().out
    assert main(["embed", "similarity", "a boat", "a ship", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cosines"][0][1] > 0.5
    assert main(["embed", "similarity", "alone"]) == 1
