"""Loading: the text of every format with its pages, headings and tables, or one clear error."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from docx import Document as WordDocument
from openpyxl import Workbook
from pypdf import PdfReader, PdfWriter

from ingest.loading import FORMATS, load
from rag_app.errors import LoadError, SkippedFile
from rag_app.schema import COLUMNS, Document
from tests.conftest import SAMPLES, Write


def headings(document: Document) -> list[tuple[int, str]]:
    return [(level, title) for _, level, title in document.headings]


# Every format


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_sample_gives_text_whose_headings_stand_where_they_are_said_to(path: Path) -> None:
    document = load(path)
    assert len(document.text) > 500
    assert document.title
    for offset, level, title in document.headings:
        if level != COLUMNS:
            assert title.split()[0] in document.text[offset : offset + len(title) + 10]


def test_the_samples_cover_every_family_of_formats() -> None:
    suffixes = {path.suffix.removeprefix(".") for path in SAMPLES.iterdir()}
    assert suffixes == {"md", "txt", "html", "docx", "xlsx", "csv", "pdf"} <= FORMATS.keys()


def test_the_source_is_the_path_as_given_unless_named(write: Write) -> None:
    path = write("a.txt", b"text")
    assert load(path).source == str(path)
    assert load(path, source="mine.txt").source == "mine.txt"


def test_format_and_folder_are_kept_for_filtering(write: Write) -> None:
    path = write("A.TXT", b"text")
    assert load(path).metadata == {"format": "txt", "folder": str(path.parent)}


def test_a_link_to_a_file_is_a_document_of_its_own(write: Write) -> None:
    path = write("a.txt", b"text")
    link = path.with_name("b.txt")
    link.symlink_to(path)
    assert load(link).id != load(path).id


# Text


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac_roman"],
)
def test_a_text_is_read_in_whatever_encoding_it_was_saved(write: Write, encoding: str) -> None:
    text = "Café Zürich — costs £5, naïve façade über alles."
    assert load(write("a.txt", text.encode(encoding))).text == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Привет, мир. Это обычный текст на русском языке, довольно длинный."),
        ("cp1250", "Zażółć gęślą jaźń. Łódź jest piękna."),
        ("shift_jis", "これは日本語の文章です。長いほど検出は簡単になります。"),
        ("gb18030", "这是一个中文句子。越长越容易检测。"),
    ],
)
def test_a_code_page_of_another_script_is_recognised(
    write: Write, encoding: str, text: str
) -> None:
    assert load(write("a.txt", text.encode(encoding))).text == text


def test_line_ends_become_plain_newlines(write: Write) -> None:
    assert load(write("a.txt", b"one\r\ntwo\rthree\n")).text == "one\ntwo\nthree\n"


# Markdown


def test_markdown_headings_are_found_outside_code(write: Write) -> None:
    text = b"# One *big*\n\n```\n# not me\n```\n\nTwo\n---\n\n### Three ###\n"
    assert headings(load(write("a.md", text))) == [(1, "One big"), (2, "Two"), (3, "Three")]


def test_front_matter_names_the_title_and_holds_no_headings(write: Write) -> None:
    document = load(write("a.md", b"---\ntitle: 'The guide'\n# a comment\n---\n# First\n"))
    assert document.title == "The guide"
    assert headings(document) == [(1, "First")]


def test_without_a_title_the_first_heading_serves_then_the_file_name(write: Write) -> None:
    assert load(write("a.md", b"# Rules\ntext")).title == "Rules"
    assert load(write("rules.md", b"text")).title == "rules"


# HTML


def test_html_leaves_out_what_no_reader_sees(write: Write) -> None:
    page = (
        b"<title>T</title><script>bad()</script><nav>Home</nav><header>Site</header>"
        b"<main><header>Mine</header><p hidden>no</p><!-- no --><p>Yes</p></main>"
    )
    document = load(write("a.html", page))
    assert (document.title, document.text) == ("T", "Mine\n\nYes")


def test_the_text_of_a_page_inside_a_form_is_kept(write: Write) -> None:
    page = b"<form><p>All of it</p><select><option>A</option></select></form>"
    assert load(write("a.htm", page)).text == "All of it"


def test_html_blocks_stand_apart_and_inline_tags_do_not(write: Write) -> None:
    page = b"<h2>Fees</h2><p>Nine <b>pou</b>nds<br>a day</p><ul><li>one<li>two</ul>"
    document = load(write("a.html", page))
    assert document.text == "Fees\n\nNine pounds a day\n\n- one\n\n- two"
    assert headings(document) == [(2, "Fees")]


def test_html_table_rows_name_their_columns(write: Write) -> None:
    page = b"<table><tr><th>Wood<th>Price<tr><td>Oak<td>5<tr><td>Ash<td></table>"
    assert load(write("a.html", page)).text == "Wood: Oak; Price: 5\n\nWood: Ash"


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-8"])
def test_html_is_read_in_the_encoding_it_declares(write: Write, charset: str) -> None:
    page = f'<meta charset="{charset}"><p>Zürich kostet £5</p>'.encode(charset)
    assert load(write("a.html", page)).text == "Zürich kostet £5"


@pytest.mark.parametrize("page", [b"https://example.org/a", b"<?xml version='1.0'?><a>Bob</a>"])
def test_html_that_looks_like_something_else_is_read_without_a_warning(
    write: Write, page: bytes
) -> None:
    assert load(write("a.html", page)).text


# Word


def test_word_gives_headings_lists_and_tables_in_reading_order(tmp_path: Path) -> None:
    made = WordDocument()
    made.add_heading("Policy", level=0)
    made.add_heading("Duties", level=2)
    made.add_paragraph("wear gloves", style="List Bullet")
    table = made.add_table(rows=2, cols=2)
    for cell, text in zip(
        (*table.rows[0].cells, *table.rows[1].cells),
        ["Who", "What", "Jo", "First aid"],
        strict=True,
    ):
        cell.text = text
    made.save(str(tmp_path / "a.docx"))
    document = load(tmp_path / "a.docx")
    assert document.text == "Policy\n\nDuties\n\n- wear gloves\n\nWho: Jo; What: First aid"
    assert headings(document) == [(1, "Policy"), (2, "Duties")]


# Tables


def test_csv_rows_name_their_columns_and_leave_empty_cells_out(write: Write) -> None:
    data = b'name,fee,note\nDay pass,9,"ring, first"\nJunior,,\n'
    expected = "name: Day pass; fee: 9; note: ring, first\n\nname: Junior"
    assert load(write("a.csv", data)).text == expected


@pytest.mark.parametrize("name, mark", [("a.csv", ";"), ("a.tsv", "\t"), ("a.csv", "|")])
def test_the_separator_is_recognised(write: Write, name: str, mark: str) -> None:
    data = f"wood{mark}price\nOak{mark}1,50\nAsh{mark}2,25\n".encode()
    assert load(write(name, data)).text == "wood: Oak; price: 1,50\n\nwood: Ash; price: 2,25"


def test_a_quoted_cell_keeps_quotes_and_loses_line_breaks(write: Write) -> None:
    data = b'a,b\n"the ""big"" one",1\n"two\nlines",2\n'
    assert load(write("a.csv", data)).text == 'a: the "big" one; b: 1\n\na: two lines; b: 2'


def test_a_workbook_gives_every_sheet_under_its_name(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].title = "Tools"
    for row in (["tool", "weight"], ["saw", 1.5], [None, None], ["vice", 12.0]):
        book.worksheets[0].append(row)
    book.create_sheet("Boats").append(["Tern"])
    book.save(tmp_path / "a.xlsx")
    document = load(tmp_path / "a.xlsx")
    assert (
        document.text
        == "Tools\n\ntool: saw; weight: 1.5\n\ntool: vice; weight: 12\n\nBoats\n\nTern"
    )
    assert headings(document) == [(1, "Tools"), (1, "Boats")]


def test_rows_beyond_the_range_a_sheet_declares_are_read(tmp_path: Path) -> None:
    book = Workbook()
    for number in range(5):
        book.worksheets[0].append([f"row {number}", "x"])
    book.save(tmp_path / "a.xlsx")
    with (
        ZipFile(tmp_path / "a.xlsx") as whole,
        ZipFile(tmp_path / "b.xlsx", "w", ZIP_DEFLATED) as cut,
    ):
        for name in whole.namelist():
            cut.writestr(name, whole.read(name).replace(b'ref="A1:B5"', b'ref="A1"'))
    assert "row 4" in load(tmp_path / "b.xlsx").text


# PDF


def test_every_page_of_a_pdf_begins_where_it_is_said_to() -> None:
    path = SAMPLES / "hoist-manual.pdf"
    document = load(path)
    pages = PdfReader(path).pages
    assert len(document.page_starts) == len(pages) > 1
    spans = zip(document.page_starts, [*document.page_starts[1:], None], strict=True)
    for number, ((start, end), page) in enumerate(zip(spans, pages, strict=True), start=1):
        words = page.extract_text().split()
        found = document.text[start:end]
        assert sum(word in found for word in words) > 0.9 * len(words)
        assert document.page_at(start) == number


def test_larger_letters_in_a_pdf_are_headings() -> None:
    document = load(SAMPLES / "hoist-manual.pdf")
    assert document.headings
    assert all(document.text[at : at + len(title)] == title for at, _, title in document.headings)


def test_a_blank_page_of_a_pdf_is_nothing_missing(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=SAMPLES / "hoist-manual.pdf")
    writer.add_blank_page()
    writer.write(tmp_path / "a.pdf")
    document = load(tmp_path / "a.pdf")
    assert (document.missing, len(document.page_starts)) == ("", len(writer.pages))


def test_a_pdf_of_blank_pages_is_skipped(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(width=100, height=100)
    writer.write(tmp_path / "a.pdf")
    with pytest.raises(SkippedFile, match=r"a\.pdf: holds no text"):
        load(tmp_path / "a.pdf")


def test_a_pdf_behind_a_password_asks_for_a_copy_without(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=SAMPLES / "hoist-manual.pdf")
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")
    with pytest.raises(LoadError, match=r"a\.pdf: protected by a password"):
        load(tmp_path / "a.pdf")


# What cannot be read


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xlsx", "a.txt", "a.csv", "a.md"])
def test_a_file_of_random_bytes_gives_one_line_that_names_it(write: Write, name: str) -> None:
    path = write(name, bytes(range(256)) * 8)
    with pytest.raises(LoadError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["hoist-manual.pdf", "safety-policy.docx", "tool-store-inventory.xlsx"]
)
def test_a_file_cut_short_is_said_to_be_damaged(write: Write, name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    with pytest.raises(LoadError, match=f"{name}: damaged or "):
        load(write(name, data[: len(data) // 20]))


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_an_empty_file_of_any_format_is_refused_by_name(write: Write, suffix: str) -> None:
    with pytest.raises(LoadError, match=rf"a\.{suffix}: "):
        load(write(f"a.{suffix}", b""))


def test_a_blank_text_is_skipped_not_failed(write: Write) -> None:
    with pytest.raises(SkippedFile, match=r"a\.txt: empty"):
        load(write("a.txt", b" \n\n"))


def test_a_format_that_is_not_read_is_skipped_by_what_it_is(write: Write) -> None:
    with pytest.raises(SkippedFile, match=r"a\.exe: a program is not read"):
        load(write("a.exe", b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff"))


def test_a_workbook_named_as_word_is_read_as_what_it_is(write: Write) -> None:
    data = (SAMPLES / "tool-store-inventory.xlsx").read_bytes()
    document = load(write("a.docx", data))
    assert document.metadata["format"] == "xlsx"
    assert document.text == load(SAMPLES / "tool-store-inventory.xlsx").text


def test_half_a_character_is_replaced_in_place(write: Write) -> None:
    document = load(write("a.json", b'{"title": "A \\ud800 b", "note": "c \\udfff d"}'))
    assert (document.title, document.text) == ("A � b", "title: A � b\nnote: c � d")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"gone\.md: No such file"):
        load(tmp_path / "gone.md")


def test_a_folder_named_like_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="Is a directory"):
        (tmp_path / "a.md").mkdir()
        load(tmp_path / "a.md")
