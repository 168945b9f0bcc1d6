"""From a citation to the page it was read from: only while the words are those of the answer."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from ingest.drawing import OnPage, PagePicture
from ingest.sync import sync
from rag_app.errors import LoadError
from rag_app.index.index import Index
from rag_app.schema import Answer, Citation, Hit, Signals
from tests.fakes import HashEmbedder
from tests.test_loading_pdf import a_pdf, written
from tests.test_ui_components import HOSTILE, STRUCK, shown
from ui.resources.evidence import cited_html, find_evidence, page_html

PAGES = (
    written("Lift slowly.", "Never lift in fog", top=60),
    written("or by lamp light.", top=740),
)
WORDS = OnPage(1, "Lift slowly.")
PICTURE = PagePicture(b"PNG", ((0.25, 0.5, 0.75, 0.6),))


@pytest.fixture
def path(tmp_path: Path, index: Index, embedder: HashEmbedder) -> Path:
    """A PDF of two pages, in the index."""
    path = tmp_path / "a.pdf"
    path.write_bytes(a_pdf(*PAGES))
    sync([path], index, embedder=embedder)
    return path


def quoting(index: Index, path: Path, quote: str) -> tuple[Citation, Answer]:
    """An answer that quotes a document, and its citation."""
    document = index.catalog.document(str(path))
    assert document is not None
    chunk = index.catalog.chunks_of(document.id)[0]
    start = document.text.index(quote)
    citation = Citation(
        number=1,
        chunk_id=chunk.id,
        source=document.source,
        page=document.page_at(start),
        start=start,
        end=start + len(quote),
        quote=quote,
        answer_start=0,
        answer_end=len(quote),
        score=0.9,
    )
    hit = Hit(chunk, 1.0, 1, Signals())
    return citation, Answer("How?", f"{quote} [1]", "read", 0.9, (citation,), (hit,), {})


def test_a_quote_leads_to_its_file_and_page(index: Index, path: Path) -> None:
    evidence = find_evidence(index.catalog, *quoting(index, path, "Lift slowly."))
    assert evidence.original.read() == path.read_bytes()
    assert evidence.document == index.catalog.document(str(path))
    assert evidence.words == (OnPage(1, "Lift slowly.", "", "\nNever lift in fog\n\f\n"),)


def test_a_quote_over_two_pages_has_a_part_on_each(index: Index, path: Path) -> None:
    quote = "Never lift in fog\n\f\nor by lamp light."
    first, second = find_evidence(index.catalog, *quoting(index, path, quote)).words
    assert first == OnPage(1, "Never lift in fog\n\f\n", "Lift slowly.\n", "")
    assert second == OnPage(2, "or by lamp light.", "", "")


def test_a_document_read_anew_with_other_words_is_told(
    index: Index, path: Path, embedder: HashEmbedder
) -> None:
    quoted = quoting(index, path, "or by lamp light.")
    path.write_bytes(a_pdf(PAGES[0], written("or in a storm.")))
    sync([path], index, embedder=embedder)
    with pytest.raises(LoadError, match=r"^a\.pdf has changed since this answer; ask again$"):
        find_evidence(index.catalog, *quoted)


def test_a_document_that_was_removed_is_told(
    index: Index, path: Path, embedder: HashEmbedder
) -> None:
    quoted = quoting(index, path, "Lift slowly.")
    path.unlink()
    sync([path], index, embedder=embedder, remove_missing=True)
    with pytest.raises(LoadError, match=r"^a\.pdf is no longer in the library$"):
        find_evidence(index.catalog, *quoted)


# HTML


@pytest.fixture
def citation(index: Index, path: Path) -> Citation:
    """Of the first page."""
    return quoting(index, path, "Lift slowly.")[0]


def test_a_page_begins_at_its_quote_and_says_it_in_words(citation: Citation) -> None:
    html = page_html(PICTURE, WORDS, citation)
    assert 'src="data:image/png;base64,UE5H"' in html
    assert 'alt="Page 1 of a.pdf. Marked on it: Lift slowly."' in html
    assert 'style="left:25.00%;top:50.00%"' in html
    assert shown(html) == ""


def test_a_page_that_the_citation_does_not_name_is_named(citation: Citation) -> None:
    assert shown(page_html(PICTURE, replace(WORDS, page=2), citation)) == "Page 2"


def test_a_page_on_which_nothing_is_marked_says_so(citation: Citation) -> None:
    html = page_html(PagePicture(b"PNG", ()), WORDS, citation)
    assert shown(html) == "Page 1 does not say it in letters; nothing is marked."
    assert 'alt="Page 1 of a.pdf"' in html
    assert "first" not in html


def test_words_of_documents_are_never_interpreted(citation: Citation) -> None:
    hostile = replace(citation, source=HOSTILE)
    html = page_html(PICTURE, replace(WORDS, quote=HOSTILE), hostile)
    (alt,) = re.findall(r'alt="([^"]*)"', html)
    assert unescape(alt).endswith(f"Marked on it: {HOSTILE}")
    assert not STRUCK.search(html.replace("<img src=", ""))
    assert shown(cited_html(citation)) == "1 a.pdf, page 1"
    assert not STRUCK.search(cited_html(hostile))
