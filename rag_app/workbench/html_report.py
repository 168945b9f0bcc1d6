"""Reports of the workbench as pages of their own: tables and drawings, no script, no request."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.errors import ConfigError
from rag_app.text.html_page import page, plain, write
from rag_app.workbench import plots
from rag_app.workbench.compare import IN_WORDS, Compared

if TYPE_CHECKING:
    from rag_app.workbench.verdict import Verdict

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:3rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;font-size:.9rem}td,th{padding:.25rem .7rem;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}"
    "svg{max-width:100%;height:auto;margin:1rem 0}"
)
Rows = Sequence[Sequence[str]]


def comparison_report(rows: Sequence[Compared], *, exam: str, texts: int, out: Path) -> None:
    """Models side by side; see `write_page` for the errors."""
    table = [*zip(IN_WORDS, *(row.row(texts) for row in rows), strict=True)]
    charts = [plots.quality_and_speed(rows)]
    write_page(out, "Embedding models compared", [exam], table, charts)


def training_report(verdict: "Verdict", *, model: Path, out: Path) -> None:
    """A model before and after training; see `write_page` for the errors."""
    charts = [plots.cosines(verdict), plots.gains_by_question(verdict)]
    write_page(out, f"Fine-tuned: {model.name}", verdict.conclusions(), verdict.rows(), charts)


def write_page(
    out: Path, title: str, sentences: Sequence[str], rows: Rows, charts: Sequence[Any]
) -> None:
    """Sentences, a table whose first row is its heading, and charts.

    Raises:
        ConfigError: What draws the charts is not installed.
        DataError: The file cannot be written.
    """
    body = (
        f"<h1>{plain(title)}</h1>\n"
        + "".join(f"<p>{plain(sentence)}</p>\n" for sentence in sentences)
        + _table(rows)
        + "\n".join(map(_drawn, charts))
        + "\n"
    )
    write(out, page(title, body, style=_STYLE))


def _table(rows: Rows) -> str:
    kinds = ["th"] + ["td"] * (len(rows) - 1)
    lines = (
        "".join(f"<{kind}>{plain(cell)}</{kind}>" for cell in row)
        for kind, row in zip(kinds, rows, strict=True)
    )
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>\n"


def _drawn(chart: Any) -> str:
    """The chart as SVG, whose texts are escaped."""
    drawing = StringIO()
    try:
        chart.save(drawing, format="svg")
    except (ImportError, ValueError) as error:
        raise ConfigError(
            f"drawing a report needs more packages ({error}); `pip install rag-app[report]`"
        ) from error
    return drawing.getvalue()
