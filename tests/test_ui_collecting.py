"""Visitors in different collections, without a browser: choosing, addresses, and nothing shared."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ingest.sync import sync
from rag_app.history.conversations import Conversations, KeptTurn
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.collections import Collection, collections_of, create, delete
from rag_app.index.index import Index
from rag_app.index.writer_lock import writer_lock
from rag_app.models.embedder import SentenceEmbedder
from tests.test_ui_saved_conversation import ANSWER
from ui.resources import shared
from ui.resources.filters import Filter
from ui.session import keys
from ui.session.state import Kept, Turn

PATIENCE = 120  # seconds, for a busy machine
Visit = Callable[..., AppTest]


def visited(page: str) -> None:
    """A page in its frame."""
    import streamlit as st

    from ui import app
    from ui.views import chat, conversation_list, library

    pages = {
        "chat": lambda settings: chat.render(settings, library=st.Page(lambda: None, title="L")),
        "conversations": lambda settings: conversation_list.render(
            settings, chat=st.Page(lambda: None, title="C")
        ),
        "library": library.render,
        "none": lambda settings: st.text(str(settings.index)),
    }
    app._guarded(pages[page])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The index folder of the first collection."""
    monkeypatch.setenv("RAG_APP_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("RAG_APP_ANSWER", "read")
    yield tmp_path / "index"
    shared._opened.clear()
    shared._conversations.clear()


@pytest.fixture
def boats(home: Path) -> Collection:
    """A collection beside the first."""
    return create(home, "Boats")


@pytest.fixture
def visit(home: Path) -> Visit:
    """A new visitor of a page, at that address."""

    def run(page: str = "none", **address: str) -> AppTest:
        visitor = AppTest.from_function(visited, args=(page,), default_timeout=PATIENCE)
        for key, value in address.items():
            visitor.query_params[key] = value
        return visitor.run()

    return run


def address(page: AppTest, key: str = keys.COLLECTION) -> str:
    return "".join(page.query_params.get(key, []))


def shown(page: AppTest) -> str:
    """All HTML of the page."""
    assert not page.exception
    return "\n".join(element.proto.body for element in page.get("html"))


def folder(page: AppTest) -> str:
    return page.text[0].value


# Choosing


def test_where_there_is_one_there_is_no_choice(visit: Visit, home: Path) -> None:
    page = visit()
    assert (len(page.selectbox), folder(page), address(page)) == (0, str(home), "")


def test_the_choice_is_in_the_address_and_found_again_by_it(
    visit: Visit, home: Path, boats: Collection
) -> None:
    page = visit()
    assert page.selectbox[0].options == ["My documents", "Boats"]
    page.selectbox[0].select(boats.slug).run()
    assert (folder(page), address(page)) == (str(boats.folder), boats.slug)
    reloaded = visit(collection=boats.slug)
    assert (folder(reloaded), reloaded.selectbox[0].value) == (str(boats.folder), boats.slug)
    page.selectbox[0].select("").run()
    assert (folder(page), address(page)) == (str(home), "")


def test_an_address_that_another_page_has_lost_comes_back(visit: Visit, boats: Collection) -> None:
    page = visit(collection=boats.slug)
    del page.query_params[keys.COLLECTION]
    page.run()
    assert (folder(page), address(page)) == (str(boats.folder), boats.slug)


def test_nothing_of_the_former_collection_comes_along(visit: Visit, boats: Collection) -> None:
    page = visit()
    page.session_state[keys.TURNS] = [Turn("How much?", answer=ANSWER)]
    page.session_state[keys.KEPT] = Kept("0" * 32, ("1",))
    page.session_state[keys.CHOSEN] = Filter(format="md")
    page.session_state[keys.UNKEPT] = True
    page.query_params[keys.CONVERSATION] = "0" * 32
    edition = page.session_state.get(keys.EDITION, 0)
    page.selectbox[0].select(boats.slug).run()
    assert address(page, keys.CONVERSATION) == ""
    assert page.session_state[keys.CHOSEN] == Filter()
    assert page.session_state[keys.EDITION] == edition + 1
    for key in (keys.TURNS, keys.KEPT, keys.UNKEPT):
        assert not page.session_state.get(key, None)


def test_a_field_belongs_to_its_collection(visit: Visit, boats: Collection) -> None:
    page = visit("library")
    page.text_input(key=keys.FOLDER).set_value("/first").run()
    page.selectbox[0].select(boats.slug).run()
    assert page.text_input(key=f"{keys.FOLDER}-{boats.slug}").value == ""


# What is not there


@pytest.mark.parametrize("slug", ["nobody-0a1b2c3d", "../../etc", "' OR 1 --", "."])
def test_an_address_that_names_nothing_falls_back_with_a_notice(
    visit: Visit, home: Path, slug: str
) -> None:
    page = visit(collection=slug, conversation="0" * 32)
    assert (folder(page), address(page), address(page, keys.CONVERSATION)) == (str(home), "", "")
    assert "is no longer there" in shown(page)
    assert "is no longer there" not in shown(page.run())


def test_one_that_was_deleted_elsewhere_is_one_clear_line(
    visit: Visit, home: Path, boats: Collection
) -> None:
    page = visit(collection=boats.slug)
    page.session_state[keys.TURNS] = [Turn("Where are the skiffs?")]
    delete(boats)
    page.run()
    assert (folder(page), address(page)) == (str(home), "")
    assert "is no longer there" in shown(page)
    assert not page.session_state.get(keys.TURNS, None)
    assert not boats.folder.exists()


def test_what_was_sent_to_a_deleted_one_reaches_no_other(
    visit: Visit, home: Path, boats: Collection, docs: Path
) -> None:
    page = visit("library", collection=boats.slug)
    page.text_input(key=f"{keys.FOLDER}-{boats.slug}").set_value(str(docs))
    (add,) = [b for b in page.button if b.label == "Add to the library" and "folder" in b.form_id]
    delete(boats)
    add.click().run()
    assert "is no longer there" in shown(page)
    for ingestion in shared._ingestions.values():
        ingestion.wait()
    with closing(Catalog(home)) as catalog:
        assert catalog.entries() == []
    assert not boats.folder.exists()


# Two visitors


@pytest.fixture
def filled(home: Path, boats: Collection, tmp_path: Path, minilm: SentenceEmbedder) -> Collection:
    """A document in each of the two, with an answer to the same question."""
    for index, text in (
        (home, "The key of the shed hangs behind the clock.\n"),
        (boats.folder, "The key of the shed lies under the anchor.\n"),
    ):
        path = tmp_path / f"{index.name}.md"
        path.write_text(text)
        with closing(Index.open(index, embedder=minilm)) as opened:
            sync([path], opened, embedder=minilm)
    return boats


def test_two_visitors_see_documents_conversations_and_filters_of_their_own(
    visit: Visit, home: Path, filled: Collection
) -> None:
    first, second = visit("chat"), visit("chat", collection=filled.slug)
    for page in (first, second):
        page.chat_input[0].set_value("Where is the key of the shed?").run()
    assert "behind the clock" in shown(first) and "anchor" not in shown(first)
    assert "under the anchor" in shown(second) and "clock" not in shown(second)
    kept = address(first, keys.CONVERSATION), address(second, keys.CONVERSATION)
    assert "" not in kept and kept[0] != kept[1]
    for page, index in ((first, home), (second, filled.folder)):
        with closing(Conversations(index)) as file:
            (headline,) = file.listed()
            assert headline.id == address(page, keys.CONVERSATION)
    # The other's address says nothing in this collection.
    stranger = visit("chat", collection=filled.slug, conversation=kept[0])
    assert "no conversation at this address" in shown(stranger)
    assert "clock" not in shown(stranger)


def test_kept_conversations_are_listed_in_their_collection_alone(
    visit: Visit, boats: Collection
) -> None:
    with closing(Conversations.open(boats.folder)) as file:
        file.keep("", [KeptTurn("Where are the skiffs?", answer=ANSWER)])
    assert "skiffs" not in shown(visit("conversations"))
    assert "skiffs" in shown(visit("conversations", collection=boats.slug))


# Managing


def click(page: AppTest, label: str) -> AppTest:
    (button,) = [button for button in page.button if button.label == label]
    return button.click().run()


def name(page: AppTest, label: str, value: str) -> None:
    (field,) = [field for field in page.text_input if field.label == label]
    field.set_value(value)


def test_one_is_made_and_entered(visit: Visit, home: Path) -> None:
    page = visit("library")
    name(page, "Name of a new collection", "Tax papers")
    click(page, "Create collection")
    made = collections_of(home)[1]
    assert (made.name, address(page)) == ("Tax papers", made.slug)
    assert "This collection is empty" in shown(page)


def test_a_name_in_use_is_told_in_place(visit: Visit, home: Path, boats: Collection) -> None:
    page = visit("library")
    name(page, "Name of a new collection", "BOATS")
    click(page, "Create collection")
    assert "there is a collection &#x27;Boats&#x27; already" in shown(page)
    assert len(collections_of(home)) == 2


def test_one_is_renamed(visit: Visit, home: Path, boats: Collection) -> None:
    page = visit("library", collection=boats.slug)
    name(page, "Name of this collection", "Ships")
    click(page, "Rename collection")
    assert page.selectbox[0].options == ["My documents", "Ships"]
    assert (address(page), len(collections_of(home))) == (boats.slug, 2)


@pytest.fixture
def asked(visit: Visit, boats: Collection) -> AppTest:
    """The library of a collection that is about to be deleted."""
    page = visit("library", collection=boats.slug)
    return page.checkbox(key=f"{keys.COLLECTION_DELETION}-{boats.slug}").check().run()


def test_one_is_deleted_and_the_first_is_entered(home: Path, asked: AppTest) -> None:
    click(asked, "Delete for good")
    assert collections_of(home) == [Collection("My documents", home)]
    assert address(asked) == ""
    assert "The collection is deleted." in shown(asked)


def test_while_a_model_is_trained_on_it_nothing_is_deleted(
    home: Path, asked: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.jobs.training_job.TrainingJob.running", True)
    click(asked, "Delete for good")
    assert "is being trained" in shown(asked)
    assert len(collections_of(home)) == 2


def test_while_documents_are_added_nothing_is_deleted(
    home: Path, boats: Collection, asked: AppTest
) -> None:
    with writer_lock(boats.folder):
        click(asked, "Delete for good")
    assert "another process is writing" in shown(asked)
    assert boats in collections_of(home)


def test_only_those_beside_the_first_can_be_deleted(visit: Visit, boats: Collection) -> None:
    assert not visit("library").checkbox
    assert visit("library", collection=boats.slug).checkbox


def test_a_name_is_shown_as_text(visit: Visit, home: Path) -> None:
    made = create(home, "<b>bold</b> **stars**")
    page = visit("library", collection=made.slug)
    assert page.selectbox[0].options[1] == "<b>bold</b> **stars**"
    assert "<b>" not in shown(page)
