"""A look into one document: what is known of it, and the passages it was cut into."""

import logging
from collections.abc import Sequence

import streamlit as st

from rag_app.errors import RagError
from rag_app.index.catalog.catalog import Entry
from rag_app.index.index import Index
from rag_app.schema import Chunk, Document
from ui.components.blocks import notice_html, plain
from ui.components.document_list import DocumentList
from ui.components.document_preview import facts_html, passages_html
from ui.jobs.ingestion import Ingestion
from ui.languages.language import gettext, number
from ui.session import keys, state
from ui.views import remove_documents

_PASSAGES = 20  # shown at once
_logger = logging.getLogger(__name__)


def render(
    index: Index, entries: Sequence[Entry], listing: DocumentList, ingestion: Ingestion
) -> None:
    """Draw the choice of a document, and what is in the chosen one."""
    by_id = {entry.id: entry for entry in entries}
    chosen = st.selectbox(
        gettext("Look into a document"),
        list(by_id),
        index=None,
        format_func=lambda id_: listing.name(by_id[id_]) if id_ in by_id else "",
        placeholder=gettext("Choose a document"),
        key=state.own(keys.PREVIEW),
    )
    # Drawn on every run while one is chosen, so that the end of a run does not close it.
    if chosen in by_id:
        dialog = st.dialog(gettext("Document"), width="large", on_dismiss=state.close_preview)
        dialog(_document)(by_id[chosen], index, listing, ingestion)


def _document(entry: Entry, index: Index, listing: DocumentList, ingestion: Ingestion) -> None:
    # The page's own border for errors does not hold where this alone is drawn anew.
    try:
        document = index.catalog.document(entry.id)
        chunks = index.catalog.chunks_of(document.id) if document is not None else []
        st.html(facts_html(entry, document, listing, passages=len(chunks)))
        _remove(entry, index, ingestion)
        if document is not None and chunks:
            _passages(document, chunks)
    except RagError as error:
        st.html(notice_html(str(error), kind="error"))
    except Exception:
        _logger.exception("looking into %s failed", entry.source)
        failed = gettext("This failed unexpectedly; the log says more.")
        st.html(notice_html(failed, kind="error"))


def _passages(document: Document, chunks: Sequence[Chunk]) -> None:
    begin = min(state.passages_from(), max(0, len(chunks) - 1))
    end = min(begin + _PASSAGES, len(chunks))
    if len(chunks) > _PASSAGES:
        with st.container(horizontal=True, vertical_alignment="center", key="passages-bar"):
            st.html(f"<p>{plain(_range(begin, end, len(chunks)))}</p>")
            # Round and round: a button that is switched off would lose the keyboard.
            last = (len(chunks) - 1) // _PASSAGES * _PASSAGES
            _step(gettext("Previous"), "chevron_left", to=begin - _PASSAGES if begin else last)
            _step(gettext("Next"), "chevron_right", to=end if end < len(chunks) else 0)
    st.html(passages_html(document, chunks, begin=begin, end=end))


def _range(begin: int, end: int, passages: int) -> str:
    words = gettext("Passages {first} to {last} of {all}")
    return words.format(first=number(begin + 1), last=number(end), all=number(passages))


def _step(label: str, icon: str, *, to: int) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        type="tertiary",
        on_click=state.show_passages,
        args=(to,),
    )


def _remove(entry: Entry, index: Index, ingestion: Ingestion) -> None:
    with st.popover(gettext("Remove this document"), icon=":material/delete:", type="tertiary"):
        remove_documents.ask([entry], index, ingestion)
