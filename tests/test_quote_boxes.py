"""Quotes on the pages of PDFs: the boxes lie over the words, however the page is laid out."""

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject

from ingest.loading import load
from ingest.loading.pdf.page_picture import MarkedPage, mark_page
from ingest.loading.pdf.quote_alignment import aligned
from ingest.loading.pdf.quote_boxes import Box, quote_boxes
from rag_app.errors import LoadError
from rag_app.schema import Document
from rag_app.text.sentences import sentence_spans
from tests.conftest import SAMPLES, SHARED
from tests.test_loading_pdf import a_pdf, written

HOIST = SAMPLES / "hoist-manual.pdf"
REPORTS = [
    SHARED / "finance" / f"{name}.pdf"
    for name in (
        "AMCOR_2022_8K_dated-2022-07-01",
        "ULTABEAUTY_2023Q4_EARNINGS",
        "BESTBUY_2024Q2_10Q",
        "NETFLIX_2015_10K",
    )
]
GRID = (1100, 850)
Mask = NDArray[np.bool_]


# Measuring


@dataclass(frozen=True, slots=True)
class OnPage:
    """A sentence of a document, or the part of it on one page."""

    page: int
    text: str
    before: str
    after: str


def sentences(document: Document) -> Iterator[OnPage]:
    """Every sentence, those that run over to another page in parts."""
    starts = (*document.page_starts, len(document.text))
    for start, end in sentence_spans(document.text):
        for page, (begin, stop) in enumerate(pairwise(starts)):
            first, last = max(start, begin), min(end, stop)
            if document.text[first:last].strip():
                text = document.text
                yield OnPage(page, text[first:last], text[begin:first], text[last:stop])


def pattern(quote: str) -> re.Pattern[str]:
    """The quote as PDFium may have read it: cut at any line end, with any white space."""
    cut = r"(?:[-\ufffe]?[\r\n]+)?"
    return re.compile(r"\s+".join(cut.join(map(re.escape, word)) for word in quote.split()))


def words_mask(page: pypdfium2.PdfPage, sentence: OnPage) -> Mask | None:
    """Where the words are by their place in PDFium's own text; None if it has them otherwise."""
    text = page.get_textpage()
    raw = text.get_text_range()
    sought = pattern(sentence.text)
    earlier = len(sought.findall(sentence.before))
    found = list(sought.finditer(raw))
    if text.count_chars() != len(raw) or len(found) <= earlier:
        return None
    places = [at for at in range(*found[earlier].span()) if not raw[at].isspace()]
    letters = [text.get_charbox(at, loose=True) for at in places]
    width, height = page.get_size()
    mask = np.zeros(GRID, dtype=bool)
    for one, other in pairwise([*letters, letters[-1]]):
        left, bottom, right, top = one
        # The space to the next word belongs to the words, if it is on the same line.
        if abs(other[1] - bottom) < 1 and 0 < other[0] - right < top - bottom:
            right = other[0]
        fill(mask, Box(left / width, 1 - top / height, right / width, 1 - bottom / height))
    return mask


def fill(mask: Mask, box: Box) -> None:
    rows, columns = mask.shape
    top, bottom = round(box.top * rows), round(box.bottom * rows)
    mask[top:bottom, round(box.left * columns) : round(box.right * columns)] = True


def boxes_mask(boxes: Sequence[Box]) -> Mask:
    mask = np.zeros(GRID, dtype=bool)
    for box in boxes:
        fill(mask, box)
    return mask


@dataclass(frozen=True, slots=True)
class Measured:
    """Of some sentences: which share has boxes, and the shares of areas of those compared."""

    found: float
    compared: int
    of_boxes_over_words: float
    of_words_in_boxes: float


def measure(path: Path, chosen: Sequence[OnPage]) -> Measured:
    found, on_words, in_boxes = [], [], []
    with closing(pypdfium2.PdfDocument(path)) as file:
        for sentence in chosen:
            with closing(file[sentence.page]) as page:
                boxes = quote_boxes(
                    page, sentence.text, before=sentence.before, after=sentence.after
                )
                found.append(bool(boxes))
                words = words_mask(page, sentence)
            if boxes and words is not None:
                boxed = boxes_mask(boxes)
                common = (boxed & words).sum()
                on_words.append(common / boxed.sum())
                in_boxes.append(common / words.sum())
    return Measured(
        float(np.mean(found)), len(on_words), float(np.mean(on_words)), float(np.mean(in_boxes))
    )


@pytest.mark.parametrize("name", ["hoist-manual.pdf", "annual-report-2024-25.pdf"])
def test_the_boxes_of_every_sentence_lie_over_its_words(name: str) -> None:
    every = list(sentences(load(SAMPLES / name)))
    measured = measure(SAMPLES / name, every)
    assert measured.found == 1
    assert measured.compared == len(every) > 50
    assert measured.of_boxes_over_words > 0.95
    assert measured.of_words_in_boxes > 0.95


@pytest.mark.skipif(not REPORTS[0].exists(), reason=f"no reports in {SHARED}")
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_sentences_of_real_reports_are_found(path: Path) -> None:
    every = list(sentences(load(path)))
    measured = measure(path, random.Random(0).sample(every, 50))
    assert measured.found >= 0.95
    assert measured.compared >= 45
    assert measured.of_boxes_over_words > 0.95
    assert measured.of_words_in_boxes > 0.95


# Pages that are turned, cut, scaled


def ink(page: MarkedPage) -> Mask:
    """Where the picture is black: letters are, marked or not, and marks are not."""
    return np.asarray(Image.open(BytesIO(page.png))).max(axis=2) < 60


def cut_out(mask: Mask, box: Box) -> Mask:
    rows, columns = mask.shape
    top, bottom = int(box.top * rows), round(box.bottom * rows) + 1
    return mask[top:bottom, int(box.left * columns) : round(box.right * columns) + 1]


@pytest.mark.parametrize(
    "on_page",
    [
        "",
        "/Rotate 90",
        "/Rotate 180",
        "/Rotate 270",
        "/CropBox[40 600 400 760]",
        "/CropBox[40 600 400 760]/Rotate 90",
        "/UserUnit 3",
    ],
)
def test_boxes_lie_over_the_letters_that_are_drawn(on_page: str) -> None:
    data = a_pdf(written("Oil the winch,", "then lift."), on_page=on_page)
    drawn = mark_page(data, 1, "Oil the winch,\nthen lift.")
    letters = ink(drawn)
    within = [cut_out(letters, box) for box in drawn.boxes]
    assert len(within) == 2
    assert sum(part.sum() for part in within) == letters.sum() > 0
    assert all(part.mean() > 0.05 for part in within)


def test_what_is_cut_off_has_no_box() -> None:
    data = a_pdf(written("Oil the winch."), on_page="/CropBox[40 100 400 300]")
    assert mark_page(data, 1, "Oil the winch.").boxes == ()


def test_text_that_runs_upwards_has_one_box() -> None:
    data = a_pdf("BT /F1 12 Tf 0 1 -1 0 300 200 Tm (Oil the winch daily.) Tj ET")
    drawn = mark_page(data, 1, "Oil the winch daily.")
    (box,) = drawn.boxes
    assert (box.bottom - box.top) * 800 > 5 * (box.right - box.left) * 600
    assert cut_out(ink(drawn), box).sum() == ink(drawn).sum() > 0


@pytest.mark.parametrize(("width", "height"), [(14_400, 14_400), (3, 14_400), (14_400, 3)])
def test_a_huge_page_is_drawn_small(tmp_path: Path, width: int, height: int) -> None:
    writer = PdfWriter(clone_from=PdfReader(HOIST))
    writer.pages[0].mediabox = writer.pages[0].cropbox = RectangleObject((0, 0, width, height))
    writer.write(tmp_path / "a.pdf")
    picture = Image.open(BytesIO(mark_page((tmp_path / "a.pdf").read_bytes(), 1, "none").png))
    assert picture.width <= 1401
    assert picture.width * picture.height < 6_100_000


def test_what_cannot_be_drawn_is_one_line() -> None:
    for data, page in ((b"%PDF-1.7 nothing", 1), (HOIST.read_bytes(), 5), (HOIST.read_bytes(), 0)):
        with pytest.raises(LoadError, match=f"^page {page} cannot be drawn; open the file"):
            mark_page(data, page, "Any words.")


# Which words


def boxes_on(data: bytes, quote: str, *, before: str = "", after: str = "") -> list[Box]:
    with closing(pypdfium2.PdfDocument(data)) as file, closing(file[0]) as page:
        return quote_boxes(page, quote, before=before, after=after)


def height_of(box: Box) -> float:
    """The middle of a box in points from the foot of a page of `a_pdf`."""
    return 800 * (1 - (box.top + box.bottom) / 2)


def test_of_words_that_are_repeated_those_with_the_same_text_around_are_marked(
    tmp_path: Path,
) -> None:
    lines = ["Slings: every month.", "Ropes: every month.", "Wheels: every month."]
    data = a_pdf(written(*lines, size=10, top=700))
    (tmp_path / "a.pdf").write_bytes(data)
    text = load(tmp_path / "a.pdf").text
    for number, name in enumerate(("Slings", "Ropes", "Wheels")):
        start = text.index("every month.", text.index(name))
        end = start + len("every month.")
        (box,) = boxes_on(data, text[start:end], before=text[:start], after=text[end:])
        assert height_of(box) == pytest.approx(700 - 12 * number, abs=5)


def test_a_word_cut_at_the_end_of_a_line_is_marked_on_both(tmp_path: Path) -> None:
    data = a_pdf(written("Twice a year, careful mainte-", "nance is due. Wear gloves."))
    (tmp_path / "a.pdf").write_bytes(data)
    quote, _ = load(tmp_path / "a.pdf").text.split(" Wear")
    assert "maintenance" in quote
    first, second = boxes_on(data, quote)
    assert height_of(first) - height_of(second) == pytest.approx(12, abs=1)
    assert second.right < first.right


def test_a_quote_over_two_pages_has_boxes_on_each(tmp_path: Path) -> None:
    data = a_pdf(written("Never lift in fog", top=60), written("or by lamp light. Ever.", top=740))
    (tmp_path / "a.pdf").write_bytes(data)
    every = list(sentences(load(tmp_path / "a.pdf")))
    assert [(part.page, part.text.strip()) for part in every[:2]] == [
        (0, "Never lift in fog"),
        (1, "or by lamp light."),
    ]
    (low,), (high,) = (mark_page(data, part.page + 1, part.text).boxes for part in every[:2])
    assert height_of(low) < 70
    assert height_of(high) > 730


def test_cells_of_a_row_that_stand_far_apart_have_boxes_of_their_own() -> None:
    page = written("Ropes", top=700) + written("8 years", top=700, left=400)
    left, right = boxes_on(a_pdf(page), "Ropes 8 years")
    assert left.right < 0.2 < 0.6 < right.left


def test_words_that_are_not_on_the_page_have_no_box() -> None:
    data = a_pdf(written("Oil the winch daily."))
    assert boxes_on(data, "Ferrets are not welcome aboard.") == []
    assert boxes_on(data, "–") == []


def test_a_character_of_two_halves_is_found() -> None:
    codes = "/CIDInit /ProcSet findresource begin 1 beginbfchar <41> <D835DC34> endbfchar end"
    font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 11 0 R>>"
    stream = f"<</Length {len(codes)}>>stream\n{codes}\nendstream"
    data = a_pdf("BT /F2 10 Tf 50 700 Td (of AB CD) Tj ET", beside=[font, stream])
    (found,) = boxes_on(data, "of \U0001d434B")
    (other,) = boxes_on(data, "CD")
    assert found.left < found.right < other.left


# Letters


def found_in(page: str, quote: str, **around: str) -> str:
    return "".join(page[at] for at in aligned(page, quote, **around))


@pytest.mark.parametrize(
    ("page", "quote", "found"),
    [
        ("the o\ufb03ce is open", "office", "o\ufb03ce"),
        ("careful main\ufffe\r\ntenance", "maintenance", "maintenance"),
        ("a long-\r\nterm plan", "long-term plan", "longtermplan"),
        ("Cafe\u0301 crème", "Café crème", "Cafecrème"),
        ("\uf0b7 Walk round", "• Walk round", "\uf0b7Walkround"),
        ("Walk ROUND", "walk round", "WalkROUND"),
    ],
)
def test_what_cleaning_changes_is_found_again(page: str, quote: str, found: str) -> None:
    assert found_in(page, quote) == found


def test_a_quote_with_another_line_in_its_midst_is_found_without_it() -> None:
    page = "The hoist is tested each spring 4 | Manual by the insurer's engineer, with a load."
    quote = "The hoist is tested each spring by the insurer's engineer, with a load."
    assert found_in(page, quote) == quote.replace(" ", "")


def test_a_quote_of_which_little_is_there_is_not_found() -> None:
    page = "The hoist is tested each spring. Nothing else is said of it here."
    assert aligned(page, "The hoist is tested by ten ferrets, a parrot and Callum himself.") == []
