"""A question of a conversation with its answer, as a row of the file that keeps it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from rag_app.errors import DataError
from rag_app.history.answer_json import answer_from_json, answer_to_json
from rag_app.schema import Answer
from rag_app.text.printable import printable

Thumb = Literal["up", "down"]
_ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """An id that nobody can guess: 32 hex digits."""
    return uuid4().hex


def is_id(text: str) -> bool:
    """Whether the text could be one of ours."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A question and what came of it.

    Attributes:
        question: As it was asked.
        id: Its own.
        where: The documents it was asked of; see `Retriever.search`.
        within: The same in words; empty for all documents.
        answer: None where there is none.
        error: Why not, then.
        verdict: What the visitor thought of the answer.
        reason: Why.
    """

    question: str
    id: str = field(default_factory=new_id)
    where: Mapping[str, str] = field(default_factory=dict)
    within: str = ""
    answer: Answer | None = None
    error: str = ""
    verdict: Thumb | None = None
    reason: str = ""


def to_row(id_: str, number: int, turn: KeptTurn) -> tuple[Any, ...]:
    """The turn as a row of the conversation of that id."""
    return (
        id_,
        turn.id,
        number,
        printable(turn.question),
        json.dumps(dict(turn.where)),
        printable(turn.within),
        printable(turn.error),
        turn.verdict,
        printable(turn.reason),
        turn.answer and answer_to_json(turn.answer),
    )


def from_row(row: Sequence[Any]) -> KeptTurn:
    """The turn of a row that was read; an answer that was damaged is an error in it."""
    question, id_, where, within, answer, error, verdict, reason = row
    read = None
    try:
        read = answer and answer_from_json(answer)
    except DataError as damage:
        error = str(damage)
    return KeptTurn(question, id_, json.loads(where), within, read, error, verdict, reason)


def judged_to_json(turn: KeptTurn, answer: Answer, asked: Sequence[str]) -> dict[str, Any]:
    """A judged answer, the questions before it, and the quotes it rests on."""
    fields = ("source", "page", "start", "end", "quote")
    return {
        "question": turn.question,
        "history": list(asked),
        "where": dict(turn.where),
        "answer": answer.text,
        "verdict": turn.verdict,
        "reason": turn.reason,
        "sources": [{name: getattr(c, name) for name in fields} for c in answer.citations],
    }
