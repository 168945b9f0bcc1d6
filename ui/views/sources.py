"""What an answer cites, and where it stands there: on the page of a PDF, or in the text."""

import logging
from collections.abc import Container, Sequence

import streamlit as st

from ingest.drawing import OnPage, PagePicture, draw_page
from ingest.original import Original
from rag_app.errors import LoadError, RagError
from rag_app.rag import Rag
from rag_app.schema import Answer, Citation
from rag_app.settings.provenance import Settings
from rag_app.text.printable import printable
from ui.components.blocks import file_name, notice_html
from ui.components.conversation import sources_html
from ui.components.document_text import document_html
from ui.languages.language import gettext
from ui.resources.evidence import Evidence, cited_html, find_evidence, page_html
from ui.session import keys, state

_logger = logging.getLogger(__name__)
_KEPT = 32  # pictures
# As what a file is handed out: a browser would run what some others hold.
_PDF, _OTHER = "application/pdf", "application/octet-stream"


@st.fragment
def render(rag: Rag, answer: Answer, number: int, settings: Settings, pdfs: Container[str]) -> None:
    """Draw the sources of an answer; a document costs nothing before it is wanted.

    Args:
        rag: What answered.
        answer: Not one that abstains.
        number: Of the turn.
        settings: What drawing a page may cost.
        pdfs: Sources that have pages to show.
    """
    sources = sources_html(answer, turn=number)
    citations = [citation for citation, _ in sources]
    with st.container(key=f"sources-{number}"):
        for at, (citation, html) in enumerate(sources):
            with st.container(key=f"source-{number}-{citation.number}"):
                st.html(html)
                if _wanted(citation, number, is_pdf=citation.source in pdfs):
                    state.show_page(at)
                    show = st.dialog(gettext("Where the quote stands"), width="large")(_document)
                    show(rag, answer, citations, settings)


def _wanted(citation: Citation, number: int, *, is_pdf: bool) -> bool:
    # What is between the stars is for screen readers alone.
    page = gettext("Show the page *of source {number}*")
    label = page if is_pdf else gettext("Show in the document *of source {number}*")
    return st.button(
        label.format(number=citation.number),
        key=f"{keys.SHOW_PAGE}-{number}-{citation.number}",
        icon=":material/find_in_page:",
        type="tertiary",
    )


def _document(rag: Rag, answer: Answer, citations: Sequence[Citation], settings: Settings) -> None:
    """The document of one of the citations, with the way to the others."""
    citation = citations[state.page_shown()]
    download = _bar(citations)
    # The page's own border for errors does not hold where this alone is drawn anew.
    try:
        evidence = find_evidence(rag.index.catalog, citation, answer)
        _show(evidence, citation, download, settings)
    except RagError as error:
        st.html(notice_html(str(error), kind="error"))
    except Exception:
        _logger.exception("showing %s failed", citation.source)
        failed = gettext("This failed unexpectedly; the log says more.")
        st.html(notice_html(failed, kind="error"))


def _bar(citations: Sequence[Citation]) -> st.delta_generator.DeltaGenerator:
    """Which source it is and the way to the others; returns where the download goes."""
    at = state.page_shown()
    with st.container(horizontal=True, key="page-bar"):
        st.html(cited_html(citations[at]))
        if len(citations) > 1:
            # Round and round: a button that is switched off would lose the keyboard.
            _step(gettext("Previous"), "chevron_left", to=(at - 1) % len(citations))
            _step(gettext("Next"), "chevron_right", to=(at + 1) % len(citations))
        return st.container(width="content")


def _step(label: str, icon: str, *, to: int) -> None:
    st.button(
        label, icon=f":material/{icon}:", type="tertiary", on_click=state.show_page, args=(to,)
    )


def _show(
    evidence: Evidence,
    citation: Citation,
    download: st.delta_generator.DeltaGenerator,
    settings: Settings,
) -> None:
    """The file, and the pages of a PDF; of anything else, and without the file, the text."""
    is_pdf = evidence.document.metadata.get("format") == "pdf"
    try:
        data = evidence.original.read()  # kept pictures must not be shown once it has changed
        with download:
            _download(data, printable(file_name(citation.source)), _PDF if is_pdf else _OTHER)
        if is_pdf:
            _pictures(evidence, citation, settings)
            return
    except LoadError as error:
        st.html(notice_html(str(error), kind="error"))
    st.html(document_html(evidence.document, citation))


def _download(data: bytes, name: str, mime: str) -> None:
    st.download_button(
        gettext("Open the file"),
        data,  # at once: a button that waits for it is switched off, and loses the keyboard
        file_name=name,
        mime=mime,
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def _pictures(evidence: Evidence, citation: Citation, settings: Settings) -> None:
    """One for each page that the quote stands on."""
    for words in evidence.words:
        with st.spinner(gettext("Drawing the page …")):
            picture = _drawn(evidence.original, words, settings)
        st.html(page_html(picture, words, citation))


@st.cache_resource(show_spinner=False, max_entries=_KEPT)
def _drawn(original: Original, words: OnPage, settings: Settings) -> PagePicture:
    return draw_page(original, words, settings=settings)
