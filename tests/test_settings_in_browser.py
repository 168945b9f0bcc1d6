"""The settings page where only a browser can tell: colours, names typed in, and its width."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_app.settings.provenance import Settings
from tests.browser import DESKTOP, PHONE, serving, visiting
from tests.visitor import fits, settle, shot

sync_api = pytest.importorskip("playwright.sync_api")
DARK = "rgb(20, 24, 26)"
LIGHT = "rgb(255, 255, 255)"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings") / "index"


@pytest.fixture(scope="module")
def address(index: Path) -> Iterator[str]:
    """A server with one short document, and with a number of threads that is fixed."""
    folder = index.parent
    (folder / "boats.txt").write_text("Skiffs lie at berth seven.")
    with serving(folder, folder / "boats.txt", index=index, RAG_APP_THREADS="1") as served:
        yield served


@pytest.fixture
def page(browser: "sync_api.Browser", address: str) -> Iterator["sync_api.Page"]:
    with visiting(browser, f"{address}/settings", DESKTOP) as opened:
        yield opened


@pytest.fixture
def phone(browser: "sync_api.Browser", address: str) -> Iterator["sync_api.Page"]:
    with visiting(browser, f"{address}/settings", PHONE) as opened:
        yield opened


def background(page: "sync_api.Page") -> str:
    settle(page)
    found: str = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    return found


def choose_colours(page: "sync_api.Page", name: str) -> None:
    """Choose, and wait until the page is loaded anew."""
    with page.expect_navigation():
        page.get_by_role("radio", name=name).check()
    sync_api.expect(page.get_by_role("radio", name=name)).to_be_checked()


def test_colours_are_chosen_for_all_pages_and_kept(page: "sync_api.Page", address: str) -> None:
    assert background(page) == LIGHT
    choose_colours(page, "Dark")
    assert background(page) == DARK
    shot(page, "settings-dark")
    for path in ("", "library"):
        page.goto(f"{address}/{path}")
        page.locator(".heading").first.wait_for()
        assert background(page) == DARK
    page.get_by_role("link", name="Settings").click()
    choose_colours(page, "As the system")
    assert background(page) == LIGHT


def test_a_change_counts_and_is_set_back(page: "sync_api.Page", index: Path) -> None:
    passages = page.get_by_role("spinbutton", name="Passages for an answer")
    passages.fill("8")
    passages.press("Enter")
    back = page.get_by_role("button", name="Set back: Passages for an answer")
    back.wait_for()
    assert Settings.load(index=index).k == 8
    shot(page, "settings-light")
    back.click()
    sync_api.expect(passages).to_have_value("5")
    assert Settings.load(index=index).k == 5


def test_a_language_model_can_be_named_that_is_not_in_the_list(
    page: "sync_api.Page", index: Path
) -> None:
    box = page.get_by_role("combobox", name="Language model")
    box.scroll_into_view_if_needed()
    box.click()
    box.press_sequentially("nobody/nothing")
    box.press("Enter")
    page.get_by_role("button", name="Set back: Language model", exact=True).wait_for()
    assert Settings.load(index=index).generator == "nobody/nothing"


def test_what_a_variable_fixes_cannot_be_changed(page: "sync_api.Page") -> None:
    sync_api.expect(page.get_by_role("spinbutton", name="Processor threads")).to_be_disabled()
    page.get_by_text("unset the environment variable RAG_APP_THREADS").wait_for()


def test_on_a_phone_everything_is_in_sight(phone: "sync_api.Page") -> None:
    settle(phone)
    assert fits(phone)
    shot(phone, "settings-phone")
