"""Where a setting's value comes from, and what a wrong one is answered with."""

import re
from dataclasses import fields, replace
from pathlib import Path
from threading import Thread

import pytest

from rag_app.errors import ConfigError
from rag_app.settings.provenance import (
    Settings,
    change_setting,
    default_index,
    named_index,
    resolve,
)
from rag_app.settings.settings_files import settings_file
from tests.privileges import open_folder, without_privileges


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file, empty; tests write into it."""
    path = tmp_path / "config.toml"
    path.touch()
    monkeypatch.setenv("RAG_APP_CONFIG", str(path))
    return path


def test_nothing_given_means_the_defaults() -> None:
    assert Settings.load() == Settings()


def test_the_default_index_lies_in_the_users_data_folder(tmp_path: Path) -> None:
    assert Settings().index == default_index()
    assert default_index().is_relative_to(tmp_path)


def test_the_file_beats_the_default(config: Path) -> None:
    config.write_text("k = 7")
    assert Settings.load().k == 7


def test_a_variable_beats_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("k = 7")
    monkeypatch.setenv("RAG_APP_K", "8")
    assert Settings.load().k == 8


def test_a_flag_beats_the_variable(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("k = 7")
    monkeypatch.setenv("RAG_APP_K", "8")
    assert Settings.load(k=9).k == 9


def test_a_flag_that_is_none_was_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_APP_K", "8")
    assert Settings.load(k=None).k == 8


def test_an_empty_variable_was_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_APP_INDEX", "")
    monkeypatch.setenv("RAG_APP_K", "")
    assert Settings.load() == Settings()


def test_each_value_tells_its_origin(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("dense_weight = 0.5")
    monkeypatch.setenv("RAG_APP_SEED", "3")
    resolved = resolve(k=9)
    assert resolved["k"] == (9, "flag")
    assert resolved["seed"] == (3, "RAG_APP_SEED")
    assert resolved["dense_weight"] == (0.5, str(config))
    assert resolved["threads"] == (0, "default")


def test_every_setting_is_resolved() -> None:
    assert list(resolve()) == [field.name for field in fields(Settings)]


def test_the_working_folder_can_be_the_index() -> None:
    assert Settings.load(index=".").index == Path()


def test_a_tilde_means_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RAG_APP_INDEX", "~/notes")
    assert Settings.load().index == tmp_path / "notes"


def test_settings_are_json_values() -> None:
    assert Settings(index=Path("here")).as_dict()["index"] == "here"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("k", 0, "1 or more"),
        ("chunk_tokens", 15, "16 or more"),
        ("candidates", 0, "1 or more"),
        ("reranked", 0, "1 or more"),
        ("dense_weight", 1.1, "0 to 1"),
        ("min_confidence", -0.1, "0 to 1"),
        ("max_new_tokens", 0, "1 or more"),
        ("temperature", -1.0, "0 or more"),
        ("threads", -1, "0 or more"),
        ("upload_mebibytes", 0, "1 or more"),
        ("answer", "guess", "auto, read or generate"),
        ("language", "german", "auto or two letters"),
        ("language", "de\n", "auto or two letters"),
        ("generator_url", "127.0.0.1:11434", "http://HOST:PORT/v1"),
        ("generator_url", "file:///etc/passwd", "http://HOST:PORT/v1"),
        ("generator_url", "http://[", "http://HOST:PORT/v1"),
    ],
)
def test_a_value_out_of_range_is_named_with_the_range(
    name: str, value: object, allowed: str
) -> None:
    told = re.escape(f"{name}={value!r} is out of range; use {allowed}")
    with pytest.raises(ConfigError, match=told):
        replace(Settings(), **{name: value})  # type: ignore[arg-type]


def test_a_variable_of_the_wrong_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_APP_K", "many")
    with pytest.raises(ConfigError, match="RAG_APP_K='many' is not a valid int"):
        Settings.load()


@pytest.mark.parametrize("value", ["5.5", "true", "[1]", "2020-01-01"])
def test_a_value_of_the_wrong_kind_in_the_file_is_named(config: Path, value: str) -> None:
    config.write_text(f"k = {value}")
    with pytest.raises(ConfigError, match=r"config\.toml: k=.* is not a valid int"):
        Settings.load()


def test_an_unknown_name_in_the_file_is_answered_with_the_known_ones(config: Path) -> None:
    config.write_text("kk = 7")
    with pytest.raises(
        ConfigError,
        match="unknown setting 'kk'; use index, embedder, embedder_dimensions, generator",
    ):
        Settings.load()


def test_an_unknown_flag_is_not_ignored() -> None:
    with pytest.raises(ConfigError, match="unknown setting 'answr'"):
        Settings.load(answr="read")


def test_a_file_that_is_no_toml_is_named(config: Path) -> None:
    config.write_text("k 7")
    with pytest.raises(ConfigError, match=r"config\.toml is not valid TOML"):
        Settings.load()


def test_a_folder_in_place_of_the_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_APP_CONFIG", str(tmp_path))
    with pytest.raises(ConfigError, match="cannot be read"):
        Settings.load()


def test_without_a_variable_the_file_lies_in_the_users_config_folder(tmp_path: Path) -> None:
    assert settings_file().name == "config.toml"
    assert settings_file().is_relative_to(tmp_path)


def test_a_value_out_of_range_is_named_with_where_it_was_given(config: Path) -> None:
    config.write_text("k = 0")
    with pytest.raises(ConfigError, match=r"config\.toml: k=0 is out of range"):
        Settings.load()


# True or false


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("TRUE", True), ("1", True), ("false", False), ("False", False), ("0", False)],
)
def test_a_variable_says_true_or_false(
    monkeypatch: pytest.MonkeyPatch, text: str, value: bool
) -> None:
    monkeypatch.setenv("RAG_APP_STRICT", text)
    assert Settings.load().strict is value


def test_a_file_says_true_or_false(config: Path) -> None:
    config.write_text("strict = true")
    assert Settings.load().strict is True
    config.write_text("strict = false")
    assert Settings.load().strict is False


@pytest.mark.parametrize("value", ['"yes"', "2", "1.0", "[]"])
def test_anything_else_is_neither_true_nor_false(config: Path, value: str) -> None:
    config.write_text(f"strict = {value}")
    with pytest.raises(ConfigError, match=r"config\.toml: strict=.* is not a valid bool"):
        Settings.load()


# The settings of an index


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The settings file of an index, empty."""
    path = tmp_path / "index" / "settings.toml"
    path.parent.mkdir()
    path.touch()
    return path


def test_the_file_of_the_index_beats_the_users(config: Path, own: Path) -> None:
    config.write_text("k = 7\ndiversity = 0.2")
    own.write_text("k = 8")
    resolved = resolve(index=own.parent)
    assert resolved["k"] == (8, str(own))
    assert resolved["diversity"] == (0.2, str(config))


def test_variables_and_flags_beat_the_file_of_the_index(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write_text("k = 8\nseed = 1")
    monkeypatch.setenv("RAG_APP_K", "9")
    resolved = resolve(index=own.parent, seed=2)
    assert (resolved["k"], resolved["seed"]) == ((9, "RAG_APP_K"), (2, "flag"))


def test_the_index_is_the_one_that_file_variable_or_flag_name(
    config: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write_text("k = 8")
    config.write_text(f"index = {str(own.parent)!r}")
    assert Settings.load().k == 8
    monkeypatch.setenv("RAG_APP_INDEX", str(own.parent.parent))
    assert Settings.load().k == 5
    assert Settings.load(index=own.parent).k == 8


def test_an_index_does_not_name_another(own: Path) -> None:
    own.write_text("index = 'elsewhere'")
    with pytest.raises(ConfigError, match=r"settings\.toml: index cannot be set here"):
        Settings.load(index=own.parent)


def test_a_changed_setting_counts_at_once_and_can_be_set_back(config: Path, own: Path) -> None:
    config.write_text("k = 7")
    assert change_setting("k", 8, index=own.parent) == own
    assert resolve(index=own.parent)["k"] == (8, str(own))
    change_setting("k", None, index=own.parent)
    assert resolve(index=own.parent)["k"] == (7, str(config))


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("k", "8", 8),
        ("dense_weight", "0.25", 0.25),
        ("strict", "true", True),
        ("strict", True, True),
        ("generator", 'a "strange"\nname', 'a "strange"\nname'),
        ("reranker", "", ""),
    ],
)
def test_values_of_all_kinds_are_kept(own: Path, name: str, value: object, found: object) -> None:
    change_setting(name, value, index=own.parent)
    assert resolve(index=own.parent)[name] == (found, str(own))


def test_a_change_leaves_comments_and_order(own: Path) -> None:
    own.write_text("# mine\nseed = 3\nk = 8 # eight\n")
    change_setting("k", 9, index=own.parent)
    change_setting("strict", True, index=own.parent)
    change_setting("seed", None, index=own.parent)
    assert own.read_text() == "# mine\nk = 9 # eight\nstrict = true\n"


def test_the_folder_is_made_for_its_settings_but_not_to_set_one_back(tmp_path: Path) -> None:
    index = tmp_path / "new" / "index"
    change_setting("chunk_tokens", None, index=index)
    assert not index.parent.exists()
    change_setting("chunk_tokens", 300, index=index)
    assert Settings.load(index=index).chunk_tokens == 300


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("k", 0, "^k=0 is out of range; use 1 or more"),
        ("k", 5.5, "^k=5.5 is not a valid int"),
        ("k", True, "^k=True is not a valid int"),
        ("k", "many", "^k='many' is not a valid int"),
        ("strict", "perhaps", "^strict='perhaps' is not a valid bool"),
        ("kk", 1, "unknown setting 'kk'"),
        ("index", "elsewhere", "index cannot be set here"),
        ("generator_context", 400, "generator_context=400 .* more than max_new_tokens=400"),
    ],
)
def test_a_wrong_value_is_never_written(own: Path, name: str, value: object, told: str) -> None:
    own.write_text("seed = 3\n")
    with pytest.raises(ConfigError, match=told):
        change_setting(name, value, index=own.parent)
    assert own.read_text() == "seed = 3\n"


def test_what_was_right_only_with_another_setting_is_not_taken_from_it(own: Path) -> None:
    change_setting("generator_context", 9_000, index=own.parent)
    change_setting("max_new_tokens", 5_000, index=own.parent)
    with pytest.raises(ConfigError, match="generator_context=4096"):
        change_setting("generator_context", None, index=own.parent)
    assert Settings.load(index=own.parent).generator_context == 9_000


def test_a_variable_does_not_hide_what_is_wrong_without_it(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_APP_MAX_NEW_TOKENS", "100")
    with pytest.raises(ConfigError, match="generator_context=300"):
        change_setting("generator_context", 300, index=own.parent)


def test_what_somebody_wrote_wrongly_can_be_set_back(own: Path) -> None:
    own.write_text("k = 0")
    assert named_index(own.parent) == own.parent
    change_setting("k", None, index=own.parent)
    assert Settings.load(index=own.parent).k == 5


def test_changes_made_at_the_same_time_are_all_kept(own: Path) -> None:
    changes = {"k": 8, "seed": 3, "threads": 2, "reranked": 9, "candidates": 50, "strict": True}
    threads = [
        Thread(target=change_setting, args=change, kwargs={"index": own.parent})
        for change in changes.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    resolved = resolve(index=own.parent)
    assert {name: resolved[name].value for name in changes} == changes


def test_a_folder_that_cannot_be_written_to_is_named() -> None:
    with (
        open_folder() as folder,
        without_privileges(),
        pytest.raises(ConfigError, match=r"settings\.toml cannot be written \(Permission denied"),
    ):
        change_setting("k", 8, index=folder)


@pytest.mark.parametrize("home", ["file", "closed", "gone"])
def test_a_home_that_is_none_or_closed_has_no_settings(
    home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAG_APP_CONFIG", raising=False)
    with open_folder() as folder:
        (folder / "file").touch()
        (folder / "closed").mkdir(mode=0)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / home))
        with without_privileges():
            assert Settings.load(index=folder).k == Settings().k
        (folder / "closed").chmod(0o700)
