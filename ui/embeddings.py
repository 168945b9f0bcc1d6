"""HTML of the workbench: tokens, cosines, and tables of figures."""

from collections.abc import Iterable, Sequence

from rag_app.protocols import Vectors
from rag_app.schema import Chunk
from rag_app.workbench.tokens import Token
from ui.components import place, plain

_SHORTEST = 28  # characters of a text at the side of a matrix


def tokens_html(tokens: Iterable[Token]) -> str:
    """Each token as the vocabulary spells it; its number shows when it is pointed at."""
    pieces = "".join(
        f'<span class="token{_kind(token)}" title="number {token.id}">{plain(token.piece)}</span>'
        for token in tokens
    )
    return f'<p class="tokens">{pieces}</p>'


def _kind(token: Token) -> str:
    return " special" if token.special else " continues" if token.continues else ""


def matrix_html(texts: Sequence[str], cosines: Vectors) -> str:
    """A table of the cosines of n texts with each other, the higher the stronger its colour."""
    heads = "".join(f'<th scope="col">{number}</th>' for number in range(1, len(texts) + 1))
    rows = "".join(
        f'<tr><th scope="row">{number}. {plain(_short(text))}</th>{_cells(row)}</tr>'
        for number, (text, row) in enumerate(zip(texts, cosines.tolist(), strict=True), start=1)
    )
    return (
        '<div class="figures" tabindex="0"><table class="matrix"><thead><tr>'
        f'<th scope="col">Text</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cells(row: Sequence[float]) -> str:
    return "".join(
        f'<td style="--strength:{max(0.0, cosine):.2f}">{cosine:.3f}</td>' for cosine in row
    )


def _short(text: str) -> str:
    return text if len(text) <= _SHORTEST else f"{text[:_SHORTEST]}…"


def figures_html(
    heading: Sequence[str], rows: Iterable[Sequence[str]], *, of_words: bool = False
) -> str:
    """A table; figures stand on one line and at the right, words do not."""
    kind = "figures words" if of_words else "figures"
    heads = "".join(f'<th scope="col">{plain(cell)}</th>' for cell in heading)
    lines = "".join(
        f'<tr><th scope="row">{plain(name)}</th>'
        + "".join(f"<td>{plain(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    return (
        f'<div class="{kind}" tabindex="0"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def passage_html(chunk: Chunk, remark: str) -> str:
    """Where a passage stands, what is to be said of it, and its words."""
    where = plain(place(chunk.source, chunk.page))
    return (
        f'<div class="passage"><p><span class="name">{where}</span> · {plain(remark)}</p>'
        f"<blockquote>{plain(chunk.text.strip())}</blockquote></div>"
    )
