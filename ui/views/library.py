"""The documents: what is in and what became of it, adding some, looking into one, removing some."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from rag_app.index.catalog.catalog import Entry
from rag_app.settings.provenance import Settings
from ui.components.blocks import heading_html, notice_html, plain, totals
from ui.components.document_list import DocumentList
from ui.languages.language import gettext, number
from ui.resources import shared
from ui.session import keys, state
from ui.uploads import uploads_folder
from ui.views import add_documents, collection_picker, preview, remove_documents, watched_folders

_MOST_ROWS = 200
_MOST_CHOICES = 2_000  # all of them are sent to the browser on every run
_FILTER_FROM = 20  # documents; fewer are seen at a glance


def render(settings: Settings) -> None:
    """Draw the library."""
    index, _ = shared.opened(settings)
    ingestion = shared.ingestion(settings)
    entries = index.catalog.entries()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.html(heading_html(gettext("Library"), f"{totals(*index.catalog.size())}."))
        collection_picker.manage(settings)
    if notice := state.take_notice():
        st.html(notice_html(notice.message, kind=notice.kind))
    add_documents.render(settings, ingestion)
    watched_folders.render(settings, entries)
    if entries:
        uploads = uploads_folder(settings.index)
        listing = DocumentList(entries, uploads=uploads, now=datetime.now().astimezone())
        title = plain(gettext("Documents"))
        st.html(f'<h2 class="section">{title}</h2>')
        wanted = _wanted(entries)
        preview.render(index, wanted[:_MOST_CHOICES], listing, ingestion)
        st.html(listing.table_html(wanted[:_MOST_ROWS]))
        if len(wanted) > _MOST_ROWS:
            words = gettext("The first {shown} of {all}; find a document to see others.")
            st.caption(words.format(shown=_MOST_ROWS, all=number(len(wanted))))
        remove_documents.render(index, wanted[:_MOST_CHOICES], listing, ingestion)


def _wanted(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Those that the visitor looks for."""
    if len(entries) < _FILTER_FROM:
        return entries
    wanted = st.text_input(gettext("Find a document"), key=state.own(keys.FILTER)).casefold()
    return [entry for entry in entries if wanted in entry.source.casefold()]
