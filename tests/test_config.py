"""Where a setting's value comes from, and what a wrong one is answered with."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from rag_app.config import Settings, default_index, resolve, settings_file
from rag_app.errors import ConfigError


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
    ],
)
def test_a_value_out_of_range_is_named_with_the_range(
    name: str, value: object, allowed: str
) -> None:
    with pytest.raises(ConfigError, match=f"{name}={value!r} is out of range; use {allowed}"):
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
