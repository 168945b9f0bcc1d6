"""Asks a question set in a thread of its own, so that the chat goes on meanwhile.

A page is only a view of the run: leaving or reloading it does not interrupt the run. What
was found out stays until the next run, and is not found out again to compare it.
"""

import logging
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread

from rag_app.errors import RagError
from rag_app.evaluation.comparison import Comparison
from rag_app.evaluation.question_report import QuestionReport
from rag_app.evaluation.question_runner import Asked, ask_questions
from rag_app.evaluation.questions import Question
from rag_app.rag import Rag
from rag_app.settings.provenance import Settings

FAILED = "Asking the questions failed unexpectedly; the log says more."
_logger = logging.getLogger(__name__)


class EvaluationJob:
    """The present run, or the last one.

    Attributes:
        name: Of the question set.
        done: Questions that have been asked.
        total: Questions to ask.
        report: Of the settings in use, once they are asked under these.
        sides: The same beside other settings, once they are asked under those too.
        error: Why the run ended early, in one line; empty if it did not.
    """

    def __init__(self) -> None:
        self._starting = Lock()
        self._stopped = Event()
        self._thread: Thread | None = None
        self._questions: Sequence[Question] = ()
        self._generation = 0
        self.name = ""
        self.done = self.total = 0
        self.report: QuestionReport | None = None
        self.sides: Comparison | None = None
        self.error = ""

    @property
    def running(self) -> bool:
        """Whether questions are being asked now."""
        return self._thread is not None and self._thread.is_alive()

    def start(
        self, rag: Rag, questions: Sequence[Question], *, name: str, left_out: int = 0
    ) -> bool:
        """Ask under the settings in use; False, and nothing done, during another run.

        Args:
            rag: What is asked.
            questions: One or more.
            name: Of the set.
            left_out: How many of the set are not among them.
        """

        def run() -> None:
            self._questions, self.name = questions, name
            self._ask(rag, left_out)

        return self._begin(run)

    def compare(self, rag: Rag, other: Settings) -> bool:
        """Ask the questions of the last report under other settings too.

        Under those in use as well, where documents or settings have changed since.
        """

        def run() -> None:
            report = self.report
            if report is None:
                return
            if not self._holds(rag, report):
                self._ask(rag, report.left_out)
            rows = self._rows(rag.under(other)) if self.report else None
            if self.report and rows is not None:
                tried = QuestionReport.of(rows, other, left_out=report.left_out)
                self.sides = Comparison(self.report, tried)

        return self._begin(run)

    def stop(self) -> None:
        """End the run after the question that is being answered."""
        self._stopped.set()

    def wait(self) -> None:
        """Return when the run has ended."""
        if self._thread is not None:
            self._thread.join()

    def _begin(self, run: Callable[[], None]) -> bool:
        with self._starting:
            if self.running:
                return False
            self.done, self.sides, self.error = 0, None, ""
            self._stopped.clear()
            self._thread = Thread(target=self._guarded, args=(run,), daemon=True)
            self._thread.start()
            return True

    def _guarded(self, run: Callable[[], None]) -> None:
        try:
            run()
        except RagError as error:
            self.error = str(error)
        except Exception:
            _logger.exception("asking a question set failed")
            self.error = FAILED

    def _ask(self, rag: Rag, left_out: int) -> None:
        """Make the report under the settings in use; there is none where the run is stopped."""
        self.report, self._generation = None, rag.index.catalog.generation
        # Another one with the same models: this one remembers what it was asked.
        rows = self._rows(rag.under(rag.settings))
        if rows is not None:
            self.report = QuestionReport.of(rows, rag.settings, left_out=left_out)

    def _rows(self, rag: Rag) -> list[Asked] | None:
        rows: list[Asked] = []
        self.done, self.total = 0, len(self._questions)
        for row in ask_questions(rag, self._questions):
            rows.append(row)
            self.done = len(rows)
            if self._stopped.is_set():
                return None
        return rows

    def _holds(self, rag: Rag, report: QuestionReport) -> bool:
        """Whether the report would come out the same now."""
        same = QuestionReport.of((), rag.settings).settings == report.settings
        return same and self._generation == rag.index.catalog.generation
