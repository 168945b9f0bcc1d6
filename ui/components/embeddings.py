"""HTML of the workbench: tokens, cosines, and tables of figures."""

from collections.abc import Iterable, Sequence

from rag_app.protocols import Vectors
from rag_app.schema import Chunk
from rag_app.workbench.tokens import Token
from ui.components.blocks import notice_html, place, plain
from ui.languages.language import figure, gettext

_SHORTEST = 28  # characters of a text at the side of a matrix


def tokens_html(tokens: Iterable[Token]) -> str:
    """Each token as the vocabulary spells it; its number shows when it is pointed at."""
    number = gettext("number {id}")
    pieces = "".join(
        f'<span class="token{_kind(token)}" title="{plain(number.format(id=token.id))}">'
        f"{plain(token.piece)}</span>"
        for token in tokens
    )
    return f'<p class="tokens">{pieces}</p>'


def _kind(token: Token) -> str:
    return " special" if token.special else " continues" if token.continues else ""


def matrix_html(texts: Sequence[str], cosines: Vectors) -> str:
    """A table of the cosines of n texts with each other, the higher the stronger its colour."""
    titles = (gettext("Text"), *map(str, range(1, len(texts) + 1)))
    heads = "".join(f'<th scope="col">{plain(title)}</th>' for title in titles)
    rows = "".join(
        f'<tr><th scope="row">{number}. {plain(_short(text))}</th>{_cells(row)}</tr>'
        for number, (text, row) in enumerate(zip(texts, cosines.tolist(), strict=True), start=1)
    )
    return (
        '<div class="figures" tabindex="0"><table class="matrix"><thead><tr>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cells(row: Sequence[float]) -> str:
    return "".join(
        f'<td style="--strength:{max(0.0, cosine):.2f}">{figure(f"{cosine:.3f}")}</td>'
        for cosine in row
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


def compared_words() -> dict[str, str]:
    """What the figures of a comparison are called."""
    return {
        "Model": gettext("Model"),
        "Dimensions": gettext("Dimensions"),
        "Seconds to load": gettext("Seconds to load"),
        "Milliseconds a text": gettext("Milliseconds a text"),
        "Milliseconds a question": gettext("Milliseconds a question"),
        "Bytes a text": gettext("Bytes a text"),
        "nDCG@10": "nDCG@10",
        "Ahead of the first": gettext("Ahead of the first"),
        "Alignment": gettext("Alignment"),
        "Uniformity": gettext("Uniformity"),
        "Seconds to switch": gettext("Seconds to switch"),
        "Megabytes to switch": gettext("Megabytes to switch"),
        "Dollars a million tokens": gettext("Dollars a million tokens"),
    }


def passage_html(chunk: Chunk, remark: str) -> str:
    """Where a passage stands, what is to be said of it, and its words."""
    where = plain(place(chunk.source, chunk.page))
    return (
        f'<div class="passage"><p><span class="name">{where}</span> · {plain(remark)}</p>'
        f"<blockquote>{plain(chunk.text.strip())}</blockquote></div>"
    )


def empty_html() -> str:
    """What is shown where there are no passages."""
    return notice_html(gettext("The library is empty. Add some documents there, then come back."))
