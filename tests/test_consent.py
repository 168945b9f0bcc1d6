"""What an index that somebody else made would send elsewhere, and the consent to it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ingest.script import main as ingest
from rag_app.cli import main
from rag_app.errors import ModelError
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.index import Index
from rag_app.opening import open_index, settled
from rag_app.settings.provenance import Settings, change_setting, resolve, untrusted
from rag_app.settings.settings_files import trusted_file
from rag_app.settings.values import leads_to
from tests.broken_server import failing, status
from tests.fakes import HashEmbedder
from tests.openai_server import serving

FACT = "Skiffs lie at berth seven."
QUESTION = "Where do skiffs lie?"


@pytest.fixture
def copied(docs: Path, tmp_path: Path) -> Path:
    """An index as a stranger could have packed it."""
    assert ingest([str(docs), "--index", str(tmp_path / "made")]) == 0
    return Path(shutil.copytree(tmp_path / "made", tmp_path / "copied"))


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server that would like to see the key."""
    monkeypatch.setenv("OPENAI_API_KEY", "a-secret-key")
    with serving(FACT) as server:
        yield server


def bring(index: Path, **settings: str) -> None:
    """Have the index bring settings along."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (index / "settings.toml").write_text("\n".join(lines))


def ask(index: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["ask", QUESTION, "--json", "--index", str(index)]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_neither_key_nor_question_goes_where_a_copied_index_says(
    copied: Path,
    stranger: Any,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    bring(copied, generator_url=stranger.url, generator="tiny")
    assert ask(copied, capsys)["mode"] == "read"
    assert stranger.asked == []
    (line,) = [line for line in caplog.messages if "generator_url" in line]
    assert "leads to 127.0.0.1 and is ignored" in line
    assert f"rag-app config trust --index {copied}" in line


def test_once_the_user_has_said_so_it_counts_and_another_value_does_not(
    copied: Path, stranger: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(copied, generator_url=stranger.url, generator="tiny")
    assert main(["config", "trust", "--index", str(copied)]) == 0
    assert "generator_url may lead to 127.0.0.1" in capsys.readouterr().out
    assert ask(copied, capsys)["mode"] == "generate"
    assert not trusted_file().is_relative_to(copied)
    bring(copied, generator_url=f"{stranger.url}/other", generator="tiny")
    stranger.asked.clear()
    assert ask(copied, capsys)["mode"] == "read"
    assert stranger.asked == []


def test_consent_does_not_come_along_with_a_copy(copied: Path, tmp_path: Path) -> None:
    bring(copied, generator_url="http://stranger.example/v1")
    assert main(["config", "trust", "--index", str(copied)]) == 0
    assert untrusted(copied) == {}
    again = Path(shutil.copytree(copied, tmp_path / "again"))
    assert untrusted(again) == {"generator_url": "stranger.example"}


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("generator_url", "http://me:pass@stranger.example:8080/v1", "stranger.example"),
        ("generator", "openai:gpt", "openai"),
        ("generator", "/tmp/stranger/model", "/tmp/stranger/model"),
        ("embedder", "cohere:embed", "cohere"),
        ("embedder", "./model", "./model"),
        ("reranker", "../model", "../model"),
        ("vector_store", "chroma+http://stranger.example:8000", "stranger.example"),
        ("vector_store", "qdrant+https://x:key@stranger.example:6333", "stranger.example"),
        ("vector_cache", "redis://:pass@stranger.example", "stranger.example"),
        ("vector_cache", "unix:///run/stranger.sock", "unix:///run/stranger.sock"),
        ("follow_links", True, "files outside of the folders"),
    ],
)
def test_what_leads_elsewhere_is_ignored_until_it_is_trusted(
    tmp_path: Path, name: str, value: str, where: str
) -> None:
    bring(tmp_path, **{name: value})
    assert untrusted(tmp_path) == {name: where}
    assert resolve(index=tmp_path)[name].origin == "default"
    assert resolve(index=tmp_path, **{name: value})[name] == (value, "flag")
    assert main(["config", "trust", "--index", str(tmp_path)]) == 0
    assert resolve(index=tmp_path)[name].value == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("k", 7),
        ("generator", "Qwen/Qwen2.5-1.5B-Instruct"),
        ("vector_store", "chroma"),
        ("generator_url", ""),
        ("reranker", ""),
        ("follow_links", False),
    ],
)
def test_what_stays_here_needs_no_consent(name: str, value: object) -> None:
    assert leads_to(name, value) == ""


def test_what_the_user_sets_for_an_index_is_trusted(tmp_path: Path) -> None:
    change_setting("generator_url", "http://127.0.0.1:1/v1", index=tmp_path)
    assert Settings.load(index=tmp_path).generator_url == "http://127.0.0.1:1/v1"


def test_nothing_needs_to_be_said_of_an_index_that_leads_nowhere(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "trust", "--index", str(copied), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trusted"] == {}


# What an index remembers


def remember(index: Path, name: str, value: str) -> None:
    with closing(Catalog(index)) as catalog:
        catalog.set(name, value)


def test_a_provider_that_a_copied_index_names_is_not_asked(
    copied: Path, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", stranger.url)
    remember(copied, "embedder", "openai:tiny")
    with pytest.raises(ModelError, match=f"rag-app config trust --index {copied}"):
        settled(Settings.load(index=copied))
    assert main(["search", QUESTION, "--index", str(copied)]) == 1
    assert stranger.asked == []
    assert main(["config", "trust", "--index", str(copied)]) == 0
    assert settled(Settings.load(index=copied)).embedder == "openai:tiny"


def test_a_provider_that_the_user_chose_is_trusted_from_then_on(
    tmp_path: Path, docs: Path, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", stranger.url)
    index = str(tmp_path / "own")
    assert ingest([str(docs), "--index", index, "--embedder", "openai:tiny"]) == 0
    assert main(["search", QUESTION, "--index", index]) == 0


def test_a_server_that_a_copied_index_names_is_not_asked(
    copied: Path, docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with failing(status(500)) as server:
        remember(copied, "store", f"chroma+{server.url.removesuffix('/v1')}")
        answer = ask(copied, capsys)  # the flat files answer as well
        assert answer["citations"][0]["quote"] == FACT
        (docs / "more.md").write_text("The crane lifts two tons.")
        assert ingest([str(docs), "--index", str(copied)]) == 1
        assert f"rag-app config trust --index {copied}" in capsys.readouterr().err
        assert server.asked == []
        assert main(["config", "trust", "--index", str(copied)]) == 0
        assert ingest([str(docs), "--index", str(copied)]) == 1  # now it is asked, and fails
        assert server.asked


def test_an_untrusted_server_can_be_left(copied: Path) -> None:
    with failing(status(500)) as server:
        remember(copied, "store", f"chroma+{server.url.removesuffix('/v1')}")
        assert main(["migrate", "chroma", "--index", str(copied)]) == 0
        assert server.asked == []


def test_a_collection_of_an_untrusted_server_is_deleted_without_it(tmp_path: Path) -> None:
    from rag_app.index.collections import create, delete

    made = create(tmp_path, "Boats")
    with failing(status(500)) as server:
        remember(made.folder, "model", "m" * 20)
        remember(made.folder, "store", f"chroma+{server.url.removesuffix('/v1')}")
        delete(made)
        assert server.asked == []


def test_a_server_that_the_user_chose_is_trusted_from_then_on(tmp_path: Path) -> None:
    embedder = HashEmbedder()
    with failing(status(500)) as server:
        store = f"qdrant+{server.url.removesuffix('/v1')}"
        index = Index.open(tmp_path / "own", embedder=embedder, store=store)
        index._stores.chosen.remember()
        index.close()
        again = Index.open(tmp_path / "own", embedder=embedder)
        assert again._stores.chosen.may_be_asked()
        again.close()


def test_a_folder_for_settings_that_cannot_be_written_to_stops_nothing(
    tmp_path: Path, docs: Path, stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", stranger.url)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/proc/nowhere")
    settings = Settings(index=tmp_path / "own", embedder="openai:tiny")
    index, _ = open_index(settings)
    index.close()
