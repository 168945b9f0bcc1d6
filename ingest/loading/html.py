"""HTML: what a reader sees, without scripts, styles and site furniture."""

import warnings
from typing import TYPE_CHECKING

from ingest.loading.extracted import Extracted, TextBuilder

if TYPE_CHECKING:
    from bs4 import Tag

_UNSEEN = ["title", "script", "style", "template", "noscript", "nav", "iframe", "object", "svg"]
_CONTROLS = ["button", "select", "textarea"]
_FURNITURE = ["header", "footer", "aside"]
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = {
    "address", "article", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "header", "li", "main", "ol", "p", "pre",
    "section", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul", *_HEADINGS,
}  # fmt: skip


def extract(data: bytes) -> Extracted:
    """Visible text, block by block, with headings and tables."""
    from bs4 import BeautifulSoup

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # guesses about what else the file might be
        soup = BeautifulSoup(data, "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    for tag in soup(_UNSEEN + _CONTROLS):
        tag.decompose()
    root = soup.body or soup
    # Outside an article these frame the page; inside one they belong to it.
    for tag in root.find_all(_FURNITURE):
        if tag.find_parent(["article", "main"]) is None:
            tag.decompose()
    for tag in root.find_all(hidden=True):
        tag.decompose()
    builder = TextBuilder()
    _walk(root, builder)
    return builder.build(title)


def _walk(tag: "Tag", builder: TextBuilder) -> None:
    """Inline runs become paragraphs; blocks are entered."""
    from bs4 import Tag
    from bs4.element import Comment, NavigableString

    run: list[str] = []

    def flush() -> None:
        builder.paragraph(" ".join("".join(run).split()))
        run.clear()

    for child in tag.children:
        if isinstance(child, Tag):
            if child.name == "br":
                run.append("\n")
            elif child.name in _BLOCKS or child.find(list(_BLOCKS)):
                flush()
                _block(child, builder)
            else:
                run.append(child.get_text())
        elif isinstance(child, NavigableString) and not isinstance(child, Comment):
            run.append(str(child))
    flush()


def _block(tag: "Tag", builder: TextBuilder) -> None:
    if tag.name in _HEADINGS:
        builder.heading(tag.get_text(" "), _HEADINGS[tag.name])
    elif tag.name == "pre":
        builder.paragraph(tag.get_text())
    elif tag.name == "table" and not tag.find("table"):
        _table(tag, builder)
    else:
        _walk(tag, builder)


def _table(tag: "Tag", builder: TextBuilder) -> None:
    if tag.caption:
        builder.paragraph(tag.caption.get_text(" "))
    builder.table(
        [[cell.get_text(" ") for cell in row.find_all(["th", "td"])] for row in tag.find_all("tr")]
    )
