"""The library's list, and a look into one document."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from ingest.report import Progress, SyncReport
from rag_app.index.catalog.catalog import Entry, FileState
from rag_app.schema import Chunk
from tests.fakes import a_document
from ui.components.document_list import DocumentList
from ui.components.document_preview import facts_html, in_bytes, passages_html
from ui.components.run_progress import end_words, progress_html, report_words
from ui.languages import language

UPLOADS = Path("/index/uploads")
NOW = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script></blockquote><img src=x onerror=alert(1)> \" ' &"
STRUCK = re.compile(r"<(script|img)|\son\w+\s*=\s*[^&]*>", re.IGNORECASE)


def shown(html: str) -> str:
    """What a browser shows of it."""
    return unescape(re.sub(r"<[^>]*>", "", html))


def an_entry(source: str, *, reason: str = "", digest: str = "d" * 64) -> Entry:
    file = FileState(source, 2048, int(NOW.timestamp()) * 10**9, digest)
    return Entry(source, source, file, "recipe", "indexed", reason, "title", "", 3)


def a_listing(*entries: Entry) -> DocumentList:
    return DocumentList(entries, uploads=UPLOADS, now=NOW)


def chunks_of(text: str, *spans: tuple[int, int], page: int | None = None) -> list[Chunk]:
    return [
        Chunk(str(n), "d", "a.md", text[a:b], a, b, page, "Above › Below", 7)
        for n, (a, b) in enumerate(spans)
    ]


# The list


def test_the_table_says_why_a_file_is_not_in() -> None:
    entry = an_entry("a.pdf", reason="no text")
    assert "no text" in shown(a_listing(entry).table_html([entry]))


@pytest.mark.parametrize(("chunks", "words"), [(1, "1 passage"), (1234, "1,234 passages")])
def test_a_narrow_table_says_what_its_numbers_count(chunks: int, words: str) -> None:
    entry = replace(an_entry("a.md"), chunks=chunks)
    html = a_listing(entry).table_html([entry])
    assert shown(html.rpartition('<td class="figure">')[2]) == words


def test_files_of_one_name_are_told_apart() -> None:
    first = an_entry("/index/uploads/aaaaaaaaaaaaaaaa/notes.md", digest="a" * 64)
    second = an_entry("/index/uploads/bbbbbbbbbbbbbbbb/notes.md", digest="b" * 64)
    third, other = an_entry("/home/me/notes.md"), an_entry("/home/me/other.md")
    listing = a_listing(first, second, third, other)
    assert [listing.name(entry) for entry in (first, second, third, other)] == [
        "notes.md (uploaded Today, 14:00, aaaaaaaa)",
        "notes.md (uploaded Today, 14:00, bbbbbbbb)",
        "/home/me/notes.md",
        "other.md",
    ]
    rows = shown(listing.table_html([first, second]))
    assert "aaaaaaaa" in rows
    assert "bbbbbbbb" in rows
    assert "/index" not in rows


def test_no_part_of_the_library_interprets_what_it_shows() -> None:
    entry = an_entry(HOSTILE, reason=HOSTILE)
    document = a_document(HOSTILE, source=HOSTILE, title=HOSTILE, metadata={"format": HOSTILE})
    chunk = replace(chunks_of(HOSTILE, (0, 30))[0], heading=HOSTILE)
    for html in (
        a_listing(entry).table_html([entry]),
        facts_html(entry, document, a_listing(entry), passages=1),
        passages_html(document, [chunk], begin=0, end=1),
        progress_html(Progress(1, 2, 3, 4.0, HOSTILE), left=None, ending=False),
    ):
        assert not STRUCK.search(html)
        assert "alert(1)" in shown(html)


# A look into one


def test_every_character_of_the_text_is_shown_once_and_in_order() -> None:
    text = "One boat.\n\nTwo boats. Three boats."
    html = passages_html(a_document(text), chunks_of(text, (0, 11), (11, 34)), begin=0, end=2)
    assert re.findall(r"<blockquote>(.*?)</blockquote>", html, re.DOTALL) == [text[:11], text[11:]]
    assert "in no passage" not in html


def test_a_passage_tells_its_number_tokens_page_and_heading() -> None:
    text = "One boat. Two boats."
    chunks = chunks_of(text, (0, 10), (10, 20), page=4)
    html = passages_html(a_document(text), chunks, begin=1, end=2)
    assert shown(html) == "2 7 tokens · page 4 · BelowTwo boats."


def test_text_between_passages_is_shown_as_such() -> None:
    text = "One. Gap. Two. End"
    html = passages_html(a_document(text), chunks_of(text, (0, 5), (10, 15)), begin=0, end=2)
    assert shown(html).count("in no passage") == 2
    assert "5 characters in no passage" in html
    assert "<blockquote>Gap. </blockquote>" in html


def test_what_two_passages_share_is_marked() -> None:
    text = "One. Both. Two."
    html = passages_html(a_document(text), chunks_of(text, (0, 11), (5, 15)), begin=0, end=2)
    assert '<span class="shared">Both. </span>Two.' in html
    assert "6 characters of the one before" in html


def test_a_part_of_the_passages_knows_what_came_before() -> None:
    text = "One. Two. Three."
    chunks = chunks_of(text, (0, 5), (5, 10), (10, 16))
    html = passages_html(a_document(text), chunks, begin=1, end=2)
    assert "in no passage" not in html
    assert re.findall(r'aria-label="(.*?)"', html) == ["Passage 2"]


def test_the_facts_name_what_is_known() -> None:
    entry = an_entry("/index/uploads/aaaaaaaaaaaaaaaa/notes.md", digest="a" * 64)
    document = a_document("One. Two.", page_starts=(0, 5))
    words = shown(facts_html(entry, document, a_listing(entry), passages=2))
    for fact in ("Formatmd", "Size2.0 KiB", "Pages2", "Passages2", "UploadedToday, 14:00"):
        assert fact in words
    assert "SHA-256 begins" + "a" * 16 in words


def test_a_file_that_gave_no_text_has_facts_all_the_same() -> None:
    entry = an_entry("/home/me/broken.pdf", reason="damaged")
    words = shown(facts_html(entry, None, a_listing(entry), passages=0))
    assert "Remarkdamaged" in words
    assert "File/home/me/broken.pdf" in words


@pytest.mark.parametrize(
    ("size", "words"), [(1, "1 byte"), (900, "900 bytes"), (2048, "2.0 KiB"), (3 << 20, "3.0 MiB")]
)
def test_sizes_are_said_as_people_say_them(size: int, words: str) -> None:
    assert in_bytes(size) == words


# A run


def test_the_progress_says_how_far_it_is_and_what_is_read() -> None:
    html = progress_html(Progress(12, 40, 1234, 56.7, "/a/boats.pdf"), left=200.0, ending=False)
    words = shown(html)
    assert "12 of 40 files · 1,234 passages, 57 a second · about 3 minutes left" in words
    assert "Reading boats.pdf" in words
    assert 'aria-valuenow="12"' in html


def test_screen_readers_are_told_of_tenths_only() -> None:
    def told(done: int) -> str:
        html = progress_html(Progress(done, 100, 0, 0.0, "a.md"), left=None, ending=False)
        return html.partition('role="status">')[2]

    assert told(10) == told(19)
    assert told(19) != told(20)


def test_a_cancelled_run_says_what_is_in() -> None:
    report = SyncReport(added=100, unchanged=20, files=400, cancelled=True)
    expected = "Cancelled: 120 of 400 files are in; Resume goes on from there."
    assert end_words(report) == expected
    assert end_words(SyncReport(cancelled=True)).startswith("Cancelled before any file")


def test_the_end_of_a_run_is_told_in_counts() -> None:
    report = SyncReport(added=2, failed=[("a", "b")], seconds=1.25)
    assert end_words(report) == "Done in 1.2 s: 2 added, 1 failed."
    assert report_words(SyncReport()) == "nothing to do"


def test_a_run_is_told_in_german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "language", lambda: "de")
    html = progress_html(Progress(12, 40, 1234, 56.7, "/a/boats.pdf"), left=200.0, ending=False)
    words = shown(html)
    assert "12 von 40 Dateien · 1.234 Textstellen, 57 pro Sekunde · noch etwa 3 Minuten" in words
    assert "boats.pdf wird gelesen30\xa0% der Dateien sind gelesen." in words
    report = SyncReport(added=2, failed=[("a", "b")], seconds=1.25)
    assert end_words(report) == "Fertig in 1,2 s: 2 hinzugefügt, 1 fehlgeschlagen."
