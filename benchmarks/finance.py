"""Is the page with the evidence among the first hits? Long financial reports as PDF.

    python -m benchmarks.finance ../shared/data/finance [--index DIR]

The questions are asked of all reports together. A question counts where one of its pages of
evidence is touched by a hit. For each miss the table tells the rank at which a page comes,
or that it is no candidate.
"""

import argparse
import json
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.schema import Chunk

DEPTH = 100


def rank_of(rag: Rag, question: dict[str, Any]) -> int | None:
    """The rank of the first hit that touches a page of evidence."""
    pages = {evidence["page_index"] + 1 for evidence in question["evidence"]}
    for hit in rag.retriever.search(question["question"], k=DEPTH):
        same = Path(hit.chunk.source).name == question["document"]
        if same and pages & pages_of(rag, hit.chunk):
            return hit.rank
    return None


def pages_of(rag: Rag, chunk: Chunk) -> set[int]:
    """The pages that a chunk touches, from 1."""
    document = rag.index.catalog.document(chunk.document_id)
    assert document is not None
    first, last = document.page_at(chunk.start), document.page_at(max(chunk.start, chunk.end - 1))
    return set(range(first, last + 1)) if first and last else set()


def main() -> None:
    """Print each question's rank, then the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--index", type=Path)
    arguments = parser.parse_args()
    lines = (arguments.folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(index=arguments.index or Path(scratch), answer="read")
        with closing(Rag.open(settings=settings)) as rag:
            sync(sorted(arguments.folder.glob("*.pdf")), rag.index, embedder=rag.embedder)
            ranks = []
            for question in map(json.loads, lines):
                ranks.append(rank_of(rag, question))
                name, asked = question["document"], question["question"]
                print(f"{ranks[-1] or '–':>4}  {name[:28]:28}  {asked[:90]}")
    for k in (5, 10, 20):
        found = sum(rank is not None and rank <= k for rank in ranks)
        print(f"within the first {k:2}: {found} of {len(ranks)} ({found / len(ranks):.0%})")


if __name__ == "__main__":
    main()
