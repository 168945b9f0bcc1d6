"""The map of the library: what is close to what, and where a question falls."""

from typing import Any, Literal

import streamlit as st

from rag_app.config import Settings
from rag_app.rag import Rag
from rag_app.workbench.collection_map import CollectionMap, legend
from ui import shared, state
from ui.components import EMPTY, heading_html, notice_html
from ui.embeddings import passage_html
from ui.mapped import POINTS, map_chart

_TITLE = "Map"
_COLOURS: dict[str, Literal["theme", "folder", "document"]] = {
    "Theme": "theme",
    "Folder": "folder",
    "Document": "document",
}
_NEIGHBOURS = 5


def render(settings: Settings) -> None:
    """Draw the map."""
    map_ = shared.collection_map(settings)
    shown = (
        f"{map_.principal.shown:.0%} of the differences show in two dimensions."
        if map_.chunks
        else ""
    )
    st.html(heading_html(_TITLE, f"Passages that say alike things lie together. {shown}"))
    if not map_.chunks:
        st.html(notice_html(EMPTY))
        return
    by = st.segmented_control(
        "Colour by", [*_COLOURS], default="Theme", required=True, key=state.COLOUR
    )
    question = st.text_input(
        "Pin a question", placeholder="Where does this question fall?", key=state.PIN
    )
    pin, near = _pinned(shared.rag(settings), map_, question)
    chart = map_chart(map_, legend(map_, _COLOURS[by]), pin=pin, near=near)
    chosen: Any = st.altair_chart(chart, on_select="rerun", selection_mode=POINTS, key=state.MAP)
    _passages(map_, [*_rows(chosen), *(near if near is not None else ())])


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
