"""The flat files: exact whatever happened to them, and found by every precision."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import process_time
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sync import sync
from rag_app.errors import DamagedStore, StoreError
from rag_app.index.index import Index
from rag_app.index.search import exact_search
from rag_app.index.search.exact_search import ExactSearch
from rag_app.index.search.quantization import CODES
from rag_app.protocols import Vectors
from rag_app.schema import Chunk, Precision, identify
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
    store = ExactSearch(folder, model="m", precision=precision)  # type: ignore[arg-type]
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
    for again in (store, ExactSearch(folder, model="m", precision=precision)):  # type: ignore[arg-type]
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
    store = ExactSearch(tmp_path / "flat", model="m", precision=precision)
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
    store = ExactSearch(tmp_path / "flat", model="m")
    rows = random_vectors(12, dimensions=16)
    store.upsert(CHUNKS, rows)
    before = (tmp_path / "flat" / "vectors").stat().st_size
    for n in range(5):
        store.delete([chunk.id for chunk in CHUNKS[n : n + 6]])
        store.upsert(CHUNKS[n : n + 6], rows[n : n + 6])
    assert (tmp_path / "flat" / "vectors").stat().st_size == before


def test_a_filter_sees_what_its_documents_have_at_the_moment(tmp_path: Path) -> None:
    of: dict[str, list[str]] = {"a": [CHUNKS[0].id, CHUNKS[1].id], "b": [CHUNKS[2].id]}
    store = ExactSearch(
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
    ExactSearch(tmp_path / "flat", model="m").upsert(CHUNKS, random_vectors(12, dimensions=16))
    path = tmp_path / "flat" / damaged
    path.write_bytes(path.read_bytes()[:7])
    store = ExactSearch(tmp_path / "flat", model="m")
    assert not store.fits()
    with pytest.raises(DamagedStore, match="doctor --repair"):
        store.query(random_vectors(1, dimensions=16)[0], k=1)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "flat").write_text("a file")
    with pytest.raises(StoreError, match="cannot be used"):
        ExactSearch(tmp_path / "flat", model="m").upsert(CHUNKS, random_vectors(12, dimensions=16))


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


# What a batch costs


def many_chunks(number: int) -> list[Chunk]:
    """Chunks of one source, made without a look at their texts."""
    chunk = a_hit("text").chunk
    return [replace(chunk, id=identify(str(n))) for n in range(number)]


def test_a_batch_costs_what_it_adds_however_many_are_there(tmp_path: Path) -> None:
    chunks, seconds = many_chunks(200_000), {}
    rows = random_vectors(200_000, dimensions=16)
    for there in (2_000, 190_000):
        store = ExactSearch(tmp_path / str(there), model="m")
        store.upsert(chunks[:there], rows[:there])
        batches = [slice(n, n + 128) for n in range(there, there + 20 * 128, 128)]
        seconds[there] = min(cpu(store.upsert, chunks[b], rows[b]) for b in batches)
        assert store.query(rows[batches[-1].start], k=1)[0][0] == chunks[batches[-1].start].id
    assert seconds[190_000] < 2 * seconds[2_000] + 0.001


def cpu(call: Callable[..., object], *values: object) -> float:
    """Seconds of the processor that a call takes."""
    begun = process_time()
    call(*values)
    return process_time() - begun


def test_the_files_of_an_older_index_are_read_and_written_on(tmp_path: Path) -> None:
    chunks, rows = many_chunks(600), random_vectors(600, dimensions=16)
    store = ExactSearch(tmp_path / "flat", model="m")
    store.upsert(chunks[:500], rows[:500])
    (tmp_path / "flat" / "slots").unlink()
    ids = [chunk.id for chunk in chunks]
    for _ in range(2):
        again = ExactSearch(tmp_path / "flat", model="m")
        assert np.array_equal(again.vectors_of(ids[:500], dimensions=16), rows[:500])
        again.upsert(chunks[400:], rows[400:])
    assert np.array_equal(again.vectors_of(ids, dimensions=16), rows)
    assert len(again.query(rows[0], k=1_000)) == 600


# Rows that are given back


@pytest.fixture
def no_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_search, "_SPARE", 8)


@pytest.mark.usefixtures("no_spare")
def test_most_rows_empty_are_given_back_and_readers_go_on(tmp_path: Path) -> None:
    chunks, rows = many_chunks(400), random_vectors(400, dimensions=16)
    folder = tmp_path / "flat"
    store, reader = (ExactSearch(folder, model="m") for _ in range(2))
    store.upsert(chunks, rows)
    assert len(reader.query(rows[0], k=400)) == 400
    before = taken(folder)
    store.delete([chunk.id for chunk in chunks[100:]])
    store.upsert(chunks[100:101], rows[100:101])
    assert taken(folder) < before / 2
    assert {id_ for id_, _ in reader.query(rows[0], k=100)} <= {c.id for c in chunks}
    reader.reload()
    for each in (store, reader, ExactSearch(folder, model="m")):
        assert {id_ for id_, _ in each.query(rows[0], k=400)} == {c.id for c in chunks[:101]}
    store.delete([chunk.id for chunk in chunks])
    assert store.query(rows[0], k=5) == []


def taken(folder: Path) -> int:
    """Bytes of its files of rows; a table of slots has a least size."""
    return sum(path.stat().st_size for name in ("vectors", "ids") for path in folder.rglob(name))


class Killed(BaseException):
    """Ends a writer at an instant."""


@pytest.mark.usefixtures("no_spare")
@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_whenever_a_writer_is_killed_what_it_did_not_touch_is_found_and_the_next_goes_on(
    tmp_path: Path, precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks, rows = many_chunks(700), random_vectors(700, dimensions=16)
    ids = [chunk.id for chunk in chunks]
    for last in range(40):
        folder = tmp_path / str(last)
        store = ExactSearch(folder, model="m", precision=precision)
        store.upsert(chunks[:300], rows[:300])

        def work(store: ExactSearch) -> None:
            store.upsert(chunks[290:310], rows[290:310])
            store.delete(ids[40:290])
            store.upsert(chunks[310:], rows[310:])  # so many that the slots are made anew

        steps = count()
        with monkeypatch.context() as patched:
            for module, name in ((os, "fsync"), (Path, "rename")):
                patched.setattr(module, name, dying(getattr(module, name), steps, last))
            with suppress(Killed):
                work(store)
        died = next(steps) > last
        after = ExactSearch(folder, model="m", precision=precision)
        assert np.array_equal(after.vectors_of(ids[:40], dimensions=16), rows[:40])
        assert after.query(rows[7], k=1)[0][0] == ids[7]
        work(after)
        assert {id_ for id_, _ in after.query(rows[0], k=700)} == {*ids[:40], *ids[290:]}
        assert after.spoiled() == 0
        if not died:
            break
    assert not died


def dying(call: Callable[..., object], steps: Iterator[int], last: int) -> Callable[..., object]:
    """The call, which kills instead at the step of that number."""

    def step(*values: object) -> object:
        if next(steps) == last:
            raise Killed
        return call(*values)

    return step


# Damage


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e30, 5.0])
def test_a_damaged_vector_is_never_scored_and_is_noticed(
    tmp_path: Path, precision: Precision, poison: float, caplog: pytest.LogCaptureFixture
) -> None:
    rows = random_vectors(12, dimensions=16)
    store = ExactSearch(tmp_path / "flat", model="m", precision=precision)
    store.upsert(CHUNKS, rows)
    for name in {"vectors", precision} - {"float32"}:
        path = tmp_path / "flat" / name
        content = bytearray(path.read_bytes())
        width = len(content) // 12
        content[width : 2 * width] = np.full(width, poison, "<f4").tobytes()[:width]
        path.write_bytes(content)
    again = ExactSearch(tmp_path / "flat", model="m", precision=precision)
    with caplog.at_level(logging.WARNING):
        found = dict(again.query(rows[0], k=12))
    assert found.keys() == {chunk.id for chunk in CHUNKS} - {CHUNKS[1].id}
    assert np.isfinite([*found.values()]).all()
    assert "doctor --repair" in caplog.text
    assert not again.vectors_of([CHUNKS[1].id], dimensions=16).any()
    assert again.spoiled() == 1
    again.upsert(CHUNKS[1:2], rows[1:2])
    assert again.spoiled() == 0
    assert len(again.query(rows[0], k=12)) == 12


def test_after_a_full_disk_what_is_stored_again_is_found_by_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks, rows = many_chunks(400), random_vectors(400, dimensions=16)
    store = ExactSearch(tmp_path / "flat", model="m")
    store.upsert(chunks[:100], rows[:100])
    for last in range(4):
        with monkeypatch.context() as patched, suppress(Killed):
            patched.setattr(os, "fsync", dying(os.fsync, count(), last))
            store.upsert(chunks[100:], rows[100:])
    store.upsert(chunks[100:], rows[100:])
    again = ExactSearch(tmp_path / "flat", model="m")
    assert np.array_equal(again.vectors_of([c.id for c in chunks], dimensions=16), rows)
    assert again.spoiled() == 0
