"""The charts of the workbench, for its reports and for the pages of the browser."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rag_app.workbench.compare import Compared
    from rag_app.workbench.verdict import Verdict

_WIDTH, _HEIGHT = 560, 300  # pixels
_BINS = 40


def quality_and_speed(rows: "Sequence[Compared]", *, speed: str = "milliseconds a text") -> Any:
    """Each model by the time a text takes and its nDCG@10; best is the upper left.

    Args:
        rows: The models.
        speed: What stands below the axis of the time.
    """
    import altair as alt
    import pandas as pd

    table = pd.DataFrame(
        {
            "model": [row.model for row in rows],
            "ms": [row.passage_ms for row in rows],
            "ndcg": [row.mean for row in rows],
        }
    )
    places = alt.Chart(table).encode(
        x=alt.X("ms:Q", title=speed, scale=alt.Scale(type="log")),
        y=alt.Y("ndcg:Q", title="nDCG@10", scale=alt.Scale(zero=False)),
    )
    names = places.mark_text(align="left", dx=9, dy=-7).encode(text="model:N")
    return _sized(places.mark_circle(size=90) + names)


def cosines(verdict: "Verdict") -> Any:
    """How the cosines of right pairs, and of texts that have nothing in common, moved apart."""
    import altair as alt
    import pandas as pd

    sides = {"before": verdict.before.cosines, "after": verdict.after.cosines}
    parts = [
        _histogram(values) | {"model": model, "cosines": kind}
        for model, found in sides.items()
        for kind, values in (("right pairs", found.right), ("any two texts", found.others))
    ]
    table = pd.concat([pd.DataFrame(part) for part in parts])
    return _sized(
        alt.Chart(table)
        .mark_line(interpolate="monotone")
        .encode(
            x=alt.X("cosine:Q"),
            y=alt.Y("share:Q", axis=alt.Axis(format="%")),
            color=alt.Color("cosines:N", title=None),
            strokeDash=alt.StrokeDash("model:N", title=None, sort=["after", "before"]),
        )
    )


def gains_by_question(verdict: "Verdict") -> Any:
    """By how much nDCG@10 rose or fell for each question, from the best gain to the worst loss."""
    import altair as alt
    import pandas as pd

    gained = np.sort(np.array(verdict.after.ndcg) - np.array(verdict.before.ndcg))[::-1]
    table = pd.DataFrame({"question": np.arange(1, len(gained) + 1), "gain": gained})
    return _sized(
        alt.Chart(table)
        .mark_area(interpolate="step")
        .encode(
            x=alt.X("question:Q", title="questions, by their gain"),
            y=alt.Y("gain:Q", title="gain in nDCG@10"),
        )
    )


def _histogram(values: NDArray[np.float64]) -> dict[str, Any]:
    counts, edges = np.histogram(values, bins=_BINS, range=(-0.3, 1))
    return {"cosine": (edges[:-1] + edges[1:]) / 2, "share": counts / max(1, counts.sum())}


def _sized(chart: Any) -> Any:
    return chart.properties(width=_WIDTH, height=_HEIGHT).configure_view(stroke=None)
