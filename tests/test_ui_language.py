"""The pages in other languages than English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_from_dir
from babel.messages.pofile import read_po
from streamlit.testing.v1 import AppTest

from rag_app.errors import ConfigError
from ui.languages.language import choose_language, gettext, language, languages, preferred, speaking

_UI = Path(__file__).parent.parent / "ui"
_TRANSLATED = sorted((_UI / "languages").glob("*.po"))


def _words_of_pages() -> set[str | tuple[str, ...]]:
    return {message for _, _, message, _, _ in extract_from_dir(_UI)}


def _catalog(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


@pytest.mark.parametrize("path", _TRANSLATED, ids=lambda path: path.stem)
def test_a_language_says_all_that_the_pages_say_and_nothing_else(path: Path) -> None:
    catalog = _catalog(path)
    assert {message.id for message in catalog if message.id} == _words_of_pages()
    silent = [m.id for m in catalog if m.id and not all(_strings(m.string))]
    assert silent == []


@pytest.mark.parametrize("path", _TRANSLATED, ids=lambda path: path.stem)
def test_a_translation_has_the_places_of_its_message(path: Path) -> None:
    for message in _catalog(path):
        if message.id:
            wanted = {place for text in _strings(message.id)[-1:] for place in _places(text)}
            for text in _strings(message.string):
                assert _places(text) == wanted, message.id


def _strings(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _places(text: str) -> set[str]:
    return set(re.findall(r"\{\w*\}", text))


@pytest.mark.parametrize("path", sorted(_UI.rglob("*.py")), ids=lambda path: path.stem)
def test_messages_are_written_where_they_are_collected_from(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wanted = {message for call in _calls(tree) for message in call}
    with path.open("rb") as file:
        collected = {words for _, words, _, _ in extract("python", file)}
    assert wanted == {text for words in collected for text in _strings(words)}


def _calls(tree: ast.Module) -> Iterator[tuple[object, ...]]:
    """The messages of each call, which must be literals."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            count = {"gettext": 1, "ngettext": 2}.get(node.func.id, 0)
            yield tuple(ast.literal_eval(argument) for argument in node.args[:count])


def test_english_is_a_language_and_each_is_called_by_its_own_name() -> None:
    assert languages()["en"] == "English"
    assert languages()["de"] == "Deutsch"


def test_a_language_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="use auto, de, en"):
        choose_language("xx", None)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("de", "de"),
        ("DE-at,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("en;q=0.5, fr, de; q=0.7", "de"),
        ("de;q=0, *", "en"),
        ("fr,xx;q=nan;q=9", "en"),
        ("", "en"),
    ],
)
def test_a_browser_is_answered_in_the_first_language_there_is(header: str, code: str) -> None:
    assert preferred(header) == code


def test_outside_of_pages_a_language_is_spoken_for_a_while() -> None:
    with speaking("de"):
        assert (language(), gettext("Copy")) == ("de", "Kopieren")
    assert (language(), gettext("Copy")) == ("en", "Copy")


def _page(setting: str, browser: str | None) -> None:
    from datetime import datetime

    import streamlit as st

    from ui.languages.language import choose_language, day, figure, language, number, percent

    choose_language(setting, browser)
    st.text(f"{language()}|{number(12345)}|{percent(0.68)}|{day(datetime(2026, 3, 3))}")
    st.text(figure("1,234.50 MB"))


@pytest.mark.parametrize(
    ("setting", "browser", "shown"),
    [
        ("auto", "de-AT", "de|12.345|68\xa0%|3. März 2026"),
        ("auto", "fr", "en|12,345|68%|3 March 2026"),
        ("auto", None, "en|12,345|68%|3 March 2026"),
        ("en", "de", "en|12,345|68%|3 March 2026"),
        ("de", "en", "de|12.345|68\xa0%|3. März 2026"),
    ],
)
def test_the_setting_comes_before_the_browser(setting: str, browser: str, shown: str) -> None:
    page = AppTest.from_function(_page, args=(setting, browser)).run()
    assert page.text[0].value == shown
    assert page.text[1].value == ("1.234,50 MB" if shown.startswith("de") else "1,234.50 MB")
