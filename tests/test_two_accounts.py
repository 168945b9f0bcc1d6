"""Two people with accounts at one server: on no page does one see anything of the other."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest.sync import sync
from rag_app.history.turns import KeptTurn
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.opening import settled
from rag_app.settings.provenance import Settings
from tests.accounts import PARTS, Visitor, everything, press, run, secrets_file, visit
from tests.fakes import a_hit
from tests.test_login_with_account import ADA, BOB
from tests.test_ui_components import an_answer
from ui.resources import shared
from ui.session import keys

MARK = "Zanzibar"  # in all that Ada writes, and in no document
PAGES = ("chat", "conversations", "library", "map", "workbench", "evaluation", "settings")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, minilm: SentenceEmbedder) -> Iterator[Path]:
    """The folder of an index with two documents."""
    home = tmp_path_factory.mktemp("two")
    (home / "berths.md").write_text("# What a berth costs\n\nA berth costs £120 a year.\n")
    (home / "wind.md").write_text("# How windy it may be\n\nNo canoes go out above force four.\n")
    opened = Index.open(home / "index", embedder=minilm)
    sync([home / "berths.md", home / "wind.md"], opened, embedder=minilm)
    opened.close()
    yield home / "index"
    st.cache_resource.clear()


@pytest.fixture
def somebody(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """The visitor of the server; both may do everything, so that every page has all it can."""
    monkeypatch.setenv("RAG_APP_INDEX", str(index))
    path = secrets_file(tmp_path, admins='["ada@example.org", "bob@example.net"]')
    return Visitor(monkeypatch, path)


def settings() -> Settings:
    return settled(Settings.load())


def leave_marks() -> str:
    """What Ada does on every page; the id of her conversation."""
    turn = KeptTurn(f"{MARK}?", answer=an_answer(a_hit(MARK)), verdict="up", reason=f"{MARK}!")
    id_ = shared.conversations(settings()).keep("", [turn])
    asked = json.dumps({"question": f"Where is {MARK}?", "answer": MARK, "source": "berths.md"})
    page = visit("evaluation")
    page.selectbox(key=keys.QUESTION_SET).set_value("A file").run()
    upload = page.file_uploader(key=keys.QUESTIONS_FILE)
    upload.upload(f"{MARK}.jsonl", asked.encode(), "application/json").run()
    press(page, "Ask the questions")
    shared.evaluation(settings()).wait()
    write(visit("map"), "text_input", keys.PIN)
    write(visit("workbench"), "text_area", keys.TEXT)
    write(visit("workbench", part="similarity"), "text_area", keys.TEXTS)
    write(visit("workbench", part="matches"), "text_input", keys.LATE_ASKED)
    write(visit("conversations"), "text_input", keys.WANTED)
    return id_


def write(page: AppTest, kind: str, key: str) -> None:
    getattr(page, kind)(key=key).set_value(MARK)
    run(page)


@pytest.fixture
def hers(somebody: Visitor) -> Iterator[str]:
    """The id of Ada's conversation, once she has been everywhere."""
    somebody.be(ADA)
    yield leave_marks()
    somebody.be(ADA)
    for headline in shared.conversations(settings()).listed():
        shared.conversations(settings()).delete(headline.id)
    shared._evaluation.clear()


def test_nobody_sees_anything_of_another_on_any_page(somebody: Visitor, hers: str) -> None:
    somebody.be(ADA)
    # What she left is there; else it would be no wonder that nobody else sees it.
    assert {name for name in PAGES if MARK in everything(visit(name))} == {
        "conversations",
        "evaluation",
    }
    assert MARK in everything(visit("chat", **{keys.CONVERSATION: hers}))
    somebody.be(BOB)
    assert MARK not in everything(visit("chat", **{keys.CONVERSATION: hers}))
    for name in PAGES:
        for part in PARTS if name == "workbench" else PARTS[:1]:
            assert MARK not in everything(visit(name, part=part)), (name, part)


def test_nothing_of_another_is_found_exported_or_counted(somebody: Visitor, hers: str) -> None:
    somebody.be(BOB)
    his = shared.conversations(settings())
    assert (his.count(), his.count_judged(), his.judged(), his.listed(MARK)) == (0, 0, "", [])
    evaluation = shared.evaluation(settings())
    assert (evaluation.name, evaluation.report, evaluation.total) == ("", None, 0)
    page = visit("evaluation")
    assert "Thumbs up and down" not in page.selectbox(key=keys.QUESTION_SET).options
    assert not page.get("download_button")


def test_one_evaluates_while_the_other_does(somebody: Visitor) -> None:
    found = []
    for who in (ADA, BOB):
        somebody.be(who)
        found.append(shared.evaluation(settings()))
        assert shared.evaluation(settings()) is found[-1]
    assert found[0] is not found[1]
