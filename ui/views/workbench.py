"""The workbench: what the embedding model makes of texts, and which model to choose."""

from collections.abc import Callable, Sequence

import streamlit as st

from rag_app.settings.provenance import Settings
from rag_app.workbench.chunk_vectors import ChunkVectors, read_chunks
from rag_app.workbench.compare import IN_WORDS, Compared, compare
from rag_app.workbench.plots import quality_and_speed
from rag_app.workbench.quantization_report import Quantised, quantised, questions_of
from rag_app.workbench.similarity import duplicates, outliers, similarity_matrix
from rag_app.workbench.training_data import HeldOut, asked_of_documents, sample
from ui.access import user
from ui.components.blocks import heading_html, notice_html
from ui.components.embeddings import (
    compared_words,
    empty_html,
    figures_html,
    matrix_html,
    passage_html,
)
from ui.languages.language import figure, gettext, ngettext
from ui.resources import shared
from ui.session import keys, state
from ui.views import token_matches, token_view, training

_MOST_SHOWN = 20  # pairs and passages
_MOST_TEXTS = 30  # of a matrix
_QUESTIONS, _TEXTS = 100, 400  # that models are compared on, so that it takes a minute


def render(settings: Settings) -> None:
    """Draw the page; only the chosen part of it is computed."""
    line = gettext(
        "What the embedding model sees, what it takes for alike, and what another would change."
    )
    st.html(heading_html(gettext("Workbench"), line))
    parts = _parts()
    chosen = st.pills(
        gettext("Part"),
        [*parts],
        default="tokens",
        required=True,
        format_func=lambda part: parts[part][0],
        key=keys.PART,
        label_visibility="collapsed",
    )
    _, draw = parts[chosen]
    draw(settings)


def _similarity(settings: Settings) -> None:
    _, embedder = shared.opened(settings)
    written = st.text_area(
        gettext("Texts, one on each line"),
        gettext("How do I get a refund?\nWhat does it cost?\nCan I cancel my order?"),
        key=keys.TEXTS,
        height=160,
    )
    texts = [line.strip() for line in written.splitlines() if line.strip()][:_MOST_TEXTS]
    if len(texts) < 2:
        st.html(notice_html(gettext("Write two texts or more.")))
        return
    st.html(matrix_html(texts, similarity_matrix(embedder.embed(texts))))
    st.caption(gettext("1 is the same direction, 0 has nothing in common."))


def _alike(settings: Settings) -> None:
    held = _collection(settings)
    if held is None:
        return
    label = gettext("Passages with a cosine of at least")
    least = st.slider(label, 0.7, 1.0, 0.95, key=keys.LEAST)
    pairs = duplicates(held.vectors, least=least)
    st.caption(
        ngettext(
            "{count} pair of passages says nearly the same.",
            "{count} pairs of passages say nearly the same.",
            len(pairs),
        )
    )
    for pair in pairs[:_MOST_SHOWN]:
        for row in (pair.left, pair.right):
            cosine = gettext("cosine {cosine}").format(cosine=figure(f"{pair.cosine:.3f}"))
            st.html(passage_html(held.chunks[row], cosine))


def _unlike(settings: Settings) -> None:
    held = _collection(settings)
    if held is None:
        return
    st.caption(
        gettext("Passages that are like no other: a page in another language, a broken scan …")
    )
    nearness = gettext("mean cosine with its five nearest {cosine}")
    for one in outliers(held.vectors, count=_MOST_SHOWN):
        remark = nearness.format(cosine=figure(f"{one.closeness:.3f}"))
        st.html(passage_html(held.chunks[one.row], remark))


def _compare(settings: Settings) -> None:
    if not user.rights().administers:
        st.caption(gettext("Only an administrator can have other models opened."))
        return
    index, embedder = shared.opened(settings)
    names = _asked_for(embedder.name)
    if names is None:
        st.caption(
            gettext(
                "They are judged by questions made from your documents. Takes some seconds a model."
            )
        )
        return
    chunks = read_chunks(index)
    held = sample(asked_of_documents(chunks), questions=_QUESTIONS, texts=_TEXTS)
    if not held.questions or len(held.corpus) < 2:
        few = gettext("Your documents give too few questions to compare models by.")
        st.html(notice_html(few))
        return
    with st.spinner(gettext("Comparing …")):
        rows = [*compare(names, held, settings=settings)]
    _compared(rows, held, len(chunks))


def _asked_for(own: str) -> list[str] | None:
    """The models to be compared, once the visitor has asked for it."""
    with st.form("compare", border=False):
        written = st.text_area(
            gettext("Models, one on each line: name or folder"),
            f"{own}\n{own}@256\n{own}@int8",
            key=state.own(keys.MODELS),
            help=gettext("@256 has it see 256 tokens; @float32, @bfloat16 and @int8 compute so."),
        )
        started = st.form_submit_button(gettext("Compare"), type="primary")
    return [line.strip() for line in written.splitlines() if line.strip()] if started else None


def _compared(rows: Sequence[Compared], held: HeldOut, chunks: int) -> None:
    """The models side by side; to switch, so many chunks are embedded again."""
    words = compared_words()
    (_, *names), *figures = zip(IN_WORDS, *(row.row(chunks) for row in rows), strict=True)
    told = [(words[name], *map(figure, cells)) for name, *cells in figures]
    st.html(figures_html((gettext("Model"), *names), told))
    basis = gettext("{questions} over {passages}; to switch, {again} would be embedded again.")
    st.caption(
        basis.format(
            questions=ngettext("{count} question", "{count} questions", len(held.questions)),
            passages=ngettext("{count} passage", "{count} passages", len(held.corpus)),
            again=ngettext("{count} passage", "{count} passages", chunks),
        )
    )
    st.altair_chart(quality_and_speed(rows, speed=gettext("milliseconds a text")))


def _codes(settings: Settings) -> None:
    st.caption(
        gettext("Shorter codes of vectors are searched faster and take less; do they still find?")
    )
    if not st.button(gettext("Measure"), type="primary"):
        return
    held = _collection(settings)
    if held is None:
        return
    questions = questions_of(held.chunks, most=_QUESTIONS)
    with st.spinner(gettext("Measuring …")):
        asked = shared.opened(settings)[1].embed(questions, kind="query")
        found = quantised(held, asked)
    _measured(found)
    st.caption(
        ngettext(
            "{count} question made from your documents.",
            "{count} questions made from your documents.",
            len(questions),
        )
    )


def _measured(found: Sequence[Quantised]) -> None:
    rows = [
        (gettext("Bytes a passage"), *(f"{one.width:,}" for one in found)),
        (gettext("Megabytes in all"), *(f"{one.size / 1e6:.2f}" for one in found)),
        (gettext("Milliseconds a search"), *(f"{one.milliseconds:.2f}" for one in found)),
        (gettext("Recall@10 of the codes alone"), *(f"{one.by_codes:.3f}" for one in found)),
        (gettext("Recall@10 rescored"), *(f"{one.rescored:.3f}" for one in found)),
    ]
    told = [(name, *map(figure, cells)) for name, *cells in rows]
    st.html(figures_html(("", *(one.precision for one in found)), told))


def _collection(settings: Settings) -> ChunkVectors | None:
    """The library with its vectors, or None and a line where it is empty."""
    held = shared.collection(settings)
    if not held.chunks:
        st.html(empty_html())
        return None
    return held


def _parts() -> dict[str, tuple[str, Callable[[Settings], None]]]:
    """What each part is called, and what draws it."""
    return {
        "tokens": (gettext("Tokens"), token_view.render),
        "similarity": (gettext("Similarity"), _similarity),
        "alike": (gettext("Near duplicates"), _alike),
        "unlike": (gettext("Outliers"), _unlike),
        "compare": (gettext("Compare models"), _compare),
        "codes": (gettext("Codes"), _codes),
        "matches": (gettext("Matched words"), token_matches.render),
        "training": (gettext("Fine-tune"), training.render),
    }
