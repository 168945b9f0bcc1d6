"""The settings page, without a browser: what it saves, refuses, and says of each value."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from streamlit.testing.v1 import AppTest

from rag_app.models.modules import Kind
from rag_app.settings.provenance import Settings, change_setting
from rag_app.settings.settings_files import own_settings_file
from tests.test_ui_training import Program
from ui.components.setting_fields import (
    answer_fields,
    finding_fields,
    language_fields,
    speed_fields,
)
from ui.jobs.model_pull import ModelPull
from ui.resources import shared
from ui.session import keys
from ui.views import model_list as pulling_view

FIELDS = (*answer_fields(), *finding_fields(), *speed_fields(), *language_fields())


def script() -> None:
    import streamlit as st

    from rag_app.settings.provenance import Settings
    from ui.views import settings

    bench = st.Page(lambda: None, title="Workbench", url_path="workbench")
    page = st.Page(
        lambda: settings.render(Settings.load(), workbench=bench), title="Settings", default=True
    )
    st.navigation([page, bench], position="hidden").run()


def translated_script() -> None:
    """The same, in the language that is set."""
    import streamlit as st

    from rag_app.settings.provenance import Settings
    from ui.languages.language import choose_language
    from ui.views import settings

    present = Settings.load()
    choose_language(present.language, None)
    bench = st.Page(lambda: None, title="Workbench", url_path="workbench")
    page = st.Page(
        lambda: settings.render(present, workbench=bench), title="Settings", default=True
    )
    st.navigation([page, bench], position="hidden").run()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an index that need not be there."""
    monkeypatch.setenv("RAG_APP_INDEX", str(tmp_path / "index"))
    return tmp_path / "index"


@pytest.fixture
def page(index: Path) -> Iterator[AppTest]:
    """The page, drawn once."""
    opened = AppTest.from_function(script, default_timeout=60).run()
    assert not opened.exception
    yield opened
    assert not opened.exception


def key(name: str) -> str:
    return f"{keys.SETTING}-{name}"


def html(page: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in page.get("html"))


def errors(page: AppTest) -> list[str]:
    return [line for line in html(page).splitlines() if "notice error" in line]


def test_every_field_says_what_it_does_and_has_a_control(page: AppTest) -> None:
    captions = {caption.value for caption in page.caption}
    for field in FIELDS:
        assert field.about in captions
        assert key(field.name) in page.session_state


def test_a_change_is_saved_at_once_and_shown_to_everybody(page: AppTest, index: Path) -> None:
    page.number_input(key("k")).set_value(8).run()
    assert Settings.load().k == 8
    assert page.number_input(key("k")).value == 8
    assert "Set for this library." in html(page)
    other = AppTest.from_function(script, default_timeout=60).run()
    assert other.number_input(key("k")).value == 8


def test_each_kind_of_control_saves_its_value(page: AppTest, index: Path) -> None:
    page.toggle(key("strict")).set_value(True).run()
    page.slider(key("dense_weight")).set_value(0.3).run()
    page.select_slider(key("min_confidence")).set_value(0.2).run()
    page.selectbox(key("language")).set_value("de").run()
    page.text_input(key("generator_url")).set_value(" http://127.0.0.1:1/v1 ").run()
    present = Settings.load()
    assert (present.strict, present.dense_weight, present.min_confidence) == (True, 0.3, 0.2)
    assert (present.language, present.generator_url) == ("de", "http://127.0.0.1:1/v1")


def test_a_setting_is_set_back(page: AppTest, index: Path) -> None:
    page.number_input(key("k")).set_value(8).run()
    page.button(f"{keys.SET_BACK}-k").click().run()
    assert Settings.load().k == page.number_input(key("k")).value == 5
    assert own_settings_file(index).read_text() == ""


def test_what_is_not_set_here_has_nothing_to_set_back(page: AppTest) -> None:
    assert [b.label for b in page.button if b.label.startswith("Set back")] == []


def test_a_wrong_value_is_answered_beside_its_field_and_changes_nothing(
    page: AppTest, index: Path
) -> None:
    page.text_input(key("generator_url")).set_value("nonsense").run()
    (error,) = errors(page)
    assert "generator_url=&#x27;nonsense&#x27; is out of range" in error
    assert page.text_input(key("generator_url")).value == ""
    assert Settings.load() == Settings(index=index)
    page.run()
    assert errors(page) == []


def test_what_a_variable_fixes_can_only_be_looked_at(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_APP_K", "9")
    page = AppTest.from_function(script, default_timeout=60).run()
    box = page.number_input(key("k"))
    assert (box.value, box.disabled) == (9, True)
    assert "unset the environment variable RAG_APP_K" in html(page)
    assert not page.number_input(key("threads")).disabled


def test_a_value_of_the_users_file_names_the_file(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("k = 7\nmin_confidence = 0.17\nlanguage = 'fr'")
    monkeypatch.setenv("RAG_APP_CONFIG", str(tmp_path / "config.toml"))
    page = AppTest.from_function(script, default_timeout=60).run()
    assert page.number_input(key("k")).value == 7
    assert page.select_slider(key("min_confidence")).value == 0.17
    assert page.selectbox(key("language")).value == "fr"
    assert f"From your settings file {tmp_path / 'config.toml'}" in html(page)


def test_passwords_are_not_shown(index: Path) -> None:
    change_setting("generator_url", "http://me:secret@127.0.0.1:1/v1", index=index)
    page = AppTest.from_function(script, default_timeout=60).run()
    assert page.text_input(key("generator_url")).value == "http://…@127.0.0.1:1/v1"


# The language model


def test_without_a_language_model_the_page_says_what_follows(page: AppTest) -> None:
    assert "not on this machine, so answers are quoted" in html(page)
    page.selectbox(key("answer")).set_value("generate").run()
    assert "get it below, or answer in another way" in html(page)
    page.selectbox(key("answer")).set_value("read").run()
    assert "not on this machine" not in html(page)


def test_a_model_that_is_here_needs_no_remark(index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "writer"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"0" * 2_000_000)
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    change_setting("generator", str(folder), index=index)
    page = AppTest.from_function(script, default_timeout=60).run()
    assert "not on this machine" not in html(page)
    assert '<th scope="row">' + str(folder) + "</th><td>language model</td><td>2 MB</td>" in html(
        page
    )


@pytest.mark.parametrize(
    ("generator", "url", "where"),
    [("some", "http://example.org/v1", "example.org"), ("openai:some", "", "openai")],
)
def test_who_sees_the_questions_is_told(index: Path, generator: str, url: str, where: str) -> None:
    change_setting("generator", generator, index=index)
    change_setting("generator_url", url, index=index)
    page = AppTest.from_function(script, default_timeout=60).run()
    assert f"Questions and the passages found for them are sent to {where}" in html(page)


def test_a_broken_index_does_not_hide_the_page(index: Path) -> None:
    index.mkdir()
    (index / "catalog.sqlite").write_bytes(b"no database " * 1_000)
    page = AppTest.from_function(script, default_timeout=60).run()
    assert not page.exception
    assert page.number_input(key("k")).value == 5


# Getting a model


def test_a_model_is_asked_for_and_what_went_wrong_is_told(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program("import sys; sys.exit('error: no hub can be reached')")
    pulling = ModelPull(start=program)
    monkeypatch.setattr(shared, "pulling", lambda: pulling)
    page = AppTest.from_function(script, default_timeout=60).run()
    page.text_input(keys.PULL).set_value(" somebody/something ")
    next(button for button in page.button if button.label == "Get the model").click().run()
    pulling.wait()
    assert program.commands[0][-1] == "somebody/something"
    page.run()
    assert "no hub can be reached" in errors(page)[0]


def test_while_a_model_is_on_its_way_it_can_be_cancelled(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulling = ModelPull(start=Program("import time; time.sleep(60)"))
    pulling.start("somebody/something")
    monkeypatch.setattr(shared, "pulling", lambda: pulling)
    page = AppTest.from_function(script, default_timeout=60).run()
    assert "Get the model" not in {button.label for button in page.button}
    next(button for button in page.button if button.label == "Cancel").click().run()
    pulling.wait()
    assert "Cancelled." in html(page.run())


# Languages


def words(page: AppTest) -> set[str]:
    """All that is said on the page, but for options, what is typed in, and the models' names."""
    widgets = (
        *page.button,
        *page.number_input,
        *page.select_slider,
        *page.selectbox,
        *page.slider,
        *page.text_input,
        *page.toggle,
    )
    said = {widget.label for widget in widgets} | {
        text.value for text in (*page.caption, *page.header)
    }
    (theme,) = page.get("bidi_component")
    said |= {*json.loads(theme.proto.json).values()}
    said |= {link.proto.label for link in page.get("page_link")}
    rest = re.sub(r'<tr><th scope="row">.*?</tr>', "", html(page))
    return said | {line for line in re.split(r"<[^>]*>|\n", rest) if line.strip()}


def test_the_page_speaks_german(page: AppTest, index: Path) -> None:
    change_setting("k", 8, index=index)
    english = words(page.run())
    change_setting("language", "de", index=index)
    german = AppTest.from_function(translated_script, default_timeout=60).run()
    assert not german.exception
    own = words(german)
    assert {"Einstellungen", "Zurücksetzen: Textstellen für eine Antwort", "Hell"} <= own
    assert own & english == set()
    assert "<td>Einbettungsmodell</td>" in html(german)
    assert german.selectbox(key("answer")).options[1] == "Nur zitieren"
    assert german.select_slider(key("min_confidence")).options[1] == "0,05 (kühn)"


def test_what_is_set_is_the_same_in_every_language(index: Path) -> None:
    change_setting("language", "de", index=index)
    page = AppTest.from_function(translated_script, default_timeout=60).run()
    page.selectbox(key("answer")).set_value("read").run()
    page.selectbox(key("language")).set_value("en").run()
    assert (Settings.load().answer, Settings.load().language) == ("read", "en")
    assert page.selectbox(key("answer")).label == "How to answer"
    assert page.selectbox(key("answer")).value == "read"


def test_each_language_is_offered_by_its_own_name(page: AppTest) -> None:
    assert page.selectbox(key("language")).options == ["Automatic", "Deutsch", "English"]


def test_each_kind_of_model_has_a_name() -> None:
    assert set(pulling_view.kinds()) == set(get_args(Kind))
