"""Ours against the pipeline that tutorials assemble, on the same folder and the same model.

    pip install -e '.[benchmark]'
    python -m benchmarks.ingest FOLDER [--rounds N]

The tutorial: TextLoader and PyPDFLoader, RecursiveCharacterTextSplitter 1000/200,
HuggingFaceEmbeddings, Chroma.from_documents, similarity_search with k = 4. Each run is a
process of its own, so that peak memory is its own; the two take turns, and the medians of
the rounds are compared as a ratio. Models are loaded before the clock starts.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

if Path(sys.path[0]) == Path(__file__).parent:
    del sys.path[0]  # run as a script, this file would stand in for the package of its name
QUESTIONS = (
    "How do I make a key expire after some seconds?",
    "What is the difference between RDB and AOF persistence?",
    "How does a replica take over when the master fails?",
    "Which command adds a member to a sorted set?",
    "How much memory does an empty instance use?",
    "Can a transaction be rolled back?",
    "How are slots assigned in a cluster?",
    "What does the WAIT command do?",
)
QUERY_ROUNDS = 5
SUFFIXES = {".md", ".txt", ".pdf"}
Search = Callable[[str], object]


def files_of(folder: Path) -> list[Path]:
    """The files that both pipelines read."""
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)


def run_ours(folder: Path, index: Path) -> dict[str, float]:
    """Ingest and search as `rag-ingest` and the retriever do."""
    from ingest.sync import sync
    from rag_app import Rag, Settings

    rag = Rag.open(settings=Settings(index=index, answer="read"))
    rag.embedder.embed(["warm"])
    begun = perf_counter()
    report = sync(files_of(folder), rag.index, embedder=rag.embedder)
    seconds = perf_counter() - begun
    return figures(folder, seconds, report.chunks, lambda q: rag.retriever.search(q, k=4))


def run_tutorial(folder: Path, index: Path) -> dict[str, float]:
    """Ingest and search as the tutorials do."""
    from langchain_chroma import Chroma
    from langchain_community.document_loaders import PyPDFLoader, TextLoader
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    from rag_app.models.model_files import find_model

    embeddings = HuggingFaceEmbeddings(model_name=str(find_model("all-MiniLM-L6-v2")))
    embeddings.embed_query("warm")
    begun = perf_counter()
    documents = []
    for path in files_of(folder):
        loader = PyPDFLoader(str(path)) if path.suffix == ".pdf" else TextLoader(str(path), "utf-8")
        documents += loader.load()
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    chunks = splitter.split_documents(documents)
    store = Chroma.from_documents(chunks, embeddings, persist_directory=str(index))
    seconds = perf_counter() - begun
    return figures(folder, seconds, len(chunks), lambda q: store.similarity_search(q, k=4))


def figures(folder: Path, seconds: float, chunks: int, search: Search) -> dict[str, float]:
    """What is compared; queries are timed here."""
    size = sum(path.stat().st_size for path in files_of(folder))
    search(QUESTIONS[0])
    times = []
    # No question twice, as what was found is remembered.
    asked = [f"{question} {n}" for n in range(QUERY_ROUNDS) for question in QUESTIONS]
    for question in asked:
        begun = perf_counter()
        search(question)
        times.append(1000 * (perf_counter() - begun))
    return {
        "kB/s": size / 1000 / seconds,
        "chunks/s": chunks / seconds,
        "seconds": seconds,
        "query p50 ms": statistics.median(times),
        "query p95 ms": statistics.quantiles(times, n=20)[-1],
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


PIPELINES = {"tutorial": run_tutorial, "rag-app": run_ours}


def measure(name: str, folder: Path) -> dict[str, float]:
    """One run of a pipeline in a process of its own."""
    command = [sys.executable, __file__, str(folder), "--only", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=PIPELINES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        with tempfile.TemporaryDirectory() as index:
            print(json.dumps(PIPELINES[arguments.only](arguments.folder, Path(index))))
        return
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in PIPELINES}
    for _ in range(arguments.rounds):
        for name in PIPELINES:
            runs[name].append(measure(name, arguments.folder))
    print(f"{'':14}{'tutorial':>10}{'rag-app':>10}{'ratio':>8}")
    for key in runs["rag-app"][0]:
        theirs, ours = (statistics.median(run[key] for run in runs[name]) for name in PIPELINES)
        print(f"{key:14}{theirs:10.1f}{ours:10.1f}{ours / theirs:8.2f}")


if __name__ == "__main__":
    main()
