"""How ingestion holds up as an index grows: generated files, the real model, real stores.

    python -m benchmarks.scale [--chunks 100000] [--index DIR]

Each file has twenty sections of some 140 words, a chunk each, half as long as chunks are by
default. Compared are the chunks
a second in the first and in the last tenth; then one file is removed, and `rag-app status`
runs as a person would run it.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from time import perf_counter

from benchmarks.generated import A_FILE, generate
from ingest.report import Progress
from ingest.sync import sync
from rag_app import Rag, Settings

TOKENS = 256
WORDS = 140


def rates(seen: list[tuple[float, int]]) -> tuple[float, float]:
    """Chunks a second in the first and in the last tenth of the run."""
    tenth = len(seen) // 10

    def rate(part: list[tuple[float, int]]) -> float:
        return (part[-1][1] - part[0][1]) / (part[-1][0] - part[0][0])

    return rate(seen[:tenth]), rate(seen[-tenth:])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    with tempfile.TemporaryDirectory() as scratch:
        measure(Path(scratch), parser.parse_args().chunks)


def measure(scratch: Path, chunks: int) -> None:
    """One run of it."""
    folder, index = scratch / "files", scratch / "index"
    folder.mkdir()
    generate(folder, chunks // A_FILE, words=WORDS)
    settings = Settings(index=index, answer="read")
    seen: list[tuple[float, int]] = []

    def note(progress: Progress) -> None:
        seen.append((perf_counter(), progress.chunks))
        if sys.stderr.isatty():
            print(f"\r{progress.chunks:,}", end="", file=sys.stderr)

    with closing(Rag.open(settings=settings)) as rag:
        rag.embedder.embed(["warm"])
        report = sync([folder], rag.index, embedder=rag.embedder, tokens=TOKENS, progress=note)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        first, last = rates(seen)
        victim = folder / "0000" / "000007.md"
        victim.unlink()
        begun = perf_counter()
        removed = sync([victim], rag.index, embedder=rag.embedder, tokens=TOKENS)
        removing = perf_counter() - begun
    begun = perf_counter()
    status = [sys.executable, "-m", "rag_app.cli", "status", "--index", str(index)]
    subprocess.run(status, check=True, stdout=subprocess.DEVNULL)
    print(f"{report.chunks:,} chunks of {report.files:,} files in {report.seconds:.0f} s")
    print(f"chunks/s  first tenth {first:.0f}, last tenth {last:.0f}, ratio {last / first:.2f}")
    print(f"peak MB   {peak:.0f}")
    print(f"removing {removed.removed} document  {removing:.3f} s")
    print(f"rag-app status         {perf_counter() - begun:.3f} s")


if __name__ == "__main__":
    main()
