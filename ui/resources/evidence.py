"""Where a quote was read from: its document, and for a PDF the pages as they are shown."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ingest.drawing import OnPage, PagePicture
from ingest.original import Original
from rag_app.errors import LoadError
from rag_app.index.catalog.catalog import Catalog
from rag_app.schema import Answer, Citation, Document
from ui.components.blocks import file_name, place, plain
from ui.languages.language import gettext

_AROUND = 500  # characters before and after a quote that tell it from others of the same words


@dataclass(frozen=True, slots=True)
class Evidence:
    """The document that a quote was read from, its file, and the words by pages if it has any."""

    document: Document
    original: Original
    words: tuple[OnPage, ...]


def find_evidence(catalog: Catalog, citation: Citation, answer: Answer) -> Evidence:
    """Where to see for oneself what a citation of the answer quotes.

    Raises:
        LoadError: The library no longer has the document, or no longer with these words.
    """
    chunks = {hit.chunk.id: hit.chunk for hit in answer.hits}
    document_id = chunks[citation.chunk_id].document_id
    entry, document = catalog.entry(document_id), catalog.document(document_id)
    name = file_name(citation.source)
    if entry is None or document is None:
        raise LoadError(gettext("{name} is no longer in the library").format(name=name))
    if document.text[citation.start : citation.end] != citation.quote:
        changed = gettext("{name} has changed since this answer; ask again")
        raise LoadError(changed.format(name=name))
    file = entry.file
    original = Original(file.path, file.size, file.digest)
    return Evidence(document, original, tuple(_by_pages(document, citation)))


def _by_pages(document: Document, citation: Citation) -> Iterator[OnPage]:
    text = document.text
    limits = pairwise((*document.page_starts, len(text)))
    for page, (begin, stop) in enumerate(limits, start=1):
        start, end = max(begin, citation.start), min(stop, citation.end)
        if text[start:end].strip():
            before, after = max(begin, start - _AROUND), min(stop, end + _AROUND)
            yield OnPage(page, text[start:end], text[before:start], text[end:after])


def cited_html(citation: Citation) -> str:
    """Which source it is."""
    where = plain(place(citation.source, citation.page))
    return f'<p class="cited"><span class="number">{citation.number}</span> {where}</p>'


def page_html(picture: PagePicture, words: OnPage, citation: Citation) -> str:
    """The page as a picture that begins at the quote, and what it shows in words."""
    page, file = words.page, file_name(citation.source)
    says = name = gettext("Page {page} of {name}").format(page=page, name=file)
    # A quote may run over to pages that its citation does not name.
    remark = "" if page == citation.page else gettext("Page {page}").format(page=page)
    first = ""
    if picture.boxes:
        left, top, *_ = picture.boxes[0]
        says = gettext("Page {page} of {name}. Marked on it: {quote}")
        says = says.format(page=page, name=file, quote=words.quote)
        first = f'<span class="first" style="left:{left:.2%};top:{top:.2%}"></span>'
    else:
        remark = gettext("Page {page} does not say it in letters; nothing is marked.")
        remark = remark.format(page=page)
    data = b64encode(picture.png).decode()
    return (
        (f'<p class="remark">{plain(remark)}</p>' if remark else "")
        + f'<div class="page-picture" role="region" aria-label="{plain(name)}" tabindex="0"><div>'
        f'<img src="data:image/png;base64,{data}" alt="{plain(says)}">{first}</div></div>'
    )
