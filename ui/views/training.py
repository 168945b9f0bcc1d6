"""Fine-tuning on the documents of the library, and its verdict."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from rag_app.config import Settings
from ui import shared
from ui.components import notice_html
from ui.embeddings import figures_html
from ui.training import Training

_REFRESH_SECONDS = 2.0
_MOST_EPOCHS = 6
_ABOUT = (
    "The model learns from questions made from your documents: headings, and sentences turned "
    "into questions. Some are kept for the exam at the end. Some minutes for a hundred passages "
    "on a processor; you can go on asking meanwhile."
)
_ROWS = {
    "nDCG@10": "ndcg@10",
    "Alignment": "alignment",
    "Alignment, loss": "alignment_loss",
    "Uniformity": "uniformity",
    "Uniformity, loss": "uniformity_loss",
}


def render(settings: Settings) -> None:
    """Draw the form, the run, or what came of it."""
    training = shared.training(settings)
    running = training.running
    st.fragment(_follow, run_every=_REFRESH_SECONDS if running else None)(training, running)
    if running:
        return
    with st.form("finetune", border=False):
        st.caption(_ABOUT)
        epochs = st.slider("Times through the questions, at most", 1, _MOST_EPOCHS, 3)
        adopt = st.checkbox("Use the new model if it is better", value=True)
        label = "Continue" if training.begun_before else "Train"
        if st.form_submit_button(label, type="primary"):
            training.start(shared.opened(settings)[1].name, epochs=epochs, adopt=adopt)
            st.rerun()


def _follow(training: Training, was_running: bool) -> None:
    """Show the run; once it has ended, have the whole page drawn anew."""
    if training.running:
        minutes, seconds = divmod(int(training.seconds), 60)
        st.html(notice_html(f"Training for {minutes}:{seconds:02} minutes."))
        st.button("Stop", on_click=training.stop)
    elif was_running:
        st.rerun()
    elif training.error:
        st.html(notice_html(training.error, kind="error"))
    elif training.verdict is not None:
        _show(training.verdict)


def _show(verdict: Mapping[str, Any]) -> None:
    before, after = verdict["before"], verdict["after"]
    rows = [(name, f"{before[key]:.4f}", f"{after[key]:.4f}") for name, key in _ROWS.items()]
    st.html(figures_html(("", "Before", "After"), rows))
    ahead = f"ahead in {verdict['sureness']:.0%} of draws of {verdict['questions']} questions"
    better = "The new model is better" if verdict["better"] else "The old model stays"
    st.html(notice_html(f"{better}: {ahead}. Drift on general sentences: {verdict['drift']:.3f}."))
