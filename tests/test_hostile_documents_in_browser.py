"""Documents that would run, load or disturb something, met by a visitor on every page.

Requests to other hosts, dialogs and scripts of documents fail each test where they happen;
see `Watch`.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from rag_app.text.printable import printable
from tests.browser import PHONE, serving, visiting
from tests.test_loading_pdf import a_pdf, written
from tests.visitor import ask, go, open_list, open_why, settle, shot, told

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

sync_api = pytest.importorskip("playwright.sync_api")

SCRIPT = "<script>window.__pwned = 1</script>"
PICTURE = '<img src="http://evil.example/a.png" onerror="window.__pwned = 1">'
MARKDOWN = "![p](http://evil.example/p.png) [y](javascript:window.__pwned=1) **loud**"
FORMULA = r"$\def\a{\a\a}\a$ $$\rule{9999em}{9999em}$$ $\href{javascript:window.__pwned=1}{x}$"
TURNED = "\u202eesrever\u2066 \u2067"
CONTROL = f"{TURNED}\x1b[31mred\x07\x08"  # in a text, a sign that the file is damaged
UNPRINTABLE = set(CONTROL) - set(printable(CONTROL))
LONG = "W" * 4_000
CELL = '=HYPERLINK("http://evil.example","open") =cmd|"/C calc"!A0'
WEB = f"""<title>{PICTURE}</title><meta http-equiv="refresh" content="0;url=http://evil.example">
<style>* {{ display: none }}</style>{SCRIPT}<iframe src="http://evil.example"></iframe>
<h1>&lt;img src=x onerror=window.__pwned=1&gt;</h1>
<p onclick="window.__pwned = 1">The piano tuner of the inn is called Ludovic
&lt;script&gt;window.__pwned = 1&lt;/script&gt; &#27;[31m &#8238;
&lt;style&gt;*{{display:none}}&lt;/style&gt; and hums.</p>
<form action="http://evil.example"><input autofocus onfocus="window.__pwned = 1"></form>
"""
# A question with a word of its answer, by the name of the file, which is hostile as well.
FACTS = {
    "<img src=x onerror=window.__pwned=1>.txt": (
        "What is the parrot of the lighthouse keeper called?",
        "Quickstep",
        f"The parrot of the lighthouse keeper is called Quickstep {SCRIPT}{PICTURE} and eats figs.",
    ),
    "![x](javascript:window.__pwned=1) **loud**.txt": (
        "What is the dog of the ferry captain called?",
        "Bosun",
        f"The dog of the ferry captain is called Bosun {MARKDOWN} and barks.",
    ),
    r"$\def\a{\a\a}\a$ $$\frac{.md": (
        "What is the boat of the harbour master called?",
        "Petrel",
        f"The boat of the harbour master is called Petrel {FORMULA} and leaks.",
    ),
    f"invoice{CONTROL}\ncod.txt": (
        "What is the baker on the quay called?",
        "Marigold",
        f"The baker on the quay is called Marigold {TURNED} and sings.",
    ),
    f"{LONG[:180]}.txt": (
        "What is the cat of the lock keeper called?",
        "Tamarind",
        f"The cat of the lock keeper is called Tamarind.\n\n{LONG}\n\n{LONG}",
    ),
    "table'\".csv": (
        "What is the van of the chandler called?",
        "Juniper",
        f'thing,name,note\nvan of the chandler,Juniper,"{CELL.replace(chr(34), chr(34) * 2)}"\n',
    ),
    "page<b>.html": ("What is the piano tuner of the inn called?", "Ludovic", WEB),
}
PDF = '"><svg onload=window.__pwned=1>.pdf'
PDF_QUESTION = "What is the heron of the weir called?"
QUESTION = f"What of {PICTURE} {MARKDOWN} {FORMULA} {CONTROL} {LONG[:300]}?"
# What stands in a page only where words of a document were taken for its source. The pages'
# own words are never bold by themselves, and their only picture is that of a PDF's page.
LIVE = ", ".join(
    (
        ".stMain script",
        "iframe, object, embed, meta[http-equiv]:not(head *)",
        ".katex, .katex-error, strong, em:not([class*=st-key-show-page-] *)",
        "[onerror], [onload], [onclick], [onfocus]",
        "a[href*='evil.example'], a[href^='javascript:']",
        "img:not(.page-picture *), svg[onload]",
    )
)


# A library of them, and a conversation about them


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a library of hostile documents is served."""
    folder = tmp_path_factory.mktemp("hostile")
    documents = folder / "<b>documents $x$"
    documents.mkdir()
    for name, (_, _, text) in FACTS.items():
        (documents / name).write_text(text, encoding="utf-8")
    lines = ("The heron of the weir is called Archibald and fishes.", SCRIPT.replace("(", ""))
    (documents / PDF).write_bytes(a_pdf(written(*lines)))
    (documents / "crate.zip").write_bytes(crate())
    with serving(folder, documents) as address:
        yield address


def crate() -> bytes:
    """An archive with a workbook of formulas, under a name that is one."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (("mast", "owner"), (CELL, '=WEBSERVICE("http://evil.example")'), ("=1+1", SCRIPT)):
        book.active.append(row)
    sheet, whole = io.BytesIO(), io.BytesIO()
    book.save(sheet)
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("=cmd|calc.xlsx", sheet.getvalue())
    return whole.getvalue()


@pytest.fixture(scope="module")
def conversation(browser: "Browser", library: str) -> str:
    """The address of a conversation in which each of them was asked about."""
    with visiting(browser, library) as page:
        ask(page, QUESTION)
        for question, word, _ in FACTS.values():
            assert word in told(ask(page, question))
        assert "Archibald" in told(ask(page, PDF_QUESTION))
        settle(page)
        return str(page.url)


@pytest.fixture
def page(browser: "Browser", conversation: str) -> Iterator["Page"]:
    """A visitor who comes to that conversation."""
    with visiting(browser, conversation) as opened:
        yield opened
        check(opened)


@pytest.fixture
def phone(browser: "Browser", conversation: str) -> Iterator["Page"]:
    """The same with a phone."""
    with visiting(browser, conversation, PHONE) as opened:
        yield opened
        check(opened)


def check(page: "Page") -> None:
    """Nothing of a document is more than words, nor turns the words around it."""
    settle(page)
    assert [found.evaluate("e => e.outerHTML") for found in page.locator(LIVE).all()] == []
    assert set(page.locator("body").inner_text()) & UNPRINTABLE == set()


def stands(page: "Page") -> bool:
    """Whether the page is as wide as the window, whatever is in it."""
    return bool(
        page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        and page.locator(".stMain").evaluate("main => main.scrollWidth <= main.clientWidth")
    )


def options(page: "Page", name: str) -> list[str]:
    """What can be chosen in the field of that name, whose list is left open."""
    open_list(page, name)
    check(page)
    return page.get_by_role("option").all_inner_texts()


def open_all(page: "Page") -> None:
    """Open all sources and passages."""
    settle(page)
    page.evaluate("document.querySelectorAll('.stHtml details').forEach(it => it.open = true)")
    settle(page)


# Tests


def test_the_watch_would_see_it(browser: "Browser", library: str) -> None:
    struck = "window.__pwned = 1; new Image().src = 'http://evil.example/a.png'; alert('hello')"
    with pytest.raises(AssertionError) as failure, visiting(browser, library) as page:
        page.evaluate(f"() => {{ {struck} }}")
    assert all(word in str(failure.value) for word in ("evil.example", "hello", "__pwned"))


def test_what_is_cited_is_shown_as_words(page: "Page") -> None:
    open_all(page)
    shown = " ".join(page.locator("blockquote").all_inner_texts())
    for words in (SCRIPT, PICTURE, MARKDOWN, FORMULA, CELL):
        assert words in shown
    names = " ".join(page.locator("details.source .name").all_inner_texts())
    assert all(f".{ending}" in names for ending in ("txt", "md", "csv", "html", "pdf"))
    shot(page, "hostile-sources")


def test_the_page_of_a_pdf_and_what_is_copied_are_harmless(page: "Page") -> None:
    open_all(page)
    button = page.get_by_role("button", name="Show the page").last
    button.scroll_into_view_if_needed()
    button.click()
    page.locator(".page-picture img").wait_for()
    check(page)
    page.keyboard.press("Escape")
    settle(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").last.click()
    sync_api.expect(page.get_by_role("status").get_by_text("Copied")).to_have_count(1)
    assert "svg onload" in page.evaluate("navigator.clipboard.readText()")


def test_names_are_words_wherever_one_is_chosen(page: "Page") -> None:
    page.get_by_role("button", name="Search in", exact=True).click()
    found = options(page, "Document")
    assert "<img src=x onerror=window.__pwned=1>.txt" in found
    page.get_by_role("option", name="<img src=x").click()
    sync_api.expect(page.locator(".within")).to_contain_text("<img src=x onerror")
    page.keyboard.press("Escape")
    settle(page)
    open_why(page)
    found = options(page, "Why not this document?")
    assert r"$\def\a{\a\a}\a$ $$\frac{.md" in found


def test_a_conversation_is_listed_and_renamed_as_words(page: "Page") -> None:
    go(page, "Conversations")
    row = page.locator(".headline").first
    sync_api.expect(row).to_contain_text("What of <img src=")
    page.get_by_role("button", name="Delete").first.click()
    sync_api.expect(page.get_by_role("dialog").locator(".headline")).to_contain_text("<img src=")
    check(page)
    page.keyboard.press("Escape")
    settle(page)
    page.get_by_role("button", name="Rename").first.click()
    page.get_by_label("Title").wait_for()


def test_the_library_lists_them_all(page: "Page") -> None:
    go(page, "Library")
    rows = page.locator("table.documents")
    sync_api.expect(rows).to_contain_text("<img src=x onerror=window.__pwned=1>.txt")
    sync_api.expect(rows).to_contain_text("=cmd|calc.xlsx")
    found = options(page, "Remove documents")
    assert any("page<b>.html" in name for name in found)
    page.get_by_role("option").first.click()
    shot(page, "hostile-library")


def test_the_map_and_its_hints_are_words(page: "Page") -> None:
    go(page, "Map")
    page.get_by_role("radio", name="Document").click()
    sync_api.expect(page.locator(".vega-embed")).to_contain_text("<img src=x")
    settle(page)
    points = page.locator(".vega-embed .mark-symbol.role-mark path")
    hint = page.locator("#vg-tooltip-element")
    for number in range(points.count()):
        points.nth(number).hover(force=True)
        sync_api.expect(hint).to_contain_text("Text")
        check(page)
    page.get_by_role("textbox", name="Pin a question").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".passage").first.wait_for()
    shot(page, "hostile-map")


def test_the_workbench_shows_them_as_words(page: "Page") -> None:
    go(page, "Workbench")
    page.locator(".token").first.wait_for()  # a field that is still to be drawn loses its text
    settle(page)
    text = page.get_by_label("A text")
    text.fill(f"{SCRIPT}{PICTURE}{FORMULA}{CONTROL}")
    text.press("Control+Enter")
    page.locator(".token[title]").nth(20).wait_for()
    assert "page<b>.html" in options(page, "Where the passages of a document begin and end")
    page.get_by_role("option", name="page<b>.html").click()
    check(page)
    page.get_by_role("radio", name="Outliers").click()
    page.locator(".passage").nth(3).wait_for()


def test_a_phone_shows_them_without_scrolling_sideways(phone: "Page") -> None:
    open_all(phone)
    assert stands(phone)
    open_why(phone)
    assert stands(phone)
    shot(phone, "hostile-phone")
    for name in ("Conversations", "Library", "Map", "Workbench"):
        go(phone, name)
        phone.locator(".heading").wait_for()
        assert stands(phone), name
        check(phone)
    phone.get_by_role("radio", name="Outliers").click()
    phone.locator(".passage").nth(3).wait_for()
    assert stands(phone)
