"""LangChain both ways: our parts in its chains, its models in ours."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_core.language_models import FakeListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import ConfigurableField

from ingest.sync import sync
from rag_app.errors import ConfigError
from rag_app.generation.prompts import answer_messages
from rag_app.index.index import Index
from rag_app.langchain_adapter import (
    LangChainEmbedder,
    LangChainGenerator,
    RagEmbeddings,
    as_langchain_retriever,
)
from rag_app.protocols import Embedder, Generator
from rag_app.rag import Rag
from rag_app.settings.provenance import Settings
from tests.fakes import HashEmbedder, WordTokenizer, a_hit

OPENING = "The slipway opens at eight every morning."


def open_rag(folder: Path, embedder: Embedder, *, generator: Generator | None = None) -> Rag:
    (folder / "notes.md").write_text(f"# Slipway\n\n{OPENING}\n\n# Paint\n\nPaint dries overnight.")
    index = Index.open(folder / "index", embedder=embedder)
    sync([folder / "notes.md"], index, embedder=embedder)
    settings = Settings(index=index.folder, min_confidence=0.0)
    return Rag.assemble(index, embedder, settings=settings, generator=generator)


@pytest.fixture
def rag(tmp_path: Path) -> Iterator[Rag]:
    opened = open_rag(tmp_path, HashEmbedder(max_tokens=16))
    yield opened
    opened.close()


@pytest.fixture
def foreign() -> LangChainEmbedder:
    """LangChain's random but repeatable embeddings as ours."""
    return LangChainEmbedder(
        DeterministicFakeEmbedding(size=32), name="fake", tokenizer=WordTokenizer(), max_tokens=16
    )


# Our retriever as LangChain's


def test_the_retriever_is_langchains(rag: Rag) -> None:
    assert isinstance(rag.retriever.as_langchain(), BaseRetriever)


def test_hits_are_documents_in_the_same_order(rag: Rag) -> None:
    documents = rag.retriever.as_langchain().invoke("When does the slipway open?")
    hits = rag.retriever.search("When does the slipway open?")
    assert all(isinstance(document, Document) for document in documents)
    assert [document.page_content for document in documents] == [hit.chunk.text for hit in hits]
    assert [document.id for document in documents] == [hit.chunk.id for hit in hits]


def test_offsets_and_score_stand_in_the_metadata(rag: Rag) -> None:
    document = rag.retriever.as_langchain().invoke("slipway")[0]
    metadata = document.metadata
    stored = rag.index.catalog.document(metadata["source"])
    assert stored is not None
    assert stored.text[metadata["start"] : metadata["end"]] == document.page_content
    assert set(metadata) == {"source", "page", "start", "end", "heading", "score", "rank"}


def test_the_retriever_keeps_to_its_k(rag: Rag) -> None:
    assert len(rag.retriever.as_langchain(k=1).invoke("slipway")) == 1


def test_a_bad_k_is_our_error(rag: Rag) -> None:
    with pytest.raises(ConfigError, match="k=0"):
        rag.retriever.as_langchain(k=0).invoke("slipway")


def test_the_retriever_keeps_to_its_filter(rag: Rag) -> None:
    adapter = as_langchain_retriever(rag.retriever, where={"format": "md"})
    assert adapter.invoke("slipway")
    assert as_langchain_retriever(rag.retriever, where={"format": "pdf"}).invoke("slipway") == []


def test_a_call_can_have_a_filter_of_its_own(rag: Rag) -> None:
    adapter = as_langchain_retriever(rag.retriever, where={"format": "md"})
    assert adapter.invoke("slipway", where={"format": "pdf"}) == []
    assert adapter.bind(where={"format": "pdf"}).invoke("slipway") == []
    assert len(adapter.invoke("slipway", k=1)) == 1
    assert len(adapter.invoke("slipway")) > 1


def test_a_filter_holds_where_the_retriever_is_awaited(rag: Rag) -> None:
    adapter = as_langchain_retriever(rag.retriever)
    assert asyncio.run(adapter.ainvoke("slipway", where={"format": "md"}))
    assert asyncio.run(adapter.ainvoke("slipway", where={"format": "pdf"})) == []


def test_a_chain_can_choose_the_filter_for_each_call(rag: Rag) -> None:
    chosen = ConfigurableField(id="where")
    adapter = as_langchain_retriever(rag.retriever).configurable_fields(where=chosen)
    assert adapter.invoke("slipway")
    assert adapter.invoke("slipway", {"configurable": {"where": {"format": "pdf"}}}) == []


def test_a_bad_filter_is_our_error(rag: Rag) -> None:
    with pytest.raises(ConfigError, match="cannot be filtered by"):
        as_langchain_retriever(rag.retriever).invoke("slipway", where={"a b": "c"})


def test_the_retriever_can_be_awaited(rag: Rag) -> None:
    found = asyncio.run(rag.retriever.as_langchain().ainvoke("slipway"))
    assert OPENING in found[0].page_content


def test_a_chain_answers_from_the_retriever(rag: Rag) -> None:
    prompt = ChatPromptTemplate.from_template("Answer from {context}")
    model = FakeListChatModel(responses=["At eight."])
    chain = {"context": rag.retriever.as_langchain()} | prompt | model
    assert chain.invoke("When does the slipway open?").content == "At eight."


# Our embedder as LangChain's


def test_the_embedder_is_langchains() -> None:
    assert isinstance(RagEmbeddings(HashEmbedder()), Embeddings)


def test_documents_get_the_vectors_of_the_embedder() -> None:
    texts = ["one text", "another"]
    vectors = RagEmbeddings(HashEmbedder()).embed_documents(texts)
    assert np.allclose(vectors, HashEmbedder().embed(texts))


def test_a_question_gets_one_vector() -> None:
    vector = RagEmbeddings(HashEmbedder()).embed_query("a question")
    assert np.allclose(vector, HashEmbedder().embed(["a question"])[0])


def test_no_texts_give_no_vectors() -> None:
    assert RagEmbeddings(HashEmbedder()).embed_documents([]) == []


# LangChain's embeddings as ours


def test_foreign_vectors_are_unit_float32(foreign: LangChainEmbedder) -> None:
    vectors = foreign.embed(["one", "two"])
    assert vectors.shape == (2, 32)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_questions_go_the_way_of_questions(foreign: LangChainEmbedder) -> None:
    class Asymmetric(DeterministicFakeEmbedding):
        def embed_query(self, text: str) -> list[float]:
            return super().embed_query(f"query: {text}")

    embedder = LangChainEmbedder(
        Asymmetric(size=32), name="fake", tokenizer=WordTokenizer(), max_tokens=16
    )
    asked = embedder.embed(["text"], kind="query")
    assert not np.allclose(asked, embedder.embed(["text"]))
    assert np.allclose(asked, foreign.embed(["query: text"]))


def test_models_of_different_names_have_different_fingerprints(foreign: LangChainEmbedder) -> None:
    other = LangChainEmbedder(
        DeterministicFakeEmbedding(size=32), name="new", tokenizer=WordTokenizer(), max_tokens=16
    )
    assert other.fingerprint != foreign.fingerprint


def test_an_index_can_be_made_with_foreign_embeddings(
    tmp_path: Path, foreign: LangChainEmbedder
) -> None:
    rag = open_rag(tmp_path, foreign)
    (known,) = rag.index.catalog.chunk_ids()[:1]
    text = rag.index.catalog.chunks([known])[known].text
    # Random vectors are far from everything but themselves.
    assert rag.retriever.search(text)[0].chunk.id == known
    rag.close()


# LangChain's chat models as ours


def test_a_foreign_model_writes_piece_by_piece() -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage(OPENING)]))
    pieces = list(LangChainGenerator(model, name="fake").stream(answer_messages("?", [])))
    assert "".join(pieces) == OPENING
    assert len(pieces) > 1


def test_longer_prompts_count_more_tokens() -> None:
    generator = LangChainGenerator(FakeListChatModel(responses=[""]), name="fake")
    short, long = ([a_hit("word " * n)] for n in (10, 100))
    assert generator.count(answer_messages("?", long)) > generator.count(
        answer_messages("?", short)
    )


def test_what_a_foreign_model_writes_is_cited(tmp_path: Path) -> None:
    generator = LangChainGenerator(FakeListChatModel(responses=[OPENING]), name="fake")
    rag = open_rag(tmp_path, HashEmbedder(), generator=generator)
    answer = rag.ask("When does the slipway open?")
    assert answer.mode == "generate"
    assert answer.citations[0].quote == OPENING
    rag.close()
