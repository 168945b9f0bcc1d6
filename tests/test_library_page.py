"""The library's page, run without a browser, over a real index."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ingest.roots import Roots
from rag_app.index.index import Index
from rag_app.settings.provenance import Settings
from tests.meanwhile import until
from ui.resources import shared
from ui.session import keys
from ui.uploads import uploads_folder

Visit = Callable[..., AppTest]


def library(settings: "Settings", language: str) -> None:
    """A page of its own, as `AppTest` runs it."""
    from ui.languages.language import choose_language
    from ui.views import library

    choose_language(language, None)
    library.render(settings)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(index=tmp_path / "index", answer="read", upload_mebibytes=1)


@pytest.fixture
def index(settings: Settings) -> Iterator[Index]:
    """The one that the page uses; with real vectors, as the page opens its own model."""
    yield shared.opened(settings)[0]
    shared.watching(settings).close(wait=True)


@pytest.fixture
def visit(settings: Settings, index: Index) -> Visit:
    """Opens the page."""

    def run(language: str = "en") -> AppTest:
        page = AppTest.from_function(library, args=(settings, language), default_timeout=60).run()
        assert not page.exception
        return page

    return run


@pytest.fixture
def added(settings: Settings, index: Index, docs: Path) -> Path:
    """A folder with two documents that is in."""
    ingestion = shared.ingestion(settings)
    assert ingestion.start([docs])
    ingestion.wait()
    ingestion.dismiss()
    return docs


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def press(page: AppTest, label: str) -> None:
    (button,) = (button for button in page.button if button.label == label)
    button.click().run()
    assert not page.exception


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def wait(settings: Settings, page: AppTest) -> None:
    shared.ingestion(settings).wait()
    page.run()


def names(index: Index) -> list[str]:
    return [Path(entry.source).name for entry in index.catalog.entries()]


# Adding


def upload(page: AppTest, *files: tuple[str, bytes]) -> None:
    page.file_uploader[0].set_value([(name, data, "text/plain") for name, data in files])
    (add,) = (button for button in page.button if button.form_id == "upload")
    add.click().run()
    assert not page.exception


def test_uploaded_files_are_kept_apart_and_the_same_again_is_told(
    visit: Visit, settings: Settings, index: Index
) -> None:
    page = visit()
    upload(page, ("notes.md", b"Tides turn at noon."), ("notes.md", b"Boats lie at berth two."))
    wait(settings, page)
    assert names(index) == ["notes.md", "notes.md"]
    upload(page, ("again.md", b"Tides turn at noon."))
    wait(settings, page)
    assert "The same file is in the library already, as notes.md." in html(page)
    assert len(names(index)) == 2
    assert {path.parent.parent for path in uploads_folder(settings.index).rglob("*.md")} == {
        uploads_folder(settings.index)
    }


def test_a_file_over_the_limit_is_refused_by_name_and_the_others_are_in(
    visit: Visit, settings: Settings, index: Index
) -> None:
    page = visit()
    upload(page, ("large.md", bytes(3 << 19)), ("notes.md", b"Tides turn at noon."))
    wait(settings, page)
    assert names(index) == ["notes.md"]
    assert "large.md" in html(page)
    assert "1.5 MiB is over the limit of 1 MiB" in html(page)


def test_the_uploader_offers_what_is_read(visit: Visit) -> None:
    (uploader,) = visit().file_uploader
    assert {".pdf", ".docx", ".md", ".py", ".eml"} <= {*uploader.allowed_type}
    assert ".exe" not in uploader.allowed_type


# Cancelling and resuming


def test_a_run_is_cancelled_and_resumed(
    visit: Visit, settings: Settings, index: Index, docs: Path
) -> None:
    ingestion = shared.ingestion(settings)
    with ingestion.turns.take():
        ingestion.start([docs])
        page = visit()
        assert "Looking at the files" in html(page)
        upload(page, ("notes.md", b"Tides turn at noon."))
        assert "Documents are being added already" in html(page)
        assert not uploads_folder(settings.index).exists()
        press(page, "Cancel")
        ingestion.wait()
    page.run()
    assert "Cancelled before any file was read; Resume begins again." in html(page)
    press(page, "Resume")
    wait(settings, page)
    assert names(index) == ["boats.txt", "tools.md"]
    assert "Resume" not in labels(page)


def test_what_was_interrupted_before_a_restart_is_offered_again(
    visit: Visit, settings: Settings, index: Index, docs: Path
) -> None:
    Roots(index.catalog).begin([docs, uploads_folder(settings.index)])
    page = visit()
    assert "Not finished: docs, uploaded files. Resume goes on from there." in html(page)
    press(page, "Leave it")
    assert "Not finished" not in html(page)
    assert Roots(index.catalog).unfinished() == []


def test_what_watching_is_about_to_finish_is_not_offered(
    visit: Visit, settings: Settings, index: Index, added: Path
) -> None:
    (root,) = Roots(index.catalog).folders()
    with shared.ingestion(settings).turns.take():
        shared.watching(settings).start(root)
        Roots(index.catalog).begin([added])
        assert "Resume" not in labels(visit())
    until(lambda: Roots(index.catalog).unfinished() == [])


# Folders


def test_a_folder_is_watched_until_that_is_switched_off(
    visit: Visit, settings: Settings, index: Index, added: Path
) -> None:
    page = visit()
    page.toggle[0].set_value(True).run()
    assert shared.watching(settings).watched == 1
    until(lambda: all(s.looked for s in [shared.watching(settings).of(str(added))] if s))
    page.run()
    assert page.toggle[0].value
    assert "Watched. Last looked: Today" in html(page)
    assert visit().toggle[0].value  # for all visitors
    page.toggle[0].set_value(False).run()
    assert shared.watching(settings).watched == 0


def test_a_folder_is_looked_at_again(
    visit: Visit, settings: Settings, index: Index, added: Path
) -> None:
    (added / "new.md").write_text("A new file.")
    page = visit()
    press(page, "Look at docs again now")
    wait(settings, page)
    assert "new.md" in names(index)


def test_a_folder_that_is_away_is_not_taken_for_deleted(
    visit: Visit, settings: Settings, index: Index, added: Path
) -> None:
    Roots(index.catalog).begin([added])
    added.rename(added.with_name("away"))
    page = visit()
    assert "This folder is not there now." in html(page)
    (look,) = (button for button in page.button if button.label == "Look at docs again now")
    assert look.disabled
    press(page, "Resume")
    wait(settings, page)
    assert names(index) == ["boats.txt", "tools.md"]


def test_letting_go_of_a_folder_asks_and_leaves_what_other_folders_hold(
    visit: Visit, settings: Settings, index: Index, added: Path
) -> None:
    inner = added / "inner"
    inner.mkdir()
    (inner / "inside.md").write_text("In both folders.")
    for path in (added, inner):
        shared.ingestion(settings).start([path])
        shared.ingestion(settings).wait()
    page = visit()
    press(page, "Stop following docs")
    assert "2 documents, 2 passages." in html(page)
    assert len(names(index)) == 3
    press(page, "Yes, stop following")
    page.run()
    assert names(index) == ["inside.md"]
    assert [toggle.label for toggle in page.toggle] == ["Watch inner"]
    assert (added / "tools.md").exists()


# Looking into documents and removing them


def test_a_document_is_looked_into_and_removed(visit: Visit, index: Index, added: Path) -> None:
    page = visit()
    boats, _ = index.catalog.entries()
    page.selectbox(key=keys.PREVIEW).set_value(boats.id).run()
    assert "Skiffs lie at berth seven." in html(page)
    assert "<dt>Format</dt><dd>txt</dd>" in html(page)
    press(page, "Yes, remove")
    assert names(index) == ["tools.md"]
    assert "Removed 1 document." in html(page)
    assert "Skiffs" not in html(page)


def test_a_long_document_is_shown_twenty_passages_at_a_time(
    visit: Visit, settings: Settings, index: Index, docs: Path
) -> None:
    words = " ".join(f"word{number}" for number in range(6_000))
    (docs / "long.txt").write_text(words)
    shared.ingestion(settings).start([docs / "long.txt"])
    shared.ingestion(settings).wait()
    (entry,) = index.catalog.entries()
    assert 20 < entry.chunks < 60
    page = visit()
    page.selectbox(key=keys.PREVIEW).set_value(entry.id).run()
    assert html(page).count('aria-label="Passage ') == 20
    press(page, "Next")
    assert 'aria-label="Passage 21"' in html(page)
    press(page, "Previous")
    assert f"Passages 1 to 20 of {entry.chunks}" in html(page)


def test_removing_asks_first_with_the_number_of_documents(
    visit: Visit, index: Index, added: Path
) -> None:
    page = visit()
    ids = [entry.id for entry in index.catalog.entries()]
    page.multiselect(key=keys.REMOVAL).set_value(ids).run()
    press(page, "Remove")
    assert "2 documents, 2 passages." in html(page)
    assert len(names(index)) == 2
    press(page, "Yes, remove")
    assert names(index) == []


# In German


SAME = "Status Format large.md"  # in both languages


def told(page: AppTest) -> set[str]:
    """All labels, and all lines of words."""
    widgets = (
        *(*page.button, *page.selectbox, *page.multiselect, *page.text_input, *page.toggle),
        *(*page.file_uploader, *page.tabs),
    )
    labels = {widget.label for widget in widgets}
    labels |= {popover.proto.popover.label for popover in page.get("popover")}
    lines = re.split(r"<[^>]*>|\n", html(page))
    said = {*labels, *(caption.value for caption in page.caption), *map(unescape, lines)}
    return {line for line in said if re.search("[a-z]{3}", line)}


def looked_into(visit: Visit, language: str, id_: str) -> set[str]:
    """What is told once a file was refused, while a document is looked into."""
    page = visit(language)
    upload(page, ("large.md", bytes(3 << 19)))
    page.selectbox(key=keys.PREVIEW).set_value(id_).run()
    assert not page.exception
    return told(page)


def test_the_page_speaks_german_around_the_documents(
    visit: Visit, index: Index, added: Path
) -> None:
    boats, _ = index.catalog.entries()
    german = looked_into(visit, "de", boats.id)
    assert {
        "2 Dokumente, 2 Textstellen.",
        "docs beobachten",
        "Sammlung anlegen",
        "1,5 MiB sind mehr als die erlaubten 1 MiB; upload_mebibytes erhöhen",
        "fehlgeschlagen",
        "aufgenommen",
        " Textstelle",
        "Ja, entfernen",
    } <= german
    english = looked_into(visit, "en", boats.id)
    same = " ".join((SAME, *(f"{path} {path.read_text()}" for path in added.iterdir())))
    assert [line for line in german & english if line not in same] == []
