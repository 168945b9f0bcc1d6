"""The map of a collection as a chart: one point for each passage, and a pin for a question."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rag_app.text.printable import printable
from rag_app.workbench.collection_map import CollectionMap
from ui.components.blocks import place
from ui.languages.language import gettext

POINTS = "points"  # the name of the selection
_SNIPPET = 140  # characters
_HEIGHT = 520  # pixels
_MOST_COLOURS = 12
# Neither too pale for a white page nor too dim for a dark one: 3 to 1 on both.
_COLOURS = (
    "#3b7dd8",
    "#d1495b",
    "#2f9e6b",
    "#b98a1d",
    "#8e6bd1",
    "#1f8fa6",
    "#c8683a",
    "#c2519b",
    "#6f8f2f",
    "#a0674b",
    "#4d6fa8",
    "#4a8f86",
    "#7d7f86",
)


def map_chart(
    map_: CollectionMap,
    colours: Sequence[str],
    *,
    pin: tuple[float, float] | None = None,
    near: NDArray[np.int64] | None = None,
) -> Any:
    """The chart; `near` are the rows that are circled, `pin` is where the question lies."""
    table = _table(map_, _common(colours))
    layers = [_points(table)]
    if near is not None and len(near):
        layers.append(_circles(table.iloc[near]))
    if pin is not None:
        layers.append(_pin(*pin))
    about = gettext("The passages as points; those that say alike things lie together.")
    chart = alt.layer(*layers).properties(height=_HEIGHT, description=about)
    return chart.configure_view(stroke=None)


def _table(map_: CollectionMap, colours: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": map_.points[:, 0],
            "y": map_.points[:, 1],
            "row": np.arange(len(map_.chunks)),
            "colour": colours,
            "where": [printable(place(chunk.source, chunk.page)) for chunk in map_.chunks],
            "text": [printable(" ".join(c.text[:_SNIPPET].split())) for c in map_.chunks],
        }
    )


def _common(colours: Sequence[str]) -> list[str]:
    """The most frequent ones; eyes do not tell more apart."""
    kept = pd.Series(list(colours), dtype=str).value_counts().index[:_MOST_COLOURS]
    others = gettext("others")
    return [printable(colour) if colour in kept else others for colour in colours]


def _points(table: pd.DataFrame) -> Any:
    chosen = alt.selection_point(name=POINTS, fields=["row"])
    scale = alt.Scale(range=_COLOURS)
    axis = alt.Axis(labels=False, ticks=False, grid=False, domain=False, title=None)
    return (
        alt.Chart(table)
        .mark_circle(size=45, opacity=0.9)
        .encode(
            x=alt.X("x:Q", axis=axis, scale=alt.Scale(zero=False)),
            y=alt.Y("y:Q", axis=axis, scale=alt.Scale(zero=False)),
            color=alt.Color(
                "colour:N",
                title=None,
                scale=scale,
                legend=alt.Legend(orient="bottom", columns=2),
            ),
            tooltip=[
                alt.Tooltip("where:N", title=gettext("In")),
                alt.Tooltip("text:N", title=gettext("Text")),
            ],
        )
        .add_params(chosen)
    )


def _circles(table: pd.DataFrame) -> Any:
    mark = alt.Chart(table).mark_point(size=170, strokeWidth=2, color="#c8553d", filled=False)
    return mark.encode(x="x:Q", y="y:Q")


def _pin(x: float, y: float) -> Any:
    table = pd.DataFrame({"x": [x], "y": [y]})
    return (
        alt.Chart(table)
        .mark_point(shape="cross", size=260, filled=True, color="#c8553d")
        .encode(x="x:Q", y="y:Q", tooltip=alt.value(gettext("your question")))
    )
