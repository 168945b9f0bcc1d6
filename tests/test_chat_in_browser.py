"""The pages as a visitor meets them: a real server, a real browser, the sample documents."""

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser import Visit, serving, visiting
from tests.conftest import ROOT, SAMPLES
from tests.visitor import (
    answered,
    ask,
    begin_anew,
    choose,
    export,
    fits,
    open_list,
    open_why,
    remove,
    settle,
    shot,
    told,
    upload,
    words,
)

sync_api = pytest.importorskip("playwright.sync_api")

QUESTIONS = {
    row["id"]: row
    for row in map(
        json.loads,
        (ROOT / "data" / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines(),
    )
}
# Plain facts from Markdown, HTML, a table and the second page of a PDF.
LOOKUPS = {id_: QUESTIONS[id_] for id_ in ("q011", "q021", "q054", "q027")}
PDF_QUESTION = LOOKUPS["q027"]["question"]


# Keeps what was quoted while an answer was read, as the answer then takes its place.
QUOTED_MEANWHILE = """() => {
    window.quoted = [];
    const look = () => document.querySelectorAll('.found blockquote')
        .forEach(quote => window.quoted.push(quote.innerText));
    new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
}"""


@pytest.mark.parametrize("row", LOOKUPS.values(), ids=LOOKUPS.keys())
def test_an_answer_opens_its_evidence(page: "sync_api.Page", row: dict[str, Any]) -> None:
    gold = row["gold"][0]
    answer = ask(page, row["question"])
    assert row["answer"] in told(answer)
    source = answer.locator("details.source", has=page.locator("mark", has_text=row["answer"]))
    source = source.filter(has_text=gold["source"]).first
    source.locator("summary").click()
    mark = source.locator("mark")
    settle(page)
    # Opened, the passage stands at its quote, and its heading has not been carried away.
    sync_api.expect(source.locator("summary")).to_be_in_viewport()
    sync_api.expect(mark).to_be_in_viewport()
    assert words(gold["quote"]) in words(mark.inner_text())
    assert len(source.locator("blockquote").inner_text()) > len(mark.inner_text())
    if gold["source"].endswith(".pdf"):
        assert "page 2" in source.locator("summary").inner_text()
    shot(page, f"evidence-{gold['source']}")


def test_what_is_found_is_quoted_while_it_is_read(page: "sync_api.Page") -> None:
    page.evaluate(QUOTED_MEANWHILE)
    ask(page, PDF_QUESTION)
    assert any(LOOKUPS["q027"]["answer"] in quote for quote in page.evaluate("window.quoted"))


def test_the_number_in_the_text_leads_to_the_quote(page: "sync_api.Page") -> None:
    answer = ask(page, PDF_QUESTION)
    told(answer)
    sync_api.expect(answer.locator("details.source").first).to_be_visible()
    answer.get_by_role("link", name="Source 1: hoist-manual.pdf, page 2").click()
    sync_api.expect(answer.locator("mark").first).to_be_in_viewport()


def test_the_page_of_a_pdf_is_shown_with_the_quote_marked(
    page: "sync_api.Page", tmp_path: Path
) -> None:
    answer = ask(page, PDF_QUESTION)
    told(answer)
    settle(page)
    button = answer.get_by_role("button", name="Show the page").first
    sync_api.expect(button).to_be_hidden()
    answer.locator("summary").first.click()
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    picture = dialog.get_by_role("img", name="Page 2 of hoist-manual.pdf. Marked on it: ")
    sync_api.expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 1_000
    sync_api.expect(dialog.locator(".page-picture .first")).to_be_in_viewport()
    shot(page, "page")
    page.keyboard.press("Escape")
    sync_api.expect(dialog).to_have_count(0)
    sync_api.expect(button).to_be_focused()
    page.keyboard.press("Enter")
    sync_api.expect(picture).to_be_visible()
    settle(page)
    with page.expect_download() as begun:
        dialog.get_by_role("button", name="Open the file").click()
    begun.value.save_as(tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (SAMPLES / "hoist-manual.pdf").read_bytes()


def test_each_question_that_is_offered_is_answered(page: "sync_api.Page") -> None:
    offered = page.locator(".st-key-examples button")
    offered.first.wait_for()
    for number in range(offered.count()):
        offered.nth(number).click()
        told(answered(page, 0))
        begin_anew(page)
        offered.first.wait_for()


def test_the_page_says_its_language(browser: "sync_api.Browser", address: str) -> None:
    for locale, spoken in (("de-AT", "de"), ("fr-FR", "en")):
        with closing(browser.new_context(locale=locale)) as context:
            opened = context.new_page()
            opened.goto(address)
            sync_api.expect(opened.locator(f"html[lang={spoken}] .heading")).to_be_visible()


def test_a_follow_up_is_understood_from_the_turn_before(page: "sync_api.Page") -> None:
    row = QUESTIONS["q067"]
    ask(page, row["history"][0])
    answer = ask(page, row["question"])
    assert row["answer"] in told(answer)
    assert "Searched for: " in answer.inner_text()
    shot(page, "follow-up")


def test_a_question_that_nothing_answers_gets_the_closest_passages(page: "sync_api.Page") -> None:
    answer = ask(page, QUESTIONS["q096"]["question"])
    assert answer.locator(".abstained").inner_text() == "The documents do not answer this."
    assert answer.locator("details.source").count() == 0
    answer.get_by_text("Closest passages").click()
    answer.locator(".passage blockquote").first.wait_for(state="visible")
    shot(page, "abstained")


def test_a_conversation_outlives_a_look_at_the_library_and_can_be_ended(
    page: "sync_api.Page",
) -> None:
    ask(page, QUESTIONS["q021"]["question"])
    page.get_by_role("link", name="Library").click()
    sync_api.expect(page.locator("table.documents")).to_contain_text("price-list.html")
    shot(page, "library")
    page.get_by_role("link", name="Chat").click()
    sync_api.expect(page.locator(".answer")).to_contain_text("£9")
    begin_anew(page)
    page.get_by_role("heading", name="Ask your documents").wait_for()


@pytest.mark.slow
def test_a_conversation_outlives_the_server(
    browser: "sync_api.Browser", tmp_path: Path, docs: Path
) -> None:
    with serving(tmp_path, docs) as address, visiting(browser, address) as page:
        assert "berth seven" in told(ask(page, "Where do skiffs lie?"))
        settle(page)
        kept = urlsplit(page.url).query
    with serving(tmp_path, docs) as address, visiting(browser, f"{address}/?{kept}") as page:
        answer = page.locator(".answer")
        sync_api.expect(answer).to_contain_text("berth seven")
        page.locator("details.source summary").click()
        sync_api.expect(page.locator("mark").first).to_have_text("Skiffs lie at berth seven.")


def test_a_conversation_outlives_a_reload_and_is_found_in_the_list(
    page: "sync_api.Page", visit: Visit, tmp_path: Path
) -> None:
    question = "How much is a **day pass** for the workshop?"
    told(ask(page, question))
    settle(page)
    page.get_by_role("radio", name="Thumbs up").click()
    page.get_by_placeholder("Why? (optional)").wait_for()
    settle(page)
    page.reload()
    sync_api.expect(page.locator(".answer")).to_contain_text("£9")
    sync_api.expect(page.get_by_role("radio", name="Thumbs up")).to_be_checked()
    record = export(page, "Markdown", tmp_path / "answers.md")
    assert (record.question, len(record.quotes)) == (question, 1)
    other = visit()
    other.get_by_role("heading", name="Ask your documents").wait_for()
    assert other.locator(".question").count() == 0
    other.get_by_role("link", name="Conversations").click()
    wanted = other.get_by_label("Find a conversation")
    wanted.fill("day pass")
    wanted.press("Enter")
    headline = other.locator(".headline", has_text=question)
    sync_api.expect(headline).to_have_count(1)
    settle(other)
    shot(other, "conversations")
    headline.click(force=True)  # on the button that lies over it
    sync_api.expect(other.locator(".question")).to_have_text(question)
    assert other.url == page.url


def test_a_question_is_asked_again_in_other_words(page: "sync_api.Page") -> None:
    told(ask(page, PDF_QUESTION))
    ask(page, QUESTIONS["q096"]["question"])
    settle(page)
    page.get_by_role("button", name="Edit and ask again").first.click()
    page.get_by_label("Question", exact=True).fill(QUESTIONS["q021"]["question"])
    page.get_by_role("button", name="Ask again", exact=True).click()
    sync_api.expect(page.locator(".answer")).to_contain_text("£9")
    sync_api.expect(page.locator(".question")).to_have_text([QUESTIONS["q021"]["question"]])


def test_a_question_can_be_asked_of_one_format_or_document(page: "sync_api.Page") -> None:
    question = QUESTIONS["q021"]["question"]
    choose(page, "Format", "md")
    answer = ask(page, question)
    assert "price-list.html" not in answer.inner_text()
    sync_api.expect(page.locator(".asked-of")).to_have_text("In: md")
    shot(page, "filter")
    page.get_by_role("button", name="Search in all documents").click()
    sync_api.expect(page.locator(".within")).to_have_text("all documents")
    settle(page)
    assert "£9" in told(ask(page, question))
    sync_api.expect(page.locator(".asked-of")).to_have_count(1)
    choose(page, "Document", "price-list.html")
    ask(page, question)
    sync_api.expect(page.locator(".asked-of").last).to_have_text("In: price-list.html")


def test_a_choice_outlives_a_look_at_the_library_but_not_its_document(
    page: "sync_api.Page",
) -> None:
    upload(page, "heron.txt", "The heron of the weir is called Archibald.\n")
    page.get_by_role("link", name="Chat").click()
    choose(page, "Document", "heron.txt")
    page.get_by_role("link", name="Library").click()
    page.locator("table.documents").wait_for()
    page.get_by_role("link", name="Chat").click()
    sync_api.expect(page.locator(".within")).to_have_text("heron.txt")
    page.get_by_role("link", name="Library").click()
    settle(page)
    remove(page, "heron.txt")
    page.get_by_role("link", name="Chat").click()
    sync_api.expect(page.locator(".within")).to_have_text("all documents")
    settle(page)
    ask(page, QUESTIONS["q021"]["question"])
    sync_api.expect(page.locator(".asked-of")).to_have_count(0)


def test_an_answer_tells_why_these_passages_were_found(page: "sync_api.Page") -> None:
    told(ask(page, PDF_QUESTION))
    assert page.locator(".candidates").count() == 0  # costs nothing before it is wanted
    rows = open_why(page).locator("tbody tr")
    assert 1 < rows.count() <= 10
    quoted = rows.filter(has=page.locator(".number")).first
    sync_api.expect(quoted.get_by_role("rowheader")).to_contain_text("hoist-manual.pdf page 2")
    shot(page, "why")
    open_list(page, "Why not this document?")
    page.get_by_role("option", name="faq.txt").click()
    verdict = page.locator(".verdict")
    sync_api.expect(verdict).to_contain_text(re.compile(r"faq\.txt is (found|a candidate|no)"))
    verdict.scroll_into_view_if_needed()
    shot(page, "why-not")


def test_the_reasons_scroll_inside_themselves_on_a_phone(phone: "sync_api.Page") -> None:
    told(ask(phone, PDF_QUESTION))
    found = open_why(phone)
    assert found.evaluate("e => e.scrollWidth > e.clientWidth")
    assert found.evaluate("e => e.getBoundingClientRect().right <= innerWidth")
    assert phone.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert phone.locator(".stMain").evaluate("e => e.scrollWidth <= e.clientWidth")
    shot(phone, "phone-why")


@pytest.mark.parametrize(("form", "ending"), [("Markdown", ".md"), ("Web page", ".html")])
def test_a_conversation_is_exported_and_can_be_read_again(
    page: "sync_api.Page", tmp_path: Path, form: str, ending: str
) -> None:
    told(ask(page, PDF_QUESTION))
    record = export(page, form, tmp_path / f"answers{ending}")
    assert record.question == PDF_QUESTION
    assert record.quotes[0].source.endswith("hoist-manual.pdf")
    assert len(record.quotes[0].digest) == 64


def test_the_words_that_answer_are_bold(page: "sync_api.Page") -> None:
    answer = ask(page, "How much is a day pass for the workshop?")
    sync_api.expect(answer.locator(".answer .words").first).to_have_text("£9")


def test_the_map_shows_where_a_question_falls(page: "sync_api.Page") -> None:
    page.get_by_role("link", name="Map").click()
    page.locator(".vega-embed svg, .vega-embed canvas").first.wait_for()
    page.get_by_role("textbox", name="Pin a question").fill(PDF_QUESTION)
    page.keyboard.press("Enter")
    nearest = page.locator(".passage").first
    sync_api.expect(nearest).to_contain_text("hoist-manual.pdf")
    sync_api.expect(page.locator(".passage")).to_have_count(5)
    shot(page, "map")


def test_the_workbench_shows_tokens_and_cosines(page: "sync_api.Page") -> None:
    page.get_by_role("link", name="Workbench").click()
    sync_api.expect(page.get_by_text("7 tokens, 2 of them added by the model")).to_be_visible()
    text = page.get_by_label("A text")
    text.fill("The boatyard revarnishes boats.")
    text.press("Control+Enter")
    sync_api.expect(page.locator(".token.continues").first).to_be_visible()
    page.get_by_text("Similarity", exact=True).click()
    sync_api.expect(page.locator(".matrix")).to_be_visible()
    texts = page.get_by_label("Texts, one on each line")
    texts.fill("a boat\na ship\na loaf of bread")
    texts.press("Control+Enter")
    sync_api.expect(page.locator(".matrix tbody th").nth(2)).to_have_text("3. a loaf of bread")
    cells = page.locator(".matrix td")
    ship, bread = (float(cells.nth(number).inner_text()) for number in (1, 2))
    assert ship > bread + 0.2
    page.get_by_text("Outliers", exact=True).click()
    sync_api.expect(page.locator(".passage").first).to_be_visible()


def test_nothing_is_cut_off_on_a_phone(phone: "sync_api.Page") -> None:
    phone.get_by_role("heading", name="Ask your documents").wait_for()
    assert fits(phone)
    sync_api.expect(phone.get_by_test_id("stChatInput")).to_be_in_viewport(ratio=1)
    answer = ask(phone, PDF_QUESTION)
    told(answer)
    answer.locator("summary").first.click()
    answer.locator("mark").first.wait_for(state="visible")
    assert fits(phone)
    shot(phone, "phone-evidence")
    phone.get_by_role("link", name="Library").click()
    phone.locator("table.documents").wait_for()
    assert fits(phone)
    phone.locator(".stMain").evaluate("main => main.scrollTo(0, main.scrollHeight)")
    remove_button = phone.get_by_role("button", name="Remove", exact=True)
    sync_api.expect(remove_button).to_be_in_viewport(ratio=1)
    shot(phone, "phone-library")


def test_an_uploaded_file_answers_and_is_shown_as_text(page: "sync_api.Page") -> None:
    hostile = "<script>window.struck = 1</script> ![photo](http://example.com/parrot.png)"
    text = (
        f"The parrot of the lighthouse keeper is called Quickstep {hostile} and **loves** figs.\n"
    )
    upload(page, "parrot_[x](y).txt", text)
    page.get_by_role("link", name="Chat").click()
    answer = ask(page, "What is the parrot of the lighthouse keeper called?")
    assert "Quickstep" in told(answer)
    assert "parrot_[x](y).txt" in answer.inner_text()
    answer.locator("summary").first.click()
    shown = answer.locator("blockquote").first
    shown.wait_for(state="visible")
    assert words(text) == words(shown.inner_text())
    assert page.evaluate("window.struck") is None
    assert answer.locator("img, script, strong").count() == 0
    shot(page, "hostile")


def test_a_removed_file_no_longer_answers(page: "sync_api.Page") -> None:
    upload(page, "ferret.txt", "The ferret of the lock keeper is called Bartholomew.\n")
    remove(page, "ferret.txt")
    sync_api.expect(page.locator("table.documents")).not_to_contain_text("ferret.txt")
    page.get_by_role("link", name="Chat").click()
    answer = ask(page, "What is the ferret of the lock keeper called?")
    assert "Bartholomew" not in answer.inner_text()


def test_a_folder_that_is_not_there_is_one_clear_line(page: "sync_api.Page") -> None:
    page.get_by_role("link", name="Library").click()
    page.get_by_role("tab", name="Folder on this computer").click()
    page.get_by_label("Path of a file or folder").fill("/no/such/folder")
    page.get_by_role("button", name="Add to the library").click()
    sync_api.expect(page.get_by_role("alert")).to_have_text(
        "no such file or folder: /no/such/folder"
    )
