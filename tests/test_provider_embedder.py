"""Embedding models of providers: named, asked through LangChain, and priced."""

import json
import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from ingest.chunking import chunk
from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.cli import main
from rag_app.errors import ModelError
from rag_app.index.index import Index
from rag_app.langchain_adapter import LangChainEmbedder
from rag_app.models.embedder import SentenceEmbedder
from rag_app.opening import open_embedder
from rag_app.providers.language_model import is_served
from rag_app.providers.provider_embedder import ShortPieces, open_served_embedder
from rag_app.workbench.prices import PRICES, PRICES_READ, Bill, bill_for, price_of
from tests.fakes import WordTokenizer, a_document, a_hit
from tests.openai_server import serving

NAME = "openai:text-embedding-3-small"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server that stands where OpenAI's would."""
    with serving("") as found:
        monkeypatch.setenv("OPENAI_BASE_URL", found.url)
        monkeypatch.setenv("OPENAI_API_KEY", "a key")
        yield found


def test_texts_are_sent_as_they_are_and_unit_vectors_come_back(server: Any) -> None:
    vectors = open_served_embedder(NAME).embed(["a boat", "a ship", "a boat"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.array_equal(vectors[0], vectors[2])
    assert not np.allclose(vectors[0], vectors[1])
    (body,) = server.asked
    assert (body["model"], body["input"]) == (
        "text-embedding-3-small",
        ["a boat", "a ship", "a boat"],
    )


def test_many_texts_are_sent_in_several_requests(server: Any) -> None:
    texts = [f"text {number}" for number in range(300)]
    vectors = open_served_embedder(NAME).embed(texts)
    assert [len(body["input"]) for body in server.asked] == [128, 128, 44]
    assert np.array_equal(vectors[200], open_served_embedder(NAME).embed(texts[200:201])[0])


def test_nothing_is_sent_before_something_is_embedded(server: Any) -> None:
    assert open_served_embedder(NAME).name == NAME
    assert server.asked == []


def test_an_index_of_a_provider_is_filled_and_asked(server: Any, docs: Path) -> None:
    settings = Settings(index=docs.parent / "index", embedder=NAME, answer="read")
    embedder = open_embedder(settings)
    index = Index.open(settings.index, embedder=embedder)
    assert sync([docs], index, embedder=embedder).embedded == 2
    index.close()
    rag = Rag.open(settings=settings)
    hits = rag.retriever.search("Where do skiffs lie?")
    rag.close()
    assert hits[0].chunk.source.endswith("boats.txt")


def test_the_first_dimensions_can_be_kept_alone(server: Any) -> None:
    whole, short = open_served_embedder(NAME), open_served_embedder(NAME, dimensions=8)
    assert short.embed(["a boat"]).shape == (1, 8)
    assert short.fingerprint != whole.fingerprint
    with pytest.raises(ModelError, match="has 64 dimensions"):
        open_served_embedder(NAME, dimensions=65).embed(["a boat"])


def test_the_fingerprint_names_provider_and_model(server: Any) -> None:
    names = (NAME, "openai:text-embedding-3-large", NAME)
    first, other, same = (open_served_embedder(name).fingerprint for name in names)
    assert first == same != other


def test_who_gets_to_see_the_texts_is_told(server: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        open_served_embedder(NAME)
    assert "are sent to openai" in caplog.text


@pytest.mark.parametrize("status", [401, 404])
def test_a_provider_that_refuses_is_an_error_with_a_cure(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a key")
    with serving("", status=status) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with pytest.raises(ModelError, match=r"failed while embedding.*check its name, the key"):
            open_served_embedder(NAME).embed(["a boat"])


def test_without_a_key_the_cure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelError, match="key"):
        open_served_embedder(NAME).embed(["a boat"])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cohere:embed-v4.0", "langchain-cohere"),
        ("voyageai:voyage-3.5", "langchain_voyageai"),
        ("nowhere:model", "nowhere:model cannot be used"),
        ("huggingface:some/model", "name the model alone: some/model"),
    ],
)
def test_a_provider_that_cannot_be_used_is_told(name: str, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        open_served_embedder(name)


def test_a_provider_that_sends_too_few_vectors_is_an_error() -> None:
    class Forgetful(DeterministicFakeEmbedding):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return super().embed_documents(texts[1:])

    embedder = LangChainEmbedder(
        Forgetful(size=6), name="forgetful", tokenizer=WordTokenizer(), max_tokens=16
    )
    with pytest.raises(ModelError, match="forgetful failed while embedding: 2 vectors came for 3"):
        embedder.embed(["a", "b", "c"])


def test_a_local_name_is_opened_here() -> None:
    assert isinstance(open_embedder(Settings(embedder="all-MiniLM-L6-v2")), SentenceEmbedder)


# Counting tokens


@pytest.mark.parametrize(
    "text", ["Skiffs lie at berth seven.", "ค" * 3_000, "A" * 30_000, "", "words " * 2_000]
)
def test_no_chunk_is_longer_than_other_tokenizers_can_take(text: str) -> None:
    tokenizer = ShortPieces()
    chunks = chunk(a_document(text), tokenizer=tokenizer, tokens=512)
    assert "".join(made.text for made in chunks) == text
    assert all(len(made.text.strip()) <= 512 * 9 for made in chunks)
    assert tokenizer.counts([made.text for made in chunks]) == [
        made.tokens - tokenizer.special_tokens for made in chunks
    ]


def test_short_words_count_as_the_bundled_model_counts_them(minilm: SentenceEmbedder) -> None:
    text = "Skiffs lie at berth seven, in 2024."
    assert np.array_equal(ShortPieces().spans(text), minilm.tokenizer.spans(text))
    assert len(ShortPieces().spans("internationalization " * 3)) > len(
        minilm.tokenizer.spans("internationalization " * 3)
    )


# Prices


def test_a_price_is_known_or_none() -> None:
    assert price_of(NAME) == 0.02
    assert price_of("ollama:nomic-embed-text") is None


def test_every_price_has_a_page_and_a_provider_that_can_be_named() -> None:
    assert all(is_served(name) and price.dollars > 0 for name, price in PRICES.items())
    assert all(price.page.startswith("https://") for price in PRICES.values())
    assert date.fromisoformat(PRICES_READ)


def test_a_bill_counts_each_text_once() -> None:
    chunks = [a_hit(text, source=f"{n}.md").chunk for n, text in enumerate(["a b", "a b", "c"])]
    assert bill_for(NAME, chunks) == Bill(2, 3, pytest.approx(3 * 0.02 / 1e6))
    assert bill_for(NAME, chunks, context=10).tokens == 43
    assert bill_for("ollama:nomic-embed-text", chunks).dollars is None


def test_the_command_tells_what_the_index_would_cost(
    samples_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["embed", "price", "--index", str(samples_index)]
    assert main([*command, NAME, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tokens"] > 1_000
    assert told["dollars"] == pytest.approx(told["tokens"] * 0.02 / 1e6)
    assert told["price"]["page"].startswith("https://developers.openai.com")
    assert main([*command, NAME]) == 0
    assert "US dollars, at 0.02 a million tokens" in capsys.readouterr().out
    assert main([*command, "ollama:nomic-embed-text"]) == 0
    assert "is not known" in capsys.readouterr().out


def test_the_doctor_takes_a_providers_model_for_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--embedder", NAME, "--index", str(tmp_path / "none")]) == 0
    assert f"ok    embedder: {NAME} is served by its provider" in capsys.readouterr().out
