"""Whether ingestion keeps its pace as an index grows, and questions theirs meanwhile.

    python -m benchmarks.bulk [--marks 50000 400000] [--folder DIR]

Generated documents with random unit vectors go through the index's own writer in batches of
128 chunks, as they do in an ingestion; the embedding model is left out. At each mark: seconds
of the processor for a chunk, by part; a question's milliseconds at rest, and while another
process goes on ingesting. Chroma is left out: it is filled when all can be found already, by
some hundred chunks a second, fewer the more it has.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.generated import A_FILE, questions
from benchmarks.million import documents, random_units
from benchmarks.query import milliseconds
from rag_app import Rag, Settings
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.catalog.rows import FileState
from rag_app.index.index import Index
from rag_app.index.search.exact_search import ExactSearch
from rag_app.index.search.lexicon import Lexicon
from rag_app.index.writer import IndexWriter
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.schema import Chunk, Document, identify

BATCH = 128  # chunks, as in an ingestion
MEASURED = 10_000  # chunks at each mark
QUESTIONS, BETWEEN = 150, 0.1  # of which some, with so many seconds between, meet a new batch
PAUSE = 0.5  # seconds between the batches of the other process: the embedder's cost, fixed
PARTS: tuple[tuple[str, Any, str], ...] = (
    ("flat files", ExactSearch, "upsert"),
    ("lexicon", Lexicon, "replace"),
    ("lexicon", Lexicon, "commit"),
)
Batch = Sequence[tuple[Document, Sequence[Chunk]]]


class Stopwatch:
    """Seconds of the processor by part; what is none of them is the catalogue."""

    def __init__(self) -> None:
        self.cpu: defaultdict[str, float] = defaultdict(float)
        for part, kind, name in PARTS:
            setattr(kind, name, self.timed(part, getattr(kind, name)))

    def timed(self, part: str, call: Callable[..., object]) -> Callable[..., object]:
        """The call, whose time is noted."""

        def noted(*values: object, **named: object) -> object:
            begun = time.process_time()
            result = call(*values, **named)
            self.cpu[part] += time.process_time() - begun
            return result

        return noted


def write(writer: IndexWriter, batch: Batch, seed: int) -> None:
    """One batch, as an ingestion stores it."""
    texts = [chunk.text for _, chunks in batch for chunk in chunks]
    writer.keep(texts, random_units(len(texts), seed))
    for document, chunks in batch:
        file = FileState(f"/generated/{document.source}", len(document.text), 0, document.digest)
        writer.commit(document, chunks, file=file, recipe="generated")
    writer.deliver()


def grow(
    index: Index,
    todo: Iterator[tuple[Document, list[Chunk]]],
    chunks: int,
    *,
    together: int = BATCH // A_FILE,
) -> None:
    """Take in so many chunks more, of so many documents together."""
    begun = index.catalog.count_chunks()
    with index._alone():
        writer = IndexWriter(index.catalog, index._stores, index.model)
        for number in range(-(-chunks // (together * A_FILE))):
            batch = [found for _, found in zip(range(together), todo, strict=False)]
            write(writer, batch, seed=begun + number)
        leave_behind(index.catalog)


def leave_behind(catalog: Catalog) -> None:
    """What the vector store has not is measured apart from this."""
    while ids := catalog.behind("add", limit=BATCH * 100):
        catalog.caught_up(ids)


def ingest(folder: Path) -> None:
    """Take in batches of documents of its own until the process is ended."""
    with closing(Index.open(folder, embedder=SentenceEmbedder.open(BUNDLED_EMBEDDER))) as index:
        todo = (renamed(found, f"{os.getpid()}/") for found in documents(10**9))
        while True:
            grow(index, todo, BATCH)
            time.sleep(PAUSE)


def renamed(found: tuple[Document, list[Chunk]], prefix: str) -> tuple[Document, list[Chunk]]:
    """The same document under another name."""
    document, chunks = found
    source = prefix + document.source
    others = [
        replace(c, id=identify(source, str(c.start)), document_id=source, source=source)
        for c in chunks
    ]
    return replace(document, id=source, source=source), others


def asked(rag: Rag) -> dict[str, float]:
    """What a question takes, by the clock and of this process's share of the processor."""
    clock, cpu = [], []
    for question in questions(QUESTIONS):
        begun = time.process_time()
        clock.append(milliseconds(rag.retriever.search, question))
        cpu.append((time.process_time() - begun) * 1e3)
        time.sleep(BETWEEN)
    return {
        "p50 {}, ms": statistics.median(clock),
        "p95 {}, ms": statistics.quantiles(clock, n=20)[-1],
        "p95 {}, CPU ms": statistics.quantiles(cpu, n=20)[-1],
    }


def ask(folder: Path) -> dict[str, float]:
    """A question's milliseconds at rest and during an ingestion, in turns, the better of two."""
    found: dict[str, float] = {}
    context = multiprocessing.get_context("spawn")
    with closing(Rag.open(settings=Settings(index=folder, answer="read"))) as rag:
        asked(rag)
        for _ in range(2):
            for when in ("at rest", "meanwhile"):
                other = context.Process(target=ingest, args=(folder,))
                if when == "meanwhile":
                    other.start()
                    wait_for_more(rag.index.catalog)
                for name, value in asked(rag).items():
                    key = name.format(when)
                    found[key] = min(value, found.get(key, value))
                if when == "meanwhile":
                    other.kill()
                    other.join()
    return found


def wait_for_more(catalog: Catalog) -> None:
    """Until the other process has begun."""
    before = catalog.generation
    while catalog.generation == before:
        time.sleep(0.1)


def measure(
    index: Index, todo: Iterator[tuple[Document, list[Chunk]]], watch: Stopwatch
) -> dict[str, float]:
    """What taking in some chunks more costs, by part."""
    watch.cpu.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    grow(index, todo, MEASURED)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    found = {"chunks/s": MEASURED / wall, "chunks/CPU s": MEASURED / cpu}
    found["catalogue, CPU ms"] = (cpu - sum(watch.cpu.values())) / MEASURED * 1e3
    return found | {f"{part}, CPU ms": s / MEASURED * 1e3 for part, s in watch.cpu.items()}


def main() -> None:
    """Fill the index to each mark, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--marks", type=int, nargs="+", default=[50_000, 400_000])
    parser.add_argument("--folder", type=Path, help="keep the index here")
    arguments = parser.parse_args()
    columns: list[dict[str, float]] = []
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch) / "index"
        embedder = SentenceEmbedder.open(BUNDLED_EMBEDDER)
        todo = documents(10**9)
        for mark in arguments.marks:
            with closing(Index.open(folder, embedder=embedder)) as index:
                missing = mark - index.catalog.count_chunks() - MEASURED
                grow(index, todo, missing, together=100)
                column = measure(index, todo, watch)
            columns.append(column | ask(folder))
            print(f"{mark:,}: {columns[-1]}", file=sys.stderr)
    print(f"{'chunks there':24}" + "".join(f"{mark:>12,}" for mark in arguments.marks))
    for row in columns[0]:
        print(f"{row:24}" + "".join(f"{column[row]:12.4g}" for column in columns))


if __name__ == "__main__":
    main()
