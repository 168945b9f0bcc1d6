"""A question to a million chunks: how long, how much memory and disk, and what is missed.

    python -m benchmarks.million [--chunks 1000000] [--folder DIR]

Generated texts of some thirty words with random unit vectors, which have no neighbours to
speak of and so are the hardest to find through short codes. Only the catalogue is written
here; flat files and lexicon are made from it, as they are wherever they are missing. Chroma
stays empty: no question goes to it, and its graph of a million takes hours. Then a process
of its own opens the index with each precision. What is in DIR is used again.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import get_args

import numpy as np

from benchmarks.generated import A_FILE, questions, vocabulary
from benchmarks.query import milliseconds
from rag_app import Rag, Settings
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.catalog.rows import FileState
from rag_app.index.index import Index
from rag_app.index.writer import IndexWriter
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.protocols import Vectors
from rag_app.schema import Chunk, Document, Precision, identify

DIMENSIONS, WORDS = 384, 30
TOGETHER = 50  # documents delivered at a time
QUESTIONS, RECALL = 100, 10


def random_units(count: int, seed: int) -> Vectors:
    """(count, 384) unit vectors without any neighbourhood."""
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSIONS), dtype=np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def documents(count: int) -> Iterator[tuple[Document, list[Chunk]]]:
    """Documents of twenty chunks."""
    draw = random.Random(0)
    for number in range(count):
        source = f"{number // 100:04}/{number:06}.md"
        texts = [" ".join(draw.choices(vocabulary(), k=WORDS)) + "\n" for _ in range(A_FILE)]
        text, start, chunks = "".join(texts), 0, []
        for part in texts:
            end, id_ = start + len(part), identify(source, str(start))
            chunks.append(Chunk(id_, source, source, part, start, end, None, "", WORDS))
            start = end
        yield Document(id=source, source=source, text=text, title="", digest=source), chunks


def fill(index: Index, chunks: int) -> None:
    """Write so many chunks into the catalogue."""
    (index.folder / "chroma").mkdir()
    todo, number = documents(chunks // A_FILE), 0
    with index.writing() as writer:
        while batch := [found for _, found in zip(range(TOGETHER), todo, strict=False)]:
            write(writer, index.catalog, batch, random_units(len(batch) * A_FILE, seed=number))
            number += 1
            if sys.stderr.isatty() or number % 100 == 0:
                print(f"{number * TOGETHER * A_FILE:,}", file=sys.stderr)


def write(
    writer: IndexWriter,
    catalog: Catalog,
    batch: list[tuple[Document, list[Chunk]]],
    rows: Vectors,
) -> None:
    """One batch of documents with the vectors of their chunks."""
    writer.keep([chunk.text for _, chunks in batch for chunk in chunks], rows)
    for document, chunks in batch:
        file = FileState(f"/generated/{document.source}", len(document.text), 0, document.digest)
        writer.commit(document, chunks, file=file, recipe="generated")
    catalog.delivered(chunk.id for _, chunks in batch for chunk in chunks)


def measure(folder: Path, precision: Precision) -> dict[str, float]:
    """Open the index, which has codes of this precision, and ask it."""
    settings = Settings(index=folder, answer="read", vector_precision=precision)
    begun = perf_counter()
    with closing(Rag.open(settings=settings)) as rag:
        rag.retriever.search("the first question")
        opened = perf_counter() - begun
        asked = questions(QUESTIONS)
        for question in asked[:10]:
            rag.retriever.search(question)
        times = [milliseconds(rag.retriever.search, question) for question in asked]
        own, mapped = (resident(kind) for kind in ("RssAnon", "RssFile"))
        found = recall(rag.index)
    p95 = statistics.quantiles(times, n=20)[-1]
    codes = folder / "flat" / ("vectors" if precision == "float32" else precision)
    return {
        "open s": opened,
        "p50 ms": statistics.median(times),
        "p95 ms": p95,
        "own MB": own,
        "mapped MB": mapped,
        "codes B/chunk": codes.stat().st_size / rag_chunks(folder),
        "recall@10": found,
    }


def recall(index: Index) -> float:
    """Of the ten nearest to random vectors, the share that is found."""
    matrix = np.memmap(index.folder / "flat" / "vectors", "<f4", "r").reshape(-1, DIMENSIONS)
    ids = np.fromfile(index.folder / "flat" / "ids", np.uint8).reshape(len(matrix), -1)
    shares = []
    for asked in random_units(20, seed=10**9):
        cosines = np.concatenate(
            [matrix[n : n + 50_000] @ asked for n in range(0, len(matrix), 50_000)]
        )
        nearest = {ids[n].tobytes().hex() for n in np.argpartition(-cosines, RECALL)[:RECALL]}
        # As a search asks: for a hundred candidates, of which the first are looked at.
        found = {id_ for id_, _ in index.nearest(asked, k=100)[:RECALL]}
        shares.append(len(found & nearest) / RECALL)
    return statistics.mean(shares)


def resident(kind: str) -> float:
    """Megabytes of this process in memory, its own or mapped from files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(kind))


def rag_chunks(folder: Path) -> int:
    """How many rows the flat files have."""
    return (folder / "flat" / "ids").stat().st_size // 16


def disk(folder: Path) -> str:
    """Megabytes of each part of the index."""
    parts = {}
    for part in sorted(folder.iterdir()):
        files = part.rglob("*") if part.is_dir() else [part]
        parts[part.name] = sum(f.stat().st_size for f in files if f.is_file()) >> 20
    return ", ".join(f"{name} {size:,} MB" for name, size in parts.items() if size)


def main() -> None:
    """Fill the index where it is not there, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the index here")
    parser.add_argument("--precision", choices=get_args(Precision), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.precision:
        print(json.dumps(measure(arguments.folder, arguments.precision)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch) / "index"
        if not folder.exists():
            embedder = SentenceEmbedder.open(BUNDLED_EMBEDDER)
            with closing(Index.open(folder, embedder=embedder)) as index:
                begun = perf_counter()
                fill(index, arguments.chunks)
                print(f"filled in {perf_counter() - begun:.0f} s: {disk(folder)}")
        compare(folder)


def compare(folder: Path) -> None:
    """A column for each precision, each measured by a new process."""
    columns = {}
    for precision in get_args(Precision):
        # Opening it makes what is missing.
        Rag.open(settings=Settings(index=folder, answer="read", vector_precision=precision)).close()
        command = [sys.executable, "-m", "benchmarks.million", "--folder", str(folder)]
        done = subprocess.run(
            [*command, "--precision", precision], check=True, capture_output=True, text=True
        )
        columns[precision] = json.loads(done.stdout)
    print(f"{rag_chunks(folder):,} chunks{'':8}" + "".join(f"{name:>10}" for name in columns))
    for row in next(iter(columns.values())):
        print(f"{row:24}" + "".join(f"{column[row]:10.3g}" for column in columns.values()))


if __name__ == "__main__":
    main()
