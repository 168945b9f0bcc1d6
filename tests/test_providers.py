"""Models of servers and providers: asked through LangChain, checked as any other."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.errors import ConfigError, ModelError
from rag_app.index.index import Index
from rag_app.opening import open_generator
from rag_app.protocols import Generator, Message
from rag_app.providers.language_model import is_served, open_served_model
from tests.fakes import HashEmbedder
from tests.openai_server import serving

WRITTEN = "A berth costs £120 a year."
ASKED: list[Message] = [
    {"role": "system", "content": "Answer."},
    {"role": "user", "content": "What does a berth cost?"},
]


def opened(name: str = "tiny", **options: Any) -> Generator:
    given = {"context": 4096, "seconds": 60.0, "max_new_tokens": 100, "temperature": 0.0, "seed": 7}
    return open_served_model(name, **{**given, **options})


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Of an index with one document."""
    (tmp_path / "berths.txt").write_text(f"{WRITTEN} It must be paid by June.", encoding="utf-8")
    folder = tmp_path / "index"
    embedder = HashEmbedder()
    index = Index.open(folder, embedder=embedder)
    sync([tmp_path / "berths.txt"], index, embedder=embedder)
    index.close()
    yield Settings(index=folder, min_confidence=0.0, generator="tiny")


def ask(settings: Settings, url: str) -> Any:
    settings = Settings(**{**settings.as_dict(), "index": settings.index, "generator_url": url})
    embedder = HashEmbedder()
    index = Index.open(settings.index, embedder=embedder)
    generator = open_generator(settings)
    rag = Rag.assemble(index, embedder, settings=settings, generator=generator)
    answer = rag.ask("What does a berth cost?")
    rag.close()
    return answer


@pytest.mark.parametrize(
    ("name", "url", "served"),
    [
        ("openai:gpt-5", "", True),
        ("ollama:qwen3:8b", "", True),
        ("Qwen/Qwen2.5-1.5B-Instruct", "", False),
        ("C:\\models\\qwen", "", False),
        ("/models/qwen:8b", "", False),
        ("qwen3", "http://127.0.0.1:11434/v1", True),
    ],
)
def test_a_name_tells_where_the_model_is(name: str, url: str, served: bool) -> None:
    assert is_served(name, url) is served


def test_the_words_come_one_by_one_and_the_model_gets_its_settings() -> None:
    with serving(WRITTEN) as server:
        pieces = list(opened(url=server.url).stream(ASKED))
    assert "".join(pieces).strip() == WRITTEN
    assert len(pieces) > 3
    (body,) = server.asked
    assert body["model"] == "tiny"
    assert body["messages"] == ASKED
    assert (body["temperature"], body["seed"], body["stream"]) == (0.0, 7, True)


def test_a_writer_can_be_stopped() -> None:
    with serving(WRITTEN * 50) as server:
        stream = opened(url=server.url).stream(ASKED)
        next(stream)
        stream.close()  # type: ignore[attr-defined]


def test_the_count_is_rather_too_high() -> None:
    model = opened(url="http://127.0.0.1:1/v1")
    words = "The quick brown fox jumps over the lazy dog. " * 20
    assert model.count([{"role": "user", "content": words}]) > 1.1 * 200
    assert model.prompt_tokens == 4096 - 100


def test_a_served_model_writes_a_checked_answer(settings: Settings) -> None:
    with serving(f"{WRITTEN} Elephants live in Africa.") as server:
        answer = ask(settings, server.url)
    assert answer.mode == "generate"
    assert answer.citations[0].quote == WRITTEN
    ((start, end),) = answer.unsupported
    assert answer.text[start:end] == "Elephants live in Africa."


def test_a_strict_setting_leaves_out_what_nothing_supports(settings: Settings) -> None:
    with serving(f"{WRITTEN} Elephants live in Africa.") as server:
        answer = ask(replace(settings, strict=True), server.url)
    assert (answer.text, answer.unsupported) == (f"{WRITTEN} [1]", ())


def test_a_server_that_fails_leaves_the_quotes(settings: Settings) -> None:
    with serving("", status=503) as server:
        answer = ask(settings, server.url)
    assert (answer.mode, answer.citations[0].quote) == ("read", WRITTEN)
    assert "tiny failed while writing" in answer.note


def test_no_server_leaves_the_quotes(settings: Settings) -> None:
    answer = ask(settings, "http://127.0.0.1:9/v1")
    assert answer.mode == "read"
    assert "quoting instead" in answer.note


def test_a_provider_that_is_not_installed_is_named() -> None:
    with pytest.raises(ModelError, match="langchain-cohere"):
        opened("cohere:command", url="")


def test_an_unknown_provider_is_told() -> None:
    with pytest.raises(ModelError, match="nowhere:model cannot be used"):
        opened("nowhere:model", url="")


def test_who_gets_to_see_the_passages_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        opened(url="http://127.0.0.1:9/v1")
        assert caplog.text == ""
        opened(url="http://models.example/v1")
    assert "are sent to models.example" in caplog.text


def test_a_context_too_small_for_the_answer_is_refused() -> None:
    with pytest.raises(ConfigError, match="generator_context"):
        Settings(generator_context=300, max_new_tokens=400)


def test_a_name_that_would_fetch_a_model_from_a_hub_is_refused() -> None:
    settings = Settings(generator="huggingface:some/model", answer="generate")
    with pytest.raises(ModelError, match="name the model alone: some/model"):
        open_generator(settings)
