"""Documents of LangChain's loaders go into the index."""

from pathlib import Path

from ingest.sync import store
from rag_app.index.index import Index
from rag_app.langchain_adapter import documents_from_langchain
from rag_app.retrieval.retriever import Retriever
from tests.conftest import SAMPLES
from tests.fakes import HashEmbedder


def test_pages_of_a_loader_become_one_document(tmp_path: Path) -> None:
    from langchain_community.document_loaders import PyPDFLoader

    loaded = PyPDFLoader(str(SAMPLES / "hoist-manual.pdf")).load()
    (document,) = documents_from_langchain(loaded)
    pages = zip(document.page_starts, loaded, strict=True)
    assert all(document.text.startswith(part.page_content, start) for start, part in pages)


def test_text_of_a_loader_can_be_ingested_and_found(tmp_path: Path) -> None:
    from langchain_community.document_loaders import TextLoader

    embedder = HashEmbedder()
    index = Index.open(tmp_path / "index", embedder=embedder)
    loaded = TextLoader(str(SAMPLES / "faq.txt"), encoding="utf-8").load()
    report = store(documents_from_langchain(loaded), index, embedder=embedder, tokens=64)
    assert report["added"] == 1
    assert Retriever(index, embedder).search("tides")[0].chunk.source.endswith("faq.txt")
    index.close()
