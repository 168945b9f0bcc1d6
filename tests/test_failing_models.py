"""In whatever way a language model fails, the quotes remain, soon and with one line."""

import json
import os
import resource
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.cli import main
from rag_app.connections import bypass_proxy_for_loopback
from rag_app.errors import ModelError
from rag_app.generation.bounded_stream import bounded
from rag_app.generation.generator import CausalGenerator
from rag_app.index.index import Index
from rag_app.langchain_adapter import LangChainGenerator
from rag_app.opening import open_generator
from rag_app.protocols import Generator, Message
from rag_app.providers.provider_embedder import open_served_embedder
from rag_app.schema import Answer
from tests import broken_server
from tests.broken_server import WAYS, failing, wait_for
from tests.fakes import HashEmbedder
from tests.openai_server import serving
from tests.tiny_model import LEARNT, save_tiny_model

ASKED: list[Message] = [{"role": "user", "content": "What does a berth cost?"}]
FACT = "A berth costs £120 a year."
_MARGIN = 10  # seconds, of a busy machine


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an index with one fact."""
    (tmp_path / "berths.txt").write_text(f"{FACT} It must be paid by June.", encoding="utf-8")
    embedder = HashEmbedder()
    index = Index.open(tmp_path / "index", embedder=embedder)
    sync([tmp_path / "berths.txt"], index, embedder=embedder)
    index.close()
    return Settings(index=tmp_path / "index", min_confidence=0.0, generator="tiny")


def asked(settings: Settings, generator: Generator | None) -> Answer:
    embedder = HashEmbedder()
    index = Index.open(settings.index, embedder=embedder)
    rag = Rag.assemble(index, embedder, settings=settings, generator=generator)
    begun = monotonic()
    answer = rag.ask("What does a berth cost?")
    assert monotonic() - begun < settings.generator_seconds + _MARGIN
    rag.close()
    return answer


def is_quoted(answer: Answer) -> bool:
    """Whether the quote stands there, and a note of one line."""
    assert answer.mode == "read"
    assert answer.citations[0].quote == FACT
    assert answer.note.endswith("quoting instead.")
    return "\n" not in answer.note and len(answer.note) < 500


# Served


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_quotes_remain_whatever_a_server_does(
    settings: Settings, way: Callable[[Any], None]
) -> None:
    with failing(way) as server:
        given = replace(settings, generator_url=server.url, generator_seconds=1, max_new_tokens=20)
        assert is_quoted(asked(given, open_generator(given)))
        assert wait_for(server.left.is_set)  # nothing is left that listens


def test_an_endless_answer_takes_no_memory(settings: Settings) -> None:
    with failing(broken_server.endless_line) as server:
        given = replace(settings, generator_url=server.url, generator_seconds=30)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert is_quoted(asked(given, open_generator(given)))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_leaving_a_silent_model_ends_the_connection(settings: Settings) -> None:
    with failing(broken_server.slow_words) as server:
        given = replace(settings, generator_url=server.url)
        generator = open_generator(given)
        assert generator is not None
        stream = generator.stream(ASKED)
        assert next(stream) == ""  # so that who waits can leave
        stream.close()  # type: ignore[attr-defined]
        assert wait_for(server.left.is_set)


def test_a_silent_server_is_one_line_in_the_command(
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    docs: Path,
) -> None:
    from ingest.script import main as ingest

    folder = str(docs.parent / "real")
    assert ingest([str(docs), "--index", folder]) == 0
    monkeypatch.setenv("RAG_APP_GENERATOR_SECONDS", "1")
    with failing(broken_server.silent) as server:
        monkeypatch.setenv("RAG_APP_GENERATOR_URL", server.url)
        (docs / "batch.jsonl").write_text('{"id": 1, "question": "Where do skiffs lie?"}\n' * 2)
        capsys.readouterr()
        assert main(["ask", "--batch", str(docs / "batch.jsonl"), "--index", folder]) == 0
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["mode"] for row in rows] == ["read", "read"]
    assert "took longer than generator_seconds=1" in rows[0]["note"]
    assert "Traceback" not in err


def test_another_server_is_never_sent_the_question(settings: Settings) -> None:
    with serving("stolen") as other:
        way = broken_server.redirecting_to(f"{other.url}/chat/completions")
        with failing(way) as server:
            given = replace(settings, generator_url=server.url)
            answer = asked(given, open_generator(given))
    assert is_quoted(answer)
    assert f"redirects to {other.url.removesuffix('/v1')}" in answer.note
    assert other.asked == []


def test_another_server_is_never_sent_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a key")
    with serving("") as other:
        with failing(broken_server.redirecting_to(f"{other.url}/embeddings")) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            with pytest.raises(ModelError, match="redirects to"):
                open_served_embedder("openai:tiny").embed(["a secret"])
        assert other.asked == []


def test_a_redirect_on_the_same_server_is_followed(settings: Settings) -> None:
    def to_another_path(handler: Any) -> None:
        if handler.path == "/v1/chat/completions":
            broken_server.redirecting_to("/v2/chat/completions")(handler)
        else:
            handler.stream(broken_server.message(FACT, "stop") + broken_server.DONE)

    with failing(to_another_path) as server:
        given = replace(settings, generator_url=server.url)
        assert asked(given, open_generator(given)).mode == "generate"


# Behind LangChain, and plugged in


class Failing(GenericFakeChatModel):
    """A provider's model that says a word and then fails."""

    error: Any

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        raise self.error


ERRORS = (
    RuntimeError("CUDA out of memory"),
    MemoryError(),
    KeyError("choices"),
    RecursionError("too deep"),
    StopIteration(),
    SystemExit(3),
    GeneratorExit(),
    OSError(5, "Input/output error"),
    ValueError("several\nlines\nof text"),
)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_any_error_of_a_provider_leaves_the_quotes(
    settings: Settings, error: BaseException
) -> None:
    model = Failing(messages=iter([AIMessage("no")]), error=error)
    assert is_quoted(asked(settings, LangChainGenerator(model, name="theirs")))


class Plugged:
    """A generator of one's own, broken somewhere."""

    name = "own"
    prompt_tokens = 1_000

    def __init__(self, broken: str) -> None:
        self._broken = broken

    def count(self, messages: Sequence[Message]) -> int:
        if self._broken == "count":
            raise ZeroDivisionError("no tokenizer")
        return 10

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        yield "A berth"
        raise TypeError("no more words")


@pytest.mark.parametrize("broken", ["count", "stream"])
def test_a_broken_model_of_ones_own_leaves_the_quotes(settings: Settings, broken: str) -> None:
    assert is_quoted(asked(settings, Plugged(broken)))


def test_ctrl_c_still_ends_the_command() -> None:
    def interrupted(output: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(bounded(interrupted, name="own", seconds=5, tokens=5))


# On this machine


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "taught"
    save_tiny_model(folder)
    return folder


def held_up(model: CausalGenerator, until: threading.Event) -> None:
    """Have the model's first layer wait, as the prompt of a large one is read for minutes."""

    def wait(*_: Any) -> None:
        until.wait(20)

    model._model.model.layers[0].register_forward_hook(wait)


def test_a_silent_model_leaves_the_quotes_and_can_be_asked_again(
    settings: Settings, taught: Path
) -> None:
    given = replace(settings, generator_seconds=1)
    model = CausalGenerator.open(str(taught), max_new_tokens=20, seconds=1)
    until = threading.Event()
    held_up(model, until)
    assert is_quoted(asked(given, model))
    until.set()  # the layer that was busy ends; the next one stops
    assert wait_for(lambda: not model._busy.locked())
    model._seconds = 60
    assert "".join(model.stream(ASKED)) == LEARNT


def test_a_model_that_cannot_be_stopped_is_told_to_be_busy(
    taught: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag_app.generation.generator._MOMENT", 0.1)
    model = CausalGenerator.open(str(taught), max_new_tokens=20, seconds=1)
    until = threading.Event()
    held_up(model, until)
    with pytest.raises(ModelError, match="took longer than generator_seconds=1"):
        list(model.stream(ASKED))
    with pytest.raises(ModelError, match="still busy with an earlier question"):
        list(model.stream(ASKED))
    until.set()


def test_a_prompt_that_is_being_read_can_be_left(taught: Path) -> None:
    model = CausalGenerator.open(str(taught), max_new_tokens=20)
    layers, until = [], threading.Event()
    held_up(model, until)
    model._model.model.layers[1].register_forward_hook(lambda *_: layers.append(1))
    stream = model.stream(ASKED)
    assert next(stream) == ""
    until.set()
    stream.close()  # type: ignore[attr-defined]
    assert wait_for(lambda: not model._busy.locked())


def test_any_error_inside_the_model_is_one_line(taught: Path) -> None:
    model = CausalGenerator.open(str(taught), max_new_tokens=20)

    def fail(*_: Any) -> None:
        raise MemoryError

    model._model.model.layers[1].register_forward_hook(fail)
    with pytest.raises(ModelError, match="failed while writing: MemoryError"):
        list(model.stream(ASKED))
    assert not model._busy.locked()


# Proxies


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A proxy that the environment names, and that would see what it is sent."""
    with failing(broken_server.status(502)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, server.url.removesuffix("/v1"))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "")
        yield server


def test_no_proxy_sees_what_a_model_on_this_machine_is_sent(settings: Settings, proxy: Any) -> None:
    with serving(FACT) as server:
        given = replace(settings, generator_url=server.url)
        assert asked(given, open_generator(given)).mode == "generate"
    assert proxy.asked == []


def test_no_proxy_sees_what_is_embedded_on_this_machine(
    proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a key")
    with serving("") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert len(open_served_embedder("openai:tiny").embed(["a secret"])) == 1
    assert proxy.asked == []


@pytest.mark.parametrize("kind", ["chroma", "qdrant"])
def test_no_proxy_sees_the_vectors_of_a_server_on_this_machine(proxy: Any, kind: str) -> None:
    from rag_app.errors import StoreError
    from rag_app.index.stores.factory import open_vectors

    with failing(broken_server.status(404)) as server:
        address = f"{kind}+{server.url.removesuffix('/v1')}"
        with pytest.raises(StoreError):
            open_vectors(address, Path("nowhere"), model="m" * 20).query(_vector(), k=1)
        assert server.asked
    assert proxy.asked == []


@pytest.mark.parametrize("kind", ["chroma", "qdrant"])
def test_a_vector_store_that_leads_elsewhere_is_not_followed(kind: str) -> None:
    from rag_app.errors import StoreError
    from rag_app.index.stores.factory import open_vectors

    with failing(broken_server.status(200)) as other:
        where = other.url.removesuffix("/v1")
        with failing(broken_server.redirecting_to(where)) as server:
            address = f"{kind}+{server.url.removesuffix('/v1')}"
            with pytest.raises(StoreError):
                open_vectors(address, Path("nowhere"), model="m" * 20).query(_vector(), k=1)
        assert other.asked == []


def _vector() -> Any:
    import numpy as np

    return np.ones(3, np.float32)


def test_what_the_environment_keeps_off_the_proxy_stays_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet.example, localhost")
    monkeypatch.delenv("no_proxy", raising=False)
    bypass_proxy_for_loopback()
    assert os.environ["no_proxy"] == "intranet.example,localhost,127.0.0.1,::1"
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"]
