"""The workbench's first part: what a text is to the model, and where passages were cut."""

from textwrap import shorten

import streamlit as st

from rag_app.index.index import Index
from rag_app.models.model_files import find_model
from rag_app.settings.provenance import Settings
from rag_app.workbench.tokens import cut
from ui.components.blocks import short_names
from ui.components.embeddings import figures_html, tokens_html
from ui.languages.language import gettext, ngettext, number
from ui.resources import shared
from ui.session import keys, state


def render(settings: Settings) -> None:
    """Draw the part."""
    index, embedder = shared.opened(settings)
    text = st.text_area(
        gettext("A text"),
        gettext("Hello Sentence Transformers library!"),
        key=keys.TEXT,
        max_chars=10_000,
    )
    found = cut(find_model(embedder.name), text)
    st.html(tokens_html(found))
    counts = gettext("{tokens}, {special} of them added by the model, which sees up to {most}.")
    st.caption(
        counts.format(
            tokens=ngettext("{count} token", "{count} tokens", len(found)),
            special=number(sum(token.special for token in found)),
            most=number(embedder.max_tokens),
        )
    )
    _cuts(index)


def _cuts(index: Index) -> None:
    """Where the passages of a document begin and end."""
    documents = {entry.id: entry.source for entry in index.catalog.entries() if entry.chunks}
    if documents:
        names = short_names([*documents.values()])
        chosen = st.selectbox(
            gettext("Where the passages of a document begin and end"),
            [*documents],
            format_func=lambda id_: names[documents[id_]],
            key=state.own(keys.CUT),
        )
        rows = [
            (
                f"{number(c.start)}–{number(c.end)}",
                str(c.tokens),
                c.heading or "–",
                _beginning(c.text),
            )
            for c in index.catalog.chunks_of(chosen)
        ]
        heading = (
            gettext("Characters"),
            gettext("Tokens"),
            gettext("Heading"),
            gettext("Begins with"),
        )
        st.html(figures_html(heading, rows, of_words=True))


def _beginning(text: str) -> str:
    return shorten(text, 90, placeholder=" …")
