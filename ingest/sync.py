"""Make an index mirror folders: add, update, rename, remove, and leave the rest alone."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Unpack

from ingest.cancelling import RunCancelled, stop_if
from ingest.children import DEFAULT_LIMITS, Limits
from ingest.cutting import Cutter
from ingest.missing_paths import remember_mounts
from ingest.plan import Looking, Plan, Work, plan
from ingest.reading import Found, read_ahead
from ingest.report import Progress, SyncReport
from ingest.roots import Roots
from ingest.run import Run
from ingest.scan import FoundFile, locate
from rag_app.index.catalog.catalog import FileState
from rag_app.index.index import Index
from rag_app.index.index_fingerprint import Recipe
from rag_app.index.redis_cache import shared_vectors
from rag_app.protocols import Embedder, IsCancelled, VectorCache, never
from rag_app.schema import Document
from rag_app.settings.provenance import Settings


def sync(
    paths: Sequence[Path],
    index: Index,
    *,
    embedder: Embedder,
    tokens: int = 512,
    context: int = 0,
    dry_run: bool = False,
    cache: VectorCache | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Callable[[Progress], None] | None = None,
    cancelled: IsCancelled = never,
    **looking: Unpack[Looking],
) -> SyncReport:
    """Make the index mirror the paths; documents from elsewhere are kept.

    Args:
        paths: Files and folders. The documents of one that is gone or empty are kept.
        index: The index to write to.
        embedder: Whose vectors the index holds.
        tokens: Longest chunk, special tokens included.
        context: Tokens on each side of a chunk that its vector sees besides.
        dry_run: Only report what would be done.
        cache: Vectors shared with other machines.
        limits: What reading and cutting one file may cost.
        progress: Called as each file begins, as each batch is embedded, and after the last.
        cancelled: Asked often; from its first yes on, nothing is begun any more. What was
            committed stays, the report says so, and the next run goes on from there.
        looking: See there.

    Raises:
        ConfigError: A path neither exists nor has documents in the index.
        IndexLocked: Another process is writing.
        StoreError: The disk is full or cannot be written to; what was committed stays.
    """
    begun = perf_counter()
    recipe = Recipe(embedder, tokens, context)
    fingerprint = recipe.fingerprint
    look = partial(plan, paths, index, recipe=fingerprint, cancelled=cancelled, **looking)
    report = SyncReport()
    try:
        if dry_run:
            report = _forecast(look())
        else:
            with index.writing(cancelled=cancelled) as writer, Roots(index.catalog).underway(paths):
                planned = look()
                report = planned.report
                remember_mounts(index.catalog, [*map(locate, paths)], planned.mounts)
                files = len(planned.reads) + len(planned.copies)
                cutter = Cutter.of(recipe, most=limits.chunks)
                options: dict[str, Any] = {"cache": cache, "files": files, "progress": progress}
                options |= {"cutter": cutter, "cancelled": cancelled}
                with Run(index, writer, recipe, report, **options) as run:
                    reader = partial(read_ahead, limits=limits, cutter=cutter, cancelled=cancelled)
                    _carry_out(planned, index, run, reader, cancelled)
            report.cancelled = cancelled() and index.catalog.count_behind() > 0
    except RunCancelled:
        report.cancelled = True
    return _finished(report, index, begun)


def configured(settings: Settings) -> Callable[..., SyncReport]:
    """`sync` as the settings want it."""
    return partial(
        sync,
        tokens=settings.chunk_tokens,
        context=settings.context_tokens,
        follow_links=settings.follow_links,
        cache=shared_vectors(settings),
        limits=Limits(settings.file_seconds, settings.file_mebibytes, settings.file_chunks),
    )


def store(
    documents: Iterable[Document],
    index: Index,
    *,
    embedder: Embedder,
    tokens: int = 512,
    context: int = 0,
) -> dict[str, Any]:
    """Documents that are no files into the index, as `sync` stores those that are.

    Each replaces the one of the same id; returns the report as JSON values.
    """
    begun = perf_counter()
    report = SyncReport()
    recipe = Recipe(embedder, tokens, context)
    with index.writing() as writer, Run(index, writer, recipe, report) as run:
        for document in documents:
            state = FileState(document.id, len(document.text), 0, document.digest)
            run.add_document(document, state, "added")
    report.files = report.added
    return _finished(report, index, begun).as_dict()


def _carry_out(
    planned: Plan,
    index: Index,
    run: Run,
    reader: Callable[[Sequence[FoundFile]], Generator[Found, None, None]],
    cancelled: IsCancelled,
) -> None:
    def read(works: Sequence[Work]) -> None:
        with closing(reader([work.file for work in works])) as found:
            loaded = planned.report.timed("load", found)
            for work in run.begun(works):
                run.add(work, next(loaded))

    if planned.called:
        index.catalog.call(planned.called)
    for entry, state in planned.touched:
        index.catalog.touch(entry.id, state)
    run.remove([entry.id for entry in planned.removed])
    read(planned.reads)
    run.flush()
    stop_if(cancelled)
    # First all that moved, as a copy of one that goes would go with it.
    run.remove([work.replaces.id for work in planned.copies if work.replaces])
    # Copies of what could not be read are read themselves.
    read([work for work in planned.copies if not run.copy(work)])


def _forecast(planned: Plan) -> SyncReport:
    for work in [*planned.reads, *planned.copies]:
        planned.report.note(work.outcome, work.file.source)
    return planned.report


def _finished(report: SyncReport, index: Index, begun: float) -> SyncReport:
    report.chunks = index.catalog.count_chunks()
    report.seconds = perf_counter() - begun
    return report
