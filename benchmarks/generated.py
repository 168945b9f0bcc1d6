"""Folders of generated text, the same ones every time."""

import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

A_FILE = 20  # sections, each of which becomes a chunk
FILES_A_FOLDER = 100


@cache
def vocabulary() -> Sequence[str]:
    """Some thousands of English words that every Python has with it."""
    from pydoc_data.topics import topics

    return sorted(set(re.findall(r"[a-z]{3,12}", " ".join(topics.values()).lower())))


def generate(folder: Path, files: int, *, words: int) -> None:
    """Write Markdown files of twenty sections of about so many words."""
    draw = random.Random(0)
    for number in range(files):
        sections = [
            " ".join(draw.choices(vocabulary(), k=draw.randint(words * 9 // 10, words * 11 // 10)))
            for _ in range(A_FILE)
        ]
        where = folder / f"{number // FILES_A_FOLDER:04}"
        where.mkdir(exist_ok=True)
        text = "".join(f"## Part {n}\n\n{section}.\n\n" for n, section in enumerate(sections))
        (where / f"{number:06}.md").write_text(text, encoding="utf-8")


def questions(count: int) -> list[str]:
    """Questions of three to eight of the words."""
    draw = random.Random(1)
    return [
        f"What is the {' '.join(draw.choices(vocabulary(), k=draw.randint(3, 8)))}?"
        for _ in range(count)
    ]
