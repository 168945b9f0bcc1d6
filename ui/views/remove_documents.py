"""Removing documents, after having asked."""

from collections.abc import Sequence

import streamlit as st

from rag_app.errors import RagError
from rag_app.index.catalog.catalog import Entry
from rag_app.index.index import Index
from ui.access import user
from ui.components.blocks import notice_html, totals
from ui.components.document_list import DocumentList
from ui.jobs.ingestion import Ingestion
from ui.languages.language import gettext, ngettext
from ui.resources.removal import remove
from ui.session import keys, state


def render(
    index: Index, entries: Sequence[Entry], listing: DocumentList, ingestion: Ingestion
) -> None:
    """Draw the choice of documents to be removed."""
    if not user.rights().administers:
        st.caption(_not_allowed())
        return
    by_id = {entry.id: entry for entry in entries}
    chosen = st.multiselect(
        gettext("Remove documents"),
        options=list(by_id),
        format_func=lambda id_: listing.name(by_id[id_]),
        placeholder=gettext("Choose documents"),
        key=state.own(keys.REMOVAL),
    )
    if st.button(gettext("Remove"), disabled=not chosen):
        dialog = st.dialog(gettext("Remove these documents?"))
        dialog(_confirm)([by_id[id_] for id_ in chosen], index, ingestion)


def _confirm(entries: Sequence[Entry], index: Index, ingestion: Ingestion) -> None:
    st.html(notice_html(f"{totals(len(entries), sum(entry.chunks for entry in entries))}."))
    ask(entries, index, ingestion)


def ask(entries: Sequence[Entry], index: Index, ingestion: Ingestion) -> None:
    """Say what goes, and draw the button that removes the documents, and then the page anew."""
    if not user.rights().administers:
        st.caption(_not_allowed())
        return
    st.caption(
        gettext(
            "Passages and vectors go as well. Uploaded files are deleted. Files in your own "
            "folders stay where they are, and come back when their folder is looked at again."
        )
    )
    arguments = (entries, index, ingestion)
    if st.button(gettext("Yes, remove"), type="primary", on_click=_remove, args=arguments):
        st.rerun()


def _remove(entries: Sequence[Entry], index: Index, ingestion: Ingestion) -> None:
    try:
        user.rights().check()
        remove(entries, index, ingestion)
    except (RagError, OSError) as error:
        state.set_notice(str(error), kind="error")
    else:
        state.set_notice(
            ngettext("Removed {count} document.", "Removed {count} documents.", len(entries))
        )
    state.choose_no_documents()


def _not_allowed() -> str:
    return gettext("Only an administrator can remove documents.")
