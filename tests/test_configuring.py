"""`rag-app config`, where it changes the settings of an index."""

from pathlib import Path

import pytest

from rag_app.settings.provenance import Settings
from tests.test_cli import Commands


@pytest.fixture
def rag_app(tmp_path: Path) -> Commands:
    """The command on an index that is still to be made."""
    return Commands(tmp_path / "index")


def test_a_setting_is_set_for_the_index_and_told_with_its_file(
    rag_app: Commands, tmp_path: Path
) -> None:
    file = tmp_path / "index" / "settings.toml"
    ran = rag_app("config", "set", "k", "8")
    assert (ran.status, ran.out) == (0, f"k = 8  ({file})\n")
    assert rag_app("config", "--json").json()["k"] == {"value": 8, "from": str(file)}
    assert Settings.load(index=tmp_path / "index").k == 8


def test_a_setting_is_set_back(rag_app: Commands) -> None:
    rag_app("config", "set", "strict", "true")
    assert rag_app("config", "unset", "strict", "--json").json() == {
        "strict": {"value": False, "from": "default"}
    }


def test_a_variable_that_beats_the_change_is_told(
    rag_app: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_APP_K", "9")
    assert rag_app("config", "set", "k", "8").out == "k = 9  (RAG_APP_K)\n"


def test_passwords_are_not_shown(rag_app: Commands) -> None:
    ran = rag_app("config", "set", "vector_cache", "redis://me:secret@host:6379/0")
    assert ran.out.startswith("vector_cache = redis://…@host:6379/0  (")


def test_a_file_with_a_password_is_for_its_user_alone(rag_app: Commands, tmp_path: Path) -> None:
    file = tmp_path / "index" / "settings.toml"
    rag_app("config", "set", "k", "8")
    file.chmod(0o640)
    rag_app("config", "set", "k", "9")
    assert file.stat().st_mode & 0o777 == 0o640
    rag_app("config", "set", "vector_cache", "redis://me:secret@host:6379/0")
    assert file.stat().st_mode & 0o777 == 0o600
    rag_app("config", "unset", "vector_cache")
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("set", "k", "0"), "k=0 is out of range"),
        (("set", "k", "5.5"), "k='5.5' is not a valid int"),
        (("set", "kk", "5"), "unknown setting 'kk'"),
        (("set", "k"), "use `rag-app config set NAME VALUE`"),
        (("set",), "use `rag-app config set NAME VALUE`"),
        (("unset", "k", "5"), "or `rag-app config unset NAME`"),
    ],
)
def test_what_is_wrong_is_one_line(
    rag_app: Commands, arguments: tuple[str, ...], told: str
) -> None:
    ran = rag_app("config", *arguments)
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert told in ran.err


def test_what_was_written_wrongly_is_mended_by_the_command(
    rag_app: Commands, tmp_path: Path
) -> None:
    file = tmp_path / "index" / "settings.toml"
    file.parent.mkdir()
    file.write_text("k = 0")
    assert f"{file}: k=0 is out of range" in rag_app("config").err
    assert rag_app("config", "unset", "k").out == "k = 5  (default)\n"
