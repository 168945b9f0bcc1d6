"""Passwords and keys, which nothing that is told, logged or shown repeats."""

import subprocess
import sys
from pathlib import Path

import pytest

from rag_app.cli import main
from rag_app.errors import ConfigError, ModelError, RagError, first_line, without_secrets
from rag_app.index.stores.stored_chunk import Server
from rag_app.settings.provenance import Settings
from tests.conftest import ROOT

KEY = "sk-proj-0123456789abcdef"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("RAG_APP_PASSWORD_FILE", "/run/secrets/password")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:hush@host:6379/0", "redis://…@host:6379/0"),
        ("chroma+https://me:h@sh@host:1", "chroma+https://…@host:1"),
        ("redis://:hu/sh@host:6379", "redis://…@host:6379"),
        ("see http://me:hush@host/v1 and more", "see http://…@host/v1 and more"),
        ("redis://host?db=1&password=hush&x=1", "redis://host?db=1&password=…&x=1"),
        ("http://host/v1?api_key=hush", "http://host/v1?api_key=…"),
        ("http://host/v1?access_token=hush", "http://host/v1?access_token=…"),
        (f"wrong key {KEY}.", "wrong key …."),
        (
            "ada@example.org asks /run/secrets/password",
            "ada@example.org asks /run/secrets/password",
        ),
        ("http://host:8000/v1", "http://host:8000/v1"),
    ],
)
def test_what_is_secret_is_left_out_and_nothing_else(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


@pytest.mark.parametrize("kind", [RagError, ConfigError, ModelError])
def test_no_error_repeats_what_a_provider_says_of_the_key(kind: type[RagError]) -> None:
    said = ValueError(f"Incorrect API key provided: {KEY}")
    assert KEY not in str(kind(f"the model failed: {said}"))
    assert KEY not in first_line(said)


def test_an_address_that_cannot_be_used_is_told_without_its_password() -> None:
    with pytest.raises(ConfigError) as refused:
        Settings(generator_url="ftp://me:hush@host/v1")
    assert "…@host" in str(refused.value)
    assert "hush" not in str(refused.value)


def test_an_address_as_it_was_shown_is_none() -> None:
    with pytest.raises(ConfigError, match="use http://HOST:PORT"):
        Settings(generator_url="http://…@host/v1")


def test_a_store_that_repeats_its_password_is_not_repeated() -> None:
    server = Server.parse("http://me:h%75sh-hush@host:1")
    assert "hush" not in str(server.error(ValueError("no such user: me, hush-hush")))


@pytest.mark.parametrize("variable", ["VECTOR_CACHE", "VECTOR_STORE", "GENERATOR_URL"])
@pytest.mark.parametrize("value", ["redis://me:h@ush@host:port", "ftp://host?password=h@ush"])
def test_no_command_shows_the_password_of_a_setting(
    variable: str,
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"RAG_APP_{variable}", value)
    monkeypatch.setenv("RAG_APP_INDEX", str(tmp_path / "index"))
    for command in (["config"], ["config", "--json"], ["search", "Who?"], ["doctor"]):
        main(command)
    assert "ush" not in "".join(capfd.readouterr())


def test_neither_logs_nor_tracebacks_show_secrets() -> None:
    code = f"""
import logging, sys
sys.path.insert(0, {str(ROOT)!r})
from rag_app.cli import guarded

def command():
    logging.getLogger("httpx").info("POST http://me:hush@host/v1")
    raise ValueError("refused {KEY}")

guarded(command, verbose=True)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "POST http://…@host/v1" in done.stderr
    assert done.stderr.endswith("ValueError: refused …\n")
