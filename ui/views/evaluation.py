"""How well questions with known answers are answered, and whether other settings do better."""

import json
from typing import get_args

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag_app.config import Settings
from rag_app.errors import RagError
from rag_app.evaluation.asking import Asked, Miss
from rag_app.evaluation.question_report import QuestionReport
from rag_app.evaluation.questions import of_these, spread
from rag_app.evaluation.told import MISSES
from ui import shared, state
from ui.components import EMPTY, counted, heading_html, notice_html
from ui.evaluated import kinds_html, miss_html, totals_html
from ui.evaluation import Evaluation
from ui.filters import Filter
from ui.views import question_sets, side_by_side

_LINE = "How well questions with known answers are answered, and whether other settings do better."
_REFRESH_SECONDS = 1.0
_QUESTIONS = 100
_MOST_QUESTIONS = 2_000
_MOST_SHOWN = 20
_WRONG, _COMPARED = _PARTS = ("What went wrong", "Compare with other settings")
_ALL = "all"
_FILTERED = ("folder", "format", "source")  # what the chat can be restricted to


def render(settings: Settings, *, chat: StreamlitPage) -> None:
    """Draw the page."""
    evaluation = shared.evaluation(settings)
    st.html(heading_html("Evaluation", _LINE))
    if notice := state.told():
        st.html(notice_html(notice.message, kind=notice.kind))
    if not shared.opened(settings)[0].catalog.count_chunks():
        st.html(notice_html(EMPTY))
        return
    running = evaluation.running
    if not running:
        _choose(settings, evaluation)
    st.fragment(_follow, run_every=_REFRESH_SECONDS if running else None)(evaluation, running)
    if evaluation.report is None:
        return
    _report(evaluation, evaluation.report)
    part = st.segmented_control(
        "Part", _PARTS, default=_WRONG, key=state.FINDINGS, label_visibility="collapsed"
    )
    if part == _COMPARED:
        side_by_side.render(settings, evaluation)
    else:
        _misses(evaluation.report, chat)


# Asking


def _choose(settings: Settings, evaluation: Evaluation) -> None:
    with st.container(key="question-sets"):
        most = st.session_state.get(state.MOST_QUESTIONS, _QUESTIONS)
        name, load = question_sets.choose(settings, most=most)
        st.number_input(
            "Questions at most",
            1,
            _MOST_QUESTIONS,
            _QUESTIONS,
            key=state.MOST_QUESTIONS,
            help="Of a longer set, so many are asked, spread evenly over it.",
        )
        if not st.button("Ask the questions", type="primary", icon=":material/play_arrow:"):
            return
    try:
        given = load()
        kept = of_these(given, shared.document_names(settings), name=name)
    except RagError as error:
        st.html(notice_html(str(error), kind="error"))
        return
    evaluation.start(
        shared.rag(settings), spread(kept, most), name=name, left_out=len(given) - len(kept)
    )
    st.rerun()


def _follow(evaluation: Evaluation, was_running: bool) -> None:
    """Show the run; once it has ended, have the whole page drawn anew."""
    if evaluation.running:
        share = evaluation.done / max(evaluation.total, 1)
        st.progress(share, f"{evaluation.done:,} of {evaluation.total:,} questions")
        st.button("Stop", on_click=evaluation.stop, icon=":material/stop_circle:")
    elif was_running:
        st.rerun()
    elif evaluation.error:
        st.html(notice_html(evaluation.error, kind="error"))


# What came of it


def _report(evaluation: Evaluation, report: QuestionReport) -> None:
    st.html(notice_html(f"{evaluation.name}: {counted(len(report.rows), 'question')}."))
    if report.left_out:
        st.caption(
            f"{counted(report.left_out, 'question')} left out: their documents are not in the "
            "library."
        )
    st.html(totals_html(report))
    if len(report.kinds) > 1:
        with st.expander("By kind of question"):
            st.html(kinds_html(report))
    _download(evaluation, report)


def _misses(report: QuestionReport, chat: StreamlitPage) -> None:
    found: dict[str, list[Asked]] = {_ALL: report.misses()}
    found |= {kind: rows for kind in get_args(Miss) if (rows := report.misses(kind))}
    if not found[_ALL]:
        st.caption("Nothing that is known of.")
        return
    words = {_ALL: "All"} | {str(kind): told for kind, told in MISSES.items()}
    kind = st.selectbox(
        "Show",
        [*found],
        format_func=lambda kind: f"{words[kind]}: {len(found[kind])}",
        key=state.own(state.MISS),
    )
    rows = found[kind]
    for number, row in enumerate(rows[:_MOST_SHOWN], start=1):
        _miss(row, number, chat)
    if len(rows) > _MOST_SHOWN:
        st.caption(f"The first {_MOST_SHOWN} of {len(rows):,}; the report has all.")


def _miss(row: Asked, number: int, chat: StreamlitPage) -> None:
    with st.container(key=f"miss-{number}"):
        st.html(miss_html(row, number))
        if st.button(
            f"Ask number {number} in the chat",
            key=f"{state.ASK_MISS}-{number}",
            icon=":material/forum:",
            type="tertiary",
        ):
            where = row.question.where
            filter_ = Filter(**{key: where[key] for key in _FILTERED if key in where})
            state.ask_apart(row.question.text, row.question.history, filter_)
            st.switch_page(chat)


def _download(evaluation: Evaluation, report: QuestionReport) -> None:
    told = evaluation.sides or report
    st.download_button(
        "Download the report",
        lambda: json.dumps(told.as_dict(), ensure_ascii=False, indent=1),  # when it is asked for
        file_name="evaluation.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
    )
