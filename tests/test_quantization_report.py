"""Shorter codes of an index's vectors: as short as told, and how much they miss."""

import json
from pathlib import Path

import numpy as np
import pytest

from rag_app.cli import main
from rag_app.errors import DataError
from rag_app.index.index import Index
from rag_app.index.search.quantization import CODES
from rag_app.models.embedder import SentenceEmbedder
from rag_app.protocols import Vectors
from rag_app.rag import Rag
from rag_app.workbench.chunk_vectors import ChunkVectors, read_chunk_vectors
from rag_app.workbench.quantization_report import quantised, questions_of
from tests.fakes import HashEmbedder, a_hit


def unit(rows: int, dimensions: int = 64, *, seed: int = 0) -> Vectors:
    made = np.random.default_rng(seed).normal(size=(rows, dimensions)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def held(vectors: Vectors) -> ChunkVectors:
    chunks = [a_hit("text", source=f"{number}.md").chunk for number in range(len(vectors))]
    return ChunkVectors(tuple(chunks), vectors)


def test_each_precision_has_its_bytes_and_its_recall() -> None:
    found = quantised(held(unit(5_000)), unit(30, seed=1))
    assert [(one.precision, one.width, one.size) for one in found] == [
        ("float32", 256, 1_280_000),
        ("int8", 68, 340_000),
        ("binary", 8, 40_000),
    ]
    whole, byte, bit = found
    assert whole.by_codes == whole.rescored == byte.rescored == 1
    assert bit.by_codes < byte.by_codes < 1
    assert bit.by_codes < bit.rescored
    assert all(one.milliseconds > 0 for one in found)


def test_copies_of_a_text_stand_in_for_each_other() -> None:
    copies = np.repeat(unit(3), 20, axis=0)
    assert all(one.rescored == one.by_codes == 1 for one in quantised(held(copies), unit(3)))


def test_fewer_than_ten_vectors_can_all_be_found() -> None:
    assert all(one.rescored == one.by_codes == 1 for one in quantised(held(unit(4)), unit(2)))


def test_questions_are_the_same_every_time(samples: Rag) -> None:
    chunks = read_chunk_vectors(samples.index).chunks
    asked = questions_of(chunks, most=20)
    assert asked == questions_of(chunks, most=20)
    assert len(set(asked)) == 20


def test_documents_that_give_no_questions_are_told() -> None:
    with pytest.raises(DataError, match="no questions"):
        questions_of([a_hit("too short").chunk], most=5)


# Beside sentence-transformers


def test_a_bit_a_dimension_is_what_others_make_of_it(samples: Rag) -> None:
    from sentence_transformers.util.quantization import quantize_embeddings

    vectors = read_chunk_vectors(samples.index).vectors
    theirs = quantize_embeddings(vectors, precision="ubinary")
    assert np.array_equal(CODES["binary"].encode(vectors), theirs)


def test_a_byte_a_dimension_finds_what_that_of_others_finds(samples: Rag) -> None:
    from sentence_transformers.util.quantization import quantize_embeddings

    vectors = read_chunk_vectors(samples.index).vectors
    asked = samples.embedder.embed(["What does it cost?", "When may canoes go out?"], kind="query")
    ranges = np.stack([vectors.min(axis=0), vectors.max(axis=0)])
    theirs = quantize_embeddings(vectors, precision="int8", ranges=ranges)
    steps = (ranges[1] - ranges[0]) / 255
    codes = CODES["int8"]
    for question in asked:
        ours = codes.scores(codes.encode(question[None]), codes.encode(vectors))
        # A code stands for its step above the lowest value of its dimension.
        other = ((theirs.astype(np.float32) + 128) * steps + ranges[0]) @ question
        assert np.corrcoef(ours, vectors @ question)[0, 1] > 0.999
        assert len(set(np.argsort(-ours)[:10]) & set(np.argsort(-other)[:10])) >= 9


# The command


def test_the_command_shows_all_three(
    samples_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["embed", "quantise", "--index", str(samples_index), "--questions", "10"]
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["width"] for one in told["codes"]] == [1_536, 388, 48]
    assert told["questions"] == 10
    assert main(command) == 0
    assert "binary" in capsys.readouterr().out


def test_an_index_of_another_model_is_not_measured(
    tmp_path: Path, minilm: SentenceEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    index = Index.open(tmp_path, embedder=HashEmbedder())
    index.catalog.set("model", "of another")
    index.close()
    assert main(["embed", "quantise", "--index", str(tmp_path)]) == 1
    assert "another embedding model" in capsys.readouterr().err
