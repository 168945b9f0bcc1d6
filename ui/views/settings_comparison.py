"""Other settings for the questions of an evaluation, and what they change."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from rag_app.errors import RagError
from rag_app.evaluation.comparison import Comparison, Side
from rag_app.evaluation.question_runner import Asked
from rag_app.evaluation.report_text import settings_lines
from rag_app.settings.provenance import Settings
from rag_app.settings.variants import changed_settings, variant
from ui.access import user
from ui.components.blocks import notice_html
from ui.components.evaluation_report import changed_html, changes_html, differing_html
from ui.jobs.evaluation_job import EvaluationJob
from ui.languages.language import gettext, number
from ui.resources import shared

_MOST_SHOWN = 50


def render(settings: Settings, evaluation: EvaluationJob) -> None:
    """Draw the settings that need no new index, as they are, and what the last change did."""
    if not evaluation.running:
        _choose(settings, evaluation)
    if evaluation.sides is not None:
        _show(evaluation.sides)


def _choose(settings: Settings, evaluation: EvaluationJob) -> None:
    with st.form("variant"):
        st.caption(gettext("Change one or more, and the same questions are asked once more."))
        values = _fields(settings)
        if not st.form_submit_button(gettext("Compare"), type="primary"):
            return
    try:
        other = variant(settings, values)
    except RagError as error:
        st.html(notice_html(str(error), kind="error"))
        return
    if not changed_settings(settings, other):
        st.html(notice_html(gettext("These are the settings in use; change one first.")))
        return
    evaluation.compare(shared.rag(settings), other)
    st.rerun()


def _fields(settings: Settings) -> dict[str, Any]:
    left, right = st.columns(2)
    with left:
        k = st.number_input(gettext("Hits (k)"), 1, None, settings.k)
        candidates = st.number_input(gettext("Candidates"), 1, None, settings.candidates)
        weight = st.slider(
            gettext("Share of the meaning (dense_weight)"), 0.0, 1.0, settings.dense_weight
        )
        diversity = st.slider(gettext("Diversity"), 0.0, 1.0, settings.diversity)
        least = st.slider(
            gettext("Least confidence (min_confidence)"), 0.0, 1.0, settings.min_confidence
        )
    with right:
        models = _models(settings)
        reranked = st.number_input(
            gettext("Candidates it sees (reranked)"), 1, None, settings.reranked
        )
    return {
        "k": k,
        "candidates": candidates,
        "dense_weight": weight,
        "diversity": diversity,
        "min_confidence": least,
        **models,
        "reranked": reranked,
    }


def _models(settings: Settings) -> dict[str, Any]:
    """What answers; where it may be elsewhere, questions and passages are sent there."""
    if not user.rights().administers:
        st.caption(gettext("Only an administrator can have other models opened."))
        return {}
    modes = ("auto", "read", "generate")
    answer = st.selectbox(gettext("Answers (answer)"), modes, modes.index(settings.answer))
    generator = st.text_input(gettext("Language model (generator)"), settings.generator)
    reranker = st.text_input(gettext("Late-interaction model (reranker)"), settings.reranker)
    return {"answer": answer, "generator": generator.strip(), "reranker": reranker.strip()}


def _show(sides: Comparison) -> None:
    st.html(differing_html(sides))
    st.html(changes_html(sides))
    st.html(notice_html(_verdict(sides.winner)))
    if sides.winner == "after":
        st.caption(gettext("Lines for the settings file:"))
        st.code(settings_lines(sides), language="toml")
    _pairs(gettext("Got better: {count}"), sides.better)
    _pairs(gettext("Got worse: {count}"), sides.worse)


def _verdict(winner: Side | None) -> str:
    if winner is None:
        return gettext("Neither answers better by more than chance: there is no reason to change.")
    if winner == "after":
        return gettext("The tried settings answer better, by more than chance.")
    return gettext("The settings in use answer better, by more than chance.")


def _pairs(label: str, pairs: Sequence[tuple[Asked, Asked]]) -> None:
    with st.expander(label.format(count=number(len(pairs)))):
        for before, after in pairs[:_MOST_SHOWN]:
            st.html(changed_html(before, after))
        if not pairs:
            st.caption(gettext("No question."))
