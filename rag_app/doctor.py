"""Is everything there, whole and consistent? One check a line."""

import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rag_app.config import Settings
from rag_app.errors import RagError
from rag_app.index.index import Index
from rag_app.models.files import cached_model, find_model
from rag_app.rag import open_index

_PACKAGES = ("torch", "transformers", "sentence-transformers", "chromadb", "pypdf", "streamlit")
_SAMPLE = 200  # chunks looked up by their own vectors
_LEAST_FREE = 1 << 30  # bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is well, and what was seen."""

    name: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """All checks; none of them changes anything or needs a network."""
    findings = [
        Finding("versions", True, ", ".join(f"{name} {version(name)}" for name in _PACKAGES)),
        Finding("python", True, sys.version.split()[0]),
        _embedder(settings),
        _generator(settings),
        _disk(settings.index),
    ]
    if findings[2].ok:
        findings.extend(_index(settings))
    return findings


def _embedder(settings: Settings) -> Finding:
    try:
        folder = find_model(settings.embedder)
    except RagError as error:
        return Finding("embedder", False, str(error))
    return Finding("embedder", True, f"{settings.embedder} in {folder}")


def _generator(settings: Settings) -> Finding:
    if Path(settings.generator).is_dir() or cached_model(settings.generator):
        return Finding("generator", True, f"{settings.generator} is on this machine")
    if settings.answer == "generate":
        return Finding("generator", False, f"{settings.generator} is not on this machine")
    return Finding(
        "generator", True, f"{settings.generator} is not on this machine: answers are quoted"
    )


def _disk(folder: Path) -> Finding:
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    return Finding("disk", free >= _LEAST_FREE, f"{free / (1 << 30):.1f} GiB free at {existing}")


def _index(settings: Settings) -> Iterator[Finding]:
    try:
        index, _ = open_index(settings)
    except RagError as error:
        yield Finding("index", False, str(error))
        return
    documents, chunks = index.catalog.size()
    state = index.catalog.integrity()
    yield Finding(
        "catalogue", state == "ok", f"{documents} documents, {chunks} chunks, check: {state}"
    )
    waiting = len(index.catalog.outbox("add", limit=1_000_000))
    yield Finding("delivery", True, f"{waiting} chunks still to be added by the next ingestion")
    if chunks > waiting:
        yield _self_query(index)
    index.close()


def _self_query(index: Index) -> Finding:
    """Each of a sample of chunks must be the nearest neighbour of its own vector."""
    waiting = set(index.catalog.outbox("add", limit=1_000_000))
    ids = sorted(set(index.catalog.chunk_ids()) - waiting)
    sample = random.Random(0).sample(ids, min(_SAMPLE, len(ids)))  # noqa: S311 - no secret
    try:
        lost = lost_chunks(index, sample)
    except RagError as error:
        return Finding("vectors", False, str(error))
    detail = f"{len(sample) - len(lost)} of {len(sample)} sampled chunks found by their own vector"
    return Finding("vectors", not lost, detail)


def lost_chunks(index: Index, ids: list[str]) -> list[str]:
    """Those of the chunks that a search by their own vector does not bring up."""
    vectors = index.catalog.vectors(index.model, ids)
    lost = [id_ for id_ in ids if id_ not in vectors]
    for id_, vector in vectors.items():
        nearest = index.nearest(vector, k=10)
        # Chunks with the very same text share a vector and may crowd each other out.
        if all(other != id_ for other, _ in nearest) and nearest[-1][1] < 1 - 1e-5:
            lost.append(id_)
    return lost
