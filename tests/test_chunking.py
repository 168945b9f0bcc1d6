"""Chunks: exact, complete, never longer than the model sees."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunking import chunk
from ingest.loading.load import load
from ingest.loading.markup.markdown import extract
from rag_app.models.embedder import SentenceEmbedder
from rag_app.protocols import Tokenizer
from rag_app.schema import Document

MakeDocument = Callable[..., Document]
LINES = st.sampled_from(
    [
        "# One",
        "## Two",
        "### Three",
        "",
        "- an item",
        "| a | b |",
        "A sentence. Another one!",
        "```",
    ]
)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return SentenceEmbedder.open("all-MiniLM-L6-v2").tokenizer


def a_document(text: str, **fields: object) -> Document:
    return Document(id="d", source="d.md", text=text, title="", digest="", **fields)  # type: ignore[arg-type]


def assert_sound(document: Document, tokenizer: Tokenizer, tokens: int) -> None:
    chunks = chunk(document, tokenizer=tokenizer, tokens=tokens)
    assert "".join(c.text for c in chunks) == (document.text if chunks else "")
    for piece in chunks:
        assert document.text[piece.start : piece.end] == piece.text
        assert piece.tokens == len(tokenizer.spans(piece.text)) + tokenizer.special_tokens
        assert piece.tokens <= tokens or len(piece.text) == 1
    assert chunks or not len(tokenizer.spans(document.text))


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=600))
def test_any_text_is_covered_exactly_within_the_limit(tokenizer: Tokenizer, text: str) -> None:
    assert_sound(a_document(text), tokenizer, 24)


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(LINES, max_size=60))
def test_nested_markdown_is_covered_exactly_within_the_limit(
    tokenizer: Tokenizer, lines: list[str]
) -> None:
    extracted = extract("\n".join(lines).encode())
    assert_sound(a_document(extracted.text, headings=extracted.headings), tokenizer, 32)


def test_a_short_document_is_one_chunk(tokenizer: Tokenizer) -> None:
    (only,) = chunk(a_document("  Just this.\n"), tokenizer=tokenizer)
    assert (only.text, only.start, only.end) == ("  Just this.\n", 0, 13)


def test_a_heading_is_the_preferred_place_to_cut(tokenizer: Tokenizer) -> None:
    body = "Words that fill the page with more words. " * 6
    text = f"# First\n\n{body}\n\n# Second\n\n{body}"
    extracted = extract(text.encode())
    chunks = chunk(a_document(text, headings=extracted.headings), tokenizer=tokenizer, tokens=80)
    assert [c.heading for c in chunks] == ["First", "Second"]
    assert chunks[1].text.startswith("# Second")


@pytest.mark.parametrize(
    ("name", "text", "headings"),
    [
        ("a.md", "# One\n\nText\n\nTwo\n===\n\n| a |\n| - |\n| b |", ["# One", "Two"]),
        ("a.tex", "\\section*{Keys \\& locks}\nText", ["\\section*{Keys \\& locks}"]),
        ("a.yaml", "port: 6379\nhosts:\n  - a\n", ["hosts:"]),
        ("a.py", "# Doubles.\ndef double(x):\n    return 2 * x\n", []),
        ("a.txt", "KEYS\n\nThey hang in locker 12\n", []),
    ],
)
def test_a_chunk_knows_which_of_its_lines_are_headings_and_nothing_else(
    tokenizer: Tokenizer, tmp_path: Path, name: str, text: str, headings: list[str]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    (only,) = chunk(load(path), tokenizer=tokenizer)
    assert only.headings is not None
    assert [text[start:end] for start, end in only.headings] == headings


def test_headings_stand_where_the_document_has_them(tokenizer: Tokenizer) -> None:
    text = "Words that fill the page with more words. " * 6 + "\n\nA long\ntitle\n\nRest"
    at = text.index("A long")
    document = a_document(text, headings=((at, 1, "A long title"),))
    chunks = chunk(document, tokenizer=tokenizer, tokens=60)
    assert [c.headings for c in chunks if c.headings] == [((at, at + len("A long\ntitle")),)]


def test_a_blank_document_has_no_chunks(tokenizer: Tokenizer) -> None:
    assert chunk(a_document(" \n\t"), tokenizer=tokenizer) == []


def test_a_chunk_knows_its_page(tokenizer: Tokenizer) -> None:
    text = "one two three " * 10
    document = a_document(text + text, page_starts=(0, len(text)))
    chunks = chunk(document, tokenizer=tokenizer, tokens=32)
    assert [c.page for c in chunks] == [1, 2]


def test_a_vector_may_see_what_stands_around_a_chunk(minilm: SentenceEmbedder) -> None:
    text = " ".join(f"Sentence {number} tells of berth {number * 7}." for number in range(200))
    document = a_document(text)
    chunks = chunk(document, tokenizer=minilm.tokenizer, tokens=100, context=30)
    assert "".join(piece.text for piece in chunks) == text
    for piece in chunks:
        assert piece.text in piece.seen
        assert piece.seen in text
        around = len(minilm.tokenizer.spans(piece.seen)) + minilm.tokenizer.special_tokens
        assert around - piece.tokens <= 60
    assert all(len(piece.seen) > len(piece.text) for piece in chunks)
    plain = chunk(document, tokenizer=minilm.tokenizer, tokens=100)
    assert [(piece.start, piece.end) for piece in plain] == [(c.start, c.end) for c in chunks]
    assert {piece.seen for piece in plain} == {""}
