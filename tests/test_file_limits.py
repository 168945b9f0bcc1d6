"""What one file may cost, whatever it holds: time, chunks, and characters of a chunk."""

from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.children import Limits
from ingest.chunking import chunk
from ingest.cutting import Cut, Cutter
from ingest.reading import read_ahead
from ingest.scan import scan
from ingest.sync import sync
from rag_app.errors import LoadError
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.retrieval.retriever import Retriever
from rag_app.schema import Chunk, Document
from rag_app.text.sentences import sentence_spans
from tests.conftest import SAMPLES, SHARED
from tests.fakes import HashEmbedder, WordTokenizer, a_document
from tests.nasty import PIECES, repeated

SIZE = 100_000  # bytes; ten times as many for the slow suite
FACT = "The checksum of the firmware image was verified by Anselm Quist."
SIGNS = " \n\t\f.!?。,:;|#*-`\"')(_aZ1é\u0301\u00a0ก中"


def seconds_of(work: Callable[[], object]) -> float:
    """Of the processor: others may be at work on it."""
    begun = process_time()
    work()
    return process_time() - begun


# Time


@pytest.mark.parametrize("name", PIECES)
def test_sentences_of_any_text_are_found_in_no_time(name: str) -> None:
    text = repeated(PIECES[name], SIZE)
    assert seconds_of(lambda: sentence_spans(text)) < 1


@pytest.mark.parametrize("name", ["authors", "headings", "hexadecimal", "wide gaps"])
def test_any_text_is_cut_in_no_time(name: str, minilm: SentenceEmbedder) -> None:
    document = a_document(repeated(PIECES[name], SIZE))
    assert seconds_of(lambda: chunk(document, tokenizer=minilm.tokenizer)) < 2


@pytest.mark.slow
@pytest.mark.parametrize("name", PIECES)
def test_a_megabyte_of_any_text_is_cut_in_seconds(name: str, minilm: SentenceEmbedder) -> None:
    text = repeated(PIECES[name], 10 * SIZE)
    assert seconds_of(lambda: sentence_spans(text)) < 2
    # The tokenizer works on two cores.
    assert seconds_of(lambda: chunk(a_document(text), tokenizer=minilm.tokenizer)) < 4


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(pieces=st.lists(st.text(SIGNS, min_size=1, max_size=6), min_size=1, max_size=3))
def test_a_megabyte_of_any_pattern_is_cut_in_seconds(pieces: list[str]) -> None:
    text = "".join(repeated(piece, 10 * SIZE // len(pieces)) for piece in pieces)
    assert seconds_of(lambda: sentence_spans(text)) < 2
    # Words and marks are its tokens, so that the time is the chunker's own.
    assert seconds_of(lambda: chunk(a_document(text), tokenizer=WordTokenizer())) < 4


def test_many_headings_take_no_more_time_than_many_lines() -> None:
    lines = 100_000
    text = "word\n" * lines
    headings = tuple((5 * line, 1 + line % 2, "word") for line in range(lines))
    document = a_document(text, headings=headings)
    assert seconds_of(lambda: chunk(document, tokenizer=WordTokenizer(), tokens=64)) < 4


def path_at(document: Document, offset: int) -> str:
    """The headings in force there, highest first, by what that means."""
    path: list[tuple[int, str]] = []
    for at, level, title in document.headings:
        if at <= offset:
            path = [(above, name) for above, name in path if above < level] + [(level, title)]
    return " › ".join(title for _, title in path if title)


@settings(max_examples=100, deadline=None)
@given(levels=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 7)), max_size=40))
def test_every_chunk_has_the_headings_in_force_where_it_begins(
    levels: list[tuple[int, int]],
) -> None:
    titles = [(at, level, f"{number} {level}") for number, (at, level) in enumerate(sorted(levels))]
    document = a_document("word " * 100, headings=tuple(titles))
    chunks = chunk(document, tokenizer=WordTokenizer(), tokens=18)
    assert [made.heading for made in chunks] == [path_at(document, made.start) for made in chunks]


def test_a_heading_of_a_megabyte_is_not_in_every_chunk() -> None:
    title = "word " * 20_000
    document = a_document(title, headings=((0, 1, title),))
    chunks = chunk(document, tokenizer=WordTokenizer())
    assert sum(len(made.heading) for made in chunks) < len(title)


# Chunks


def faults(text: str, chunks: list[Chunk], tokens: int) -> list[str]:
    found = [f"{len(c.text)} characters" for c in chunks if len(c.text) > tokens * 16]
    found += [f"{c.tokens} tokens" for c in chunks if c.tokens > tokens]
    ends = [0, *(c.end for c in chunks)]
    starts = [*(c.start for c in chunks), len(text)]
    gaps = zip(ends, starts, strict=True)
    return found + ["text lies in no chunk" for end, start in gaps if text[end:start].strip()]


@pytest.mark.parametrize("piece", ["0123456789abcdef", "acgt", "พฤษภาคม", "x\u0301", " ", "\n"])
def test_no_chunk_is_longer_than_its_tokens_allow(piece: str, minilm: SentenceEmbedder) -> None:
    text = f"Begin {repeated(piece, SIZE)} end."
    chunks = chunk(a_document(text), tokenizer=minilm.tokenizer)
    assert faults(text, chunks, 512) == []


def test_white_space_that_fills_no_chunk_stands_in_none(minilm: SentenceEmbedder) -> None:
    text = "Begin." + "\n" * SIZE + "The end."
    chunks = chunk(a_document(text), tokenizer=minilm.tokenizer, context=20)
    assert [made.text.strip() for made in chunks] == ["Begin.", "The end."]
    assert all(len(made.seen) < 2 * len(made.text) + 1_000 for made in chunks)


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "cases").is_dir(), reason="needs the cases; RAG_APP_SHARED_DATA")
@pytest.mark.parametrize("case", ["B07", "B08"])
def test_files_without_blanks_come_in_chunks(case: str, minilm: SentenceEmbedder) -> None:
    files, _ = scan([SHARED / "cases" / case])
    cutter = Cutter(minilm.tokenizer, 512)
    for cut in read_ahead(files, Limits(), cutter=cutter):
        assert isinstance(cut, Cut)
        assert faults(cut.document.text, list(cut.chunks), 512) == []


# Words that WordPiece does not look into


def test_long_words_are_told_apart_by_their_vectors(minilm: SentenceEmbedder) -> None:
    one, other = minilm.embed(["deadbeef" * 30, "0123456789" * 24])
    assert one @ other < 0.95  # both were one unknown token, the same


def test_tokens_of_long_words_are_counted_as_the_model_sees_them(minilm: SentenceEmbedder) -> None:
    text = f"before {'0123456789abcdef' * 20} after"
    spans = minilm.tokenizer.spans(text)
    assert minilm.tokenizer.counts([text]) == [len(spans)]
    assert (text[slice(*spans[0])], text[slice(*spans[-1])]) == ("before", "after")
    assert "".join(text[start:end] for start, end in spans) == text.replace(" ", "")


def test_words_that_are_not_too_long_keep_their_tokens(minilm: SentenceEmbedder) -> None:
    text = f"{'ab' * 50} and https://example.org/{'x/' * 100}"
    known = minilm.tokenizer._tokenizer.encode(text, add_special_tokens=False)
    assert np.array_equal(minilm.tokenizer.spans(text), known.offsets)


def test_a_fact_after_a_dump_is_found(tmp_path: Path, minilm: SentenceEmbedder) -> None:
    (tmp_path / "dump.txt").write_text(repeated("0123456789abcdef", 20_000) + f"\n\n{FACT}\n")
    index = Index.open(tmp_path / "index", embedder=minilm)
    sync([tmp_path / "dump.txt"], index, embedder=minilm)
    hits = Retriever(index, minilm).search("Who verified the checksum of the firmware image?")
    assert FACT in hits[0].chunk.text
    index.close()


# Where it is cut


def test_children_cut_as_this_process_does(minilm: SentenceEmbedder) -> None:
    cutter = Cutter(minilm.tokenizer, 128, context=20)
    files, _ = scan([SAMPLES])
    read = list(read_ahead(files, Limits()))
    cut = list(read_ahead(files, Limits(), cutter=cutter))
    for document, found in zip(read, cut, strict=True):
        assert isinstance(document, Document)
        assert isinstance(found, Cut)
        here = cutter.cut(document)
        assert (found.document, found.chunks) == (here.document, here.chunks)


def test_what_a_child_cannot_have_the_tokenizer_for_comes_whole(docs: Path) -> None:
    files, _ = scan([docs])
    found = read_ahead(files, Limits(), cutter=Cutter(WordTokenizer(), 64))
    assert all(isinstance(each, Document) for each in found)


def test_cutting_counts_for_the_seconds_of_a_file(tmp_path: Path, minilm: SentenceEmbedder) -> None:
    (tmp_path / "long.txt").write_text("a. " * 6_000_000)
    files, _ = scan([tmp_path])
    (found,) = read_ahead(files, Limits(seconds=3), cutter=Cutter(minilm.tokenizer, 512))
    assert isinstance(found, LoadError)
    assert str(found).endswith(
        "took longer than 3 s to read; raise file_seconds and run with --rebuild"
    )


@pytest.mark.usefixtures("child_processes")
def test_in_a_whole_run_children_cut(tmp_path: Path, docs: Path, minilm: SentenceEmbedder) -> None:
    index = Index.open(tmp_path / "index", embedder=minilm)
    report = sync([docs], index, embedder=minilm)
    assert (report.added, report.chunks, report.failed) == (2, 2, [])
    assert report.stages["chunk"] > 0
    index.close()


# How many


def test_of_a_file_with_too_many_chunks_the_first_are_taken_and_the_rest_is_said(
    tmp_path: Path, index: Index, embedder: HashEmbedder
) -> None:
    long = tmp_path / "long.txt"
    long.write_text("Words that go on and on. " * 100)
    few = Limits(chunks=3)
    report = sync([long], index, embedder=embedder, tokens=32, limits=few)
    ((_, reason),) = report.partial
    assert report.chunks == 3
    assert "characters of 2,500, which are 3 passages; raise file_chunks" in reason
    again = sync([long], index, embedder=embedder, tokens=32, rebuild=True)
    assert (again.partial, again.chunks > 3) == ([], True)
