"""How long a quoted answer takes among 50,000 chunks, and when its evidence is known.

    python -m benchmarks.answering FOLDER [--chunks 50000] [--index DIR]

Real documents, for which the questions are made, stand among generated ones: what is read
has the length of real passages. Models are loaded and warm; no question is asked twice.
"""

import argparse
import random
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter

from benchmarks.query import fill
from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.schema import Done, Found
from rag_app.workbench.made_questions import made_questions

QUESTIONS, WARM_UP = 200, 20


def questions_on(rag: Rag, folder: Path) -> list[str]:
    """Questions that the real documents answer."""
    draw = random.Random(0)
    catalog = rag.index.catalog
    every = catalog.chunks(sorted(catalog.chunk_ids())).values()
    real = [chunk for chunk in every if chunk.source.startswith(str(folder))]
    draw.shuffle(real)
    return [made.text for made in made_questions(real, draw)][: QUESTIONS + WARM_UP]


def time_answer(rag: Rag, question: str) -> tuple[float, float, dict[str, float]]:
    """Seconds until the evidence, until the answer, and of each stage."""
    begun, found = perf_counter(), 0.0
    for event in rag.stream(question):
        if isinstance(event, Found):
            found = perf_counter() - begun
        elif isinstance(event, Done):
            return found, perf_counter() - begun, dict(event.answer.seconds)
    raise AssertionError("a stream ends with Done")


def show(name: str, seconds: Sequence[float]) -> None:
    """One row of the table."""
    p95 = statistics.quantiles(seconds, n=20)[-1]
    print(f"{name:12}{1000 * statistics.median(seconds):8.0f}{1000 * p95:8.0f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of real documents")
    parser.add_argument("--chunks", type=int, default=50_000)
    parser.add_argument("--index", type=Path, help="to keep for another run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(index=arguments.index or Path(scratch) / "index", answer="read")
        with closing(Rag.open(settings=settings)) as rag:
            real = arguments.folder
            if not rag.index.catalog.count_chunks():
                sync([real], rag.index, embedder=rag.embedder)
                rest = arguments.chunks - rag.index.catalog.count_chunks()
                fill(rag, Path(scratch) / "generated", rest)
            asked = questions_on(rag, real)
            for question in asked[:WARM_UP]:
                rag.ask(question)
            times = [time_answer(rag, question) for question in asked[WARM_UP:]]
            chunks = rag.index.catalog.count_chunks()
    print(f"{len(times)} questions, {chunks:,} chunks")
    print(f"{'ms':12}{'p50':>8}{'p95':>8}")
    show("evidence", [found for found, _, _ in times])
    show("answer", [whole for _, whole, _ in times])
    for stage in times[0][2]:
        show(f"  {stage}", [stages.get(stage, 0.0) for _, _, stages in times])


if __name__ == "__main__":
    main()
