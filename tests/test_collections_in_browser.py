"""Collections as a visitor meets them: made, filled, asked, left, and found again."""

from collections.abc import Iterator

import pytest

from tests.browser import serving
from tests.visitor import ask, fits, settle, shot, told

sync_api = pytest.importorskip("playwright.sync_api")
QUESTION = "Where is the key of the shed?"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with one short document in the first collection."""
    folder = tmp_path_factory.mktemp("collections")
    (folder / "clock.txt").write_text("The key of the shed hangs behind the clock.\n")
    with serving(folder, folder / "clock.txt") as served:
        yield served


def make(page: "sync_api.Page", name: str) -> None:
    """Make a collection, which is thereby entered."""
    page.get_by_role("link", name="Library").click()
    page.get_by_role("button", name="Collections").click()
    page.get_by_label("Name of a new collection").fill(name)
    page.get_by_role("button", name="Create collection").click()
    page.get_by_text("This collection is empty.").wait_for()
    settle(page)


def choose_file(page: "sync_api.Page", name: str, text: str) -> None:
    """Choose a file in the library, without adding it yet."""
    file = {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
    page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    page.get_by_test_id("stFileChipName").wait_for()


def choose(page: "sync_api.Page", name: str) -> None:
    """Go to the collection of that name."""
    chosen(page).click()
    page.get_by_role("option", name=name, exact=True).click()
    sync_api.expect(page.locator(".question")).to_have_count(0)
    sync_api.expect(chosen(page)).to_have_value(name)
    settle(page)


def chosen(page: "sync_api.Page") -> "sync_api.Locator":
    return page.get_by_role("combobox", name="Collection")


def test_an_answer_comes_from_the_chosen_collection_alone(
    page: "sync_api.Page", address: str
) -> None:
    sync_api.expect(chosen(page)).to_have_count(0)
    make(page, "Boats & anchors")
    choose_file(page, "anchor.txt", "The key of the shed lies under the anchor.\n")
    page.get_by_role("button", name="Add to the library").click()
    page.locator("table.documents").get_by_text("anchor.txt", exact=True).wait_for()
    settle(page)
    shot(page, "collection-library")
    page.get_by_role("link", name="Chat").click()
    answer = ask(page, QUESTION)
    assert "under the anchor" in told(answer)
    assert "anchor.txt" in answer.inner_text()
    assert "clock" not in answer.inner_text()
    settle(page)
    shot(page, "collection-chat")
    # A reload finds collection and conversation again, and links lead on within it.
    assert "collection=boats-anchors-" in page.url
    page.reload()
    sync_api.expect(page.locator(".answer")).to_contain_text("under the anchor")
    sync_api.expect(chosen(page)).to_have_value("Boats & anchors")
    for name in ("Library", "Conversations"):
        page.get_by_role("link", name=name).click()
        page.get_by_role("heading", name=name).wait_for()
        assert "collection=boats-anchors-" in page.url
    page.locator(".headline", has_text=QUESTION).click(force=True)
    sync_api.expect(page.locator(".answer")).to_contain_text("under the anchor")
    # Another collection begins a new conversation and knows nothing of this one.
    choose(page, "My documents")
    assert page.url.rstrip("/").endswith(address.rpartition(":")[2])
    answer = ask(page, QUESTION)
    assert "behind the clock" in told(answer)
    assert "anchor" not in answer.inner_text()
    page.go_back()
    settle(page)
    page.get_by_role("link", name="Conversations").click()
    sync_api.expect(page.locator(".headline")).to_have_count(1)


def test_files_that_were_chosen_for_one_collection_are_not_there_in_another(
    page: "sync_api.Page",
) -> None:
    make(page, "Letters")
    choose_file(page, "letter.txt", "Dear harbour master\n")
    choose(page, "My documents")
    sync_api.expect(page.get_by_test_id("stFileChipName")).to_have_count(0)
    page.get_by_role("button", name="Add to the library").click()
    settle(page)
    sync_api.expect(page.locator("table.documents")).not_to_contain_text("letter.txt")


def test_on_a_phone_a_collection_is_made_and_deleted(phone: "sync_api.Page") -> None:
    make(phone, "A name so long that it is wider than the screen of a telephone in the hand")
    assert fits(phone)
    shot(phone, "phone-collection")
    phone.get_by_role("button", name="Collections").click()
    phone.get_by_text("Delete this collection").click()
    phone.get_by_text("Files in your own folders stay where they are.").last.wait_for()
    shot(phone, "phone-collections")
    phone.get_by_role("button", name="Delete for good").click()
    phone.get_by_text("The collection is deleted.").wait_for()
    sync_api.expect(phone.locator("table.documents")).to_contain_text("clock.txt")
    assert "collection=" not in phone.url


def test_an_address_that_names_nothing_says_so(page: "sync_api.Page", address: str) -> None:
    page.goto(f"{address}/library?collection=nobody-00000000")
    sync_api.expect(page.get_by_role("alert")).to_contain_text("is no longer there")
    sync_api.expect(page.locator("table.documents")).to_contain_text("clock.txt")
