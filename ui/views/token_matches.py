"""Which words of a passage match those of a question, by a late-interaction model."""

import streamlit as st

from rag_app.settings.provenance import Settings
from ui.access import user
from ui.components.blocks import notice_html
from ui.components.matched_snippet import matches_html
from ui.languages.language import figure, gettext
from ui.resources import shared
from ui.session import keys


def render(settings: Settings) -> None:
    """Draw the fields, and the passage with its matched words."""
    st.caption(
        gettext(
            "A late-interaction model compares token by token. `rag-app embed late FOLDER` makes "
            "one of the embedding model."
        )
    )
    administers = user.rights().administers
    if not (administers or settings.reranker):
        st.caption(gettext("Only an administrator can have other models opened."))
        return
    name, question, text = _fields(settings, names_model=administers)
    if not (name and question.strip() and text.strip()):
        st.html(notice_html(gettext("Name a model, and write a question and a passage.")))
        return
    model = shared.late_model(name, settings)
    st.html(matches_html(question, text, model.matches(question, text)))
    score = float(model.scores(question, [text])[0])
    about = gettext(
        "MaxSim {score}: the mean cosine of each token of the question with its best match, "
        "special tokens included. Point at a marked word to see what it matches."
    )
    st.caption(about.format(score=figure(f"{score:.3f}")))


def _fields(settings: Settings, *, names_model: bool) -> tuple[str, str, str]:
    """The model, the question and the passage."""
    name = settings.reranker
    if names_model:
        name = st.text_input(gettext("Folder of the model"), name, key=keys.LATE_MODEL)
    question = st.text_input(
        gettext("Question"), gettext("How windy may it be for canoes?"), key=keys.LATE_ASKED
    )
    text = st.text_area(
        gettext("Passage"),
        gettext("No canoes go out above force four."),
        key=keys.LATE_TEXT,
        max_chars=10_000,
    )
    return name.strip(), question, text
