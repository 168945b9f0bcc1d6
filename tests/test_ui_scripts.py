"""Copying in one click where the browser allows it, in two elsewhere."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from tests.fakes import a_hit
from tests.test_ui_components import an_answer
from ui.session import keys
from ui.session.state import Turn
from ui.views import scripts

TURN = Turn("How much?", answer=an_answer(a_hit("A berth costs £120 a year.")))
TEXT = "A berth costs £120 a year. [1]\n\n[1] notes.md"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("http://127.0.0.1:8501/", True),
        ("http://localhost:8501/chat", True),
        ("http://[::1]:8501/", True),
        ("https://yard.example/", True),
        ("http://192.168.1.7:8501/", False),
        ("http://yard.example/", False),
        ("", False),
        (None, False),
    ],
)
def test_browsers_let_pages_copy_on_this_machine_and_where_nobody_listens(
    address: str | None, allowed: bool
) -> None:
    assert scripts.may_copy(address) is allowed


def buttons() -> None:
    """Those under the answer."""
    from rag_app.settings.provenance import Settings
    from ui.session import state
    from ui.views import answer_actions

    answer_actions.render(Settings(), state.turns()[0])


def shown() -> AppTest:
    page = AppTest.from_function(buttons, default_timeout=60)
    page.session_state[keys.TURNS] = [TURN]
    page.run()
    assert not page.exception
    return page


def test_where_the_browser_does_not_allow_it_the_text_is_shown_to_be_copied() -> None:
    assert [code.value for code in shown().code] == [TEXT]


def test_where_the_browser_allows_it_a_button_has_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "may_copy", lambda address: True)
    page = shown()
    assert not page.code
    (button,) = page.get("bidi_component")
    assert json.loads(button.proto.json)["text"] == TEXT
