"""The chat in the language of the settings or of the browser; documents stay in their own."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from shutil import copytree

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rag_app.retrieval.question_length import LONGEST_QUESTION
from tests.conftest import ROOT

QUESTION = "How many coats of varnish does a brand new spar get?"
QUOTE = "Seven coats are the yard standard for a new spar"
NAVIGATION = [
    "Chat",
    "Unterhaltungen",
    "Bibliothek",
    "Karte",
    "Werkbank",
    "Prüfung",
    "Einstellungen",
]
ENGLISH = ["Chat", "Conversations", "Library", "Map", "Workbench", "Evaluation", "Settings"]


@pytest.fixture
def index(samples_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The samples, in a folder where the conversation may be kept."""
    folder = copytree(samples_index, tmp_path / "index")
    monkeypatch.setenv("RAG_APP_INDEX", str(folder))
    monkeypatch.setenv("RAG_APP_ANSWER", "read")
    yield folder
    st.cache_resource.clear()


def visited(browser: str | None = None) -> AppTest:
    """The chat as a browser of that language shows it."""
    page = AppTest.from_file(ROOT / "ui" / "app.py", default_timeout=120)
    page.context["locale"] = browser
    page.run()
    assert not page.exception
    return page


def named(page: AppTest) -> list[str]:
    """The names in the navigation."""
    return [link.label for link in page.get("page_link")]


def shown(page: AppTest) -> str:
    """What a browser shows of our HTML."""
    html = "\n".join(str(element.proto.body) for element in page.get("html"))
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_a_question_is_answered_in_german_with_the_quote_as_it_is(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_APP_LANGUAGE", "de")
    page = visited("en-GB")
    assert named(page) == NAVIGATION
    assert "Dokumente, " in shown(page)
    (script,) = page.get("bidi_component")
    assert json.loads(script.proto.json) == {"language": "de"}
    page.chat_input[0].set_value(QUESTION).run()
    assert not page.exception
    told = shown(page)
    assert QUOTE in told
    assert "Gut belegt. Geschätzte Wahrscheinlichkeit, dass die Dokumente" in told
    assert page.chat_input[0].placeholder == "Eine Frage stellen"
    assert page.chat_input[0].proto.max_chars == LONGEST_QUESTION
    assert "Im Dokument zeigen *zu Quelle 1*" in [button.label for button in page.button]
    assert "Warum diese Textstellen" in [panel.label for panel in page.expander]


@pytest.mark.parametrize(
    ("browser", "names"),
    [("de-AT", NAVIGATION), ("xx-XX", ENGLISH), (None, ENGLISH)],
)
@pytest.mark.usefixtures("index")
def test_the_browser_chooses_the_language_where_there_is_that(
    browser: str | None, names: list[str]
) -> None:
    assert named(visited(browser)) == names
