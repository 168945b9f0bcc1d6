"""The text family: encodings, pages, markup, records, notebooks and subtitles."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ingest.chunking import chunk
from ingest.loading import load
from ingest.loading.data import json_text, xml_text
from ingest.loading.extracted import Extracted
from ingest.loading.markup import html, markdown, notebook, plain_markup, subtitles
from ingest.loading.markup.text import decode
from rag_app.models.embedder import SentenceEmbedder
from rag_app.schema import COLUMNS
from tests.conftest import HOSTILE, Write, needs_hostile


def headings(extracted: Extracted) -> list[tuple[int, str]]:
    return [(level, title) for _, level, title in extracted.headings]


def page(body: str) -> str:
    return html.read(body).text


def of_json(value: object) -> str:
    return json_text.extract(json.dumps(value).encode()).text


def of_xml(text: str) -> Extracted:
    return xml_text.extract(text.encode())


# Encodings


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        ("Grün".encode("cp1252"), "", "Grün"),
        ("Grün".encode(), "iso-8859-1", "Grün"),
        ("Łódź".encode("cp1250"), "windows-1250", "Łódź"),
        ("“quoted”".encode("cp1252"), "iso-8859-1", "“quoted”"),
        ("日本語".encode("iso-2022-jp"), "iso-2022-jp", "日本語"),
        (b"\xff" + "Grün und süß".encode() * 30, "", "�" + "Grün und süß" * 30),
        (b"plain", "utf-16", "plain"),
        (b"plain", "rot13", "plain"),
        (b"plain", "no such encoding", "plain"),
    ],
)
def test_a_declared_encoding_is_believed_where_it_fits(
    data: bytes, declared: str, text: str
) -> None:
    assert decode(data, declared) == text


def test_a_large_file_is_read_in_the_encoding_of_its_first_foreign_words() -> None:
    text = "All plain words.\n" * 40_000 + "Der Käufer trägt die Kosten für Öl.\n" * 2_000
    assert decode(text.encode("cp1252")) == text


# Markdown


TABLE = "# Fees\n\n| Kind | *Fee* |\n|:-----|----:|\n| Day | 9 |\n| Year | 90 |\n\nAll in pounds.\n"


def test_a_table_of_markdown_names_its_columns_where_its_rows_begin_and_ends() -> None:
    extracted = markdown.read(TABLE)
    rows, end = TABLE.index("| Day"), TABLE.index("\nAll")
    assert extracted.headings == (
        (0, 1, "Fees"),
        (rows, COLUMNS, "Kind | Fee"),
        (end, COLUMNS, ""),
    )


def test_chunks_from_the_middle_of_a_long_table_carry_its_columns(
    write: Write, minilm: SentenceEmbedder
) -> None:
    rows = "".join(f"| boat number {n} | {n * 7} |\n" for n in range(300))
    path = write("a.md", f"# Fleet\n\n| Boat | Length |\n|---|---|\n{rows}\nAfter it.\n".encode())
    chunks = chunk(load(path), tokenizer=minilm.tokenizer, tokens=256)
    assert len(chunks) > 5
    assert {piece.heading for piece in chunks[1:-1]} == {"Fleet › Boat | Length"}


@pytest.mark.parametrize(
    "text",
    ["a | b\n---\n", "| a |\n\n|---|\n", "```\n| a |\n|---|\n| 1 |\n```\n", "| a |\n|---|\n"],
)
def test_what_only_looks_like_a_table_has_no_columns(text: str) -> None:
    assert all(level != COLUMNS for level, _ in headings(markdown.read(text)))


def test_headings_of_a_readme_may_be_html_and_front_matter_toml() -> None:
    text = '+++\ntitle = "Guide"\n+++\n<h1 align="center">My <b>tool</b></h1>\n\n## Use [it](x)\n'
    extracted = markdown.read(text)
    assert extracted.title == "Guide"
    assert headings(extracted) == [(1, "My tool"), (2, "Use it")]
    assert extracted.text == text


# HTML


def test_lists_keep_their_marks_and_numbers() -> None:
    body = "<ol start=4><li>a<ul><li>b</ul><li><p>c</p></ol>d<ul>loose<li></li></ul>"
    assert page(body).split("\n\n") == ["4. a", "- b", "5. c", "d", "loose"]


def test_a_term_stands_with_its_meaning() -> None:
    body = "<dl><dt>Oak<dt>Ash<dd>hard <i>wood</i><dt>Fir<dd><p>soft</p><p>wood</p><dt>Elm</dl>"
    assert page(body).split("\n\n") == ["Oak, Ash: hard wood", "Fir", "soft", "wood", "Elm"]


def test_code_keeps_its_lines() -> None:
    assert page("<p>Run:</p><pre><code>if a:\n    b()</code></pre>") == "Run:\n\nif a:\n    b()"


def test_what_is_folded_away_is_read() -> None:
    assert page("<details><summary>Fees</summary>Nine pounds</details>") == "Fees\n\nNine pounds"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("<tr><th>Name<td>Bob<tr><th>Born:<td>1950", "Name: Bob|Born: 1950"),
        (
            "<tr><th colspan=2>Ducks<tr><th>Order<td>Anseriformes",
            "Ducks|Order: Anseriformes",
        ),
        (
            "<tr><th rowspan=2>Area<th colspan=2>Sales<tr><th>2023<th>2024"
            "<tr><td rowspan=2>North<td>1<td>2<tr><td>3<td>4<tr><td colspan=2>all<td>10",
            "Area: North; Sales 2023: 1; Sales 2024: 2"
            "|Area: North; Sales 2023: 3; Sales 2024: 4|Area: all; Sales 2024: 10",
        ),
        ("<thead><tr><td>Wood<td>Fee</thead><tr><td>Oak<td>5", "Wood: Oak; Fee: 5"),
        ("<tr><th>A<th>B<tr><td>1<td><tr><th>C<th>D<tr><td>2<td>3", "A: 1|C: 2; D: 3"),
        ("<tr><th>A<th>B", "A | B"),
        ("<tr><th colspan=9999 rowspan=x>A<th>B<tr><td>1<td colspan=9999>2", "A: 1; A: 2"),
    ],
)
def test_cells_of_a_table_that_span_count_for_all_they_span(rows: str, text: str) -> None:
    assert page(f"<table>{rows}</table>").replace("\n\n", "|") == text


def test_words_in_a_cell_are_not_torn_apart() -> None:
    body = "<table><tr><th>Formula<tr><td>H<sub>2</sub>O<br>liq<b>uid</b></table>"
    assert page(body) == "Formula: H2O liquid"


def test_a_table_that_lays_out_a_page_is_read_as_the_page() -> None:
    body = "<table><tr><td><h1>Fees</h1><td><p>one</p><p>two</p></table>"
    extracted = html.read(body)
    assert extracted.text == "Fees\n\none\n\ntwo"
    assert headings(extracted) == [(1, "Fees")]


@pytest.mark.parametrize(
    "body",
    [
        "<nav><a>All there is</a></nav>",
        "<aside>All there is</aside>",
        "<header><div>All there is</div></header><p>!</p>",
        "<frameset><noframes>All there is</noframes></frameset>",
        "<section><custom-app><div>All there is</div></custom-app></section>",
        '<h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:body><h:p>All there is</h:p></h:body>',
        "All there is",
    ],
)
def test_no_page_loses_all_its_text(body: str) -> None:
    assert page(body).startswith("All there is")


def test_menus_go_and_the_footer_of_an_article_stays() -> None:
    links = "".join(f"<li><a>language {n}</a>" for n in range(20))
    body = (
        f"<nav>Home</nav><main><header><ul>{links}</ul></header><h1>Fees</h1>"
        "<footer>By Ann</footer></main><footer>Imprint</footer>"
    )
    assert page(body) == "Fees\n\nBy Ann"


def test_a_formula_is_read_as_it_was_written() -> None:
    body = "<p>With <math><mi>x</mi><annotation>x^2</annotation></math> metres</p>"
    assert page(body) == "With x^2 metres"


def test_a_page_nested_without_end_is_read() -> None:
    assert "deep" in page("<div>" * 3_000 + "deep" + "</div>" * 3_000)


def test_short_cells_of_a_layout_stay_side_by_side() -> None:
    body = "<table><tr><td><p>Item 1.<td><p>Fees<p></p><td>4<tr><td><ul><li>a</ul><td>b</table>"
    assert page(body) == "Item 1. | Fees | 4\n\n- a\n\nb"


def test_items_of_a_list_in_a_cell_are_parted() -> None:
    body = "<table><tr><th>Woods<td><ul><li>Oak<li>Ash</ul><tr><th>Boats<td>Tern</table>"
    assert page(body) == "Woods: Oak, Ash\n\nBoats: Tern"


def test_the_title_of_a_drawing_is_not_that_of_the_page() -> None:
    assert html.read("<svg><title>icon</title></svg><h1>Fees</h1>").title == "Fees"


# Other markup


@pytest.mark.parametrize(
    ("extract", "text", "found"),
    [
        (
            plain_markup.extract_rst,
            "=====\nGuide\n=====\n\nFirst *part*\n============\n\nDeep\n----\n\n::\n\n    x\n",
            [(1, "Guide"), (2, "First part"), (3, "Deep")],
        ),
        (
            plain_markup.extract_asciidoc,
            "= Guide\n\n== First\n\n----\n== no\n----\n\n=== Deep ===\n",
            [(1, "Guide"), (2, "First"), (3, "Deep")],
        ),
        (
            plain_markup.extract_org,
            "* Guide :tag:\n** =First=\n#+BEGIN_SRC sh\n* no\n#+END_SRC\n*bold* is text\n",
            [(1, "Guide"), (2, "First")],
        ),
        (
            plain_markup.extract_latex,
            "\\section{First \\emph{part}}\ntext\n  \\subsection*{Deep}\n% \\section{no}\n",
            [(3, "First part"), (4, "Deep")],
        ),
    ],
)
def test_markup_is_kept_as_written_and_its_headings_are_found(
    extract: Callable[[bytes], Extracted], text: str, found: list[tuple[int, str]]
) -> None:
    extracted = extract(text.encode())
    assert extracted.text == text
    assert headings(extracted) == found
    for offset, _, title in extracted.headings:
        assert title.split()[0] in text[offset : offset + 30]


@pytest.mark.parametrize(
    ("extract", "text"),
    [
        (plain_markup.extract_org, "#+TITLE: The guide\n* First\n"),
        (plain_markup.extract_latex, "\\title{The \\textbf{guide}}\n\\section{First}\n"),
    ],
)
def test_a_title_of_its_own_comes_before_the_first_heading(
    extract: Callable[[bytes], Extracted], text: str
) -> None:
    assert extract(text.encode()).title == "The guide"


# JSON


def test_an_object_is_lines_that_name_their_path() -> None:
    value = {"name": "Tern", "size": {"length": 7.50, "crew": None}, "tags": ["a", "b"]}
    assert of_json(value) == "name: Tern\nsize.length: 7.5\ntags: a, b"


def test_numbers_are_shown_as_they_are_written() -> None:
    data = b'{"fee": 7.50, "id": 12345678901234567890, "big": 1e400, "on": true}'
    assert (
        json_text.extract(data).text == "fee: 7.50\nid: 12345678901234567890\nbig: 1e400\non: true"
    )


def test_flat_records_are_rows_and_others_paragraphs() -> None:
    flat = [{"wood": "Oak", "fee": 5}, {"wood": "Ash", "tags": ["a", "b"]}]
    assert of_json(flat) == "wood: Oak; fee: 5\n\nwood: Ash; tags: a, b"
    deep = [{"wood": "Oak", "fee": {"day": 5}}, {"wood": "Ash", "fee": {"day": 6}}]
    assert of_json(deep) == "wood: Oak\nfee.day: 5\n\nwood: Ash\nfee.day: 6"


def test_rows_under_a_line_of_names_are_a_table() -> None:
    assert of_json([["wood", "fee"], ["Oak", 5]]) == "wood: Oak; fee: 5"


def test_what_is_large_gets_a_heading() -> None:
    value = {
        "title": "Fleet",
        "boats": [{"name": f"boat {n}"} for n in range(3)],
        "log": [{"name": "Ann", **{f"day {n}": {"hours": n} for n in range(40)}}],
    }
    extracted = json_text.extract(json.dumps(value).encode())
    assert extracted.title == "Fleet"
    assert headings(extracted) == [(1, "boats"), (1, "log"), (2, "Ann")]
    assert "boats\n\nname: boat 0\n\nname: boat 1" in extracted.text
    assert "day 39.hours: 39" in extracted.text


def test_several_values_in_a_row_are_records() -> None:
    assert json_text.extract(b'{"a": 1}\n{"a": 2}').text == "a: 1\n\na: 2"


@pytest.mark.parametrize("text", ['{"a": 1,, "b"}', "no json", '{"a":' * 50_000])
def test_what_is_no_json_is_kept_as_it_stands(text: str) -> None:
    extracted = json_text.extract(text.encode())
    assert extracted.text == text
    assert extracted.missing.startswith("its structure")


def test_a_broken_line_of_records_is_kept_and_named(write: Write) -> None:
    document = load(write("a.jsonl", b'{"a": 1}\n{"a": \n\n{"a": 3}\n'))
    assert document.text == 'a: 1\n\n{"a":\n\na: 3'
    assert document.missing == "the structure of lines that are no JSON: 2"


# XML


def test_data_in_xml_names_elements_and_attributes() -> None:
    text = (
        "<fleet><boat id='1'><name>Tern</name></boat><boat id='2'><name>Gull</name></boat></fleet>"
    )
    assert of_xml(text).text == "boat\n\nid: 1; name: Tern\n\nid: 2; name: Gull"


def test_a_value_with_attributes_keeps_both() -> None:
    assert of_xml("<a><fee currency='CHF'>5</fee></a>").text == "fee.currency: CHF\nfee: 5"


def test_an_article_gives_headings_paragraphs_lists_and_tables() -> None:
    extracted = of_xml(
        "<article><front><article-title>On <i>oak</i></article-title><name><surname>Li</surname>"
        "<given-names>Bo</given-names></name></front><body><sec><title>Use</title>"
        "<p>Oak is<xref>1</xref> hard:<list><list-item><p>very</p></list-item></list>so</p>"
        "<sec><title>Deep</title><table-wrap><caption><title>Fees</title></caption><table><thead>"
        "<tr><th>Wood</th><th>Fee</th></tr></thead><tr><td>Oak</td><td>5</td></tr></table>"
        "</table-wrap></sec></sec></body></article>"
    )
    assert extracted.title == "On oak"
    assert headings(extracted) == [(1, "On oak"), (1, "Use"), (2, "Deep")]
    assert extracted.text.split("\n\n") == [
        "On oak", "name: Li Bo", "Use", "Oak is1 hard:", "very", "so", "Deep", "Fees",
        "Wood: Oak; Fee: 5",
    ]  # fmt: skip


def test_entries_of_a_feed_stand_under_their_titles() -> None:
    extracted = of_xml(
        "<rss><channel><title>News</title><item><title>Fees</title><pubDate>Monday</pubDate>"
        "<description>&lt;p&gt;Nine &lt;b&gt;pounds&lt;/b&gt;&lt;/p&gt;</description></item>"
        "</channel></rss>"
    )
    assert headings(extracted) == [(1, "News"), (2, "Fees")]
    assert extracted.text == "News\n\nFees\n\npubDate: Monday\n\nNine pounds"


def test_no_entity_is_expanded_and_no_file_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    extracted = of_xml(
        f'<!DOCTYPE a [<!ENTITY e0 "ha"><!ENTITY f SYSTEM "file://{tmp_path}/secret">{bomb}]>'
        "<a><p>caf&eacute; &e8; &f; &amp; &e0; AT&T <![CDATA[&lt;]]>&#228;</p></a>"
    )
    assert extracted.text == "café &e8; &f; & ha AT&T &lt;ä"
    assert extracted.missing == ""


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<a><p>one</p><p>two", "one"),
        ("<a><p>one</p></b><p>two</p></a>", "one"),
        ("<a><p>one</p>\x02</a>", "one"),
        ("<p>one</p><p>two</p>", "one"),
    ],
)
def test_damaged_xml_is_read_as_far_as_it_goes_and_the_damage_named(text: str, read: str) -> None:
    extracted = of_xml(text)
    assert read in extracted.text
    assert extracted.missing.startswith("what is damaged in it (line 1: ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "utf-8-sig"])
def test_xml_is_read_in_the_encoding_it_is_in_whatever_it_declares(encoding: str) -> None:
    text = '  <?xml version="1.0" encoding="iso-8859-1"?>\n<a><p>Grün süß</p></a>'
    assert xml_text.extract(text.encode(encoding)).text == "Grün süß"


def test_xml_nested_without_end_is_partly_read() -> None:
    extracted = of_xml("<a>" * 5_000 + "<p>deep</p>" + "</a>" * 5_000)
    assert extracted.missing


# Notebooks


def cell(kind: str, source: str | list[str], *outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "outputs": list(outputs)}


def of_notebook(*cells: Mapping[str, Any]) -> Extracted:
    book = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4}
    return notebook.extract(json.dumps(book).encode())


def test_a_notebook_gives_its_text_its_code_and_what_was_printed() -> None:
    extracted = of_notebook(
        cell("markdown", ["# Fees\n", "By kind"]),
        cell("code", "print(9)", {"output_type": "stream", "text": ["9\n"]}),
    )
    assert extracted.text == "# Fees\nBy kind\n\n```python\nprint(9)\n```\n\n9"
    assert (extracted.title, headings(extracted)) == ("Fees", [(1, "Fees")])


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ({"data": {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure size 640x480>"}}, ""),
        ({"data": {"text/plain": "7"}}, "7"),
        (
            {"data": {"text/html": "<table><tr><th>A<tr><td>1</table>", "text/plain": "A\n1"}},
            "A: 1",
        ),
        ({"data": {"text/html": "<script>x()</script>", "text/plain": "plot"}}, "plot"),
        ({"ename": "KeyError", "evalue": "'a'", "traceback": ["\x1b[31m..."]}, "KeyError: 'a'"),
        ({"text": "10%\r50%\r100%\n\x1b[31mdone\x1b[0m"}, "100%\ndone"),
    ],
)
def test_of_outputs_what_is_text_is_kept(output: Mapping[str, Any], shown: str) -> None:
    assert of_notebook(cell("code", "", output)).text == shown


def test_a_notebook_of_before_2015_is_read() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Fees"},
        {"cell_type": "code", "input": "x", "outputs": []},
    ]
    extracted = notebook.extract(json.dumps({"worksheets": [{"cells": cells}]}).encode())
    assert extracted.text == "Fees\n\n```\nx\n```"
    assert headings(extracted) == [(2, "Fees")]


# Subtitles


def test_subtitles_are_paragraphs_that_begin_with_who_speaks_and_when() -> None:
    text = (
        "\ufeffWEBVTT - a film\n\nNOTE no\n\nSTYLE\n::cue {}\n\n1\n00:01.000 --> 00:03.000 line:0\n"
        "<v Ann>The fee is\n<i>nine</i> &amp;\n\n00:03.100 --> 00:04.000\n<v Ann>a half.\n\n"
        "01:00:00.000 --> 01:00:01.000\n<v.loud Bob>No!</v>\n"
    )
    extracted = subtitles.extract(text.encode())
    assert extracted.text == "[00:00:01] Ann: The fee is nine & a half.\n\n[01:00:00] Bob: No!"


def test_a_pause_begins_a_paragraph() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nOne.\n\n2\n00:00:20,000 --> 00:00:21,000\nTwo.\n"
    assert subtitles.extract(text.encode()).text == "[00:00:01] One.\n\n[00:00:20] Two."


def test_subtitles_without_cues_are_kept_as_they_stand() -> None:
    assert subtitles.extract(b"WEBVTT\n\nwords").text == "WEBVTT\n\nwords"


# Whatever people have


OWN = {".html", ".md", ".json", ".ndjson", ".nxml", ".vtt", ".asciidoc", ".org", ".rst", ".txt"}
TEXTS = sorted(path for path in HOSTILE.glob("*") if path.suffix in OWN)
BLANK = {"tika__testHTML_head", "unstructured__empty", "unstructured__fake-text-all-whitespace"}


@needs_hostile
@pytest.mark.parametrize(
    "path", [path for path in TEXTS if path.stem not in BLANK], ids=lambda path: path.name
)
def test_hostile_text_is_read_with_headings_in_order(path: Path) -> None:
    document = load(path)
    assert document.text.strip()
    offsets = [offset for offset, _, _ in document.headings]
    assert offsets == sorted(offsets)
    assert all(0 <= offset <= len(document.text) for offset in offsets)
