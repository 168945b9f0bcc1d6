"""A question's way through 50,000 chunks: ours, LangChain with Chroma, LlamaIndex.

    pip install -e '.[benchmark]'
    python -m benchmarks.query [--chunks 50000]

All three hold the same generated texts with the same vectors of the same model, in one
process; each is asked the same questions, fifty at a time, in turns: torch's threads go on
spinning for a while, and would slow down whoever comes next. Ours searches twice, by meaning and by
words, and fuses; the others search by meaning alone.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.generated import A_FILE, generate, questions
from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.models.model_files import find_model
from rag_app.protocols import Vectors
from rag_app.schema import Chunk

K = 5
QUESTIONS = 200
A_TURN, WARM_UP = 50, 5
THREADS = 8
MODEL = "all-MiniLM-L6-v2"
Search = Callable[[str], object]


def fill(rag: Rag, folder: Path, chunks: int) -> None:
    """Ingest so many generated chunks."""
    folder.mkdir()
    generate(folder, chunks // A_FILE, words=30)
    sync([folder], rag.index, embedder=rag.embedder, tokens=64)


def langchain(chunks: Sequence[Chunk], vectors: Vectors, scratch: Path) -> Search:
    """Chroma filled with what we have, searched as the tutorials do."""
    from langchain_chroma import Chroma
    from langchain_huggingface import HuggingFaceEmbeddings

    embeddings = HuggingFaceEmbeddings(model_name=str(find_model(MODEL)))
    store = Chroma(embedding_function=embeddings, persist_directory=str(scratch / "langchain"))
    for begin in range(0, len(chunks), 5_000):
        part = chunks[begin : begin + 5_000]
        store._collection.add(
            ids=[chunk.id for chunk in part],
            embeddings=vectors[begin : begin + 5_000],
            documents=[chunk.text for chunk in part],
            metadatas=[{"source": chunk.source} for chunk in part],
        )
    return lambda question: store.similarity_search(question, k=K)


def llama_index(chunks: Sequence[Chunk], vectors: Vectors, _: Path) -> Search:
    """LlamaIndex as it comes: its store in memory."""
    from llama_index.core import VectorStoreIndex
    from llama_index.core.schema import TextNode
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    nodes = [
        TextNode(id_=chunk.id, text=chunk.text, embedding=vector.tolist())
        for chunk, vector in zip(chunks, vectors, strict=True)
    ]
    model = HuggingFaceEmbedding(model_name=str(find_model(MODEL)))
    retriever = VectorStoreIndex(nodes, embed_model=model).as_retriever(similarity_top_k=K)
    return lambda question: retriever.retrieve(question)


def milliseconds(search: Search, question: str) -> float:
    """How long one search takes."""
    begun = perf_counter()
    search(question)
    return 1000 * (perf_counter() - begun)


def compare(searches: dict[str, Search]) -> None:
    """Ask all in turns and print the table."""
    # What was asked before is remembered.
    drawn = questions(QUESTIONS + A_TURN)
    *asked, warm_up = (drawn[n : n + A_TURN] for n in range(0, len(drawn), A_TURN))
    times: dict[str, list[float]] = {name: [] for name in searches}
    for turn, batch in enumerate(asked):
        for name, search in searches.items():
            for question in warm_up[turn * WARM_UP :][:WARM_UP]:
                search(question)
            times[name] += [milliseconds(search, question) for question in batch]
    print(f"{'ms':28}{'p50':>8}{'p95':>8}")
    for name, found in times.items():
        p95 = statistics.quantiles(found, n=20)[-1]
        print(f"{name:28}{statistics.median(found):8.1f}{p95:8.1f}")


def throughput(search: Search) -> float:
    """Searches a second, eight threads at once."""
    asked = questions(3 * QUESTIONS)[2 * QUESTIONS :]
    begun = perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(search, asked))
    return len(asked) / (perf_counter() - begun)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=50_000)
    chunks = parser.parse_args().chunks
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        folder = scratch / "files"
        with closing(Rag.open(settings=Settings(index=scratch / "index", answer="read"))) as rag:
            fill(rag, folder, chunks)
            measure(rag, folder, scratch)


def measure(rag: Rag, folder: Path, scratch: Path) -> None:
    """Compare on a filled index."""
    catalog, search = rag.index.catalog, rag.retriever.search
    found = catalog.chunks(catalog.chunk_ids())
    kept = catalog.kept.of_chunks(rag.index.model, found)
    rows = list(found.values()), np.stack([kept[id_] for id_ in found])
    one, most = {"folder": str(folder / "0000")}, {"format": "md"}
    searches: dict[str, Search] = {
        "ours": lambda question: search(question, k=K),
        "ours, of one folder": lambda question: search(question, k=K, where=one),
        "ours, of all Markdown": lambda question: search(question, k=K, where=most),
    }
    for name, make in (("LangChain + Chroma", langchain), ("LlamaIndex", llama_index)):
        try:
            searches[name] = make(*rows, scratch)
        except ImportError as error:
            print(f"{name} is left out ({error})", file=sys.stderr)
    print(f"{len(found):,} chunks, {QUESTIONS} questions, k = {K}")
    compare(searches)
    print(f"{THREADS} threads at once: {throughput(searches['ours']):.0f} searches a second")


if __name__ == "__main__":
    main()
