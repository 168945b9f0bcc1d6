"""How a run comes along, and what came of it."""

from ingest.report import Progress, SyncReport
from ui.components import counted, file_name, plain
from ui.remaining import in_words

_LOOKING = "Looking at the files …"
_FINISHING = "Finishing …"
_CANCELLING = "Cancelling …"


def progress_html(progress: Progress | None, *, left: float | None, ending: bool) -> str:
    """A bar, how much is done, and what is being read.

    Screen readers are told of every tenth only.

    Args:
        progress: None before the first file.
        left: Seconds until the end, where they are known.
        ending: Whether the run was cancelled.
    """
    if progress is None:
        words = _CANCELLING if ending else _LOOKING
        return f'<p class="run-now" role="status">{words}</p>'
    tenth = 10 * progress.done // max(progress.files, 1)
    return (
        '<div class="run-bar" role="progressbar" aria-label="Files read" aria-valuemin="0"'
        f' aria-valuemax="{progress.files}" aria-valuenow="{progress.done}">'
        f'<span style="width:{progress.done / max(progress.files, 1):.1%}"></span></div>'
        f'<p class="run-figures">{_figures(progress, None if ending else left)}</p>'
        f'<p class="run-now">{_CANCELLING if ending else _now(progress)}</p>'
        f'<p class="unseen" role="status">{tenth * 10}% of the files are read.</p>'
    )


def report_words(report: SyncReport) -> str:
    """How many files have which outcome."""
    counts = [
        ("added", report.added),
        ("updated", report.updated),
        ("renamed", report.renamed),
        ("removed", report.removed),
        ("unchanged", report.unchanged),
        ("partly read", len(report.partial)),
        ("skipped", len(report.skipped)),
        ("failed", len(report.failed)),
    ]
    return ", ".join(f"{count:,} {name}" for name, count in counts if count) or "nothing to do"


def end_words(report: SyncReport) -> str:
    """How a run ended."""
    if not report.cancelled:
        return f"Done in {report.seconds:.1f} s: {report_words(report)}."
    if not report.files:
        return "Cancelled before any file was read; Resume begins again."
    return (
        f"Cancelled: {report.present:,} of {report.files:,} files are in; "
        "Resume goes on from there."
    )


def _figures(progress: Progress, left: float | None) -> str:
    figures = [f"{progress.done:,} of {progress.files:,} files"]
    # Passages are counted once they are embedded, which happens many at a time.
    if progress.chunks:
        figures.append(f"{counted(progress.chunks, 'passage')}, {progress.rate:,.0f} a second")
    if left is not None:
        figures.append(in_words(left))
    return " · ".join(figures)


def _now(progress: Progress) -> str:
    if not progress.source:
        return _FINISHING
    return f'Reading <span class="name">{plain(file_name(progress.source))}</span>'
