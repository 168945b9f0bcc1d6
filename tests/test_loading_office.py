"""Office files: what a person sees in Word, Excel, PowerPoint and OpenDocument is in the text."""

from collections.abc import Callable
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from struct import pack
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from docx import Document as WordDocument
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ingest.loading import load
from ingest.loading.extracted import TextBuilder
from ingest.loading.legacy import xls
from ingest.loading.office import word, workbook
from ingest.loading.office.number_format import shown
from ingest.loading.tables.grid import Span, add_grid
from rag_app.errors import LoadError, SkippedFile
from rag_app.schema import Document
from tests.conftest import HOSTILE, needs_hostile


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Document]:
    """Saves what a library made, or bytes, and loads it."""

    def saved(made: object, name: str) -> Document:
        path = tmp_path / name
        if isinstance(made, bytes):
            path.write_bytes(made)
        else:
            made.save(str(path))  # type: ignore[attr-defined]
        return load(path)

    return saved


def rewritten(made: object, change: Callable[[str, bytes], bytes]) -> bytes:
    """The bytes of a saved file with its parts changed."""
    whole, changed = BytesIO(), BytesIO()
    made.save(whole)  # type: ignore[attr-defined]
    with ZipFile(whole) as old, ZipFile(changed, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return changed.getvalue()


def strict(_: str, part: bytes) -> bytes:
    """A part in the strict dialect of the standard."""
    for kind in (b"officeDocument", b"wordprocessingml", b"spreadsheetml", b"drawingml"):
        old = b"http://schemas.openxmlformats.org/" + kind + b"/2006/"
        part = part.replace(old, b"http://purl.oclc.org/ooxml/" + kind + b"/")
    return part


# Word


NAMES = nsdecls("w", "r", "m") + (
    " xmlns:v='urn:schemas-microsoft-com:vml'"
    " xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'"
)


def body(xml: str) -> object:
    """A Word document with these paragraphs."""
    made = WordDocument()
    made.element.body[:0] = list(parse_xml(f"<w:body {NAMES}>{xml}</w:body>".encode()))
    return made


RUN = "<w:r><w:t>{}</w:t></w:r>"


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<w:p><w:ins><w:r><w:t>new </w:t></w:r></w:ins>" + RUN + "</w:p>", "new x"),
        ("<w:p>" + RUN + "<w:del><w:r><w:delText>old</w:delText></w:r></w:del></w:p>", "x"),
        ("<w:p><w:hyperlink w:anchor='a'>" + RUN + "</w:hyperlink></w:p>", "x"),
        ("<w:sdt><w:sdtContent><w:p>" + RUN + "</w:p></w:sdtContent></w:sdt>", "x"),
        ("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r>" + RUN + "</w:p>", "x"),
        ("<w:p><w:r><w:instrText>PAGE</w:instrText></w:r>" + RUN + "</w:p>", "x"),
        ("<w:p><w:r><w:t>co\xadop</w:t><w:noBreakHyphen/><w:t>er</w:t></w:r></w:p>", "coop-er"),
        ("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>", "a\tb\nc"),
        ("<w:p><w:r><w:pict><v:textpath string='DRAFT'/></w:pict></w:r></w:p>", "DRAFT"),
        (
            "<w:p><m:oMath><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:sSup><m:e><m:r>"
            "<m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:den></m:f>"
            "</m:oMath></w:p>",
            "(a+b)/(x^2)",
        ),
    ],
)
def test_a_paragraph_is_read_as_it_is_shown(
    read: Callable[..., Document], xml: str, text: str
) -> None:
    assert read(body(xml.format("x")), "a.docx").text == text


def test_a_text_box_is_read_once_after_its_paragraph(read: Callable[..., Document]) -> None:
    inside = f"<w:txbxContent><w:p>{RUN.format('boxed')}</w:p></w:txbxContent>"
    xml = (
        "<w:p><w:r><mc:AlternateContent>"
        f"<mc:Choice Requires='wps'><w:drawing>{inside}</w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{inside}</v:textbox></w:pict></mc:Fallback>"
        f"</mc:AlternateContent></w:r>{RUN.format('beside')}</w:p>"
    )
    assert read(body(xml), "a.docx").text == "beside\n\nboxed"


def test_page_headers_and_footers_are_read_once(read: Callable[..., Document]) -> None:
    made = WordDocument()
    made.sections[0].header.paragraphs[0].text = "Acme Ltd"
    made.sections[0].footer.paragraphs[0].text = "Confidential"
    made.add_paragraph("first")
    made.add_section().footer.is_linked_to_previous = False
    made.sections[1].footer.paragraphs[0].text = "7"
    made.add_paragraph("second")
    assert read(made, "a.docx").text == "Acme Ltd\n\nfirst\n\nsecond\n\nConfidential"


def test_comments_follow_what_they_are_about(read: Callable[..., Document]) -> None:
    made = WordDocument()
    paragraph = made.add_paragraph("Price: 9")
    made.add_comment(paragraph.runs, text="too low", author="Jo")
    made.add_paragraph("after")
    assert read(made, "a.docx").text == "Price: 9\n\nComment by Jo: too low\n\nafter"


def test_a_style_of_any_name_is_a_heading_by_its_outline_level(
    read: Callable[..., Document],
) -> None:
    made = WordDocument()
    style = made.styles.add_style("Überschrift", 1)
    level = OxmlElement("w:outlineLvl")
    level.set(qn("w:val"), "1")
    style.element.get_or_add_pPr().append(level)
    based = made.styles.add_style("Eigene", 1)
    based.base_style = style
    made.add_paragraph("Zahlung", style="Eigene")
    made.add_paragraph("x" * 400, style="Eigene")
    assert [h[1:] for h in read(made, "a.docx").headings] == [(2, "Zahlung")]


def numbered() -> object:
    """Clauses in three levels, as contracts have them, numbered by Word alone."""
    made = WordDocument()
    numbering = made.part.numbering_part.element
    levels = "".join(
        f"<w:lvl w:ilvl='{at}'><w:start w:val='1'/><w:numFmt w:val='{form}'/>"
        f"<w:lvlText w:val='{text}'/></w:lvl>"
        for at, (form, text) in enumerate(
            [("decimal", "%1."), ("decimal", "%1.%2"), ("lowerRoman", "(%3)")]
        )
    )
    abstract = f"<w:abstractNum {nsdecls('w')} w:abstractNumId='90'>{levels}</w:abstractNum>"
    numbering.insert(0, parse_xml(abstract))
    number = f"<w:num {nsdecls('w')} w:numId='90'><w:abstractNumId w:val='90'/></w:num>"
    numbering.append(parse_xml(number))
    for level, text in [(0, "Scope"), (0, "Term"), (1, "Start"), (1, "End"), (2, "early")]:
        properties = made.add_paragraph(text)._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = level
        properties.get_or_add_numId().val = 90
    return made


def test_clauses_carry_the_numbers_that_word_shows(read: Callable[..., Document]) -> None:
    text = read(numbered(), "a.docx").text
    assert text == "1. Scope\n\n2. Term\n\n2.1 Start\n\n2.2 End\n\n(i) early"


def test_merged_cells_of_a_table_count_for_all_their_rows(read: Callable[..., Document]) -> None:
    made = WordDocument()
    table = made.add_table(rows=3, cols=3)
    for row, texts in zip(
        table.rows, [("Region", "City", "Sales"), ("North", "Oslo", "5"), ("", "Bergen", "7")],
        strict=True,
    ):  # fmt: skip
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    assert read(made, "a.docx").text == (
        "Region: North; City: Oslo; Sales: 5\n\nRegion: North; City: Bergen; Sales: 7"
    )


def test_a_table_that_places_text_is_read_cell_by_cell(read: Callable[..., Document]) -> None:
    made = WordDocument()
    cells = made.add_table(rows=1, cols=2).rows[0].cells
    cells[0].paragraphs[0].style = "Heading 2"
    cells[0].paragraphs[0].text = "Left"
    inner = cells[1].add_table(rows=2, cols=2)
    for cell, text in zip([c for r in inner.rows for c in r.cells], "ABCD", strict=True):
        cell.text = text
    document = read(made, "a.docx")
    assert document.text == "Left\n\nA: C; B: D"
    assert document.headings == ((0, 2, "Left"),)


def test_both_dialects_of_word_are_read(tmp_path: Path) -> None:
    made = WordDocument()
    made.add_heading("Plan", 1)
    assert word.extract(rewritten(made, strict)).headings == ((0, 1, "Plan"),)


def test_a_word_file_of_pictures_says_so(read: Callable[..., Document]) -> None:
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        document = f"<w:document {nsdecls('w')}><w:body/></w:document>"
        archive.writestr("word/document.xml", document)
        archive.writestr("word/media/a.png", b"")
        archive.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(SkippedFile, match="pictures only"):
        read(made.getvalue(), "a.docx")


# Sheets


def grid(rows: list[list[str]], *spans: Span) -> list[str]:
    builder = TextBuilder()
    add_grid(builder, ((n, dict(enumerate(row))) for n, row in enumerate(rows)), spans)
    return builder.build().text.split("\n\n")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        pytest.param([["A", "B"], ["x", "1"]], ["A: x; B: 1"], id="names over values"),
        pytest.param([["Jo", "31"], ["Al", "29"]], ["Jo | 31", "Al | 29"], id="no names"),
        pytest.param(
            [["", "2023", "2024"], ["Oak", "5", "7"]], ["Oak; 2023: 5; 2024: 7"], id="years"
        ),
        pytest.param(
            [["Stock 2024", ""], ["A", "B"], ["x", "1"]], ["Stock 2024", "A: x; B: 1"], id="title"
        ),
        pytest.param(
            [["A", "B"], ["x", "1"], [""], ["y", "2"]], ["A: x; B: 1", "A: y; B: 2"], id="gap"
        ),
        pytest.param(
            [["A", "B"], ["x", "1"], [""], ["C", "D", "E"], ["y", "2", "3"]],
            ["A: x; B: 1", "C: y; D: 2; E: 3"],
            id="another table below",
        ),
        pytest.param(
            [["A", "B", "", "C", "D"], ["x", "1", "", "y", "2"], ["z", "3", "", "w", "4"]],
            ["A: x; B: 1", "A: z; B: 3", "C: y; D: 2", "C: w; D: 4"],
            id="another table beside",
        ),
        pytest.param(
            [["A", "B"], [""], ["1", "2"]], ["A | B", "A: 1; B: 2"], id="names stand apart"
        ),
        pytest.param(
            [["Name:", "Jo"], ["Born:", "1990-02-01"]],
            ["Name: Jo", "Born: 1990-02-01"],
            id="a form",
        ),
        pytest.param(
            [["Customer", "Acme"], ["Number", "47"], ["City", "Oslo"]],
            ["Customer | Acme", "Number | 47", "City | Oslo"],
            id="a form without colons",
        ),
        pytest.param([["just"], ["notes"]], ["just", "notes"], id="one column"),
    ],
)
def test_rows_name_their_columns_where_these_have_names(
    rows: list[list[str]], text: list[str]
) -> None:
    assert grid(rows) == text


def test_blank_rows_in_a_table_do_not_end_its_names() -> None:
    builder = TextBuilder()
    rows = [(0, {0: "Who", 1: "What"}), (1, {0: "Jo", 1: "saw"}), (3, {0: "Al", 1: "axe"})]
    add_grid(builder, rows, heads=1)
    assert builder.build().text == "Who: Jo; What: saw\n\nWho: Al; What: axe"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"key,value\nport,80\nhost,me\n", "key: port; value: 80\n\nkey: host; value: me"),
        (b"Report\n\nwood,price\nOak,5\n", "Report\n\nwood: Oak; price: 5"),
        (b"name,note\na," + b"x" * 200_000 + b"\n", "name: a; note: " + "x" * 200_000),
    ],
)
def test_separated_values_are_read_with_and_without_titles_above(
    read: Callable[..., Document], data: bytes, text: str
) -> None:
    assert read(data, "a.csv").text == text


def test_names_over_merged_cells_join_those_below() -> None:
    rows = [["", "2023", "", "2024", ""], ["City", "Q1", "Q2", "Q1", "Q2"]]
    rows += [["Oslo", "1", "2", "3", "4"]]
    spans = [Span(0, 1, 1, 3), Span(0, 3, 1, 5)]
    assert grid(rows, *spans) == ["City: Oslo; 2023 Q1: 1; 2023 Q2: 2; 2024 Q1: 3; 2024 Q2: 4"]


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, "General", "1234.5"),
        (1234.5, "#,##0.00", "1,234.50"),
        (-5.0, "#,##0;(#,##0)", "(5)"),
        (-5.0, "0", "-5"),
        (0.256, "0.0%", "25.6%"),
        (12.5, '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', "$12.50"),
        (0.0, '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', "$-"),
        (1234567.0, '#,##0.0,," M"', "1.2 M"),
        (1234.5, '#,##0.00\\ "€"', "1,234.50 €"),
        (42.0, "00000", "00042"),
        (5551234567.0, "(###) ###-####", "(555) 123-4567"),
        (12345.0, "0.00E+00", "1.23E+04"),
        (45356.0, "d-mmm-yy", "2024-03-05"),
        (45356.6, "m/d/yy h:mm", "2024-03-05 14:24"),
        (45356.0, "[$-409]mmmm d, yyyy;@", "2024-03-05"),
        (45356.0, "mmm-yy", "2024-03"),
        (0.5, "h:mm AM/PM", "12:00"),
        (1.1, "[h]:mm", "26:24"),
        (float("inf"), "0.00", "inf"),
    ],
)
def test_numbers_are_shown_as_their_cells_show_them(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


def test_dates_count_from_1904_where_the_workbook_says_so() -> None:
    assert shown(0.0, "yyyy-mm-dd", from_1904=True) == "1904-01-01"


def test_a_workbook_is_read_with_formats_merged_cells_comments_and_hidden_sheets(
    read: Callable[..., Document],
) -> None:
    made = Workbook()
    sheet = made.worksheets[0]
    for row in (["Region", "Due", "Share"], ["North", date(2024, 3, 5), 0.5]):
        sheet.append(row)
    sheet.append([None, datetime(2024, 3, 6, 14, 30), True])
    sheet["C2"].number_format = "0%"
    sheet.merge_cells("A2:A3")
    sheet["B2"].comment = Comment("moved", "Jo")
    hidden = made.create_sheet("Old")
    hidden.sheet_state = "hidden"
    hidden.append([time(9, 15)])
    document = read(made, "a.xlsx")
    assert document.text == (
        "Sheet\n\nRegion: North; Due: 2024-03-05; Share: 50%\n\n"
        "Region: North; Due: 2024-03-06 14:30; Share: TRUE\n\nComment on B2: moved\n\nOld\n\n09:15"
    )
    assert document.title == "a"


def test_a_chart_is_read_as_its_title_and_the_values_stored_with_it(
    read: Callable[..., Document],
) -> None:
    made = Workbook()
    for row in (["Year", "Ducks"], ["2023", 5]):
        made.worksheets[0].append(row)
    chart = BarChart()
    chart.title = "Ducks by year"
    chart.add_data(Reference(made.worksheets[0], min_col=2, min_row=1, max_row=2))
    made.worksheets[0].add_chart(chart)
    assert "Ducks by year" in read(made, "a.xlsx").text


def test_formulas_that_were_never_computed_are_named_as_missing(
    read: Callable[..., Document],
) -> None:
    made = Workbook()
    made.worksheets[0].append(["Total", "=1+1"])
    assert read(made, "a.xlsx").missing.startswith("1 formulas without values; open it")


def test_both_dialects_of_excel_are_read() -> None:
    made = Workbook()
    made.worksheets[0].append(["saw", 2])
    assert workbook.extract(rewritten(made, strict)).text == "Sheet\n\nsaw | 2"


def test_an_empty_workbook_holds_no_text(read: Callable[..., Document]) -> None:
    with pytest.raises(SkippedFile, match="holds no text"):
        read(Workbook(), "a.xlsx")


def test_entities_in_a_part_are_not_put_in(read: Callable[..., Document], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    declared = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{(tmp_path / "secret").as_uri()}">]>'

    def poisoned(name: str, part: bytes) -> bytes:
        if name != "word/document.xml":
            return part
        start = part.index(b"<w:document")
        return declared.encode() + part[start:].replace(b"plain", b"plain&e;")

    made = WordDocument()
    made.add_paragraph("plain")
    assert read(rewritten(made, poisoned), "a.docx").text == "plain"


def biff(kind: int, content: bytes) -> bytes:
    """A record of an old Excel file."""
    return pack("<HH", kind, len(content)) + content


def test_an_excel_file_from_before_2007_is_read_with_its_dates() -> None:
    code = b"yyyy-mm-dd"
    records = (
        biff(0x0409, pack("<HHH", 0x0400, 0x10, 0)),  # Excel 4, a sheet
        biff(0x0022, pack("<H", 0)),  # days since 1900
        biff(0x041E, pack("<HB", 0, len(code)) + code),
        biff(0x0231, pack("<HHHB", 200, 0, 0x7FFF, 5) + b"Arial"),
        biff(0x0443, pack("<BBHHHHH", 0, 0, 0, 0, 0, 0, 0)[:12]),
        biff(0x0204, pack("<HHHH", 0, 0, 0, 3) + b"Due"),
        biff(0x0204, pack("<HHHH", 0, 1, 0, 4) + b"Whom"),
        biff(0x0203, pack("<HHHd", 1, 0, 0, 45356.0)),
        biff(0x0204, pack("<HHHH", 1, 1, 0, 2) + b"Jo"),
        biff(0x000A, b""),
    )
    assert "Due: 2024-03-05; Whom: Jo" in xls.extract(b"".join(records)).text


# Slides


def slides() -> object:
    made = Presentation()
    first = made.slides.add_slide(made.slide_layouts[5])
    first.shapes.title.text = "Results"
    low = first.shapes.add_textbox(Inches(1), Inches(6), Inches(2), Inches(1))
    low.text_frame.text = "below"
    group = first.shapes.add_group_shape()
    inside = group.shapes.add_textbox(Inches(1), Inches(3), Inches(2), Inches(1))
    inside.text_frame.text = "above\vit"
    first.notes_slide.notes_text_frame.text = "speak slowly"
    made.slides.add_slide(made.slide_layouts[6])
    third = made.slides.add_slide(made.slide_layouts[6])
    table = third.shapes.add_table(2, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    for at, text in enumerate(["Tree", "Price", "Oak", "5"]):
        table.cell(at // 2, at % 2).text = text
    data = CategoryChartData()
    data.categories = ["2023", "2024"]
    data.add_series("Sales", (1.5, 2))
    place = (Inches(1), Inches(3), Inches(4), Inches(3))
    third.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data)
    return made


def test_each_slide_is_a_page_with_title_shapes_and_notes(read: Callable[..., Document]) -> None:
    document = read(slides(), "a.pptx")
    assert document.text == (
        "Results\n\nabove\nit\n\nbelow\n\nNotes: speak slowly\n\n"
        "Tree: Oak; Price: 5\n\n2023; Sales: 1.5\n\n2024; Sales: 2"
    )
    assert document.headings == ((0, 1, "Results"),)
    assert document.title == "Results"
    third = document.text.index("Tree")
    assert document.page_starts == (0, third, third)
    assert document.page_at(third) == 3
    assert document.missing == "of 3 slides, without text, perhaps pictures: 2"


@pytest.mark.parametrize("name", ["a.pptm", "a.ppsx", "a.potx"])
def test_a_presentation_with_macros_or_a_show_is_read(
    read: Callable[..., Document], name: str
) -> None:
    kind = b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
    macros = b"application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"
    data = rewritten(slides(), lambda _, part: part.replace(kind, macros))
    assert read(data, name).text.startswith("Results")


# OpenDocument

SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{full}:1.0"'
    for name, full in {
        **{name: name for name in ("office", "text", "table", "style", "presentation")},
        "draw": "drawing",
    }.items()
)


def opendocument(kind: str, content: str, *, styles: str = "", manifest: str = "<m/>") -> bytes:
    """A file as LibreOffice lays it out."""
    made = BytesIO()
    mime = {"text": "text", "spreadsheet": "spreadsheet", "presentation": "presentation"}[kind]
    with ZipFile(made, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{mime}")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("styles.xml", f"<office:document-styles {SPACES}>{styles}"
                         "</office:document-styles>")  # fmt: skip
        archive.writestr(
            "content.xml",
            f"<office:document-content {SPACES}><office:body><office:{kind}>{content}"
            f"</office:{kind}></office:body></office:document-content>",
        )
    return made.getvalue()


def test_an_opendocument_text_is_read_with_lists_notes_and_comments(
    read: Callable[..., Document],
) -> None:
    styles = (
        '<text:list-style style:name="N"><text:list-level-style-number text:level="1" '
        'style:num-format="1" style:num-suffix="."/><text:list-level-style-bullet text:level="2"/>'
        "</text:list-style><style:header><text:p>Acme</text:p></style:header>"
    )
    content = (
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes>"
        '<text:h text:outline-level="2">Fees</text:h>'
        "<text:p>Nine\n  pounds<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>plus tax</text:p></text:note-body></text:note>"
        "<office:annotation><text:p>check</text:p></office:annotation> a<text:s text:c='2'/>day"
        "<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame></text:p>"
        '<text:list text:style-name="N"><text:list-item><text:p>one</text:p><text:list>'
        "<text:list-item><text:p>dot</text:p></text:list-item></text:list></text:list-item>"
        "<text:list-item><text:p>two</text:p></text:list-item></text:list>"
    )
    document = read(opendocument("text", content, styles=styles), "a.odt")
    assert document.text == (
        "Acme\n\nFees\n\nNine pounds[1] a  day\n\nboxed\n\n[1] plus tax\n\nComment: check\n\n"
        "1. one\n\n- dot\n\n2. two"
    )
    assert [heading[1:] for heading in document.headings] == [(2, "Fees")]


def test_an_opendocument_sheet_is_read_as_shown_without_its_million_blank_rows(
    read: Callable[..., Document],
) -> None:
    def row(*cells: str) -> str:
        made = "".join(
            f"<table:table-cell>{c and f'<text:p>{c}</text:p>'}</table:table-cell>" for c in cells
        )
        return f"<table:table-row>{made}</table:table-row>"

    content = (
        '<table:table table:name="Tools">' + row("Tool", "Price") + row("saw", "£5.00")
        + '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row></table:table>'
    )  # fmt: skip
    document = read(opendocument("spreadsheet", content), "a.ods")
    assert document.text == "Tools\n\nTool: saw; Price: £5.00"


def test_an_opendocument_slide_is_a_page(read: Callable[..., Document]) -> None:
    def frame(text: str, kind: str) -> str:
        box = f"<draw:text-box><text:p>{text}</text:p></draw:text-box>"
        return f'<draw:frame presentation:class="{kind}">{box}</draw:frame>'

    notes = f"<presentation:notes>{frame('say hello', 'notes')}</presentation:notes>"
    first = f"<draw:page>{frame('body', 'outline')}{frame('Start', 'title')}{notes}</draw:page>"
    content = f"{first}<draw:page>{frame('End', 'title')}</draw:page>"
    document = read(opendocument("presentation", content), "a.odp")
    assert document.text == "Start\n\nbody\n\nNotes: say hello\n\nEnd"
    assert document.page_starts == (0, document.text.index("End"))


def test_an_opendocument_behind_a_password_asks_for_a_copy_without(
    read: Callable[..., Document],
) -> None:
    data = opendocument("text", "", manifest="<m:encryption-data xmlns:m='m'/>")
    with pytest.raises(LoadError, match="protected by a password; save a copy without one"):
        read(data, "a.odt")


# Files from other programs


@needs_hostile
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("docling__Strict.docx", "Some text"),
        ("docling__legacy_sample.xls", "Year: 2024; Freshwater Ducks: 180"),
        ("docling__xlsx_04_inflated.xlsx", "first: 6; second: 0; third: -6"),
        ("tika__footnotes.docx", "prostoy[1] text so snoskoy\n\n[1] snoska"),
        ("tika__test-columnar.ods", "Percent Increment: 88.9%"),
        ("tika__testAltChunkHTML.docx", "Col 1: ROW 1; Col 2: ROW 1"),
        ("tika__testEXCEL-formats.xls", "Currency $#,##0.00;[Red]($#,##0.00) | $1,599.99"),
        ("tika__testEXCEL_diagramData.xlsx", "SmartArt text#1."),
        ("tika__testODFwithOOo3.odt", "A classic example: a² + b^2 = c^2"),
        ("tika__testPPT_masterFooter.pptx", "Master footer is here"),
        ("tika__testWORD_override_list_numbering.docx", "2.18.2.1 2.18.2.1"),
    ],
)
def test_a_file_of_another_program_is_read(name: str, words: str) -> None:
    assert words in load(HOSTILE / name).text


@needs_hostile
def test_an_old_workbook_behind_a_password_asks_for_a_copy_without() -> None:
    with pytest.raises(LoadError, match="protected by a password; save a copy without one"):
        load(HOSTILE / "tika__testEXCEL_protected_passtika.xls")


def test_a_damaged_part_is_named_and_the_others_are_read(read: Callable[..., Document]) -> None:
    made = WordDocument()
    made.add_paragraph("kept")
    data = rewritten(made, lambda name, part: b"<x" if name == "word/styles.xml" else part)
    document = read(data, "a.docx")
    assert (document.text, document.missing) == ("kept", "damaged inside: word/styles.xml")
