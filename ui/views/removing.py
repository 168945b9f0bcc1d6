"""Removing documents, after having asked."""

from collections.abc import Sequence

import streamlit as st

from rag_app.errors import RagError
from rag_app.index.catalog import Entry
from rag_app.index.index import Index
from ui import state
from ui.components import counted, notice_html, totals
from ui.ingestion import Ingestion
from ui.listed import Listing
from ui.removal import remove

WHAT_GOES = (
    "Passages and vectors go as well. Uploaded files are deleted. Files in your own folders stay "
    "where they are, and come back when their folder is looked at again."
)


def render(index: Index, entries: Sequence[Entry], listing: Listing, ingestion: Ingestion) -> None:
    """Draw the choice of documents to be removed."""
    by_id = {entry.id: entry for entry in entries}
    chosen = st.multiselect(
        "Remove documents",
        options=list(by_id),
        format_func=lambda id_: listing.name(by_id[id_]),
        placeholder="Choose documents",
        key=state.own(state.REMOVAL),
    )
    if st.button("Remove", disabled=not chosen):
        _confirm([by_id[id_] for id_ in chosen], index, ingestion)


@st.dialog("Remove these documents?")
def _confirm(entries: Sequence[Entry], index: Index, ingestion: Ingestion) -> None:
    st.html(notice_html(f"{totals(len(entries), sum(entry.chunks for entry in entries))}."))
    st.caption(WHAT_GOES)
    confirm_button("Yes, remove", entries, index, ingestion)


def confirm_button(
    label: str, entries: Sequence[Entry], index: Index, ingestion: Ingestion
) -> None:
    """Draw the button that removes the documents, and then the whole page anew."""
    arguments = (entries, index, ingestion)
    if st.button(label, type="primary", on_click=_remove, args=arguments):
        st.rerun()


def _remove(entries: Sequence[Entry], index: Index, ingestion: Ingestion) -> None:
    try:
        remove(entries, index, ingestion)
    except (RagError, OSError) as error:
        state.tell(str(error), kind="error")
    else:
        state.tell(f"Removed {counted(len(entries), 'document')}.")
    state.choose_no_documents()
