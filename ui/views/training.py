"""Fine-tuning on the documents of the library, and its verdict."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from rag_app.settings.provenance import Settings
from ui.access import user
from ui.components.blocks import notice_html
from ui.components.embeddings import figures_html
from ui.jobs.training_job import TrainingJob
from ui.languages.language import figure, gettext, number, percent
from ui.resources import shared

_REFRESH_SECONDS = 2.0
_MOST_EPOCHS = 6


def render(settings: Settings) -> None:
    """Draw the form, the run, or what came of it."""
    if not user.rights().administers:
        st.caption(gettext("Only an administrator can train a model."))
        return
    training = shared.training(settings)
    running = training.running
    st.fragment(_follow, run_every=_REFRESH_SECONDS if running else None)(training, running)
    if running:
        return
    with st.form("finetune", border=False):
        st.caption(
            gettext(
                "The model learns from questions made from your documents: headings, and "
                "sentences turned into questions. Some are kept for the exam at the end. Some "
                "minutes for a hundred passages on a processor; you can go on asking meanwhile."
            )
        )
        epochs = st.slider(gettext("Times through the questions, at most"), 1, _MOST_EPOCHS, 3)
        adopt = st.checkbox(gettext("Use the new model if it is better"), value=True)
        label = gettext("Continue") if training.begun_before else gettext("Train")
        if st.form_submit_button(label, type="primary"):
            training.start(shared.opened(settings)[1].name, epochs=epochs, adopt=adopt)
            st.rerun()


def _follow(training: TrainingJob, was_running: bool) -> None:
    """Show the run; once it has ended, have the whole page drawn anew."""
    if training.running:
        minutes, seconds = divmod(int(training.seconds), 60)
        so_far = gettext("Training for {time} minutes.").format(time=f"{minutes}:{seconds:02}")
        st.html(notice_html(so_far))
        st.button(gettext("Stop"), on_click=_stop, args=(training,))
    elif was_running:
        st.rerun()
    elif training.error:
        st.html(notice_html(training.error, kind="error"))
    elif training.verdict is not None:
        _show(training.verdict)


def _stop(training: TrainingJob) -> None:
    if user.rights().administers:  # still, and whatever the browser sends
        training.stop()


def _show(verdict: Mapping[str, Any]) -> None:
    before, after = verdict["before"], verdict["after"]
    rows = [
        (name, figure(f"{before[key]:.4f}"), figure(f"{after[key]:.4f}"))
        for key, name in _measures().items()
    ]
    st.html(figures_html(("", gettext("Before"), gettext("After")), rows))
    told = _better() if verdict["better"] else _not_better()
    line = told.format(
        share=percent(verdict["sureness"]),
        questions=number(verdict["questions"]),
        drift=figure(f"{verdict['drift']:.3f}"),
    )
    st.html(notice_html(line))


def _measures() -> dict[str, str]:
    """What the verdict has, and what it is called."""
    return {
        "ndcg@10": "nDCG@10",
        "alignment": gettext("Alignment"),
        "alignment_loss": gettext("Alignment, loss"),
        "uniformity": gettext("Uniformity"),
        "uniformity_loss": gettext("Uniformity, loss"),
    }


def _better() -> str:
    return gettext(
        "The new model is better: ahead in {share} of draws of {questions} questions. Drift on "
        "general sentences: {drift}."
    )


def _not_better() -> str:
    return gettext(
        "The old model stays: the new one is ahead in {share} of draws of {questions} questions. "
        "Drift on general sentences: {drift}."
    )
