"""PDFs and pictures: what is read by whom, what is left out, and what is said to be missing."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from zlib import compress

import pytest
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader, PdfWriter

from ingest.loading import load
from ingest.loading.pdf import document
from ingest.loading.pdf.cleaning import clean
from ingest.loading.pdf.lines import Line, Word, lines_of, text_of
from ingest.loading.scans.legibility import is_coded, legibility, readable_share, worth
from rag_app.errors import LoadError, SkippedFile
from rag_app.schema import Document
from tests.conftest import SAMPLES, SHARED

HOIST = SAMPLES / "hoist-manual.pdf"
Save = Callable[[bytes], Path]
needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed"
)


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def to_file(data: bytes) -> Path:
        path = tmp_path / "a.pdf"
        path.write_bytes(data)
        return path

    return to_file


@pytest.fixture
def no_tesseract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


def a_pdf(*pages: str, beside: Sequence[str] = (), on_page: str = "", on_top: str = "") -> bytes:
    """A PDF with these drawing commands on its pages, F1 being Helvetica.

    Args:
        pages: The commands of each page.
        beside: Further objects, numbered from 10.
        on_page: Further entries of each page.
        on_top: Further entries of the catalog.
    """
    numbers = [20 + 2 * at for at in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = {
        1: f"<</Type/Catalog/Pages 2 0 R {on_top}>>",
        2: f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>",
        3: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        **dict(enumerate(beside, start=10)),
    }
    for number, page in zip(numbers, pages, strict=True):
        objects[number] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents {number + 1} 0 R"
            f"/Resources<</Font<</F1 3 0 R/F2 10 0 R>>>> {on_page}>>"
        )
        objects[number + 1] = f"<</Length {len(page)}>>stream\n{page}\nendstream"
    body, places = b"%PDF-1.7\n", {}
    for number, content in objects.items():
        places[number] = len(body)
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{number} 1\n{at:010} 00000 n \n" for number, at in places.items())
    end = f"xref\n{table}trailer\n<</Size 1000/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + end.encode()


def written(*lines: str, size: int = 10, top: int = 700, left: int = 50) -> str:
    """Commands that write lines one below the other."""
    shown = "".join(f"({line}) Tj 0 -{size * 1.2} Td " for line in lines)
    return f"BT /F1 {size} Tf {left} {top} Td {shown} ET "


def a_picture(*lines: str) -> Image.Image:
    """A page of text as a scanner sees it."""
    picture = Image.new("L", (1240, 1754), "white")
    font = ImageFont.load_default(40)
    for number, line in enumerate(lines):
        ImageDraw.Draw(picture).text((120, 150 + 52 * number), line, fill="black", font=font)
    return picture


def titles(document: Document) -> list[tuple[int, str]]:
    return [(level, title) for _, level, title in document.headings]


# Pages


def test_every_page_begins_where_it_is_said_to() -> None:
    document = load(HOIST)
    assert len(document.page_starts) == len(PdfReader(HOIST).pages) == 4
    parts = document.text.split("\n\f\n")
    for number, (start, part) in enumerate(zip(document.page_starts, parts, strict=True), start=1):
        assert document.text[start : start + len(part)] == part
        assert document.page_at(start) == number


def test_paragraphs_stand_apart_and_rows_of_a_table_do_not(save: Save) -> None:
    page = (
        written("One paragraph goes on", "to a second line.", top=700)
        + written("Another begins below a gap.", "It goes on too.", top=660)
        + "".join(
            written(row, top=600 - 15 * at) + written(str(at), top=600 - 15 * at, left=400)
            for at, row in enumerate(("Oak", "Ash", "Elm"))
        )
    )
    assert load(save(a_pdf(page))).text == (
        "One paragraph goes on\nto a second line.\n\n"
        "Another begins below a gap.\nIt goes on too.\n\n"
        "Oak 0\nAsh 1\nElm 2"
    )


def test_larger_letters_are_headings(save: Save) -> None:
    page = (
        written("The Hoist", size=24, top=760)
        + written("Before the first", "lift of the day", size=14, top=720)
        + written("Allow twenty minutes for it, and more in frost.", "Then begin.", top=680)
        + written("Wins 23.9 % and 24.3 %", "7", size=14, top=640)
    )
    document = load(save(a_pdf(page)))
    assert titles(document) == [(1, "The Hoist"), (2, "Before the first lift of the day")]
    for offset, _, title in document.headings:
        assert " ".join(document.text[offset : offset + len(title)].split()) == title


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Hoist manual", "Hoist manual"),
        ("Microsoft Word - Hoist manual", "Hoist manual"),
        ("0001018724-18-000005", "a"),
        ("untitled", "a"),
    ],
)
def test_a_title_put_there_by_a_program_is_none(tmp_path: Path, said: str, kept: str) -> None:
    writer = PdfWriter(clone_from=SAMPLES / "hoist-manual.pdf")
    writer.add_metadata({"/Title": said})
    writer.write(tmp_path / "a.pdf")
    assert load(tmp_path / "a.pdf").title == kept


def test_filled_fields_and_notes_are_read_after_the_page(save: Save) -> None:
    kinds = (
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(form.city[0])/V(Bristol)/Rect[0 0 9 9]>>",
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(x)/TU(Your name)/V(Ada)/Rect[0 0 9 9]>>",
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(empty)/Rect[0 0 9 9]>>",
        "<</Type/Annot/Subtype/Text/Contents(Ask Callum first)/Rect[0 0 9 9]>>",
        "<</Type/Annot/Subtype/Text/Contents(Not for you)/F 2/Rect[0 0 9 9]>>",
    )
    places = " ".join(f"{10 + at} 0 R" for at in range(5))
    data = a_pdf(
        written("Please fill in."),
        beside=kinds,
        on_page=f"/Annots[{places}]",
        on_top="/AcroForm<</Fields[10 0 R 11 0 R 12 0 R]>>",
    )
    assert load(save(data)).text == (
        "Please fill in.\n\ncity: Bristol\n\nYour name: Ada\n\nAsk Callum first"
    )


def test_a_file_attached_is_a_section_of_its_own(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=SAMPLES / "hoist-manual.pdf")
    writer.add_attachment("notes.txt", b"The key is in the river.")
    writer.write(tmp_path / "a.pdf")
    document = load(tmp_path / "a.pdf")
    assert document.text.endswith("notes.txt\n\nThe key is in the river.")
    assert len(document.page_starts) == 4
    assert titles(document)[-1] == (1, "notes.txt")


# Lines


def test_a_word_far_below_begins_a_line_though_the_reader_ran_on() -> None:
    words = [Word("first;", 90, 700, 10), Word("•", 50, 688, 10), Word("second", 60, 688, 10)]
    assert [line.text for line in lines_of(words)] == ["first;", "• second"]


def test_figures_beside_a_wrapped_label_are_of_its_row() -> None:
    words = [
        Word("Change", 50, 700, 10),
        Word("in", 90, 700, 10),
        Word("value", 60, 688, 10, breaks=True),
        Word("(975)", 430, 700, 10, breaks=True),
        Word("(253)", 500, 700, 10),
    ]
    assert [line.text for line in lines_of(words)] == ["Change in", "value (975) (253)"]


def test_a_column_that_begins_with_words_is_no_part_of_the_line_beside_it() -> None:
    words = [Word("Left", 50, 700, 10), Word("Right", 350, 700, 10, breaks=True)]
    assert [line.text for line in lines_of(words)] == ["Left", "Right"]


def test_a_superscript_stays_in_its_line() -> None:
    words = [Word("x", 50, 700, 10), Word("2", 56, 704, 6), Word("grows", 64, 700, 10)]
    assert text_of(lines_of(words)) == "x 2 grows"


def test_a_sentence_goes_on_in_the_next_column() -> None:
    words = [Word("which", 50, 100, 10), Word("goes", 350, 700, 10, breaks=True)]
    assert text_of(lines_of(words)) == "which\ngoes"


# Legibility


@pytest.mark.parametrize(
    "text",
    [
        "The hoist lifts boats of up to ten tonnes.",
        "关于红军作战的原则",
        "Это обычный текст на русском языке",
        "Die Donaudampfschifffahrtsgesellschaft fährt",
        "a1 b2 c3 d4 e5 f6 g7 h8 a2 b3 c4 d5 e6 f7",
        "$ 122,641 (37,887) 7,768",
    ],
)
def test_texts_are_legible(text: str) -> None:
    assert legibility(text) == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "\x13\x14\x13\x19\x15",
        "\ue001\ue002\ue003",
        "����",
        "/g936/g1007/g1004/g1004/g3/g296",
        "T h e h o i s t l i f t s b o a t s o f u p t o t e n t o n n e s",
        " ",
    ],
)
def test_what_is_no_text_is_not_legible(text: str) -> None:
    assert legibility(text) < 0.9


def test_letters_counted_by_a_font_its_own_way_are_told_by_their_vowels() -> None:
    text = "the quick brown foxes jumped over twelve lazy sleeping dogs before lunch " * 2
    coded = text.translate(str.maketrans("aeiouy", "dhlrxb"))
    assert is_coded(coded)
    assert readable_share(coded) == 1.0
    assert not is_coded(text)


def test_more_of_a_text_is_worth_more_and_junk_is_not() -> None:
    assert worth("boats and tools") > worth("boats")
    assert worth("boats") > worth("/g1/g2/g3/g4/g5/g6/g7")


# What repeats


def pages_of(*texts: Sequence[str]) -> list[list[str]]:
    cleaned = clean([[Line(text) for text in page] for page in texts])
    return [[line.text for line in page] for page in cleaned]


def test_running_heads_are_kept_once_and_page_numbers_never() -> None:
    pages = [["Tern Creek · Manual", "w" * at, f"Page {at} of 6"] for at in range(1, 7)]
    assert pages_of(*pages) == [["Tern Creek · Manual", "w"], *[["w" * at] for at in range(2, 7)]]


def test_a_numbered_heading_on_every_page_is_none() -> None:
    pages = [[Line(f"Question {at}", 14.0), Line("w" * 50 * at, 10.0)] for at in range(1, 7)]
    assert clean(pages) == pages


def test_a_running_head_with_the_page_number_in_it_is_recognised() -> None:
    pages = [[f"{40 + at} | Harbour report", f"text{'s' * at}"] for at in range(5)]
    assert pages_of(*pages)[1:] == [[f"text{'s' * at}"] for at in range(1, 5)]


def test_roman_page_numbers_are_recognised() -> None:
    numbers = ("iii", "iv", "v", "vi")
    assert pages_of(*([f"text{n}", n] for n in numbers)) == [[f"text{n}"] for n in numbers]


def test_the_head_of_a_chapter_is_recognised_in_a_long_book() -> None:
    pages = [
        ["Of Boats" if 10 <= at < 17 else f"{'very ' * at}own", "w" * (at + 1)] for at in range(40)
    ]
    heads = [page[0] for page in pages_of(*pages) if page[0] == "Of Boats"]
    assert len(heads) == 1


def test_years_over_columns_and_lines_of_two_pages_stay() -> None:
    pages = [["2015 2014 2013", f"row{'x' * at}"] for at in range(6)]
    assert pages_of(*pages) == pages
    twice = [["Only here" if at in {2, 3} else "o" * at, "text" * at] for at in range(1, 8)]
    assert pages_of(*twice) == twice


def test_a_short_document_is_left_as_it_is() -> None:
    pages = [["Head", f"text{'x' * at}", str(at)] for at in range(3)]
    assert pages_of(*pages) == pages


def test_a_page_of_its_running_head_alone_keeps_it() -> None:
    pages = [["Left blank on purpose"] for _ in range(6)]
    assert pages_of(*pages) == pages


def test_pages_of_nothing_but_their_numbers_keep_them() -> None:
    pages = [[str(at)] for at in range(1, 8)]
    assert pages_of(*pages) == pages


# Words


def test_a_word_cut_at_the_end_of_a_line_is_whole_on_it() -> None:
    assert pages_of(["careful mainte-", "nance, of course"]) == [
        ["careful maintenance,", "of course"]
    ]


def test_a_hyphen_of_the_word_itself_stays() -> None:
    page = [
        "a long-term plan",
        "made for the long-",
        "term good, at 555-",
        "1234 in Anglo-",
        "Saxon",
    ]
    assert pages_of(page) == [
        ["a long-term plan", "made for the long-term", "good, at 555-", "1234 in Anglo-", "Saxon"]
    ]


def test_a_word_that_the_reader_joined_is_spelled_as_elsewhere() -> None:
    assert pages_of(["well-devel\u00adoped and developed"]) == [["well-developed and developed"]]
    assert pages_of(["http://a.org/events-and\u00adtalks"]) == [["http://a.org/events-and-talks"]]


def test_ligatures_are_spelled_out_and_what_cannot_be_stored_is_gone() -> None:
    assert pages_of(["\ufb01rst\x00 o\ufb03ce\ud800 \uf0b7\u00a0item\x07"]) == [
        ["first office? • item"]
    ]


# Damage and locks


def test_a_file_cut_short_gives_what_can_be_saved(save: Save) -> None:
    data = HOIST.read_bytes()
    document = load(save(data[: len(data) * 7 // 10]))
    assert "four-legged, self-propelled gantry" in document.text
    assert document.missing.startswith("damaged or cut short")


def test_pages_stored_compressed_are_saved_too(save: Save) -> None:
    page = "<</Type/Page/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
    packed = compress(f"20 0 {page}".encode())
    stream = b"<</Type/ObjStm/N 1/First 5/Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    whole = a_pdf(written("Saved."))
    cut = whole[: whole.index(b"20 0 obj")] + b"5 0 obj\n" + stream + packed + b"\nendstream\n"
    text = written("Saved.").encode()
    content = b"4 0 obj\n<</Length %d>>stream\n%s\nendstream\nendobj\n" % (len(text), text)
    document = load(save(cut.replace(b"/Catalog", b"/Nothing") + b"endobj\n" + content))
    assert document.text == "Saved."
    assert document.missing.startswith("damaged or cut short")


def test_a_broken_table_of_objects_is_no_obstacle(save: Save) -> None:
    data = HOIST.read_bytes()
    document = load(save(data.replace(b"0000", b"1111")))
    assert document.text == load(HOIST).text


def test_a_file_of_which_nothing_is_left_is_damaged(save: Save) -> None:
    with pytest.raises(LoadError, match=r"a\.pdf: damaged"):
        load(save(HOIST.read_bytes()[:500]))


@pytest.mark.parametrize(("owner", "opens"), [("boss", True), ("", False)])
def test_only_a_password_for_reading_locks(tmp_path: Path, owner: str, opens: bool) -> None:
    writer = PdfWriter(clone_from=HOIST)
    writer.encrypt("" if opens else "secret", owner or None, algorithm="RC4-128")
    path = tmp_path / "a.pdf"
    writer.write(path)
    if opens:
        assert load(path).text == load(HOIST).text
        return
    with pytest.raises(LoadError, match="protected by a password; save a copy without one"):
        load(path)


def test_a_tree_of_pages_that_holds_itself_ends(save: Save) -> None:
    data = a_pdf(written("Here.")).replace(b"/Kids[20 0 R]", b"/Kids[2 0 R 20 0 R]")
    assert "Here." in load(save(data)).text


def test_what_takes_too_long_is_named(monkeypatch: pytest.MonkeyPatch, save: Save) -> None:
    monkeypatch.setattr(document, "_SECONDS", -1.0)
    with pytest.raises(SkippedFile, match=r"1–3 \(more than is read of one file; split"):
        load(save(a_pdf("", "", "")))


# Pictures of text


def test_a_blank_page_is_not_missing(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=HOIST)
    writer.add_blank_page()
    writer.write(tmp_path / "a.pdf")
    document = load(tmp_path / "a.pdf")
    assert document.missing == ""
    assert len(document.page_starts) == 5


def test_a_scanned_page_is_named_with_the_cure(tmp_path: Path, no_tesseract: None) -> None:
    a_picture("Hidden").save(tmp_path / "scan.pdf", resolution=150)
    writer = PdfWriter(clone_from=HOIST)
    for _ in range(2):
        writer.append(tmp_path / "scan.pdf")
    writer.write(tmp_path / "a.pdf")
    missing = load(tmp_path / "a.pdf").missing
    assert missing == "of 6 pages: 5–6 (pictures, perhaps of text: install tesseract)"
    with pytest.raises(SkippedFile, match=r"holds no text \(of 1 pages: 1 \(pictures"):
        load(tmp_path / "scan.pdf")


def test_letters_in_a_font_that_does_not_say_them_are_named(save: Save, no_tesseract: None) -> None:
    font = (
        "<</Type/Font/Subtype/Type3/FontBBox[0 0 600 700]/FontMatrix[.001 0 0 .001 0 0]"
        "/FirstChar 1/LastChar 2/Widths[600 600]/Encoding<</Differences[1/g1/g2]>>"
        "/CharProcs<</g1 11 0 R/g2 11 0 R>>>>"
    )
    shape = "<</Length 41>>stream\n600 0 0 0 500 700 d1 0 0 500 700 re f     \nendstream"
    page = "BT /F2 12 Tf 50 700 Td (\x01\x02\x01\x02) Tj ET"
    document = load(save(a_pdf(page, written("Legible."), beside=[font, shape])))
    assert document.text.strip() == "Legible."
    assert document.missing == (
        "of 2 pages: 1 (in a font that does not say its letters: install tesseract)"
    )


@needs_tesseract
def test_a_scanned_page_is_recognised(tmp_path: Path) -> None:
    picture = a_picture("The travelling hoist", "lifts twelve tonnes.")
    picture.save(tmp_path / "a.pdf", resolution=150, save_all=True, append_images=[picture])
    document = load(tmp_path / "a.pdf")
    assert document.text.split("\n\f\n") == ["The travelling hoist\nlifts twelve tonnes."] * 2
    assert document.missing == ""


@needs_tesseract
def test_a_photo_of_no_text_holds_none_and_misses_none(tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((800, 800)).save(tmp_path / "a.pdf")
    with pytest.raises(SkippedFile, match="pictures in which no text was found"):
        load(tmp_path / "a.pdf")


@needs_tesseract
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.tif"])
def test_a_picture_of_text_is_read(tmp_path: Path, name: str) -> None:
    a_picture("Wear gloves", "when handling rope.").save(tmp_path / name)
    document = load(tmp_path / name)
    assert document.text == "Wear gloves\nwhen handling rope."
    assert document.page_starts == ()


@needs_tesseract
def test_a_picture_is_read_on_white_where_it_is_transparent(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (1240, 1754), (0, 0, 0, 0))
    clear.paste("black", mask=a_picture("Mind the step").point(lambda value: 255 - value))
    clear.save(tmp_path / "a.png")
    assert load(tmp_path / "a.png").text == "Mind the step"


@needs_tesseract
def test_every_page_of_a_fax_is_read(tmp_path: Path) -> None:
    first, second = a_picture("First page"), a_picture("Second page")
    first.save(tmp_path / "a.tif", save_all=True, append_images=[second])
    document = load(tmp_path / "a.tif")
    assert document.text == "First page\n\f\nSecond page"
    assert document.page_at(document.text.index("Second")) == 2


def test_a_picture_is_skipped_with_the_cure(tmp_path: Path, no_tesseract: None) -> None:
    a_picture("Unread").save(tmp_path / "a.png")
    with pytest.raises(SkippedFile, match="a picture; install tesseract to have its text read"):
        load(tmp_path / "a.png")


@needs_tesseract
def test_a_language_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_APP_OCR_LANGUAGES", "eng+xyz")
    a_picture("Unread").save(tmp_path / "a.png")
    with pytest.raises(SkippedFile, match="install tesseract's language xyz, or set RAG_APP_OCR"):
        load(tmp_path / "a.png")


@needs_tesseract
def test_a_picture_too_large_to_open_is_refused(tmp_path: Path) -> None:
    Image.new("1", (20_000, 10_000)).save(tmp_path / "a.png")
    with pytest.raises(LoadError, match="too many pixels; save a smaller copy"):
        load(tmp_path / "a.png")


# Files that readers stumble over

HOSTILE = SHARED / "hostile_pdfs"


@pytest.mark.skipif(not HOSTILE.exists(), reason="the collection is not here")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Embedded_font.pdf", "除"),  # by pypdf alone
        ("issue7901.pdf", "The Free Software\nDefinition"),  # by PDFium alone
        ("issue9655_reduced.pdf", "Property Insurance"),
    ],
)
def test_the_better_reader_of_a_page_wins(name: str, text: str) -> None:
    assert load(HOSTILE / name).text == text
