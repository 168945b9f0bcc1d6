"""A visitor's conversation, its address and the file that keeps it, without a browser."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_app.history.conversations import FILE, Conversations
from rag_app.history.turns import KeptTurn, new_id
from rag_app.settings.provenance import Settings
from tests.fakes import a_hit
from tests.test_ui_components import an_answer
from ui.resources.filters import Filter
from ui.session import keys, state
from ui.session.state import Kept, Notice, Turn

ANSWER = an_answer(a_hit("A berth costs £120 a year."))


def chat(settings: "Settings") -> None:
    """What the chat page does around its answers."""
    from ui.session import saved_conversation

    saved_conversation.follow(settings)
    saved_conversation.keep(settings)


Visit = Callable[..., AppTest]


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    """Runs the page of a visitor with this address and conversation."""

    def run(*turns: Turn, id_: str = "", kept: Kept | None = None) -> AppTest:
        page = AppTest.from_function(chat, args=(Settings(index=tmp_path),), default_timeout=30)
        if id_:
            page.query_params[keys.CONVERSATION] = id_
        page.session_state[keys.TURNS] = list(turns)
        page.session_state[keys.KEPT] = kept or Kept()
        return page.run()

    return run


def address(page: AppTest) -> str:
    return "".join(page.query_params.get(keys.CONVERSATION, []))


def told(page: AppTest) -> str:
    found: Notice | None = page.session_state.get(keys.NOTICE, None)
    return found.message if found else ""


def test_a_visitor_without_an_id_gets_one_with_the_first_answer(visit: Visit) -> None:
    assert address(visit(Turn("How much?"))) == ""
    page = visit(Turn("How much?", answer=ANSWER))
    assert address(page) == page.session_state[keys.KEPT].id != ""


def test_the_address_opens_all_of_a_conversation(visit: Visit) -> None:
    filter_ = Filter(format="md", words="md")
    turn = Turn("How much?", filter_, answer=ANSWER, verdict="up", reason="right")
    id_ = address(visit(turn, Turn("And who?", error="Failed.")))
    page = visit(id_=id_)
    first, second = page.session_state[keys.TURNS]
    assert (first, first.filter.words) == (turn, "md")
    assert second.error == "Failed."
    assert told(page) == ""


NOWHERE = "b8facdf77d8c4b3597ccb096536ee969"


@pytest.mark.parametrize("id_", [NOWHERE, "../../etc/passwd", "' OR 1 --"])
def test_an_address_that_names_nothing_begins_anew(visit: Visit, id_: str) -> None:
    page = visit(id_=id_)
    assert (address(page), page.session_state[keys.TURNS]) == ("", [])
    assert "no conversation at this address" in told(page)


def test_an_address_that_another_page_has_lost_comes_back(visit: Visit) -> None:
    kept = Kept(new_id(), ())
    assert address(visit(kept=kept)) == kept.id


def test_a_conversation_that_went_on_elsewhere_parts(visit: Visit, tmp_path: Path) -> None:
    first, here = Turn("How much?", answer=ANSWER), Turn("And who?", answer=ANSWER)
    id_ = address(visit(first))
    with closing(Conversations(tmp_path)) as file:
        there = [*file.turns(id_), KeptTurn("Where?")]
        file.keep(id_, there, known=[first.id])
    page = visit(first, here, id_=id_, kept=Kept(id_, (first.id,)))
    assert address(page) not in {"", id_}
    assert "changed elsewhere" in told(page)


def test_where_nothing_can_be_kept_the_chat_goes_on_and_says_so_once(
    visit: Visit, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        file.execute("PRAGMA user_version = 99")
    page = visit(Turn("How much?", answer=ANSWER), id_=new_id())
    assert not page.exception
    assert address(page) == ""
    assert "is not kept" in told(page)
    del page.session_state[keys.NOTICE]
    page.run()
    assert told(page) == ""
    assert len(page.session_state[keys.TURNS]) == 1


def test_asking_again_drops_what_followed() -> None:
    def script() -> None:
        import streamlit as st

        from ui.session import keys, state

        state.ask_again(st.session_state[keys.TURNS][1], "  Second, in other words ")

    page = AppTest.from_function(script)
    filter_ = Filter(format="md")
    page.session_state[keys.TURNS] = [Turn("First"), Turn("Second", filter_), Turn("Third")]
    page.run()
    first, second = page.session_state[keys.TURNS]
    assert (first.question, second.question) == ("First", "Second, in other words")
    assert (second.filter, second.waits) == (filter_, True)


def test_a_stopped_answer_leaves_its_quotes_and_a_finished_one_stays() -> None:
    written, done = Turn("How much?", quoted=ANSWER), Turn("How much?", answer=ANSWER)
    for turn in (written, done):
        state.stop(turn)
    assert written.answer == replace(ANSWER, note="Stopped: quoting instead.")
    assert done.answer == ANSWER
