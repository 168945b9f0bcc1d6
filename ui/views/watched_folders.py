"""The folders that the library mirrors: looking again, watching, and letting go of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from ingest.names import path_of
from ingest.roots import Root
from rag_app.errors import RagError
from rag_app.index.catalog.catalog import Entry
from rag_app.settings.provenance import Settings
from ui.access import user
from ui.components.blocks import as_label, notice_html, plain, short_names, totals
from ui.components.watched_folder import folder_html
from ui.languages.language import gettext
from ui.resources import shared
from ui.resources.removal import remove
from ui.session import keys, state
from ui.views import add_documents

_REFRESH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder, what to call it, and its documents: all, and those in no other folder here."""

    root: Root
    name: str
    holds: Sequence[Entry]
    alone: Sequence[Entry]


def render(settings: Settings, entries: Sequence[Entry]) -> None:
    """Draw the folders, if there are any."""
    folders = _folders(settings, entries)
    if not folders:
        return
    title = plain(gettext("Folders"))
    st.html(f'<h2 class="section">{title}</h2>')
    watching = shared.watching(settings)
    # Looks again by itself only while there is something to see.
    st.fragment(_draw, run_every=_REFRESH_SECONDS if watching.watched else None)(
        settings, folders, (watching.watched, watching.changes)
    )


def _folders(settings: Settings, entries: Sequence[Entry]) -> list[_Folder]:
    own = settings.index.resolve()  # where uploads lie
    every = shared.ingestion(settings).roots.folders()
    roots = [root for root in every if not path_of(root.key).is_relative_to(own)]
    names = short_names([root.key for root in roots])
    held = {root.key: [entry for entry in entries if root.holds(entry)] for root in roots}
    folders = []
    for root in roots:
        others = {e.id for key, inside in held.items() if key != root.key for e in inside}
        alone = [entry for entry in held[root.key] if entry.id not in others]
        folders.append(_Folder(root, names[root.key], held[root.key], alone))
    return folders


def _draw(settings: Settings, folders: Sequence[_Folder], seen: tuple[int, int]) -> None:
    """Show the folders; once the documents have changed, have the whole page drawn anew."""
    watching, ingestion = shared.watching(settings), shared.ingestion(settings)
    if (watching.watched, watching.changes) != seen and not ingestion.running:
        st.rerun()
    for folder in folders:
        with st.container(key=f"folder-{folder.root.key}", border=True):
            _folder(settings, folder)


def _folder(settings: Settings, folder: _Folder) -> None:
    root, name, ingestion = folder.root, as_label(folder.name), shared.ingestion(settings)
    watched = shared.watching(settings).of(root.key)
    now = datetime.now().astimezone()
    st.html(folder_html(root, watched, holds=_holds(folder.holds), now=now))
    if not user.rights().administers:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        key = f"{keys.WATCH}-{root.key}"
        st.session_state[key] = watched is not None  # somebody else may have switched it
        watch = gettext("Watch {name}").format(name=name)
        st.toggle(watch, key=key, on_change=_switch, args=(settings, root, key))
        if st.button(
            gettext("Look at {name} again now").format(name=name),
            type="tertiary",
            key=f"{keys.LOOK}-{root.key}",
            disabled=not root.path.is_dir(),
        ):
            state.note_rejected_files(())
            add_documents.start(ingestion, root.path)
        stop = gettext("Stop following {name}").format(name=name)
        if st.button(stop, type="tertiary", key=f"{keys.UNFOLLOW}-{root.key}"):
            st.dialog(gettext("Stop following this folder?"))(_confirm)(settings, folder)


def _switch(settings: Settings, root: Root, key: str) -> None:
    if not user.rights().administers:  # any more, whatever the browser sends
        return
    watching = shared.watching(settings)
    if st.session_state[key]:
        watching.start(root)
    else:
        watching.stop(root.key)


def _confirm(settings: Settings, folder: _Folder) -> None:
    st.html(notice_html(f"{_holds(folder.alone)}."))
    st.caption(
        gettext(
            "They leave the library with their passages and vectors. The files stay where they are."
        )
    )
    label = gettext("Yes, stop following")
    if st.button(label, type="primary", on_click=_stop, args=(settings, folder)):
        st.rerun()


def _stop(settings: Settings, folder: _Folder) -> None:
    index, _ = shared.opened(settings)
    ingestion = shared.ingestion(settings)
    try:
        user.rights().check()
        shared.watching(settings).stop(folder.root.key, wait=True)
        remove(folder.alone, index, ingestion)
    except (RagError, OSError) as error:
        state.set_notice(str(error), kind="error")
        return
    ingestion.roots.forget(folder.root.key)
    state.set_notice(gettext("The folder is no longer followed."))


def _holds(entries: Sequence[Entry]) -> str:
    return totals(len(entries), sum(entry.chunks for entry in entries))
