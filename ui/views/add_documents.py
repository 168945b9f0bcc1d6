"""Adding documents: by upload or by path, and the run that reads them."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st

from ingest.loading.formats import SUFFIXES
from ingest.roots import Root
from rag_app.errors import LoadError, StoreError
from rag_app.settings.provenance import Settings
from ui.access import user
from ui.access.permissions import NotAllowed, Rights
from ui.components.blocks import file_name, notice_html, outcomes_html
from ui.components.run_progress import end_words, progress_html
from ui.jobs.ingestion import Ingestion, busy
from ui.languages.fixed_words import in_words
from ui.languages.language import gettext, number
from ui.resources import shared
from ui.session import keys, state
from ui.uploads import check_room, keep, uploads_folder

_REFRESH_SECONDS = 0.5
_MOST_ROWS = 200


def render(settings: Settings, ingestion: Ingestion) -> None:
    """Draw the run, or what came of the last one, and the forms."""
    running = ingestion.running
    # Looks again by itself only while there is something to see.
    st.fragment(_follow, run_every=_REFRESH_SECONDS if running else None)(
        settings, ingestion, running
    )
    if refused := state.rejected_files():
        st.html(outcomes_html(refused[:_MOST_ROWS]))
    upload, folder = st.tabs([gettext("Upload files"), gettext("Folder on this computer")])
    with upload:
        _upload(settings, ingestion)
    with folder:
        _folder(user.rights(), ingestion)


def start(ingestion: Ingestion, path: Path) -> None:
    """Have the index mirror a file or folder, and draw the page anew."""
    if not ingestion.start([path]):
        _refuse()
    st.rerun()


def _refuse() -> NoReturn:
    state.set_notice(busy(), kind="error")
    st.rerun()


# Forms


def _folder(rights: Rights, ingestion: Ingestion) -> None:
    if not rights.adds_paths:
        st.caption(gettext("Only an administrator can add folders of this computer."))
        return
    with st.form("folder", border=False):
        path = st.text_input(
            gettext("Path of a file or folder"),
            placeholder=str(next(iter(rights.folders), gettext("/home/me/Documents"))),
            key=state.own(keys.FOLDER),
        )
        st.caption(
            gettext("Adding the same folder again follows its changes, removed files included.")
        )
        if st.form_submit_button(gettext("Add to the library"), type="primary") and path.strip():
            state.note_rejected_files(())
            _add(Path(path.strip()), rights, ingestion)


def _add(path: Path, rights: Rights, ingestion: Ingestion) -> None:
    try:
        with suppress(RuntimeError):  # "~name" of nobody here
            path = path.expanduser()
        rights.check_path(path)
    except NotAllowed as error:
        state.set_notice(str(error), kind="error")
        st.rerun()
    start(ingestion, path)


def _upload(settings: Settings, ingestion: Ingestion) -> None:
    with st.form("upload", clear_on_submit=True, border=False):
        files: list[Any] = st.file_uploader(
            gettext("Files to add"),
            accept_multiple_files=True,
            type=SUFFIXES,
            max_upload_size=settings.upload_mebibytes,
            key=state.own(keys.FILES),
            label_visibility="collapsed",
        )
        words = gettext(
            "Up to {mebibytes} MiB a file. PDF, Office, e-books, web pages, mail, tables, "
            "pictures, archives, text and source code."
        )
        st.caption(words.format(mebibytes=number(settings.upload_mebibytes)))
        if st.form_submit_button(gettext("Add to the library"), type="primary") and files:
            _keep(files, settings, ingestion)


def _keep(files: Sequence[Any], settings: Settings, ingestion: Ingestion) -> None:
    if ingestion.running:
        _refuse()
    folder = uploads_folder(settings.index)
    outcomes: list[tuple[str, str, str]] = []
    try:
        check_room(folder, sum(file.size for file in files))
        for file in files:
            outcomes.append(_outcome(file, folder, settings))
    except (StoreError, OSError) as error:
        state.set_notice(str(error), kind="error")
    state.note_rejected_files([outcome for outcome in outcomes if outcome[0] != "added"])
    if any(outcome[0] != "failed" for outcome in outcomes):
        start(ingestion, folder)
    st.rerun()


def _outcome(file: Any, folder: Path, settings: Settings) -> tuple[str, str, str]:
    try:
        kept = keep(folder, file.name, file.getvalue(), mebibytes=settings.upload_mebibytes)
    except LoadError as error:
        return "failed", file.name, str(error)
    if kept.is_new:
        return "added", file.name, ""
    reason = gettext("The same file is in the library already, as {name}.")
    return "skipped", file.name, reason.format(name=kept.path.name)


# The run


def _follow(settings: Settings, ingestion: Ingestion, was_running: bool) -> None:
    """Show the run; once it has ended, have the whole page drawn anew."""
    if ingestion.running:
        left, ending = ingestion.seconds_left, ingestion.ending
        with st.container(key="run"):
            st.html(progress_html(ingestion.progress, left=left, ending=ending))
            if user.rights().administers:
                st.button(gettext("Cancel"), on_click=_cancel, args=(ingestion,))
    elif was_running:
        st.rerun()
    else:
        _show_end(settings, ingestion)


def _cancel(ingestion: Ingestion) -> None:
    if user.rights().administers:  # still, and whatever the browser sends
        ingestion.cancel()


def _show_end(settings: Settings, ingestion: Ingestion) -> None:
    report, watching = ingestion.report, shared.watching(settings)
    unfinished = [root for root in ingestion.roots.unfinished() if not watching.is_at_it(root.key)]
    if ingestion.error:
        st.html(notice_html(in_words(ingestion.error), kind="error"))
    elif report is not None:
        st.html(notice_html(end_words(report)))
    if unfinished and user.rights().administers:
        if report is None or not report.cancelled:
            st.html(notice_html(_unfinished_words(settings, unfinished)))
        _resume(ingestion)
    for path, _ in report.away if report is not None else ():
        words = gettext("{name} is not there now, or empty: its documents are kept.")
        st.html(notice_html(words.format(name=file_name(path)), kind="error"))
    if report is not None:
        listed = {"failed": report.failed, "partial": report.partial, "skipped": report.skipped}
        rows = [(outcome, *file) for outcome, files in listed.items() for file in files]
        if rows:
            st.html(outcomes_html(rows[:_MOST_ROWS]))


def _unfinished_words(settings: Settings, unfinished: Sequence[Root]) -> str:
    uploads = uploads_folder(settings.index).resolve()
    names = [
        gettext("uploaded files") if root.path.resolve() == uploads else file_name(root.shown)
        for root in unfinished
    ]
    words = gettext("Not finished: {names}. Resume goes on from there.")
    return words.format(names=", ".join(names))


def _resume(ingestion: Ingestion) -> None:
    with st.container(horizontal=True):
        if st.button(gettext("Resume"), type="primary"):
            if not ingestion.resume():
                _refuse()
            st.rerun()
        if st.button(gettext("Leave it"), type="tertiary", help=gettext("What is in stays.")):
            ingestion.roots.leave()
            ingestion.dismiss()
            st.rerun()
