"""Make an index mirror folders: add, update, rename, remove, and leave the rest alone."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from ingest.chunking import chunk
from ingest.loading import load
from ingest.report import Outcome, SyncReport
from ingest.scan import FoundFile, locate, scan
from rag_app.errors import ConfigError, LoadError, SkippedFile
from rag_app.index.catalog import Entry, FileState
from rag_app.index.index import Index, IndexWriter
from rag_app.protocols import Embedder
from rag_app.schema import Chunk, Document, identify

_logger = logging.getLogger(__name__)
# Changes when loading or chunking changes what a file gives, so that files read by an
# earlier version are read again.
_VERSION = "1"
_BATCH = 128  # chunks embedded together; texts of like length share a batch of the model


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come; `rate` counts chunks embedded a second."""

    done: int
    files: int
    chunks: int
    rate: float
    source: str


@dataclass(frozen=True, slots=True)
class _Work:
    """A file to be read, and the entry whose renamed file it is."""

    file: FoundFile
    state: FileState
    outcome: Outcome
    replaces: Entry | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do; `touched` are unchanged files with another date."""

    work: tuple[_Work, ...]
    removed: tuple[Entry, ...]
    touched: tuple[tuple[Entry, FileState], ...]
    report: SyncReport


def sync(
    paths: Sequence[Path],
    index: Index,
    *,
    embedder: Embedder,
    tokens: int = 512,
    rebuild: bool = False,
    dry_run: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> SyncReport:
    """Make the index mirror the paths; documents from elsewhere are kept.

    Args:
        paths: Files and folders. One that no longer exists has its documents removed.
        index: The index to write to.
        embedder: Whose vectors the index holds.
        tokens: Longest chunk, special tokens included.
        rebuild: Read every file again, also unchanged ones; known texts keep their vectors.
        dry_run: Only report what would be done.
        progress: Called after each file.

    Raises:
        ConfigError: A path neither exists nor has documents in the index.
        IndexLocked: Another process is writing.
    """
    begun = perf_counter()
    recipe = recipe_of(embedder, tokens)
    if dry_run:
        report = _forecast(plan(paths, index, recipe=recipe, rebuild=rebuild))
    else:
        with index.writing() as writer:
            planned = plan(paths, index, recipe=recipe, rebuild=rebuild)
            report = planned.report
            run = _Run(index, writer, embedder, tokens, recipe, report, progress)
            run.remove([entry.id for entry in planned.removed])
            for entry, state in planned.touched:
                index.catalog.touch(entry.id, state)
            for number, work in enumerate(planned.work, start=1):
                run.add(work, done=number, files=len(planned.work))
            run.flush()
    report.chunks = index.catalog.count_chunks()
    report.seconds = perf_counter() - begun
    return report


def store(
    documents: Iterable[Document], index: Index, *, embedder: Embedder, tokens: int = 512
) -> dict[str, Any]:
    """Documents that are no files into the index, as `sync` stores those that are.

    Each replaces the one of the same id; returns the report as JSON values.
    """
    begun = perf_counter()
    report = SyncReport()
    with index.writing() as writer:
        recipe = recipe_of(embedder, tokens)
        run = _Run(index, writer, embedder, tokens, recipe, report, None)
        for document in documents:
            state = FileState(document.id, len(document.text), 0, document.digest)
            run.add_document(document, state, "added")
        run.flush()
    report.files = report.added
    report.chunks = index.catalog.count_chunks()
    report.seconds = perf_counter() - begun
    return report.as_dict()


def recipe_of(embedder: Embedder, tokens: int) -> str:
    """Fingerprint of everything that decides what a file's chunks and vectors are."""
    return identify(_VERSION, embedder.fingerprint, str(min(tokens, embedder.max_tokens)))


def plan(paths: Sequence[Path], index: Index, *, recipe: str, rebuild: bool = False) -> Plan:
    """Compare the paths with the catalogue."""
    report = SyncReport()
    entries = {entry.file.path: entry for entry in index.catalog.entries()}
    roots = [locate(path) for path in paths]
    missing = [
        str(path)
        for path, root in zip(paths, roots, strict=True)
        if not path.exists() and not any(_inside(key, root) for key in entries)
    ]
    if missing:
        raise ConfigError(f"no such file or folder: {', '.join(missing)}")
    files, unreadable = scan([path for path in paths if path.exists()])
    for unread in unreadable:
        report.note("failed", unread.source, unread.reason)
    report.files = len(files) + len(unreadable)
    present = {file.key for file in files}
    # What lies in a folder that cannot be read now is not known to be gone.
    closed = [unread.path for unread in unreadable]
    missed = {
        key: entry
        for key, entry in entries.items()
        if key not in present and not any(_inside(key, path) for path in closed)
    }
    gone = {k: entry for k, entry in missed.items() if any(_inside(k, root) for root in roots)}
    moved = {e.file.digest: e for key, e in missed.items() if not Path(key).exists()}
    work: list[_Work] = []
    touched: list[tuple[Entry, FileState]] = []
    for file in files:
        known = entries.get(file.key)
        if known is not None and _is_current(known, recipe, rebuild) and _looks_same(known, file):
            _note_unchanged(known, file.source, report)
            continue
        try:
            state = file.state()
        except OSError as error:
            report.note("failed", file.source, error.strerror or str(error))
            continue
        if known is None:
            before = moved.pop(state.digest, None)
            work.append(_Work(file, state, "renamed" if before else "added", before))
            if before is not None:
                gone.pop(before.file.path, None)
        elif _is_current(known, recipe, rebuild) and known.file.digest == state.digest:
            touched.append((known, state))
            _note_unchanged(known, file.source, report)
        else:
            work.append(_Work(file, state, "updated"))
    report.removed = len(gone)
    return Plan(tuple(work), tuple(gone.values()), tuple(touched), report)


def _is_current(entry: Entry, recipe: str, rebuild: bool) -> bool:
    return entry.recipe == recipe and not rebuild


def _looks_same(entry: Entry, file: FoundFile) -> bool:
    return (entry.file.size, entry.file.modified) == (file.size, file.modified)


def _note_unchanged(entry: Entry, source: str, report: SyncReport) -> None:
    """A file that failed before and has not changed is not tried again, nor forgotten."""
    if entry.status == "indexed":
        report.note("unchanged", source)
    else:
        report.note(entry.status, source, entry.reason)


def _forecast(planned: Plan) -> SyncReport:
    for work in planned.work:
        planned.report.note(work.outcome, work.file.source)
    return planned.report


class _Run:
    """Reads files one by one and embeds their chunks in batches across files."""

    def __init__(
        self,
        index: Index,
        writer: IndexWriter,
        embedder: Embedder,
        tokens: int,
        recipe: str,
        report: SyncReport,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._catalog = index.catalog
        self._model = index.model
        self._writer = writer
        self._embedder = embedder
        self._tokens = min(tokens, embedder.max_tokens)
        self._recipe = recipe
        self._report = report
        self._progress = progress
        self._waiting: list[tuple[Document, list[Chunk], FileState]] = []
        self._replaced: list[str] = []  # what the waiting files were called before

    def remove(self, document_ids: Sequence[str]) -> None:
        if document_ids:
            with self._report.timing("store"):
                self._writer.remove(document_ids)

    def add(self, work: _Work, *, done: int, files: int) -> None:
        if work.replaces is not None:
            self._replaced.append(work.replaces.id)
        try:
            with self._report.timing("load"):
                document = load(work.file.path, source=work.file.source)
        except LoadError as error:
            self._note_unread(work, error)
        else:
            self.add_document(document, work.state, work.outcome)
        if self._progress is not None:
            rate = self._report.embedded / max(self._report.stages["embed"], 1e-9)
            self._progress(Progress(done, files, self._report.embedded, rate, work.file.source))

    def add_document(self, document: Document, state: FileState, outcome: Outcome) -> None:
        with self._report.timing("chunk"):
            chunks = chunk(document, tokenizer=self._embedder.tokenizer, tokens=self._tokens)
        # The digest of what was read, should the file have changed since it was planned.
        state = FileState(state.path, state.size, state.modified, document.digest)
        self._waiting.append((document, chunks, state))
        if document.missing:
            self._report.note("partial", document.source, document.missing)
        else:
            self._report.note(outcome, document.source)
        if sum(len(chunks) for _, chunks, _ in self._waiting) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Embed what is waiting, commit it, and bring the vector store up to date."""
        texts = [chunk.text for _, chunks, _ in self._waiting for chunk in chunks]
        with self._report.timing("embed"):
            known = self._catalog.known_vectors(self._model, texts)
            new = [text for text in dict.fromkeys(texts) if text not in known]
            vectors = dict(zip(new, self._embedder.embed(new), strict=True)) if new else {}
        self._report.embedded += len(new)
        self.remove(self._replaced)
        self._replaced.clear()
        with self._report.timing("store"):
            for document, chunks, state in self._waiting:
                own = {c.text: vectors.pop(c.text) for c in chunks if c.text in vectors}
                self._writer.commit(document, chunks, own, file=state, recipe=self._recipe)
            self._writer.deliver()
        self._waiting.clear()

    def _note_unread(self, work: _Work, error: LoadError) -> None:
        outcome: Literal["skipped", "failed"] = (
            "skipped" if isinstance(error, SkippedFile) else "failed"
        )
        reason = str(error).removeprefix(f"{work.file.path}: ")
        self._report.note(outcome, work.file.source, reason)
        _logger.info("%s %s: %s", outcome, work.file.source, reason)
        self._writer.reject(
            identify(work.file.key),
            work.file.source,
            file=work.state,
            recipe=self._recipe,
            status=outcome,
            reason=reason,
        )


def _inside(key: str, root: Path) -> bool:
    return Path(key).is_relative_to(root)
