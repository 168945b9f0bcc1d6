"""Are questions searched as they are where they stand alone, and found where they do not?

    python -m benchmarks.followups ../shared/data/people

The folder holds `conversations.jsonl` and each world's documents in `WORLD/docs`; all worlds
go into one throw-away index. Questions that stand alone are to be searched word for word, and
those that need the turns before them are to find the first right document among five hits as
often as when they are written out. Questions of a world's own file are told apart likewise,
as if something had been asked before. Odd conversations were looked at before even ones.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.evaluation.metrics import mean
from rag_app.retrieval.query_rewriting import needs_history, rewrite_query

WORLDS = ("office", "home", "tech", "public", "industry")
ALONE = ("first", "stands_alone", "topic_switch")
NEEDY = "needs_history"
FIRST = 5  # hits
Turn = Mapping[str, Any]


def read_turns(file: Path) -> list[Turn]:
    """The lines of a file of questions or conversations."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def kept_whole(turns: Iterable[Turn]) -> float:
    """Share of the turns that stand alone that is searched word for word."""
    alone = [turn for turn in turns if turn["kind"] in ALONE]
    return mean([float(searched(turn) == turn["question"]) for turn in alone])


def searched(turn: Turn) -> str:
    """What a turn is searched as."""
    return rewrite_query(turn["question"], turn["history"])


def found(rag: Rag, question: str, turn: Turn) -> bool:
    """Whether the first right document of the turn is among the first hits of the question."""
    right = f"/{turn['world']}/docs/{turn['gold'][0]['source']}"
    hits = rag.retriever.search(question, k=FIRST)
    return any(hit.chunk.source.endswith(right) for hit in hits)


def show(name: str, rag: Rag, turns: Sequence[Turn]) -> None:
    """Print a line of the table."""
    needy = [turn for turn in turns if turn["kind"] == NEEDY and turn["gold"]]
    told = mean([float(needs_history(turn["question"])) for turn in needy])
    bare = mean([float(found(rag, turn["question"], turn)) for turn in needy])
    now = mean([float(found(rag, searched(turn), turn)) for turn in needy])
    best = mean([float(found(rag, turn["standalone"], turn)) for turn in needy])
    whole = kept_whole(turns)
    print(f"{name:10}{whole:8.1%}{told:8.1%}{bare:8.1%}{now:8.1%}{best:8.1%}{len(turns):7}")


def show_questions(folder: Path) -> None:
    """Print how the questions of each world's own file are told apart."""
    for file in sorted(folder.glob("*/questions.jsonl")):
        asked = read_turns(file)
        needy = [needs_history(row["question"]) for row in asked if row["history"]]
        alone = [not needs_history(row["question"]) for row in asked if not row["history"]]
        print(f"{file.parent.name:10}{mean(alone):8.1%}{mean(needy):8.1%}{len(asked):31}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    turns = read_turns(folder / "conversations.jsonl")
    columns = ("whole", "leans", "as is", "found", "best", "n")
    print(" " * 10 + "{:>8}{:>8}{:>8}{:>8}{:>8}{:>7}".format(*columns))
    with (
        tempfile.TemporaryDirectory() as index,
        closing(Rag.open(settings=Settings(index=Path(index), answer="read"))) as rag,
    ):
        sync([folder / world / "docs" for world in WORLDS], rag.index, embedder=rag.embedder)
        for name, rest in (("odd", 1), ("even", 0)):
            half = [turn for turn in turns if int(turn["id"].split("-")[1]) % 2 == rest]
            show(name, rag, half)
        for world in WORLDS:
            show(world, rag, [turn for turn in turns if turn["world"] == world])
    show_questions(folder)


if __name__ == "__main__":
    main()
