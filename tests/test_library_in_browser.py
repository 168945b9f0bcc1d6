"""The library as a visitor meets it: a run that is cancelled and goes on, and a look inside."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import serving, visiting
from tests.conftest import SAMPLES
from tests.visitor import fits, open_list, settle, shot

sync_api = pytest.importorskip("playwright.sync_api")

FILES = 80
LINES = 60  # of a file: together they are some batches, and take a while
TOKENS = "256"  # of a chunk
SLOW = 180_000  # milliseconds, for embedding on a busy machine


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("library")
    with serving(folder, SAMPLES / "hoist-manual.pdf", RAG_APP_CHUNK_TOKENS=TOKENS) as served:
        yield served


@pytest.fixture
def page(browser: "sync_api.Browser", address: str) -> Iterator["sync_api.Page"]:
    with visiting(browser, address) as opened:
        opened.get_by_role("link", name="Library").click()
        opened.locator("table.documents").wait_for()
        settle(opened)
        yield opened


@pytest.fixture(scope="module")
def logbooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose name would be something else in Markdown."""
    folder = tmp_path_factory.mktemp("papers") / "log **books** :red[x]"
    folder.mkdir()
    for number in range(FILES):
        lines = (
            f"On day {line} the keeper of lock {number} let {line * number % 97} boats pass, "
            "noted the wind and the water, and mended what the night had broken."
            for line in range(LINES)
        )
        (folder / f"lock-{number:02}.txt").write_text("\n\n".join(lines))
    return folder


def add_folder(page: "sync_api.Page", path: Path) -> None:
    page.get_by_role("tab", name="Folder on this computer").click()
    page.get_by_label("Path of a file or folder").fill(str(path))
    page.get_by_role("button", name="Add to the library").click()


@pytest.mark.slow
def test_a_run_is_cancelled_resumed_and_looked_into(page: "sync_api.Page", logbooks: Path) -> None:
    add_folder(page, logbooks)
    bar = page.get_by_role("progressbar", name="Files read")
    # More than the first batch, which is in by then.
    figures = page.locator(".run-figures")
    sync_api.expect(figures).to_contain_text(
        re.compile(r"(1[5-9]|2\d|3\d)\d passages"), timeout=SLOW
    )
    sync_api.expect(bar).to_have_attribute("aria-valuemax", str(FILES))
    shot(page, "library-run")
    page.get_by_role("button", name="Cancel", exact=True).click()
    told = page.get_by_text("files are in; Resume goes on from there.")
    told.wait_for(timeout=SLOW)
    found = re.search(r"Cancelled: (\d+) of (\d+) files", told.inner_text())
    assert found
    stays, files = map(int, found.groups())
    assert 0 < stays < files == FILES
    settle(page)
    shot(page, "library-cancelled")
    page.get_by_role("button", name="Resume").click()
    page.get_by_text(f"{FILES - stays} added, {stays} unchanged").wait_for(timeout=SLOW)
    settle(page)
    assert fits(page)
    # The folder's name is no Markdown.
    page.get_by_text("Watch log **books** :", exact=False).wait_for()
    shot(page, "library-done")
    box = page.get_by_role("combobox", name="Look into a document")
    box.scroll_into_view_if_needed()
    box.click()
    page.get_by_role("option", name="lock-07.txt").click()
    dialog = page.get_by_role("dialog")
    sync_api.expect(dialog.get_by_role("heading", name="lock-07.txt")).to_be_visible()
    passages = dialog.get_by_role("region", name=re.compile("Passage"))
    sync_api.expect(passages.nth(1)).to_be_visible()
    sync_api.expect(passages.first).to_contain_text("On day 0 the keeper of lock 7")
    settle(page)
    shot(page, "library-preview")
    page.keyboard.press("Escape")
    sync_api.expect(dialog).to_have_count(0)
    sync_api.expect(box).not_to_have_value("lock-07.txt")


def test_an_uploaded_file_is_told_when_it_comes_again(page: "sync_api.Page") -> None:
    file = {"name": "heron.txt", "mimeType": "text/plain", "buffer": b"The heron is Archibald."}
    for told in (
        page.locator("table.documents").get_by_text("heron.txt", exact=True),
        page.get_by_text("The same file is in the library already, as heron.txt."),
    ):
        page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
        page.get_by_test_id("stFileChipName").wait_for()
        page.get_by_role("button", name="Add to the library").click()
        told.wait_for()
        settle(page)
    box = open_list(page, "Remove documents")
    box.press_sequentially("heron")
    page.get_by_role("option", name="heron.txt").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove", exact=True).click()
    dialog = page.get_by_role("dialog")
    sync_api.expect(dialog).to_contain_text("1 document, 1 passage.")
    shot(page, "library-remove")
    dialog.get_by_role("button", name="Yes, remove").click()
    page.get_by_text("Removed 1 document.").wait_for()
    sync_api.expect(page.locator("table.documents")).not_to_contain_text("heron.txt")


def test_a_type_that_is_not_read_is_refused_by_name(page: "sync_api.Page") -> None:
    file = {"name": "tool.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"}
    page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    refusal = page.get_by_test_id("stFileUploader")
    sync_api.expect(refusal).to_contain_text("tool.exe")
    sync_api.expect(refusal).to_contain_text("not allowed")
