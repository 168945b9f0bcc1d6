"""The text that was read from a document, as HTML, with a quote marked in it.

Shown as it was read: the signs of Markdown, or of a program, are part of it.
"""

from collections.abc import Iterator
from itertools import pairwise

from rag_app.schema import Citation, Document
from ui.components.blocks import file_name, plain, rejoined
from ui.languages.language import gettext

_MOST = 200_000  # characters; more would make a browser slow
_ANCHOR = "quote-in-the-document"


def document_html(document: Document, citation: Citation) -> str:
    """The text with the numbers of its pages; it begins some lines above the quote.

    Of a text that is too long it is the part around the quote, with a line that says so.

    Args:
        document: Whose text the citation quotes.
        citation: Of that document.
    """
    begin, end = _part(document.text, citation)
    part = gettext(
        "This is the part of the document around the quote; the whole is too long to be shown."
    )
    remark = f"{plain(part)} " if end - begin < len(document.text) else ""
    go = plain(gettext("Go to the quote"))
    name = plain(gettext("Text of {name}").format(name=file_name(citation.source)))
    return (
        f'<p class="remark">{remark}<a href="#{_ANCHOR}">{go}</a></p>'
        f'<div class="document-text" role="region" aria-label="{name}" tabindex="0">'
        f"{''.join(_pieces(document, citation, begin, end))}</div>"
    )


def _part(text: str, citation: Citation) -> tuple[int, int]:
    """(begin, end) of what is shown; it begins with a line."""
    middle = (citation.start + citation.end) // 2
    begin = max(0, min(citation.start, middle - _MOST // 2, len(text) - _MOST))
    if begin:
        begin = text.find("\n", begin, citation.start) + 1 or begin
    return begin, min(len(text), begin + _MOST)


def _pieces(document: Document, citation: Citation, begin: int, end: int) -> Iterator[str]:
    """HTML of the text between one offset where a page or the quote begins or ends and the next."""
    text = rejoined(document.text[begin:end])
    pages = {max(begin, at): page for page, at in enumerate(document.page_starts, 1) if at < end}
    quote = range(citation.start, min(citation.end, end))
    for start, stop in pairwise(sorted({begin, quote.start, quote.stop, *pages, end})):
        if start in pages:
            begins = plain(gettext("Page {page}").format(page=pages[start]))
            yield f'<h3 class="page-begins">{begins}</h3>'
        shown = plain(text[start - begin : stop - begin])
        if start == quote.start:
            yield f'<mark id="{_ANCHOR}" class="first">{shown}</mark>'
        else:
            yield f"<mark>{shown}</mark>" if start in quote else shown
