"""The flat files: exact whatever happened to them, and found by every precision."""

from contextlib import closing
from itertools import count
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sync import sync
from rag_app.errors import DamagedStore, StoreError
from rag_app.index.codes import CODES
from rag_app.index.flat import FlatVectors
from rag_app.index.index import Index
from rag_app.protocols import Vectors
from rag_app.schema import Precision
from tests.fakes import HashEmbedder, a_hit

PRECISIONS = get_args(Precision)
CHUNKS = [a_hit("text", source="d", start=n).chunk for n in range(12)]
_folders = count()


def unit(rows: Vectors) -> Vectors:
    made: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return made


def random_vectors(n: int, *, dimensions: int = 384, seed: int = 0) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(n, dimensions))
    return unit(rows.astype(np.float32))


STEPS = st.lists(
    st.tuples(st.booleans(), st.lists(st.integers(0, 11), unique=True, min_size=1)), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS, precision=st.sampled_from(PRECISIONS))
def test_whatever_was_stored_and_deleted_it_equals_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, list[int]]], precision: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / f"flat{next(_folders)}"
    store = FlatVectors(folder, model="m", precision=precision)  # type: ignore[arg-type]
    kept: dict[str, Vectors] = {}
    for seed, (adds, numbers) in enumerate(steps):
        chunks = [CHUNKS[n] for n in numbers]
        if adds:
            vectors = random_vectors(len(chunks), dimensions=20, seed=seed)
            store.upsert(chunks, vectors)
            kept |= {chunk.id: row for chunk, row in zip(chunks, vectors, strict=True)}
        else:
            store.delete([chunk.id for chunk in chunks])
            kept = {id_: row for id_, row in kept.items() if id_ not in {c.id for c in chunks}}
    asked = random_vectors(1, dimensions=20, seed=99)[0]
    for again in (store, FlatVectors(folder, model="m", precision=precision)):  # type: ignore[arg-type]
        found = dict(again.query(asked, k=50))
        assert found == pytest.approx(
            {id_: float(row @ asked) for id_, row in kept.items()}, abs=1e-6
        )
        ids = [chunk.id for chunk in CHUNKS]
        there = again.vectors_of(ids, dimensions=20)
        for id_, row in zip(ids, there, strict=True):
            assert np.array_equal(row, kept.get(id_, np.zeros(20)))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_nearest_are_found_through_any_codes(tmp_path: Path, precision: Precision) -> None:
    # Texts have neighbours; vectors without any are beyond a bit a dimension.
    centres = np.repeat(random_vectors(400), 25, axis=0)
    rows = unit(centres + 0.6 * random_vectors(len(centres), seed=1))
    chunks = [a_hit("text", start=n).chunk for n in range(len(rows))]
    store = FlatVectors(tmp_path / "flat", model="m", precision=precision)
    store.upsert(chunks, rows)
    for asked in unit(centres[::997] + 0.6 * random_vectors(11, seed=2)):
        exact = {chunks[n].id for n in np.argsort(-(rows @ asked))[:10]}
        assert {id_ for id_, _ in store.query(asked, k=10)} == exact


@pytest.mark.parametrize("precision", PRECISIONS)
def test_codes_have_the_stated_width_and_rank_as_cosines_do(precision: str) -> None:
    codes, rows = CODES[precision], random_vectors(300)
    made = codes.encode(rows)
    assert made.shape == (300, codes.width(384))
    scores = codes.scores(codes.encode(rows[:1]), made)
    assert np.corrcoef(scores[1:], (rows @ rows[0])[1:])[0, 1] > 0.5
    assert scores.argmax() == 0


def test_a_vector_of_zeros_can_be_coded() -> None:
    zeros = np.zeros((2, 384), np.float32)
    for codes in CODES.values():
        assert np.isfinite(codes.scores(codes.encode(zeros[:1]), codes.encode(zeros))).all()


def test_rows_of_deleted_chunks_are_used_again(tmp_path: Path) -> None:
    store = FlatVectors(tmp_path / "flat", model="m")
    rows = random_vectors(12, dimensions=16)
    store.upsert(CHUNKS, rows)
    before = (tmp_path / "flat" / "vectors").stat().st_size
    for n in range(5):
        store.delete([chunk.id for chunk in CHUNKS[n : n + 6]])
        store.upsert(CHUNKS[n : n + 6], rows[n : n + 6])
    assert (tmp_path / "flat" / "vectors").stat().st_size == before


def test_a_filter_sees_what_its_documents_have_at_the_moment(tmp_path: Path) -> None:
    of: dict[str, list[str]] = {"a": [CHUNKS[0].id, CHUNKS[1].id], "b": [CHUNKS[2].id]}
    store = FlatVectors(
        tmp_path / "flat",
        model="m",
        chunks_of=lambda documents: [id_ for d in documents for id_ in of.get(d, [])],
    )
    rows = random_vectors(3, dimensions=16)
    store.upsert(CHUNKS[:3], rows)
    assert {id_ for id_, _ in store.query(rows[2], k=5, documents=["a"])} == set(of["a"])
    store.delete([CHUNKS[0].id])
    store.upsert(CHUNKS[3:4], rows[:1])  # in the row that has become free
    assert [id_ for id_, _ in store.query(rows[2], k=5, documents=["a"])] == [CHUNKS[1].id]
    assert store.query(rows[2], k=5, documents=[]) == []


@pytest.mark.parametrize("damaged", ["vectors", "int8", "head.json"])
def test_files_cut_short_are_told(tmp_path: Path, damaged: str) -> None:
    FlatVectors(tmp_path / "flat", model="m").upsert(CHUNKS, random_vectors(12, dimensions=16))
    path = tmp_path / "flat" / damaged
    path.write_bytes(path.read_bytes()[:7])
    store = FlatVectors(tmp_path / "flat", model="m")
    assert not store.fits()
    with pytest.raises(DamagedStore, match="doctor --repair"):
        store.query(random_vectors(1, dimensions=16)[0], k=1)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "flat").write_text("a file")
    with pytest.raises(StoreError, match="cannot be used"):
        FlatVectors(tmp_path / "flat", model="m").upsert(CHUNKS, random_vectors(12, dimensions=16))


def test_another_precision_is_made_from_the_catalogue(tmp_path: Path) -> None:
    embedder = HashEmbedder()
    for number in range(20):
        (tmp_path / f"{number}.md").write_text(f"Boat {number} lies at berth {number * 7}.")
    asked = embedder.embed(["Boat 7."])[0]
    found = []
    for precision in PRECISIONS:
        index = Index.open(tmp_path / "index", embedder=embedder, precision=precision)
        with closing(index):
            sync([tmp_path], index, embedder=embedder)
            found.append(dict(index.nearest(asked, k=20)))
    assert embedder.embedded == 21
    assert found[1] == pytest.approx(found[0])
    assert found[2] == pytest.approx(found[0])
