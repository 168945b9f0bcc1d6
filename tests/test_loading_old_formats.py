"""Rich text, books, source code, and the Word and PowerPoint files of before 2007."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from struct import pack, pack_into
from time import perf_counter
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.loading import FORMATS, load
from rag_app.errors import LoadError, SkippedFile
from rag_app.schema import Document
from tests.conftest import HOSTILE, needs_hostile
from tests.old_office import (
    DELETED,
    HIDDEN,
    IN_TABLE,
    LISTED,
    ROW_END,
    Par,
    atom,
    container,
    properties,
    record,
    shape,
    slides,
    word,
)

Read = Callable[[str, bytes], Document]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Saves bytes under a name and loads them."""

    def saved(name: str, data: bytes) -> Document:
        path = tmp_path / name
        path.write_bytes(data)
        return load(path)

    return saved


def headings(document: Document) -> list[tuple[int, str]]:
    return [(level, title) for _, level, title in document.headings]


def blocks(document: Document) -> list[str]:
    return document.text.split("\n\n")


# Rich text

HEAD = rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}" \
    rb"{\f2\fcharset128 Mincho;}{\f3\fcharset2 Symbol;}}{\stylesheet{\s0 Normal;}" \
    rb"{\s1 heading 1;}{\s2\outlinelevel1 Mine;}{\*\cs3 heading 9;}}"  # fmt: skip


def rtf(body: bytes) -> bytes:
    return HEAD + body + b"}"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"one\par two", "one\n\ntwo"),
        (rb"caf\'e9 \emdash  x", "café — x"),
        (rb"{\f1\'ef\'f0} \f2 \'83e\'83X\'83g", "пр テスト"),
        (rb"\u-10179?\u-8704? \uc2\u233\'c3\'a9x", "😀 éx"),
        (rb"{\f3 a\'b7}", "α•"),
        (rb"seen{\v hidden}{\deleted gone} still", "seen still"),
        (rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt shown}}", "shown"),
        (rb"{\upr{plain}{\*\ud{full}}}", "full"),
        (rb"{\*\unknown lost}kept{\*\cs3 }", "kept"),
        (rb"{\loch\*\cs3 kept too}", "kept too"),
        (rb"a{\pict\bin5 }}{{}}bc", "abc"),
        (rb"a{\shp{\*\shpinst{\sp{\sn n}{\sv 1}}{\shptxt box}}{\shprslt box}}", "a\n\nbox"),
        (rb"{\listtext 1.\tab}one\par{\listtext\f3\'b7\tab}two", "1. one\n\n- two"),
        (rb"a\~b\_c\-d\{\}\\ x\
y", "a\xa0b-cd{}\\ x\n\ny"),
        (rb"left open {\b and more", "left open and more"),
    ],
)  # fmt: skip
def test_the_text_of_rich_text_is_what_its_reader_sees(read: Read, body: bytes, text: str) -> None:
    assert read("a.rtf", rtf(body)).text == text


def test_what_follows_the_last_brace_of_rich_text_is_not_part_of_it(read: Read) -> None:
    assert read("a.rtf", rtf(b"text") + b"\0\0 rest}").text == "text"


def test_headings_of_rich_text_are_known_by_style_or_outline_level(read: Read) -> None:
    body = rb"\s1 Top\par\pard\s2 Below\par\pard text\par\outlinelevel2 Deep\par"
    assert headings(read("a.rtf", rtf(body))) == [(1, "Top"), (2, "Below"), (3, "Deep")]


def test_rows_of_a_table_in_rich_text_name_their_columns(read: Read) -> None:
    rows = [(b"City", b"People"), (b"Bern", b"134 000"), (b"Basel", b"173 000")]
    body = b"".join(rb"\trowd\pard\intbl " + rb"\cell ".join(row) + rb"\cell\row" for row in rows)
    document = read("a.rtf", rtf(rb"before\par" + body + rb"\pard after"))
    assert blocks(document) == [
        "before", "City: Bern; People: 134 000", "City: Basel; People: 173 000", "after",
    ]  # fmt: skip


def test_notes_of_rich_text_follow_their_paragraph_and_headers_frame_the_text(read: Read) -> None:
    body = (
        rb"{\footer end {\field{\fldrslt 1}}}{\header start}one\chftn{\footnote\chftn  note} more"
        rb"{\*\atnauthor Ann}{\*\annotation why?}\par two"
    )
    assert blocks(read("a.rtf", rtf(body))) == [
        "start", "one[1] more", "[1] note", "Comment by Ann: why?", "two", "end 1",
    ]  # fmt: skip


def test_title_and_author_of_rich_text_are_kept(read: Read) -> None:
    document = read("a.rtf", rtf(rb"{\info{\title A \'dc}{\author B}{\operator C}}text"))
    assert (document.title, document.metadata["author"], document.text) == ("A Ü", "B", "text")


def test_rich_text_written_as_utf_8_is_read_as_that(read: Read) -> None:
    assert read("a.rtf", rtf("žluťoučký".encode())).text == "žluťoučký"


def test_rich_text_of_pictures_only_says_so(read: Read) -> None:
    with pytest.raises(SkippedFile, match="pictures only"):
        read("a.rtf", rtf(rb"{\pict\pngblip 89504e47}"))


def test_rich_text_of_endless_groups_is_refused(read: Read) -> None:
    with pytest.raises(LoadError, match="too deep"):
        read("a.rtf", rtf(b"{" * 100_000))


# Books

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OPS/book.opf"/></rootfiles></container>"""
OPF = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>The Book</dc:title><dc:creator>Ann</dc:creator><dc:creator>Bob</dc:creator>
</metadata><manifest><item id="a" href="first%20one.xhtml" media-type="application/xhtml+xml"/>
<item id="b" href="second.xhtml" media-type="application/xhtml+xml"/>
<item id="i" href="cover.svg" media-type="image/svg+xml"/>
<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>
<spine><itemref idref="i"/><itemref idref="b"/><itemref idref="a"/></spine></package>"""
NCX = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Named
here</text></navLabel><content src="first%20one.xhtml#x"/></navPoint></navMap></ncx>"""
ENCRYPTION = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>
<enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData>
<enc:CipherReference URI="OPS/second.xhtml"/></enc:CipherData></enc:EncryptedData></encryption>"""


def book(**changed: str | None) -> bytes:
    """A book; parts are changed or, if None, left out."""
    parts = {
        "META-INF/container.xml": CONTAINER,
        "OPS/book.opf": OPF,
        "OPS/toc.ncx": NCX,
        "OPS/first one.xhtml": "<html><body><p>one</p></body></html>",
        "OPS/second.xhtml": "<html><head><title/></head><body><h1>Two</h1><p>two</p></body></html>",
    } | {name.replace("__", "/"): text for name, text in changed.items()}
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, text in parts.items():
            if text is not None:
                archive.writestr(name, text)
    return buffer.getvalue()


def test_a_book_is_read_in_the_order_of_its_chapters(read: Read) -> None:
    document = read("a.epub", book())
    assert blocks(document) == ["Two", "two", "Named here", "one"]
    assert headings(document) == [(1, "Two"), (1, "Named here")]
    assert (document.title, document.metadata["author"]) == ("The Book", "Ann, Bob")


def test_a_newer_book_names_its_chapters_in_a_page(read: Read) -> None:
    opf = OPF.replace('toc.ncx" media-type', 'nav.xhtml" properties="nav" x')
    nav = '<html><nav><a href="first%20one.xhtml">From <b>nav</b></a></nav></html>'
    document = read("a.epub", book(**{"OPS/book.opf": opf, "OPS/nav.xhtml": nav}))
    assert (1, "From nav") in headings(document)


def test_a_book_with_a_damaged_package_file_is_read_page_by_page(read: Read) -> None:
    assert blocks(read("a.epub", book(**{"OPS/book.opf": "<package"}))) == ["one", "Two", "two"]


@pytest.mark.parametrize(
    "data",
    [
        book(**{"OPS/second.xhtml": None}),
        book().replace(b"<h1>Two", b"<h1>2wo"),  # another sum than is told
    ],
)
def test_a_lost_or_damaged_chapter_is_told(read: Read, data: bytes) -> None:
    document = read("a.epub", data)
    assert blocks(document) == ["Named here", "one"]
    assert document.missing == "1 of 2 chapters, lost or damaged"


def test_a_locked_book_is_refused_and_one_with_scrambled_fonts_is_not(read: Read) -> None:
    locked = ENCRYPTION.format(algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    fonts = ENCRYPTION.format(algorithm="http://www.idpf.org/2008/embedding")
    with pytest.raises(LoadError, match="protected against copying"):
        read("a.epub", book(**{"META-INF/encryption.xml": locked}))
    assert read("a.epub", book(**{"META-INF/encryption.xml": fonts})).text


# Word


def doc(*body: Par, **more: object) -> bytes:
    return container(word(*body, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("narrow", [False, True])
def test_a_word_document_gives_paragraphs_headings_and_properties(read: Read, narrow: bool) -> None:
    body = [Par("Tïtle\r", 1), Par("Part\r", 3), Par("Own\r", 4), Par("One “quote”\r"),
            Par("point\r", 0, LISTED)]  # fmt: skip
    told = properties(title="Ü", author="Ann")
    streams = word(*body, narrow=narrow) | {"\x05SummaryInformation": told}
    document = read("a.doc", container(streams))
    assert headings(document) == [(1, "Tïtle"), (2, "Part"), (3, "Own")]
    assert blocks(document)[3:] == ["One “quote”", "- point"]
    assert (document.title, document.metadata["author"]) == ("Ü", "Ann")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a \x13 PAGE \x145\x15 b\r", "a 5 b"),
        ("\x13 TOC \x14one\r two\x15 three\r", "one\n\ntwo three"),
        ("\x13 IF \x13 REF \x14x\x15 \x14yes\x15\r", "yes"),
        ("\x13 EQ \\o\\ad(\\s\\up 10(above),below)\x15\r", "above below"),
        ("\x13 broken\rnot lost\r", "not lost"),
        ("non\x1ebreaking op\x1ftional\x0bline\r", "non-breaking optional\nline"),
        ("\uf061\uf0b7\r", "α•"),
        ("𝄞 clef\r", "𝄞 clef"),
        ("\x01\x08picture\x0cnext page\r", "picture\n\nnext page"),
    ],
)
def test_the_text_of_a_word_document_is_what_its_reader_sees(
    read: Read, written: str, text: str
) -> None:
    assert read("a.doc", doc(Par(written))).text == text


def test_deleted_and_hidden_text_of_a_word_document_is_left_out(read: Read) -> None:
    symbol = b"\x09\x6a\x00\x00\x61\xf0"
    characters = [(2, 5, DELETED), (6, 9, HIDDEN), (10, 11, symbol)]
    assert read("a.doc", doc(Par("a DELbHIDc( d\r"), characters=characters)).text == "a bcα d"


def test_rows_of_a_table_in_a_word_document_name_their_columns(read: Read) -> None:
    rows = [("City", "People"), ("Bern", "134 000"), ("Basel\rSouth", "173 000")]
    cells = [
        Par(text, 0, ROW_END if text == "\x07" else IN_TABLE)
        for row in rows
        for cell in (*row, "")
        for text in f"{cell}\x07".replace("\r", "\r|").split("|")
    ]
    assert blocks(read("a.doc", doc(Par("before\r"), *cells, Par("after\r")))) == [
        "before", "City: Bern; People: 134 000", "City: Basel South; People: 173 000", "after",
    ]  # fmt: skip


def test_notes_of_a_word_document_follow_their_paragraph_and_headers_frame_it(read: Read) -> None:
    stories = {
        "footnotes": "\x02 note\r", "comments": "\x05why?\r", "boxes": "box\r",
        "headers": "start\rfoot\r",
    }  # fmt: skip
    comment = pack("<20xHII", 0, 0, 0)
    tables = {
        2: pack("<IIH", 3, 9, 1), 3: pack("<II", 0, 7),
        4: pack("<II", 4, 9) + comment, 5: pack("<II", 0, 6), 36: b"\x03\0A\0n\0n\0",
        11: pack("<11I", 0, 0, 0, 0, 0, 0, 0, 6, 6, 11, 11),
    }  # fmt: skip
    data = doc(Par("one\x02\x05\r"), Par("two\r"), stories=stories, tables=tables)
    assert blocks(read("a.doc", data)) == [
        "start", "one[1]", "[1] note", "Comment by Ann: why?", "two", "box", "foot",
    ]  # fmt: skip


def test_a_word_document_in_the_way_of_word_6_is_read(read: Read) -> None:
    stream = bytearray(0x800)
    text = "Один\rдва".encode("cp1251")
    pack_into("<HHxxHH", stream, 0, 0xA5DC, 101, 0x0419, 0)
    pack_into("<II", stream, 0x18, 0x400, 0x400 + len(text))
    pack_into("<I", stream, 0x34, len(text))
    stream[0x400 : 0x400 + len(text)] = text
    assert read("a.doc", container({"WordDocument": bytes(stream)})).text == "Один\n\nдва"


def test_a_locked_word_document_is_refused(read: Read) -> None:
    with pytest.raises(LoadError, match="protected by a password; save a copy without one"):
        read("a.doc", doc(Par("secret\r"), flags=0x0100))


def test_a_word_document_without_its_piece_table_is_damaged(read: Read) -> None:
    with pytest.raises(LoadError, match=r"damaged .*; open it in an office program .* as .docx"):
        read("a.doc", doc(Par("text\r"), tables={33: b""}))


def test_pieces_that_cover_the_same_bytes_again_and_again_are_refused(read: Read) -> None:
    count = 3_000
    ends = pack(f"<{count + 1}I", *range(0, 500 * count + 1, 500))
    pieces = ends + pack("<HIH", 0, 0x600 * 2 | 0x40000000, 0) * count
    with pytest.raises(LoadError, match="its piece table is wrong"):
        read("a.doc", doc(Par("text\r"), tables={33: pack("<BI", 2, len(pieces)) + pieces}))


def test_a_word_document_whose_end_is_lost_says_so(read: Read) -> None:
    streams = word(Par("text\r"))
    stream = bytearray(streams["WordDocument"])
    pack_into("<I", stream, 76, 1_000)
    document = read("a.doc", container(streams | {"WordDocument": bytes(stream)}))
    assert document.text == "text"
    assert "cut short" in document.missing


# PowerPoint


def ppt(*contents: bytes, **more: object) -> bytes:
    return container(slides(*contents, **more))  # type: ignore[arg-type]


def test_a_presentation_gives_a_page_for_each_slide_with_its_title_first(read: Read) -> None:
    first = shape("body\rmöre\x0bline") + shape("Title", 0) + shape("*")
    document = read("a.ppt", ppt(first, b"", shape("Last", 6)))
    assert document.text == "Title\n\nbody\nmöre\nline\n\nLast"
    assert headings(document) == [(1, "Title"), (1, "Last")]
    assert [document.page_at(document.text.index(word)) for word in ("body", "Last")] == [1, 3]
    assert document.missing == "of 3 slides, without text, perhaps pictures: 2"


def test_a_presentation_keeps_outlines_notes_comments_and_what_all_slides_show(read: Read) -> None:
    reference = record(0xF004, record(0xF00D, atom(0x0F9E, pack("<I", 1))))
    strings = ("Ann", "why?", "A")
    comment = record(
        0x2EE0, *(atom(0x0FBA, s.encode("utf-16-le"), instance=n) for n, s in enumerate(strings))
    )
    tags = record(0x1388, record(0x138A, atom(0x138B, comment)))
    data = ppt(
        shape("one") + tags, reference,
        outlines=[(), [(0, "not shown"), (0, "From the outline")]],
        notes={1: "say it"}, master=shape("Firm"),
    )  # fmt: skip
    assert blocks(read("a.ppt", data)) == [
        "one", "Firm", "Notes: say it", "Comment by Ann: why?", "From the outline",
    ]  # fmt: skip


def test_a_table_on_a_slide_is_read_by_where_its_cells_stand(read: Read) -> None:
    options = atom(0xF122, pack("<HI", 0x039F, 1), instance=1)
    cells = [("City", 0, 0), ("People", 9, 0), ("Bern", 0, 9), ("134", 9, 9)]
    shapes = (shape(text, place=(x, y, x + 9, y + 9)) for text, x, y in cells)
    group = record(0xF003, record(0xF004, options), *shapes)
    assert read("a.ppt", ppt(group)).text == "City: Bern; People: 134"


def test_a_presentation_without_its_list_of_records_is_read_as_it_lies(read: Read) -> None:
    streams = {"PowerPoint Document": record(0x03EE, shape("found"))}
    assert read("a.ppt", container(streams)).text == "found"


def test_a_locked_presentation_is_refused(read: Read) -> None:
    with pytest.raises(LoadError, match="protected by a password"):
        read("a.ppt", ppt(shape("secret"), token=0xF3D1C4DF))


# Source code


@pytest.mark.parametrize(
    ("name", "source", "found"),
    [
        ("a.py", "@x\nclass A(B):\n    async def f(self):\n        g(1)\n\n\ndef h() -> int: ...\n",
         [(1, "class A"), (2, "async def f"), (1, "def h")]),
        ("a.ts", "export class A extends B {\n  run(x: int) {\n    if (x) {\n    }\n  }\n}\n"
                 "export const f = async (x) => {\n  it('y', () => {});\n};\n",
         [(1, "export class A"), (2, "run"), (1, "export const f")]),
        ("A.java", "/** Doc */\npublic final class A<T> {\n  @Override\n  List<T> all(int a,\n"
                   "      int b) throws E {\n    for (;;) { g(); }\n  }\n}\n",
         [(1, "public final class A"), (2, "List<T> all")]),
        ("a.c", "struct point { int x; };\nint add(int a, int b);\nstatic int *add(int a)\n{\n"
                "  CALL(a)\n  return add(a);\n}\n", [(1, "struct point"), (1, "static int *add")]),
        ("a.go", "type S struct {\n}\nfunc (s *S) Run(a int) error {\n\tgo func() {\n\t}()\n}\n",
         [(1, "type S"), (1, "func (s *S) Run")]),
        ("a.rs", "#[derive(Debug)]\npub struct A;\nimpl B for A {\n    pub fn c() {}\n}\n",
         [(1, "impl B"), (2, "pub fn c")]),
        ("a.sh", "hello() {\n  echo hi\n}\n", [(1, "hello")]),
        ("a.sql", "create table if not exists t (\n  id int\n);\nselect f(x) from t;\n",
         [(1, "create table if not exists t")]),
        ("a.toml", "[tool.x]\na = [1]\n[[b]]\n", [(1, "[tool.x]"), (1, "[[b]]")]),
        ("a.yml", "# what\non:\n  push: x\n\"jobs\":\n  - a\n", [(1, "on"), (1, "jobs")]),
        ("a.css", "a { b: c }\n", []),
    ],
)  # fmt: skip
def test_source_code_is_kept_as_written_under_what_it_defines(
    read: Read, name: str, source: str, found: list[tuple[int, str]]
) -> None:
    document = read(name, source.encode())
    assert document.text == source
    assert headings(document) == found
    assert document.metadata["format"] == name.rpartition(".")[2]


def test_what_is_written_above_a_definition_belongs_to_it(read: Read) -> None:
    document = read("a.py", b"# of the file\n\n# says hello\n@cache\ndef hello(): ...\n")
    assert [at for at, _, _ in document.headings] == [document.text.index("# says")]


@pytest.mark.parametrize(
    "line", ["a *&*&*&*&" * 25, "f(" * 140, "pub " * 70, "f() " + "const " * 40, "a: b" * 70]
)
def test_no_line_of_source_code_takes_long(line: str) -> None:
    begun = perf_counter()
    FORMATS["code"](f"{line}\n".encode() * 1_000)
    assert perf_counter() - begun < 5


# Damage

STREAMS: Mapping[str, Mapping[str, bytes]] = {
    "a.doc": word(
        Par("Title\r", 1), Par("one\x02 \x13 X \x14y\x15\r"), Par("a\x07", 0, IN_TABLE),
        Par("\x07", 0, ROW_END), stories={"footnotes": "\x02 note\r", "headers": "top\r"},
        tables={2: pack("<IIH", 9, 20, 1), 3: pack("<II", 0, 7), 11: pack("<8I", *[0] * 7, 4)},
        characters=[(6, 8, DELETED)],
    ),
    "a.ppt": slides(
        shape("Title", 0) + shape("text"), shape("b"), notes={1: "n"}, master=shape("m")
    ),
}  # fmt: skip
WHOLE = {
    "a.rtf": rtf(rb"\s1 T\par a{\footnote b}\pard\intbl c\cell d\cell\row{\pict\bin3 abc}\u99?e"),
    "a.epub": book(),
    "a.py": b"class A:\n    def f(self):\n        g(1)\n",
}
PATCHES = st.tuples(
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([b"\xff\xff\xff\xff", bytes(4), b"\xff\xff\xff\x7f", b"\x01", b"{", b"\\"])
    | st.binary(min_size=1, max_size=4),
)


def damaged(data: bytes, patches: list[tuple[float, bytes]], kept: float) -> bytes:
    changed = bytearray(data)
    for place, patch in patches:
        at = int(place * len(changed))
        changed[at : at + len(patch)] = patch
    return bytes(changed[: int(kept * len(changed))])


@settings(
    max_examples=150, deadline=2_000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from([*STREAMS, *WHOLE]),
    patches=st.lists(PATCHES, max_size=20),
    kept=st.sampled_from([1.0, 1.0, 0.9, 0.3]),
)
def test_a_damaged_file_gives_text_or_says_what_is_wrong(
    read: Read, name: str, patches: list[tuple[float, bytes]], kept: float
) -> None:
    if name in STREAMS:
        streams = STREAMS[name].items()
        data = container({stream: damaged(d, patches, kept) for stream, d in streams})
    else:
        data = damaged(WHOLE[name], patches, kept)
    try:
        document = read(name, data)
    except LoadError as error:
        assert str(error)
    else:
        assert document.text.strip()


@needs_hostile
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("docling__legacy_sample.doc", "Leaves; Food: Ash, Elm, Maple; Calories per portion: 50"),
        ("tika__testWORD_various.doc", "[1] This is a footnote."),
        ("tika__testWORD_various.doc", "𐌲𐌿𐍄𐌹𐍃𐌺"),
        ("tika__testComment.doc", "Comment by Michael McCandless: Here is a comment"),
        ("tika__testWORD_phonetic.doc", "とうきょう 東京"),
        ("docling__legacy_sample.ppt", "R2; Class1 C: True; Class2 A: False"),
        ("docling__legacy_sample.ppt", "Notes: Some notes on the second slide."),
        ("tika__testPPT_masterText.ppt", "Text that I added to the master slide"),
        ("tika__testRTFVarious.rtf", "Row 1 Col 1: Row 2 Col 1; Row 1 Col 2: Row 2 Col 2"),
        ("tika__testRTF-ms932.rtf", "こんにちは"),
        ("tika__testRTFWindowsCodepage1250.rtf", "zażółć gęślą jaźń"),
        ("tika__testRTFIgnoredControlWord.rtf", "The quick brown fox"),
        ("unstructured__winter-sports.epub", "CHAPTER I THE SUN-SEEKER"),
    ],
)
def test_files_that_programs_of_the_time_wrote_are_read(name: str, words: str) -> None:
    assert words in load(HOSTILE / name).text
