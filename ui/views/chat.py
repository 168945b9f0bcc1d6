"""The conversation: questions with their answers, and what can be done with it."""

from collections.abc import Container, Sequence
from functools import partial

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag_app.history.export import FORMATS, Form
from rag_app.history.record import records_of
from rag_app.rag import Rag
from rag_app.retrieval.question_length import LONGEST_QUESTION
from rag_app.schema import Answer
from rag_app.settings.provenance import Settings
from ui.components.blocks import file_name, heading_html, notice_html, totals
from ui.components.conversation import answer_html, question_html
from ui.languages.fixed_words import in_words
from ui.languages.language import gettext
from ui.resources import shared
from ui.resources.filters import Choices, called
from ui.session import keys, saved_conversation, state
from ui.views import answer_actions, answering, filtering, scripts, sources, why

# Offered where the samples are in the library, by the file that answers.
_SAMPLE_QUESTIONS = {
    "hoist-manual.pdf": "When were the hoist's wire ropes last renewed?",
    "coatings-guide.md": "How many coats of varnish does a brand new spar get?",
    "price-list.html": "How much is a day pass for the workshop?",
}


def render(settings: Settings, *, library: StreamlitPage) -> None:
    """Draw the conversation and answer what waits."""
    rag = shared.rag(settings)
    documents, chunks = rag.index.catalog.size()
    choices = shared.filters(settings)
    state.choose(choices.narrowed(state.chosen()))
    saved_conversation.follow(settings)
    if not state.turns():
        _welcome(rag, documents, chunks, busy=shared.ingestion(settings).running, library=library)
    if state.turns() or documents:
        with st.bottom:
            filtering.render(choices)
            st.chat_input(
                gettext("Ask a question"),
                key=keys.QUESTION,
                max_chars=LONGEST_QUESTION,
                on_submit=_submit,
            )
    if state.turns():
        exports = _toolbar()
        _conversation(rag, choices, settings)
        saved_conversation.keep(settings)
        with exports:
            _exports(rag)
    if notice := state.take_notice():
        st.html(notice_html(notice.message, kind=notice.kind))


def _submit() -> None:
    state.ask(st.session_state[keys.QUESTION])


# Before the first question


def _welcome(rag: Rag, documents: int, chunks: int, *, busy: bool, library: StreamlitPage) -> None:
    title = gettext("Ask your documents")
    promise = gettext("Every answer quotes its sources, word for word.")
    with st.container(key="welcome"):
        if documents:
            size = gettext("{documents_and_passages} in the library.")
            size = size.format(documents_and_passages=totals(documents, chunks))
            st.html(heading_html(title, f"{promise} {size}"))
            _examples(rag)
            return
        st.html(heading_html(title, promise))
        empty = gettext("The library is empty. Add some documents there, then come back and ask.")
        adding = gettext("Your documents are being added; the library shows how far it is.")
        st.html(notice_html(adding if busy else empty))
        st.page_link(
            library,
            label=gettext("Open the library"),
            icon=":material/folder_open:",
            query_params=state.address(),
        )


def _examples(rag: Rag) -> None:
    files = {file_name(entry.source) for entry in rag.index.catalog.entries() if entry.chunks}
    questions = [question for name, question in _SAMPLE_QUESTIONS.items() if name in files]
    if not questions:
        return
    with st.container(key="examples"):
        for question in questions:
            st.button(question, on_click=state.ask, args=(question,), width="stretch")


# Afterwards


def _toolbar() -> st.delta_generator.DeltaGenerator:
    """Draw the tools; returns where the exports go, once there is something to export."""
    label = gettext("New conversation")
    with st.container(horizontal=True, horizontal_alignment="right", key="toolbar"):
        exports = st.container(width="content", key="exports")
        st.button(
            label,
            icon=":material/add_comment:",
            type="tertiary",
            help=label,
            on_click=state.begin_anew,
        )
    return exports


def _exports(rag: Rag) -> None:
    """The conversation as a file; `rag-app recheck` says later what of it still stands."""
    answers = [turn.answer for turn in state.turns() if turn.answer is not None]
    if not answers:
        return
    label = gettext("Export")
    names = {".md": "Markdown", ".html": gettext("Web page"), ".json": "JSON"}
    with st.popover(label, icon=":material/download:", type="tertiary", help=label):
        for ending, form in FORMATS.items():
            st.download_button(
                names[ending],
                partial(_export, form, rag, answers),  # made when it is asked for
                file_name=f"answers{ending}",
                on_click="ignore",
                type="tertiary",
                width="stretch",
            )


def _export(form: Form, rag: Rag, answers: Sequence[Answer]) -> str:
    return form(records_of(answers, rag.index.catalog))


def _conversation(rag: Rag, choices: Choices, settings: Settings) -> None:
    pdfs = frozenset(choices.sources(format_="pdf"))
    for number, turn in enumerate(state.turns(), start=1):
        if turn.waits:
            # Since it was asked, a document may have gone.
            turn.filter = choices.narrowed(turn.filter)
        with st.container(key=f"{keys.TURN}-{turn.id}"):
            _turn(rag, turn, number, settings, pdfs)


def _turn(
    rag: Rag, turn: state.Turn, number: int, settings: Settings, pdfs: Container[str]
) -> None:
    st.html(question_html(turn.question, called(turn.filter.words)))
    place, below, following = st.empty(), st.empty(), st.empty()
    if turn.waits:
        with following:
            scripts.follow(turn)
        answering.render(rag, turn, number, place, below)
    with place.container(key=f"answer-{number}"):
        _show(rag, turn, number, settings, pdfs)
    below.empty()
    if turn.answer is not None:
        why.render(rag, turn)
    answer_actions.render(settings, turn)


def _show(
    rag: Rag, turn: state.Turn, number: int, settings: Settings, pdfs: Container[str]
) -> None:
    if turn.answer is None:
        st.html(notice_html(in_words(turn.error), kind="error"))
        return
    st.html(answer_html(turn.answer, turn=number, sources=False))
    if turn.answer.citations:
        sources.render(rag, turn.answer, number, settings, pdfs)
