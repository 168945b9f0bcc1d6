"""One run of the ingestion: documents in, everything in the index out.

While a batch is embedded, the files of the next one are read in other processes and the
batch before is stored by another thread. Never more than these three are in memory.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Self

from ingest.cancelling import RunCancelled, stop_if
from ingest.cutting import Cut, Cutter
from ingest.names import text_of
from ingest.plan import Work
from ingest.report import Outcome, Progress, SyncReport
from rag_app.errors import LoadError, SkippedFile
from rag_app.index.cached_embedding import Embedding
from rag_app.index.catalog.catalog import FileState
from rag_app.index.index import Index
from rag_app.index.index_fingerprint import Recipe
from rag_app.index.writer import IndexWriter
from rag_app.protocols import IsCancelled, VectorCache, never
from rag_app.schema import Chunk, Document, identify

_BATCH = 128  # chunks embedded and stored together, except those of one long document
_FEW = 32  # chunks for which it is not worth leaving those that wait with them


@dataclass(frozen=True, slots=True)
class _Ready:
    """A document that waits for its vectors."""

    document: Document
    chunks: Sequence[Chunk]
    file: FileState
    outcome: Outcome


class Run:
    """Takes what was read, embeds it in batches across files, and stores it.

    A context manager: on leaving, everything taken in is committed; on an error or a cancel,
    what was committed until then stays. `files` is how many there will be, for the progress;
    without a cutter, documents are cut as the recipe says, however many chunks they have.
    """

    def __init__(
        self,
        index: Index,
        writer: IndexWriter,
        recipe: Recipe,
        report: SyncReport,
        *,
        cutter: Cutter | None = None,
        cache: VectorCache | None = None,
        files: int = 0,
        progress: Callable[[Progress], None] | None = None,
        cancelled: IsCancelled = never,
    ) -> None:
        self._catalog = index.catalog
        self._writer = writer
        self._recipe = recipe
        self._cutter = cutter or Cutter.of(recipe)
        self._report = report
        self._files = files
        self._progress = progress
        self._cancelled = cancelled
        self._embedding = Embedding(index.catalog.kept, recipe.embedder, cache)
        self._waiting: list[_Ready] = []
        self._replaced: list[str] = []  # what the waiting files were called before
        self._storer = ThreadPoolExecutor(1, thread_name_prefix="storing")
        self._stored: Future[None] | None = None
        self._done = 0
        self._reading = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._storer:
            if error is None:
                self.flush()
            if error is None or isinstance(error, RunCancelled):
                self._wait()
                with self._report.timing("store"):
                    # What copies have inherited from removed documents.
                    self._writer.deliver(self._cancelled)

    def remove(self, document_ids: Sequence[str]) -> None:
        """Forget documents."""
        if document_ids:
            with self._report.timing("store"):
                self._writer.remove(document_ids)

    def begun(self, works: Iterable[Work]) -> Iterator[Work]:
        """The files, each of which is told of when its turn comes.

        Raises:
            RunCancelled: The next one is not to be begun.
        """
        for work in works:
            stop_if(self._cancelled)
            self._begin_file(work)
            yield work

    def add(self, work: Work, found: Cut | Document | LoadError) -> None:
        """Take in what reading a file gave, a document or the reason why there is none."""
        if work.replaces is not None:
            self._replaced.append(work.replaces.id)
        if isinstance(found, LoadError):
            self._note_unread(work, found)
        else:
            self.add_document(found, work.state, work.outcome)
        self._finish_file()

    def add_document(self, found: Cut | Document, file: FileState, outcome: Outcome) -> None:
        """Have a document embedded with the next batch, cut here if that is yet to be done."""
        cut = found if isinstance(found, Cut) else self._cutter.cut(found)
        self._report.stages["chunk"] += cut.seconds
        # The digest of what was read, should the file have changed since it was planned.
        as_read = replace(file, digest=cut.document.digest)
        self._waiting.append(_Ready(cut.document, cut.chunks, as_read, outcome))
        if sum(len(ready.chunks) for ready in self._waiting) >= _BATCH:
            self.flush()

    def copy(self, work: Work) -> bool:
        """Note a file under the document with the same bytes; whether there is one."""
        self._begin_file(work)
        self._wait()
        holder = self._catalog.holder(work.state.digest, self._recipe.fingerprint)
        if holder is None:
            return False
        if holder.file.path != work.file.key:  # else it has just inherited the text
            folder = text_of(work.file.path.parent)
            self._writer.copy(work.file.source, file=work.state, of=holder.id, folder=folder)
        self._note_read(work.file.source, work.outcome, missing=holder.reason)
        self._finish_file()
        return True

    def flush(self) -> None:
        """Embed what is waiting and hand it to the storing thread.

        Raises:
            RunCancelled: What is still to be embedded is to be left.
        """
        if not self._waiting and not self._replaced:
            return
        waiting, self._waiting = self._waiting, []
        replaced, self._replaced = self._replaced, []
        texts = [c.seen or c.text for ready in waiting for c in ready.chunks]
        for lacking in self._report.timed("embed", self._embedding.steps(texts)):
            self._report.embedded = self._embedding.embedded
            self._tell()
            if lacking > _FEW:
                stop_if(self._cancelled)
        self._report.embedded = self._embedding.embedded
        self._wait()
        self._stored = self._storer.submit(self._store, waiting, replaced)

    def _store(self, ready: Sequence[_Ready], replaced: Sequence[str]) -> None:
        self.remove(replaced)
        recipe = self._recipe.fingerprint
        with self._report.timing("store"):
            for one in ready:
                self._writer.commit(one.document, one.chunks, file=one.file, recipe=recipe)
                self._note_read(one.document.source, one.outcome, missing=one.document.missing)
            self._writer.deliver(self._cancelled)

    def _wait(self) -> None:
        """Until the batch before is stored; raises what went wrong with it."""
        if self._stored is not None:
            self._stored.result()
            self._stored = None

    def _note_read(self, source: str, outcome: Outcome, *, missing: str) -> None:
        if missing:
            self._report.note("partial", source, missing)
        else:
            self._report.note(outcome, source)

    def _note_unread(self, work: Work, error: LoadError) -> None:
        outcome: Literal["skipped", "failed"] = (
            "skipped" if isinstance(error, SkippedFile) else "failed"
        )
        reason = str(error).removeprefix(f"{work.file.key}: ")
        self._report.note(outcome, work.file.source, reason)
        self._writer.reject(
            identify(work.file.key),
            work.file.source,
            file=work.state,
            recipe=self._recipe.fingerprint,
            status=outcome,
            reason=reason,
        )

    def _begin_file(self, work: Work) -> None:
        self._reading = work.file.source
        self._tell()

    def _finish_file(self) -> None:
        self._done += 1
        self._reading = ""
        if self._done == self._files:
            self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            rate = self._report.embedded / max(self._report.stages["embed"], 1e-9)
            self._progress(
                Progress(self._done, self._files, self._report.embedded, rate, self._reading)
            )
