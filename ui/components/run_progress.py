"""How a run comes along, and what came of it."""

from ingest.report import Progress, SyncReport
from ui.components.blocks import file_name, plain
from ui.jobs.remaining_time import in_words
from ui.languages.language import figure, gettext, ngettext, number, percent


def progress_html(progress: Progress | None, *, left: float | None, ending: bool) -> str:
    """A bar, how much is done, and what is being read.

    Screen readers are told of every tenth only.

    Args:
        progress: None before the first file.
        left: Seconds until the end, where they are known.
        ending: Whether the run was cancelled.
    """
    if progress is None:
        words = _cancelling() if ending else plain(gettext("Looking at the files …"))
        return f'<p class="run-now" role="status">{words}</p>'
    tenth = 10 * progress.done // max(progress.files, 1)
    label = plain(gettext("Files read"))
    told = plain(gettext("{share} of the files are read.").format(share=percent(tenth / 10)))
    return (
        f'<div class="run-bar" role="progressbar" aria-label="{label}" aria-valuemin="0"'
        f' aria-valuemax="{progress.files}" aria-valuenow="{progress.done}">'
        f'<span style="width:{progress.done / max(progress.files, 1):.1%}"></span></div>'
        f'<p class="run-figures">{plain(_figures(progress, None if ending else left))}</p>'
        f'<p class="run-now">{_cancelling() if ending else _now(progress)}</p>'
        f'<p class="unseen" role="status">{told}</p>'
    )


def report_words(report: SyncReport) -> str:
    """How many files have which outcome."""
    counts = [
        (gettext("{count} added"), report.added),
        (gettext("{count} updated"), report.updated),
        (gettext("{count} renamed"), report.renamed),
        (gettext("{count} removed"), report.removed),
        (gettext("{count} unchanged"), report.unchanged),
        (gettext("{count} kept"), report.kept),
        (gettext("{count} partly read"), len(report.partial)),
        (gettext("{count} skipped"), len(report.skipped)),
        (gettext("{count} failed"), len(report.failed)),
    ]
    told = ", ".join(words.format(count=number(count)) for words, count in counts if count)
    return told or gettext("nothing to do")


def end_words(report: SyncReport) -> str:
    """How a run ended."""
    if not report.cancelled:
        words = gettext("Done in {seconds} s: {outcomes}.")
        seconds = figure(f"{report.seconds:.1f}")
        return words.format(seconds=seconds, outcomes=report_words(report))
    if not report.files:
        return gettext("Cancelled before any file was read; Resume begins again.")
    words = gettext("Cancelled: {present} of {files} files are in; Resume goes on from there.")
    return words.format(present=number(report.present), files=number(report.files))


def _figures(progress: Progress, left: float | None) -> str:
    words = gettext("{done} of {files} files")
    figures = [words.format(done=number(progress.done), files=number(progress.files))]
    # Passages are counted once they are embedded, which happens many at a time.
    if progress.chunks:
        passages = ngettext("{count} passage", "{count} passages", progress.chunks)
        words = gettext("{passages}, {rate} a second")
        figures.append(words.format(passages=passages, rate=number(round(progress.rate))))
    if left is not None:
        figures.append(in_words(left))
    return " · ".join(figures)


def _now(progress: Progress) -> str:
    if not progress.source:
        return plain(gettext("Finishing …"))
    name = f'<span class="name">{plain(file_name(progress.source))}</span>'
    return plain(gettext("Reading {name}")).format(name=name)


def _cancelling() -> str:
    return plain(gettext("Cancelling …"))
