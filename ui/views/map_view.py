"""The map of the library: what is close to what, and where a question falls."""

from pathlib import PurePath
from typing import Any, Literal

import streamlit as st

from rag_app.rag import Rag
from rag_app.retrieval.question_length import LONGEST_QUESTION
from rag_app.settings.provenance import Settings
from rag_app.workbench.collection_map import CollectionMap, legend
from ui.components.blocks import heading_html
from ui.components.embeddings import empty_html, passage_html
from ui.components.map_chart import POINTS, map_chart
from ui.languages.language import gettext, percent
from ui.resources import shared
from ui.resources.filters import called
from ui.session import keys, state
from ui.uploads import UPLOADED, uploads_folder

_By = Literal["theme", "folder", "document"]
_NEIGHBOURS = 5


def render(settings: Settings) -> None:
    """Draw the map."""
    map_ = shared.collection_map(settings)
    st.html(heading_html(gettext("Map"), _line(map_)))
    if not map_.chunks:
        st.html(empty_html())
        return
    colours = _colours()
    by = st.segmented_control(
        gettext("Colour by"),
        [*colours],
        default="theme",
        required=True,
        format_func=lambda colour: colours[colour],
        key=keys.COLOUR,
    )
    question = st.text_input(
        gettext("Pin a question"),
        max_chars=LONGEST_QUESTION,
        placeholder=gettext("Where does this question fall?"),
        key=state.own(keys.PIN),
    )
    pin, near = _pinned(shared.rag(settings), map_, question)
    uploads = uploads_folder(settings.index)
    # Each upload lies in a folder of its own.
    names = [
        called(UPLOADED) if PurePath(name).is_relative_to(uploads) else name
        for name in legend(map_, by)
    ]
    chart = map_chart(map_, names, pin=pin, near=near)
    key = state.own(keys.MAP)
    chosen: Any = st.altair_chart(chart, on_select="rerun", selection_mode=POINTS, key=key)
    _passages(map_, [*_rows(chosen), *(near if near is not None else ())])


def _line(map_: CollectionMap) -> str:
    if not map_.chunks:
        return gettext("Passages that say alike things lie together.")
    line = gettext(
        "Passages that say alike things lie together. {share} of the differences show in two "
        "dimensions."
    )
    return line.format(share=percent(map_.principal.shown))


def _colours() -> dict[_By, str]:
    return {
        "theme": gettext("Theme"),
        "folder": gettext("Folder"),
        "document": gettext("Document"),
    }


def _pinned(rag: Rag, map_: CollectionMap, question: str) -> tuple[Any, Any]:
    """Where the question lies, and the rows of its true neighbours."""
    if not question.strip():
        return None, None
    vector = rag.embedder.embed([question], kind="query")[0]
    return map_.place(vector), map_.nearest(vector, count=_NEIGHBOURS)


def _rows(chosen: Any) -> list[int]:
    found = chosen.selection.get(POINTS, []) if chosen else []
    return [int(point["row"]) for point in found if "row" in point]


def _passages(map_: CollectionMap, rows: list[int]) -> None:
    """What was clicked, then what lies nearest to the question."""
    for row in dict.fromkeys(rows):
        st.html(passage_html(map_.chunks[row], map_.theme[row]))
