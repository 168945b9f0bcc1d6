"""The panel under an answer that says why it was made from these passages."""

import logging

import streamlit as st

from rag_app.errors import RagError
from rag_app.rag import Rag
from rag_app.retrieval.explain import Explanation, explain
from rag_app.schema import Answer
from ui.components.blocks import notice_html, short_names
from ui.components.retrieval_table import explanation_html, verdict_html
from ui.languages.language import gettext
from ui.session import keys, state

_logger = logging.getLogger(__name__)
_CANDIDATES = 10


@st.fragment
def render(rag: Rag, turn: state.Turn) -> None:
    """Draw the panel, which costs nothing before it is opened."""
    panel = st.expander(
        gettext("Why these passages"), key=f"{keys.WHY}-{turn.id}", on_change="rerun"
    )
    if turn.answer is None or not panel.open:
        return
    with panel:
        # The page's own border for errors does not hold where this alone is drawn anew.
        try:
            _show(rag, turn, turn.answer)
        except RagError as error:
            st.html(notice_html(str(error), kind="error"))
        except Exception:
            _logger.exception("explaining %r failed", turn.question)
            failed = gettext("This failed unexpectedly; the log says more.")
            st.html(notice_html(failed, kind="error"))


def _show(rag: Rag, turn: state.Turn, answer: Answer) -> None:
    if turn.explanation is None:
        turn.explanation = _explain(rag, turn, answer)
    cited = {citation.chunk_id: citation.number for citation in reversed(answer.citations)}
    st.html(explanation_html(turn.explanation, cited))
    names = short_names([entry.source for entry in rag.index.catalog.entries()])
    document = st.selectbox(
        gettext("Why not this document?"),
        [*names],
        index=None,
        format_func=names.__getitem__,
        placeholder=gettext("Choose a document"),
        key=f"{keys.WHY_NOT}-{turn.id}",
    )
    if document:
        st.html(verdict_html(_explain(rag, turn, answer, source=document).verdict))


def _explain(rag: Rag, turn: state.Turn, answer: Answer, *, source: str = "") -> Explanation:
    return explain(
        answer.searched or answer.question,
        rag.retriever,
        rag.index,
        k=_CANDIDATES,
        where=turn.filter.where,
        source=source,
    )
