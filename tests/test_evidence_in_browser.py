"""Beside an answer: its sources, whatever their format, in sight at a click or a key."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.sync import sync
from rag_app.history.conversations import Conversations, KeptTurn
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.schema import Answer, Citation, Hit, Signals
from tests.browser import PATIENCE, serving
from tests.test_loading_pdf import a_pdf, written
from tests.visitor import ask, settle, shot, words

sync_api = pytest.importorskip("playwright.sync_api")

LINES = [f"Entry {number} of the harbour log: all was quiet." for number in range(1, 401)]
HOSTILE = "<script>window.struck = 1</script><img src=x onerror='window.struck = 1'>"
# By the order in which the answer cites them; the last one's file is removed.
QUOTES = {
    "log.txt": LINES[299],
    "slip.pdf": "The slipway closes at dusk.",
    "oak.md": "Green oak must dry for **two years**.",
    "fees.html": "A mooring costs £310 a season.",
    "gone.pdf": "The old crane was sold to a museum.",
}
FILES = {
    "log.txt": "\n\n".join(LINES).encode(),
    "slip.pdf": a_pdf(written("The harbour is open."), written(QUOTES["slip.pdf"], top=100)),
    "oak.md": f"# Oak\n\n{HOSTILE}\n\n{QUOTES['oak.md']}\n".encode(),
    "fees.html": f"<h1>Fees</h1><p>{QUOTES['fees.html']}</p><p>No pets.</p>".encode(),
    "gone.pdf": a_pdf(written("Of old times."), written(QUOTES["gone.pdf"])),
}
QUESTION = "When does the slipway close?"


Converse = Callable[[], str]


# A server of these documents, and conversations that cite them all


@pytest.fixture(scope="module")
def converse(
    tmp_path_factory: pytest.TempPathFactory, minilm: SentenceEmbedder
) -> Iterator[Converse]:
    """Begins a conversation of a single answer; its address."""
    folder = tmp_path_factory.mktemp("evidence")
    documents = folder / "documents"
    documents.mkdir()
    for name, data in FILES.items():
        (documents / name).write_bytes(data)
    index = Index.open(folder / "index", embedder=minilm)
    sync([documents], index, embedder=minilm)
    answer = citing(index.catalog, QUOTES)
    index.close()
    (documents / "gone.pdf").unlink()
    conversations = Conversations.open(folder / "index")
    with serving(folder) as address:

        def begun() -> str:
            id_ = conversations.keep("", [KeptTurn(QUESTION, answer=answer)])
            return f"{address}/?conversation={id_}"

        yield begun
    conversations.close()


def citing(catalog: Catalog, quotes: Mapping[str, str]) -> Answer:
    """An answer that consists of the quotes."""
    answer = Answer(QUESTION, "", "abstain", 0.9, (), (), {})
    for number, (name, quote) in enumerate(quotes.items(), start=1):
        (entry,) = (entry for entry in catalog.entries() if entry.source.endswith(name))
        document = catalog.document(entry.id)
        assert document is not None
        begin = document.text.index(quote)
        end = begin + len(quote)
        chunk = next(c for c in catalog.chunks_of(entry.id) if c.start <= begin and end <= c.end)
        said = len(answer.text)
        citation = Citation(
            number=number,
            chunk_id=chunk.id,
            source=entry.source,
            page=document.page_at(begin),
            start=begin,
            end=end,
            quote=quote,
            answer_start=said,
            answer_end=said + len(quote),
            score=0.9,
        )
        answer = replace(
            answer,
            mode="read",
            text=f"{answer.text}{quote} [{number}]\n\n",
            citations=(*answer.citations, citation),
            hits=(*answer.hits, Hit(chunk, 1 / number, number, Signals())),
        )
    return replace(answer, text=answer.text.rstrip())


@contextmanager
def visiting(
    browser: "sync_api.Browser",
    address: str,
    **options: Any,
) -> Iterator["sync_api.Page"]:
    """A visitor's page with the answer; every scroll that a script asks for is noted."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE * 3)  # the first visitor waits for the model
    page = context.new_page()
    page.add_init_script("""
        window.scrolls = [];
        const before = Element.prototype.scrollIntoView;
        Element.prototype.scrollIntoView = function (how) {
            window.scrolls.push(how?.behavior);
            before.call(this, how);
        };
    """)
    page.goto(address)
    page.locator("details.source").nth(len(QUOTES) - 1).wait_for()
    settle(page)
    yield page
    assert page.evaluate("window.struck") is None
    context.close()


@pytest.fixture
def page(browser: "sync_api.Browser", converse: Converse) -> Iterator["sync_api.Page"]:
    options = {"viewport": {"width": 1280, "height": 800}}
    with visiting(browser, converse(), **options) as opened:
        yield opened


@pytest.fixture
def phone(browser: "sync_api.Browser", converse: Converse) -> Iterator["sync_api.Page"]:
    options = {"viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce"}
    with visiting(browser, converse(), **options) as opened:
        yield opened


# What a visitor does and sees

# Whether all of the last turn lies above the field for the next question.
OVER_THE_FIELD = """() => {
    const turn = [...document.querySelectorAll("[class*=st-key-turn-]")].at(-1);
    const field = document.querySelector("[data-testid=stBottom]");
    return turn.getBoundingClientRect().bottom <= field.getBoundingClientRect().top;
}"""


def show(page: "sync_api.Page", number: int) -> "sync_api.Locator":
    """Have the document of a source shown; the dialog."""
    page.locator("details.source summary").nth(number - 1).click()
    settle(page)
    page.get_by_role("button", name=f"of source {number}").click()
    dialog = page.get_by_role("dialog")
    dialog.locator(".document-text, .page-picture").first.wait_for()
    settle(page)
    return dialog


def is_inside(inner: "sync_api.Locator", outer: "sync_api.Locator") -> bool:
    """Whether all of one lies in what is seen of the other."""
    part, whole = inner.bounding_box(), outer.bounding_box()
    assert part is not None
    assert whole is not None
    return (
        whole["y"] <= part["y"]
        and part["y"] + part["height"] <= whole["y"] + whole["height"]
        and whole["x"] <= part["x"]
        and part["x"] + part["width"] <= whole["x"] + whole["width"] + 1
    )


def check_text(dialog: "sync_api.Locator", name: str) -> None:
    """The text of that document stands at its quote."""
    text = dialog.get_by_role("region", name=f"Text of {name}")
    mark = text.locator("mark")
    sync_api.expect(mark).to_have_text(QUOTES[name])
    sync_api.expect(mark).to_be_in_viewport(ratio=1)
    assert is_inside(mark, text)


# Tests


def test_the_document_of_a_source_is_shown_at_the_quote(page: "sync_api.Page") -> None:
    dialog = show(page, 1)
    check_text(dialog, "log.txt")
    text = dialog.locator(".document-text")
    assert words(text.inner_text()) == words(FILES["log.txt"].decode())
    shot(page, "document")
    text.evaluate("text => text.scrollTo(0, 0)")
    sync_api.expect(dialog.locator("mark")).not_to_be_in_viewport()
    dialog.get_by_role("link", name="Go to the quote").click()
    check_text(dialog, "log.txt")


def test_next_and_previous_walk_through_all_sources(page: "sync_api.Page") -> None:
    dialog = show(page, 1)
    dialog.get_by_role("button", name="Next").click()
    picture = dialog.get_by_role("img", name="Page 2 of slip.pdf. Marked on it: The slipway")
    sync_api.expect(picture).to_be_visible()
    assert is_inside(dialog.locator(".first"), dialog.locator(".page-picture"))
    for name in ("oak.md", "fees.html"):
        dialog.get_by_role("button", name="Next").click()
        check_text(dialog, name)
    dialog.get_by_role("button", name="Previous").click()
    check_text(dialog, "oak.md")
    assert HOSTILE in dialog.locator(".document-text").inner_text()
    assert dialog.locator(".document-text :is(script, img, strong)").count() == 0


def test_a_document_whose_file_is_gone_is_still_shown(page: "sync_api.Page") -> None:
    dialog = show(page, 5)
    sync_api.expect(dialog.get_by_role("alert")).to_contain_text("gone.pdf is no longer there")
    check_text(dialog, "gone.pdf")
    pages = dialog.get_by_role("heading", level=3)
    sync_api.expect(pages).to_have_text(["Page 1", "Page 2"])
    shot(page, "gone")
    assert dialog.get_by_role("button", name="Open the file").count() == 0


def test_the_keyboard_is_still_there_after_the_file_was_opened(
    page: "sync_api.Page", tmp_path: Path
) -> None:
    dialog = show(page, 4)
    button = dialog.get_by_role("button", name="Open the file")
    button.focus()
    with page.expect_download() as begun:
        page.keyboard.press("Enter")
    begun.value.save_as(tmp_path / "saved")
    assert begun.value.suggested_filename == "fees.html"
    assert (tmp_path / "saved").read_bytes() == FILES["fees.html"]
    settle(page)
    sync_api.expect(button).to_be_focused()
    page.keyboard.press("Escape")
    sync_api.expect(dialog).to_have_count(0)
    opener = page.get_by_role("button", name="Show in the document of source 4")
    sync_api.expect(opener).to_be_focused()


def test_a_number_tells_its_quote_and_opens_its_source(page: "sync_api.Page") -> None:
    number = page.get_by_role("link", name="Source 3: oak.md")
    sync_api.expect(number).to_have_attribute("title", f"oak.md: “{QUOTES['oak.md']}”")
    page.get_by_role("link", name="Source 2: slip.pdf, page 2").focus()
    page.keyboard.press("Tab")
    sync_api.expect(number).to_be_focused()
    told = number.evaluate("link => getComputedStyle(link, '::after').content")
    assert QUOTES["oak.md"] in told
    shot(page, "number")
    source = page.locator("details.source").nth(2)
    assert source.get_attribute("open") is None
    number.click()
    sync_api.expect(source.locator("mark")).to_be_in_viewport(ratio=1)
    sync_api.expect(source.locator("summary")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("visitor", "behavior"), [("page", "smooth"), ("phone", "instant")])
def test_a_new_answer_comes_into_sight(
    request: pytest.FixtureRequest, visitor: str, behavior: str
) -> None:
    page: sync_api.Page = request.getfixturevalue(visitor)
    assert page.evaluate("window.scrolls") == []
    ask(page, QUESTION)
    page.wait_for_function(f"({OVER_THE_FIELD})()")
    sync_api.expect(page.locator(".question").last).to_be_in_viewport(ratio=1)
    assert set(page.evaluate("window.scrolls")) == {behavior}
    shot(page, f"followed-{visitor}")


def test_an_answer_taller_than_the_page_is_shown_from_its_question(page: "sync_api.Page") -> None:
    page.set_viewport_size({"width": 1280, "height": 420})
    ask(page, QUESTION)
    settle(page)
    sync_api.expect(page.locator(".question").last).to_be_in_viewport(ratio=1)
    assert not page.evaluate(OVER_THE_FIELD)


def test_an_answer_is_copied_in_one_click(page: "sync_api.Page") -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy")
    button.scroll_into_view_if_needed()
    button.click()
    sync_api.expect(page.get_by_role("status").get_by_text("Copied")).to_have_count(1)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{QUOTES['log.txt']} [1]")
    assert copied.endswith("[5] gone.pdf, page 2")


def test_what_cannot_be_copied_is_told(page: "sync_api.Page") -> None:
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    page.get_by_role("button", name="Copy").click()
    sync_api.expect(page.get_by_text("The browser did not let it be copied")).to_have_count(1)


def test_a_document_fits_on_a_phone(phone: "sync_api.Page") -> None:
    dialog = show(phone, 3)
    check_text(dialog, "oak.md")
    assert phone.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    text = dialog.locator(".document-text")
    assert text.evaluate("text => text.scrollWidth <= text.clientWidth")
    assert is_inside(text, dialog)
    shot(phone, "phone-document")
