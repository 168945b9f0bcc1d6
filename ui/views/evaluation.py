"""How well questions with known answers are answered, and whether other settings do better."""

import json
from typing import get_args

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag_app.errors import RagError
from rag_app.evaluation.question_report import QuestionReport
from rag_app.evaluation.question_runner import Asked, Miss
from rag_app.evaluation.questions import of_these, spread
from rag_app.settings.provenance import Settings
from ui.components.blocks import heading_html, notice_html
from ui.components.embeddings import empty_html
from ui.components.evaluation_report import kinds_html, miss_html, totals_html
from ui.jobs.evaluation_job import FAILED, EvaluationJob
from ui.languages.evaluation_words import misses
from ui.languages.language import gettext, ngettext, number
from ui.resources import shared
from ui.resources.filters import Filter
from ui.session import keys, state
from ui.views import question_source, settings_comparison

_REFRESH_SECONDS = 1.0
_QUESTIONS = 100
_MOST_QUESTIONS = 2_000
_MOST_SHOWN = 20
_WRONG, _COMPARED = "wrong", "compared"
_ALL = "all"
_FILTERED = ("folder", "format", "source")  # what the chat can be restricted to


def render(settings: Settings, *, chat: StreamlitPage) -> None:
    """Draw the page."""
    evaluation = shared.evaluation(settings)
    line = gettext(
        "How well questions with known answers are answered, and whether other settings do better."
    )
    st.html(heading_html(gettext("Evaluation"), line))
    if notice := state.take_notice():
        st.html(notice_html(notice.message, kind=notice.kind))
    if not shared.opened(settings)[0].catalog.count_chunks():
        st.html(empty_html())
        return
    running = evaluation.running
    if not running:
        _choose(settings, evaluation)
    st.fragment(_follow, run_every=_REFRESH_SECONDS if running else None)(evaluation, running)
    if evaluation.report is None:
        return
    _report(evaluation, evaluation.report)
    if _part() == _COMPARED:
        settings_comparison.render(settings, evaluation)
    else:
        _misses(evaluation.report, chat)


# Asking


def _choose(settings: Settings, evaluation: EvaluationJob) -> None:
    with st.container(key="question-sets"):
        most = st.session_state.get(keys.MOST_QUESTIONS, _QUESTIONS)
        name, load = question_source.choose(settings, most=most)
        st.number_input(
            gettext("Questions at most"),
            1,
            _MOST_QUESTIONS,
            _QUESTIONS,
            key=keys.MOST_QUESTIONS,
            help=gettext("Of a longer set, so many are asked, spread evenly over it."),
        )
        label = gettext("Ask the questions")
        if not st.button(label, type="primary", icon=":material/play_arrow:"):
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


def _follow(evaluation: EvaluationJob, was_running: bool) -> None:
    """Show the run; once it has ended, have the whole page drawn anew."""
    if evaluation.running:
        share = evaluation.done / max(evaluation.total, 1)
        told = gettext("{done} of {total} questions")
        told = told.format(done=number(evaluation.done), total=number(evaluation.total))
        st.progress(share, told)
        st.button(gettext("Stop"), on_click=evaluation.stop, icon=":material/stop_circle:")
    elif was_running:
        st.rerun()
    elif evaluation.error:
        failed = gettext("Asking the questions failed unexpectedly; the log says more.")
        error = failed if evaluation.error == FAILED else evaluation.error
        st.html(notice_html(error, kind="error"))


# What came of it


def _part() -> str | None:
    """Draw the choice of what is shown below the report."""
    words = {
        _WRONG: gettext("What went wrong"),
        _COMPARED: gettext("Compare with other settings"),
    }
    return st.segmented_control(
        gettext("Part"),
        words,
        default=_WRONG,
        format_func=words.__getitem__,
        key=keys.FINDINGS,
        label_visibility="collapsed",
    )


def _report(evaluation: EvaluationJob, report: QuestionReport) -> None:
    asked = ngettext("{count} question", "{count} questions", len(report.rows))
    told = gettext("{name}: {questions}.")
    st.html(notice_html(told.format(name=question_source.called(evaluation.name), questions=asked)))
    if report.left_out:
        st.caption(_left_out(report.left_out))
    st.html(totals_html(report))
    if len(report.kinds) > 1:
        with st.expander(gettext("By kind of question")):
            st.html(kinds_html(report))
    _download(evaluation, report)


def _left_out(count: int) -> str:
    return ngettext(
        "{count} question left out: its documents are not in the library.",
        "{count} questions left out: their documents are not in the library.",
        count,
    )


def _misses(report: QuestionReport, chat: StreamlitPage) -> None:
    found: dict[str, list[Asked]] = {_ALL: report.misses()}
    found |= {kind: rows for kind in get_args(Miss) if (rows := report.misses(kind))}
    if not found[_ALL]:
        st.caption(gettext("Nothing that is known of."))
        return
    words = {_ALL: gettext("All")} | {str(kind): told for kind, told in misses().items()}
    kind = st.selectbox(
        gettext("Show"),
        [*found],
        format_func=lambda kind: f"{words[kind]}: {len(found[kind])}",
        key=state.own(keys.MISS),
    )
    rows = found[kind]
    for place, row in enumerate(rows[:_MOST_SHOWN], start=1):
        _miss(row, place, chat)
    if len(rows) > _MOST_SHOWN:
        told = gettext("The first {shown} of {all}; the report has all.")
        st.caption(told.format(shown=_MOST_SHOWN, all=number(len(rows))))


def _miss(row: Asked, place: int, chat: StreamlitPage) -> None:
    with st.container(key=f"miss-{place}"):
        st.html(miss_html(row, place))
        if st.button(
            gettext("Ask number {number} in the chat").format(number=place),
            key=f"{keys.ASK_MISS}-{place}",
            icon=":material/forum:",
            type="tertiary",
        ):
            where = row.question.where
            filter_ = Filter(**{key: where[key] for key in _FILTERED if key in where})
            state.ask_apart(row.question.text, row.question.history, filter_)
            st.switch_page(chat)


def _download(evaluation: EvaluationJob, report: QuestionReport) -> None:
    told = evaluation.sides or report
    st.download_button(
        gettext("Download the report"),
        lambda: json.dumps(told.as_dict(), ensure_ascii=False, indent=1),  # when it is asked for
        file_name="evaluation.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
    )
