"""Answers on a question set in SQuAD layout: reading, end to end, and abstention."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from rag_app.errors import ConfigError, DataError
from rag_app.evaluation.metrics import (
    auroc,
    exact_match,
    expected_calibration_error,
    f1,
    mean,
    percentiles,
)
from rag_app.evaluation.questions import spread
from rag_app.evaluation.temporary_index import evaluation_document, open_temporary_index, read_text
from rag_app.protocols import Reader
from rag_app.rag import Rag
from rag_app.retrieval.question_length import check_question
from rag_app.schema import Answer, Document, Passage
from rag_app.settings.provenance import Settings
from rag_app.text.surrogates import loads


@dataclass(frozen=True, slots=True)
class Question:
    """A question on one paragraph; without golds where the paragraph does not answer it."""

    text: str
    paragraph: Document
    golds: tuple[str, ...]
    starts: tuple[int, ...]


def evaluate_answers(file: Path, *, settings: Settings, limit: int | None = None) -> dict[str, Any]:
    """Reading given the paragraph, and asking an index of all paragraphs.

    Raises:
        DataError: The file is not in SQuAD layout.
    """
    questions = load_questions(file)
    if not questions:
        raise DataError(f"{file} holds no questions")
    paragraphs = list({q.paragraph.id: q.paragraph for q in questions}.values())
    asked = spread(questions, limit)
    answers, latencies = [], []
    rag, _ = open_temporary_index(paragraphs, settings)
    with closing(rag):
        for question in asked:
            begun = perf_counter()
            answers.append(rag.ask(question.text))
            latencies.append(perf_counter() - begun)
        report: dict[str, Any] = {
            "reading": _reading(rag.reader, [q for q in asked if q.golds]),
            "end_to_end": _end_to_end(asked, answers),
            "citation_exact": citation_exact(rag, answers),
            "seconds_per_question": percentiles(latencies),
        }
    if any(not q.golds for q in asked):
        report["abstention"] = _abstention(asked, answers)
    return report


def load_questions(file: Path) -> list[Question]:
    """The questions of a SQuAD 1.1 or 2.0 file, in its order."""
    try:
        articles = loads(read_text(file))["data"]
        questions = [
            Question(
                row["question"],
                paragraph,
                tuple(answer["text"] for answer in row["answers"]),
                tuple(answer["answer_start"] for answer in row["answers"]),
            )
            for article in articles
            for number, entry in enumerate(article["paragraphs"])
            for paragraph in [
                evaluation_document(
                    f"{article['title']}/{number}",
                    entry["context"],
                    title=article["title"].replace("_", " "),
                )
            ]
            for row in entry["qas"]
        ]
        check_question(*(question.text for question in questions))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{file}: not in SQuAD layout ({error!r})") from error
    except ConfigError as error:
        raise DataError(f"{file}: {error}") from error
    return questions


def _reading(reader: Reader, questions: Sequence[Question]) -> dict[str, float]:
    exact, overlap, inside = [], [], []
    for question in questions:
        text = question.paragraph.text
        spans = reader.read(question.text, [Passage(text)]).spans
        start, end = (spans[0].start, spans[0].end) if spans else (0, 0)
        words = slice(*(spans[0].words or (start, end))) if spans else slice(0, 0)
        exact.append(exact_match(text[words], question.golds))
        overlap.append(f1(text[words], question.golds))
        golds = zip(question.starts, question.golds, strict=True)
        inside.append(float(any(start <= at and at + len(g) <= end for at, g in golds)))
    return {
        "exact": mean(exact),
        "f1": mean(overlap),
        "sentence": mean(inside),
        "questions": len(questions),
    }


def _end_to_end(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, float]:
    pairs = [(q, a) for q, a in zip(questions, answers, strict=True) if q.golds]
    said = [(q, " ".join(c.quote for c in answer.citations)) for q, answer in pairs]
    return {
        "exact": mean([exact_match(quoted, q.golds) for q, quoted in said]),
        "f1": mean([f1(quoted, q.golds) for q, quoted in said]),
        "quoted": mean([float(any(gold in quoted for gold in q.golds)) for q, quoted in said]),
        "recall@1": mean([_found(q, a, k=1) for q, a in pairs]),
        "recall@5": mean([_found(q, a, k=5) for q, a in pairs]),
    }


def _found(question: Question, answer: Answer, *, k: int) -> float:
    return float(any(hit.chunk.document_id == question.paragraph.id for hit in answer.hits[:k]))


def citation_exact(rag: Rag, answers: Sequence[Answer]) -> float:
    """Share of all citations whose quote equals the slice of the document's text."""
    exact = []
    for answer in answers:
        for citation in answer.citations:
            document = rag.index.catalog.document(citation.source)
            text = document.text if document else ""
            exact.append(float(text[citation.start : citation.end] == citation.quote))
    return mean(exact)


def _abstention(
    questions: Sequence[Question], answers: Sequence[Answer]
) -> dict[str, float | None]:
    answerable = [bool(question.golds) for question in questions]
    refused = [answer.mode == "abstain" for answer in answers]
    pairs = list(zip(answerable, refused, strict=True))
    chances = [answer.confidence for answer in answers]
    return {
        # JSON knows no NaN.
        "auroc": auroc(chances, answerable) if any(answerable) else None,
        "ece": expected_calibration_error(chances, answerable),
        "false_answer": mean([float(not said_no) for has, said_no in pairs if not has]),
        "false_refusal": mean([float(said_no) for has, said_no in pairs if has]),
    }
