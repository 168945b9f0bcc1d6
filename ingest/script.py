"""`python -m ingest` and `rag-ingest`: make the index mirror files and folders."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ingest.cancelling import by_ctrl_c
from ingest.report import Progress, SyncReport
from ingest.sync import configured
from rag_app.cli import guarded
from rag_app.commands.common import add_common_options, print_json, settings_of
from rag_app.opening import open_index
from rag_app.owner import check_owners
from rag_app.text.printable import Parser, show
from rag_app.text.surrogates import check_text

_logger = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, ingest, report; 0 when the index mirrors the paths, 1 when not, 2 on wrong usage."""
    parser = Parser(prog="rag-ingest", description="Make the index mirror files and folders.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files and folders")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--rebuild", action="store_true", help="read unchanged files again too")
    parser.add_argument(
        "--remove-missing",
        action="store_true",
        help="remove the documents of paths that are gone or empty, too",
    )
    parser.add_argument(
        "--follow-links",
        action="store_true",
        help="take in files outside of the folders that links in them lead to",
    )
    parser.add_argument("--watch", action="store_true", help="stay and follow changes")
    add_common_options(parser)
    arguments = parser.parse_args(argv)
    return guarded(lambda: _run(arguments), verbose=arguments.verbose)


def _run(arguments: argparse.Namespace) -> int:
    check_owners()
    check_text(vars(arguments), "an argument")
    settings = settings_of(arguments, follow_links=arguments.follow_links or None)
    index, embedder = open_index(settings)
    sync = configured(settings)

    def once(*, again: bool = False) -> SyncReport:
        with by_ctrl_c() as cancelled:
            report = sync(
                arguments.paths,
                index,
                embedder=embedder,
                rebuild=arguments.rebuild,
                dry_run=arguments.dry_run,
                may_be_gone=again,
                remove_missing=arguments.remove_missing,
                progress=_progress_shower(),
                cancelled=cancelled,
            )
        if report.cancelled:
            _logger.warning("%d of %d files are in", report.present, report.files)
            raise KeyboardInterrupt
        return report

    def first() -> SyncReport:
        report = once()
        _print(report, as_json=arguments.json)
        return report

    if not arguments.watch:
        return first().status
    from ingest.watch import snapshot, watch

    links = settings.follow_links
    since = snapshot(arguments.paths, follow_links=links)
    report = first()
    watch(
        arguments.paths,
        lambda: _print(once(again=True), as_json=arguments.json),
        since=since,
        follow_links=links,
    )
    return report.status


def _print(report: SyncReport, *, as_json: bool) -> None:
    for _, reason in report.away:
        show(reason, error=True)
    if as_json:
        print_json(report.as_dict())
        return
    for outcome in ("failed", "partial", "skipped"):
        for path, reason in getattr(report, outcome):
            show(f"{outcome}: {path}: {reason}", error=True)
    show(report)


def _progress_shower() -> Callable[[Progress], None]:
    """A bar on a terminal; elsewhere a plain line every hundred files."""
    if not sys.stderr.isatty():
        return _line_shower()
    from tqdm import tqdm

    bar: Any = tqdm(unit=" files", dynamic_ncols=True, file=sys.stderr)

    def show(progress: Progress) -> None:
        bar.total = progress.files
        bar.set_postfix_str(f"{progress.chunks} chunks, {progress.rate:.0f}/s", refresh=False)
        bar.update(progress.done - bar.n)
        if progress.done == progress.files:
            bar.close()

    return show


def _line_shower() -> Callable[[Progress], None]:
    shown = 0

    def show(progress: Progress) -> None:
        nonlocal shown
        due = progress.done % 100 == 0 or progress.done == progress.files
        if progress.done == shown or not due:
            return
        shown = progress.done
        _logger.warning(
            "%d of %d files, %d chunks embedded, %.0f/s",
            progress.done,
            progress.files,
            progress.chunks,
            progress.rate,
        )

    return show
