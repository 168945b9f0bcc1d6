"""Questions with the sentence that answers each, from public data, to train the reranker on.

Read from gzipped JSON lines in one folder:

| file | rows | licence |
|---|---|---|
| `squad_13_articles.jsonl.gz` | `question`, `context`, `start`, `end` | CC BY-SA 4.0 |
| `question_sentence_pairs.jsonl.gz` | `question`, `passage`, in reading order | CC BY-SA 4.0 |
| `qamr.jsonl.gz` | `question`, `context` (a sentence) | MIT |
"""

import gzip
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.errors import DataError
from rag_app.protocols import Embedder
from rag_app.sentences import sentence_spans

FILES = ("squad_13_articles", "question_sentence_pairs", "qamr")
_HELD_OUT = 120  # paragraphs of the articles that are not trained on
_QAMR = 5_000  # questions used of that file
_NEIGHBOURS = 4  # sentences on either side that are close, and do not answer
_MINED = 12  # sentences that the embedder takes for an answer


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the one before it."""

    text: str
    before: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the sentence that answers it, and those around that one."""

    text: str
    answer: int
    near: tuple[int, ...]


class SentenceBank:
    """All sentences, and the questions that point into them."""

    def __init__(self) -> None:
        self.sentences: list[Sentence] = []
        self.questions: list[Question] = []

    @classmethod
    def read(cls, folder: Path) -> "SentenceBank":
        """Everything in the folder's files.

        Raises:
            DataError: A file is missing.
        """
        bank = cls()
        articles, pairs, qamr = (list(_rows(folder / f"{name}.jsonl.gz")) for name in FILES)
        kept = set(_paragraphs(articles)[:-_HELD_OUT])
        bank._add_paragraphs([row for row in articles if row["context"] in kept])
        bank._add_running_text(pairs)
        # Its questions are many and odd: a part of them is enough.
        bank._add_single_sentences(random.Random(7).sample(qamr, min(_QAMR, len(qamr))))
        return bank

    def mine(self, embedder: Embedder) -> NDArray[np.int64]:
        """(questions, 12) the sentences whose vectors are closest to each question."""
        sentences = embedder.embed([sentence.text for sentence in self.sentences])
        questions = embedder.embed([question.text for question in self.questions], kind="query")
        mined = np.empty((len(questions), _MINED), dtype=np.int64)
        for begin in range(0, len(questions), 1000):
            cosines = questions[begin : begin + 1000] @ sentences.T  # (≤1000, sentences)
            mined[begin : begin + 1000] = np.argsort(-cosines, axis=1)[:, :_MINED]
        return mined

    def _add(self, texts: list[str]) -> list[int]:
        """The numbers of new sentences that follow one another."""
        first = len(self.sentences)
        befores = ["", *texts][: len(texts)]
        self.sentences += map(Sentence, texts, befores)
        return list(range(first, len(self.sentences)))

    def _add_paragraphs(self, rows: list[dict[str, Any]]) -> None:
        known: dict[str, tuple[list[tuple[int, int]], list[int]]] = {}
        for row in rows:
            text = row["context"]
            if text not in known:
                spans = sentence_spans(text)
                known[text] = spans, self._add([text[start:end] for start, end in spans])
            spans, numbers = known[text]
            for (start, end), number in zip(spans, numbers, strict=True):
                if start <= row["start"] and row["end"] <= end:
                    others = tuple(other for other in numbers if other != number)
                    self.questions.append(Question(row["question"], number, others))
                    break

    def _add_running_text(self, rows: list[dict[str, Any]]) -> None:
        texts = list(dict.fromkeys(row["passage"].strip() for row in rows))
        numbers = self._add(texts)
        place = {text: index for index, text in enumerate(texts)}
        for row in rows:
            index = place[row["passage"].strip()]
            window = numbers[max(0, index - _NEIGHBOURS) : index + _NEIGHBOURS + 1]
            near = tuple(number for number in window if number != numbers[index])
            self.questions.append(Question(row["question"], numbers[index], near))

    def _add_single_sentences(self, rows: list[dict[str, Any]]) -> None:
        numbers = {
            text: self._add([text])[0] for text in dict.fromkeys(row["context"] for row in rows)
        }
        for row in rows:
            # The makers' rows carry the answer behind a run of spaces.
            question = row["question"].split("  ")[0].strip()
            self.questions.append(Question(question, numbers[row["context"]], ()))


def held_out(folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of the articles that no bank holds, and the paragraphs of all articles."""
    rows = list(_rows(folder / f"{FILES[0]}.jsonl.gz"))
    paragraphs = _paragraphs(rows)
    kept = set(paragraphs[:-_HELD_OUT])
    return [row for row in rows if row["context"] not in kept], paragraphs


def _paragraphs(rows: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["context"] for row in rows))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except OSError as error:
        raise DataError(f"{path}: {error}; name the folder that holds it") from error
