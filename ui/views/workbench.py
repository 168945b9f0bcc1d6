"""The workbench: what the embedding model makes of texts, and which model to choose."""

from collections.abc import Callable
from textwrap import shorten

import streamlit as st

from rag_app.config import Settings
from rag_app.models.files import find_model
from rag_app.workbench.collection import Collection, read_chunks
from rag_app.workbench.compare import IN_WORDS, compare
from rag_app.workbench.courses import asked_of_documents, sample
from rag_app.workbench.plots import quality_and_speed
from rag_app.workbench.quantise import quantised, questions_of
from rag_app.workbench.similarity import duplicates, outliers, similarity_matrix
from rag_app.workbench.tokens import cut
from ui import shared, state
from ui.components import EMPTY, counted, heading_html, notice_html, short_names
from ui.embeddings import figures_html, matrix_html, passage_html, tokens_html
from ui.views import token_matches, training

_LINE = "What the embedding model sees, what it takes for alike, and what another would change."
_MOST_SHOWN = 20  # pairs and passages
_MOST_TEXTS = 30  # of a matrix
_QUESTIONS, _TEXTS = 100, 400  # that models are compared on, so that it takes a minute
_SENTENCES = "How do I get a refund?\nWhat does it cost?\nCan I cancel my order?"


def render(settings: Settings) -> None:
    """Draw the page; only the chosen part of it is computed."""
    st.html(heading_html("Workbench", _LINE))
    chosen = st.pills(
        "Part",
        [*_PARTS],
        default="Tokens",
        required=True,
        key=state.PART,
        label_visibility="collapsed",
    )
    _PARTS[chosen](settings)


def _tokens(settings: Settings) -> None:
    index, embedder = shared.opened(settings)
    text = st.text_area(
        "A text", "Hello Sentence Transformers library!", key=state.TEXT, max_chars=10_000
    )
    found = cut(find_model(embedder.name), text)
    st.html(tokens_html(found))
    special = sum(token.special for token in found)
    st.caption(
        f"{counted(len(found), 'token')}, {special} of them added by the model, "
        f"which sees up to {embedder.max_tokens:,}."
    )
    documents = {entry.id: entry.source for entry in index.catalog.entries() if entry.chunks}
    if documents:
        names = short_names([*documents.values()])
        chosen = st.selectbox(
            "Where the passages of a document begin and end",
            [*documents],
            format_func=lambda id_: names[documents[id_]],
            key=state.CUT,
        )
        rows = [
            (f"{c.start:,}–{c.end:,}", str(c.tokens), c.heading or "–", _beginning(c.text))
            for c in index.catalog.chunks_of(chosen)
        ]
        heading = ("Characters", "Tokens", "Heading", "Begins with")
        st.html(figures_html(heading, rows, of_words=True))


def _beginning(text: str) -> str:
    return shorten(text, 90, placeholder=" …")


def _similarity(settings: Settings) -> None:
    _, embedder = shared.opened(settings)
    written = st.text_area("Texts, one on each line", _SENTENCES, key=state.TEXTS, height=160)
    texts = [line.strip() for line in written.splitlines() if line.strip()][:_MOST_TEXTS]
    if len(texts) < 2:
        st.html(notice_html("Write two texts or more."))
        return
    st.html(matrix_html(texts, similarity_matrix(embedder.embed(texts))))
    st.caption("1 is the same direction, 0 has nothing in common.")


def _alike(settings: Settings) -> None:
    held = _collection(settings)
    if held is None:
        return
    least = st.slider("Passages with a cosine of at least", 0.7, 1.0, 0.95, key=state.LEAST)
    pairs = duplicates(held.vectors, least=least)
    st.caption(f"{counted(len(pairs), 'pair')} of passages say nearly the same.")
    for pair in pairs[:_MOST_SHOWN]:
        for row in (pair.left, pair.right):
            st.html(passage_html(held.chunks[row], f"cosine {pair.cosine:.3f}"))


def _unlike(settings: Settings) -> None:
    held = _collection(settings)
    if held is None:
        return
    st.caption("Passages that are like no other: a page in another language, a broken scan …")
    for one in outliers(held.vectors, count=_MOST_SHOWN):
        nearness = f"mean cosine with its five nearest {one.closeness:.3f}"
        st.html(passage_html(held.chunks[one.row], nearness))


def _compare(settings: Settings) -> None:
    index, embedder = shared.opened(settings)
    own = embedder.name
    with st.form("compare", border=False):
        written = st.text_area(
            "Models, one on each line: name or folder",
            f"{own}\n{own}@256\n{own}@int8",
            key=state.MODELS,
            help="@256 has it see 256 tokens; @float32, @bfloat16 and @int8 compute so.",
        )
        started = st.form_submit_button("Compare", type="primary")
    if not started:
        st.caption(
            "They are judged by questions made from your documents. Takes some seconds a model."
        )
        return
    chunks = read_chunks(index)
    held = sample(asked_of_documents(chunks), questions=_QUESTIONS, texts=_TEXTS)
    if not held.questions or len(held.corpus) < 2:
        st.html(notice_html("Your documents give too few questions to compare models by."))
        return
    names = [line.strip() for line in written.splitlines() if line.strip()]
    with st.spinner("Comparing …"):
        rows = [*compare(names, held, settings=settings)]
    heading, *figures = zip(IN_WORDS, *(row.row(len(chunks)) for row in rows), strict=True)
    st.html(figures_html(heading, figures))
    st.caption(
        f"{counted(len(held.questions), 'question')} over {counted(len(held.corpus), 'passage')}; "
        f"to switch, {counted(len(chunks), 'passage')} would be embedded again."
    )
    st.altair_chart(quality_and_speed(rows))


def _codes(settings: Settings) -> None:
    st.caption("Shorter codes of vectors are searched faster and take less; do they still find?")
    if not st.button("Measure", type="primary"):
        return
    held = _collection(settings)
    if held is None:
        return
    questions = questions_of(held.chunks, most=_QUESTIONS)
    with st.spinner("Measuring …"):
        asked = shared.opened(settings)[1].embed(questions, kind="query")
        found = quantised(held, asked)
    heading = ("", *(one.precision for one in found))
    rows = [
        ("Bytes a passage", *(f"{one.width:,}" for one in found)),
        ("Megabytes in all", *(f"{one.size / 1e6:.2f}" for one in found)),
        ("Milliseconds a search", *(f"{one.milliseconds:.2f}" for one in found)),
        ("Recall@10 of the codes alone", *(f"{one.by_codes:.3f}" for one in found)),
        ("Recall@10 rescored", *(f"{one.rescored:.3f}" for one in found)),
    ]
    st.html(figures_html(heading, rows))
    st.caption(f"{counted(len(questions), 'question')} made from your documents.")


def _collection(settings: Settings) -> Collection | None:
    """The library with its vectors, or None and a line where it is empty."""
    held = shared.collection(settings)
    if not held.chunks:
        st.html(notice_html(EMPTY))
        return None
    return held


_PARTS: dict[str, Callable[[Settings], None]] = {
    "Tokens": _tokens,
    "Similarity": _similarity,
    "Near duplicates": _alike,
    "Outliers": _unlike,
    "Compare models": _compare,
    "Codes": _codes,
    "Matched words": token_matches.render,
    "Fine-tune": training.render,
}
