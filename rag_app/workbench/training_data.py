"""What a model is taught, and the exam that it is judged by, never on the same questions.

Without any data, questions are made from the documents: the heading of a section, and
sentences turned into questions, each with the chunk it stands in.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from rag_app.errors import DataError
from rag_app.evaluation.questions import names_of
from rag_app.evaluation.retrieval import read_documents, read_judgements, read_question
from rag_app.evaluation.temporary_index import read_lines
from rag_app.protocols import Generator
from rag_app.schema import Chunk
from rag_app.text.terms import words
from rag_app.workbench.made_questions import made_questions, written_question
from rag_app.workbench.training_sets import TrainingSet, read_training_set

_FEWEST_WORDS = 12  # of a passage worth training on
_HELD, _EXAM = 0.1, 0.2  # shares of the questions


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Questions kept from training: the texts to find, and which of them are right for each."""

    questions: Mapping[str, str]
    corpus: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, int]]

    def pairs(self) -> list[tuple[str, str]]:
        """Every question with every text that is right for it."""
        return [
            (self.questions[question], self.corpus[text])
            for question, texts in self.relevant.items()
            for text, value in texts.items()
            if value > 0 and text in self.corpus
        ]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What is trained on, what decides when to stop, and what judges in the end."""

    training: TrainingSet
    held: HeldOut | None
    exam: HeldOut


def of_beir(folder: Path, *, split: str = "test") -> TrainingData:
    """The training judgements of a folder in BEIR layout; the split is the exam.

    Raises:
        DataError: The folder is not in BEIR layout, or its training part judges nothing.
    """
    taught, held = split_questions(read_beir(folder, "train"), share=_HELD)
    training = of_pairs(taught)
    if not training.rows:
        raise DataError(f"{folder / 'qrels' / 'train.tsv'} judges no text of the corpus")
    return TrainingData(training, held, read_beir(folder, split))


def of_file(file: Path, *, exam: Path, split: str = "test") -> TrainingData:
    """The rows of a file; the exam is a split of a folder in BEIR layout.

    Raises:
        DataError: One of the two has another layout.
    """
    return TrainingData(read_training_set(file), None, read_beir(exam, split))


def of_documents(
    chunks: Sequence[Chunk], *, exam: Path | None = None, generator: Generator | None = None
) -> TrainingData:
    """Questions made from the documents; the exam is a file of your own, or a part of them.

    Args:
        chunks: Of the documents.
        exam: See `read_exam`.
        generator: A language model that writes questions besides.

    Raises:
        DataError: The documents give no questions, or the exam has another layout.
    """
    made = asked_of_documents(chunks, generator=generator)
    if exam is None:
        made, judged = split_questions(made, share=_EXAM)
    else:
        judged = read_exam(exam, chunks)
    taught, held = split_questions(made, share=_HELD)
    training = of_pairs(taught)
    if not training.rows or not judged.questions:
        raise DataError("too few questions could be made from the documents; add more")
    return TrainingData(training, held, judged)


def read_exam(file: Path, chunks: Iterable[Chunk]) -> HeldOut:
    """JSON lines of `question` and `source`, a path or the end of one: any chunk of it is right.

    Raises:
        DataError: The file has another layout, or names a document that is not there.
    """
    rows = read_lines(file, lambda row: (str(row["question"]), str(row["source"])))
    known = {chunk.id: chunk for chunk in chunks}
    by_name: dict[str, dict[str, int]] = {}
    for chunk in known.values():
        for name in names_of(chunk.source):
            by_name.setdefault(name, {})[chunk.id] = 1
    if missing := [source for _, source in rows if source not in by_name]:
        raise DataError(f"{file}: {missing[0]!r} is not in the index; ingest it, or remove the row")
    return HeldOut(
        {str(number): question for number, (question, _) in enumerate(rows)},
        {id_: chunk.text for id_, chunk in known.items()},
        {str(number): by_name[source] for number, (_, source) in enumerate(rows)},
    )


def read_beir(folder: Path, split: str) -> HeldOut:
    """The judged questions of a split, and the whole corpus.

    Raises:
        DataError: The folder is not in BEIR layout.
    """
    texts = dict(read_lines(folder / "queries.jsonl", read_question))
    relevant = read_judgements(folder / "qrels" / f"{split}.tsv")
    corpus = {document.id: document.text for document in read_documents(folder)}
    return HeldOut({id_: texts[id_] for id_ in relevant if id_ in texts}, corpus, relevant)


def split_questions(whole: HeldOut, *, share: float, seed: int = 0) -> tuple[HeldOut, HeldOut]:
    """The same corpus with most of the questions, and with a share of them held out."""
    ids = sorted(whole.questions)
    random.Random(seed).shuffle(ids)
    kept = max(1, round(share * len(ids)))
    return _only(whole, ids[kept:]), _only(whole, ids[:kept])


def sample(whole: HeldOut, *, questions: int, texts: int, seed: int = 0) -> HeldOut:
    """Some of the questions, and all that is right for them among so many of the texts."""
    dice = random.Random(seed)
    asked = sorted(whole.questions)
    some = _only(whole, dice.sample(asked, min(questions, len(asked))))
    right = {text for judged in some.relevant.values() for text in judged}
    others = [id_ for id_ in whole.corpus if id_ not in right]
    dice.shuffle(others)
    shown = right | set(others[: max(0, texts - len(right))])
    return replace(some, corpus={id_: t for id_, t in whole.corpus.items() if id_ in shown})


def of_pairs(held: HeldOut) -> TrainingSet:
    """The questions with the texts that are right for them, as pairs."""
    return TrainingSet("pairs", tuple(held.pairs()))


def asked_of_documents(
    chunks: Iterable[Chunk], *, generator: Generator | None = None, seed: int = 0
) -> HeldOut:
    """Questions made from the documents, each with the chunk it was made from."""
    dice = random.Random(seed)
    known = {c.id: c for c in chunks if len(c.text.split()) >= _FEWEST_WORDS}
    questions: dict[str, str] = {}
    relevant: dict[str, dict[str, int]] = {}
    for chunk in known.values():
        for number, text in enumerate(_asked_of(chunk, dice, generator)):
            questions[f"{chunk.id}/{number}"] = text
            relevant[f"{chunk.id}/{number}"] = {chunk.id: 1}
    return HeldOut(questions, {id_: chunk.text for id_, chunk in known.items()}, relevant)


def _asked_of(chunk: Chunk, dice: random.Random, generator: Generator | None) -> Iterator[str]:
    name = " ".join(words(PurePath(chunk.source).stem))
    innermost = chunk.heading.rpartition(" › ")[2]
    if innermost:
        yield f"{name} {innermost}" if name.lower() not in innermost.lower() else innermost
    yield from (made.text for made in made_questions([chunk], dice))
    if generator is not None and (written := written_question(chunk, generator)):
        yield written


def _only(whole: HeldOut, ids: Sequence[str]) -> HeldOut:
    return HeldOut(
        {id_: whole.questions[id_] for id_ in ids},
        whole.corpus,
        {id_: whole.relevant[id_] for id_ in ids},
    )
