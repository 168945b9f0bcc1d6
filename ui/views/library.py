"""The documents: what is in and what became of it, adding some, removing some."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ingest.report import SyncReport
from rag_app.config import Settings
from rag_app.errors import RagError
from rag_app.index.catalog import Entry
from rag_app.index.index import Index
from rag_app.printable import printable
from ui import shared, state
from ui.components import (
    counted,
    documents_html,
    heading_html,
    notice_html,
    outcomes_html,
    totals,
)
from ui.ingestion import Ingestion
from ui.uploads import discard, keep, uploads_folder
from ui.views import collecting

_MOST_ROWS = 200
_FILTER_FROM = 20  # documents; fewer are seen at a glance
_REFRESH_SECONDS = 0.5
_BUSY = "Documents are being added already; wait until that has finished."


def render(settings: Settings) -> None:
    """Draw the library."""
    index, _ = shared.opened(settings)
    ingestion = shared.ingestion(settings)
    entries = index.catalog.entries()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.html(heading_html("Library", f"{totals(*index.catalog.size())}."))
        collecting.manage(settings)
    if notice := state.told():
        st.html(notice_html(notice.message, kind=notice.kind))
    running = ingestion.running
    # Looks again by itself only while there is something to see.
    st.fragment(_follow, run_every=_REFRESH_SECONDS if running else None)(ingestion, running)
    _add(settings, ingestion)
    if entries:
        _list(entries)
        _remove(index, entries, ingestion)


# Adding


def _add(settings: Settings, ingestion: Ingestion) -> None:
    upload, folder = st.tabs(["Upload files", "Folder on this computer"])
    with upload, st.form("upload", clear_on_submit=True, border=False):
        files = st.file_uploader(
            "Files to add",
            accept_multiple_files=True,
            key=state.own(state.FILES),
            label_visibility="collapsed",
        )
        if st.form_submit_button("Add to the library", type="primary") and files:
            kept = uploads_folder(settings.index)
            for file in files:
                keep(kept, file.name, file.getvalue())
            _start(ingestion, kept)
    with folder, st.form("folder", border=False):
        path = st.text_input(
            "Path of a file or folder",
            placeholder="/home/me/Documents",
            key=state.own(state.FOLDER),
        )
        st.caption("Adding the same folder again follows its changes, removed files included.")
        if st.form_submit_button("Add to the library", type="primary") and path.strip():
            _start(ingestion, Path(path.strip()).expanduser())


def _start(ingestion: Ingestion, path: Path) -> None:
    if not ingestion.start([path]):
        state.tell(_BUSY, kind="error")
    st.rerun()


def _follow(ingestion: Ingestion, was_running: bool) -> None:
    """Show the run; once it has ended, have the whole page drawn anew."""
    if ingestion.running:
        _show_progress(ingestion)
    elif was_running:
        st.rerun()
    elif ingestion.error:
        st.html(notice_html(ingestion.error, kind="error"))
    elif ingestion.report is not None:
        _show_report(ingestion.report)


def _show_progress(ingestion: Ingestion) -> None:
    progress = ingestion.progress
    if progress is None:
        st.progress(0.0, "Looking at the files …")
        return
    share = progress.done / max(progress.files, 1)
    words = f"{progress.done:,} of {progress.files:,} files"
    # Passages are counted once they are embedded, which happens many at a time.
    speed = f", {progress.rate:,.0f} a second" if progress.rate else ""
    if progress.chunks:
        words += f", {counted(progress.chunks, 'passage')}{speed}"
    ending = ". Finishing …" if progress.done == progress.files else ""
    st.progress(share, f"{words}{ending}")


def _show_report(report: SyncReport) -> None:
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
    words = ", ".join(f"{count:,} {name}" for name, count in counts if count) or "nothing to do"
    st.html(notice_html(f"Done in {report.seconds:.1f} s: {words}."))
    rows = [
        (outcome, source, reason)
        for outcome, listed in (
            ("failed", report.failed),
            ("partial", report.partial),
            ("skipped", report.skipped),
        )
        for source, reason in listed
    ]
    if rows:
        st.html(outcomes_html(rows[:_MOST_ROWS]))


# The list


def _list(entries: Sequence[Entry]) -> None:
    shown = list(entries)
    if len(entries) >= _FILTER_FROM:
        wanted = st.text_input("Find a document", key=state.own(state.FILTER)).casefold()
        shown = [entry for entry in entries if wanted in entry.source.casefold()]
    st.html(documents_html(shown[:_MOST_ROWS]))
    if len(shown) > _MOST_ROWS:
        st.caption(f"The first {_MOST_ROWS} of {len(shown):,}; find a document to see others.")


# Removing


def _remove(index: Index, entries: Sequence[Entry], ingestion: Ingestion) -> None:
    by_id = {entry.id: entry for entry in entries}
    chosen = st.multiselect(
        "Remove documents",
        options=list(by_id),
        format_func=lambda id_: printable(by_id[id_].source),
        placeholder="Choose documents",
        key=state.own(state.REMOVAL),
    )
    st.caption("Uploaded files are deleted. Files in your own folders stay where they are.")
    st.button(
        "Remove",
        disabled=not chosen,
        on_click=_removed,
        args=(index, [by_id[id_] for id_ in chosen], ingestion),
    )


def _removed(index: Index, entries: Sequence[Entry], ingestion: Ingestion) -> None:
    """Runs before the page is drawn, so that its list is already without them."""
    folder = uploads_folder(index.folder)
    try:
        with index.writing() as writer:
            writer.remove([entry.id for entry in entries])
            writer.deliver()
        for entry in entries:
            discard(folder, Path(entry.file.path))
    except (RagError, OSError) as error:
        state.tell(str(error), kind="error")
        return
    if not ingestion.running:
        ingestion.dismiss()  # what the last run added is old news
    st.session_state[state.own(state.REMOVAL)] = []
    state.tell(f"Removed {counted(len(entries), 'document')}.")
