"""What an answer cites, and for PDFs the page itself with the quote marked on it."""

import logging
from collections.abc import Container, Sequence

import streamlit as st

from ingest.drawing import OnPage, PagePicture, draw_page
from ingest.original import Original
from rag_app.config import Settings
from rag_app.errors import RagError
from rag_app.printable import printable
from rag_app.rag import Rag
from rag_app.schema import Answer, Citation
from ui import state
from ui.components import file_name, notice_html
from ui.conversation import sources_html
from ui.evidence import Evidence, cited_html, find_evidence, page_html

_logger = logging.getLogger(__name__)
_KEPT = 32  # pictures


@st.fragment
def render(rag: Rag, answer: Answer, number: int, settings: Settings, pdfs: Container[str]) -> None:
    """Draw the sources of an answer; a page costs nothing before it is wanted.

    Args:
        rag: What answered.
        answer: Not one that abstains.
        number: Of the turn.
        settings: What drawing a page may cost.
        pdfs: Sources that have pages to show.
    """
    sources = sources_html(answer, turn=number)
    shown = [citation for citation, _ in sources if citation.source in pdfs]
    with st.container(key=f"sources-{number}"):
        for citation, html in sources:
            with st.container(key=f"source-{number}-{citation.number}"):
                st.html(html)
                if citation in shown and _wanted(citation, number):
                    state.show_page(shown.index(citation))
                    _page(rag, answer, shown, settings)


def _wanted(citation: Citation, number: int) -> bool:
    return st.button(
        "Show the page",
        key=f"{state.SHOW_PAGE}-{number}-{citation.number}",
        icon=":material/find_in_page:",
        type="tertiary",
    )


@st.dialog("The page", width="large")
def _page(rag: Rag, answer: Answer, citations: Sequence[Citation], settings: Settings) -> None:
    """The page of one of the citations, with the way to the others."""
    citation = citations[state.page_shown()]
    download = _bar(citations)
    # The page's own border for errors does not hold where this alone is drawn anew.
    try:
        evidence = find_evidence(rag.index.catalog, citation, answer)
        evidence.original.read()  # kept pictures must not be shown once it has changed
        with download:
            _download(evidence.original, printable(file_name(citation.source)))
        _pictures(evidence, citation, settings)
    except RagError as error:
        st.html(notice_html(str(error), kind="error"))
    except Exception:
        _logger.exception("showing a page of %s failed", citation.source)
        st.html(notice_html("This failed unexpectedly; the log says more.", kind="error"))


def _bar(citations: Sequence[Citation]) -> st.delta_generator.DeltaGenerator:
    """Which source it is and the way to the others; returns where the download goes."""
    at = state.page_shown()
    with st.container(horizontal=True, key="page-bar"):
        st.html(cited_html(citations[at]))
        if len(citations) > 1:
            # Round and round: a button that is switched off would lose the keyboard.
            _step("Previous", "chevron_left", to=(at - 1) % len(citations))
            _step("Next", "chevron_right", to=(at + 1) % len(citations))
        return st.container(width="content")


def _step(label: str, icon: str, *, to: int) -> None:
    st.button(
        label, icon=f":material/{icon}:", type="tertiary", on_click=state.show_page, args=(to,)
    )


def _download(original: Original, name: str) -> None:
    st.download_button(
        "Open the file",
        original.read,  # when it is asked for
        file_name=name,
        mime="application/pdf",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def _pictures(evidence: Evidence, citation: Citation, settings: Settings) -> None:
    """One for each page that the quote stands on."""
    for words in evidence.words:
        with st.spinner("Drawing the page …"):
            picture = _drawn(evidence.original, words, settings)
        st.html(page_html(picture, words, citation))


@st.cache_resource(show_spinner=False, max_entries=_KEPT)
def _drawn(original: Original, words: OnPage, settings: Settings) -> PagePicture:
    return draw_page(original, words, settings=settings)
