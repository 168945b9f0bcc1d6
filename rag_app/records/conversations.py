"""Conversations as they are kept: a SQLite file in the index folder.

A conversation is its turns. What is kept is the whole of each answer, so that it can be
read with its evidence after the documents have changed.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from time import time
from typing import Any, Literal, Self
from uuid import uuid4

from rag_app.errors import DataError, StoreError
from rag_app.index.database import Database, is_damaged
from rag_app.index.tables import Tables
from rag_app.printable import printable
from rag_app.records.whole_answer import answer_from_json, answer_to_json
from rag_app.rendering import shorten
from rag_app.schema import Answer

Thumb = Literal["up", "down"]
FILE = "conversations.sqlite"
_logger = logging.getLogger(__name__)
_TITLE = 80  # characters
_ID = re.compile(r"[0-9a-f]{32}")
_TABLES = Tables(
    version=1,
    schema="""
CREATE TABLE conversations (
    id      TEXT PRIMARY KEY,
    title   TEXT NOT NULL,              -- empty for the first question
    created REAL NOT NULL,              -- seconds since 1970, UTC
    changed REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE turns (
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    id           TEXT NOT NULL,
    number       INTEGER NOT NULL,      -- from 1, in the order they were asked
    question     TEXT NOT NULL,
    "where"      TEXT NOT NULL,         -- JSON
    within       TEXT NOT NULL,
    error        TEXT NOT NULL,
    verdict      TEXT CHECK (verdict IN ('up', 'down')),
    reason       TEXT NOT NULL,
    answer       TEXT,                  -- JSON; the longest, and so the last
    PRIMARY KEY (conversation, id),
    UNIQUE (conversation, number)
);
""",
    anew="move the file away to begin a new one",
)


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


@dataclass(frozen=True, slots=True)
class Headline:
    """A conversation in a list; `changed` in seconds since 1970."""

    id: str
    title: str
    changed: float
    questions: int


class Conversations:
    """The kept conversations of one index folder.

    Every change is one transaction. All methods raise `StoreError` where the file is damaged,
    locked or read-only, or the disk is full.
    """

    def __init__(self, folder: Path, *, set_aside: Path | None = None) -> None:
        self._db = Database(folder / FILE, _TABLES)
        self.set_aside = set_aside

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Those of the folder; a damaged file is set aside, and `set_aside` is where it lies.

        Raises:
            StoreError: There is none, and none can be made; or it is of a later version.
        """
        if not is_damaged(folder / FILE):
            return cls(folder)
        return cls(folder, set_aside=_set_aside(folder / FILE))

    def keep(self, id_: str, turns: Sequence[KeptTurn], *, known: Sequence[str] = ()) -> str:
        """Have the conversation consist of these turns; the id they are kept under.

        A turn never changes; one with a known id is not written again.

        Args:
            id_: Of the conversation; "" for a new one.
            turns: All of them, oldest first.
            known: Ids of the turns it had when it was last read or kept. If it has others,
                somebody else has gone on with it: these turns become a new one.
        """
        with self._db.transaction():
            there = self._turn_ids(id_)
            if not id_ or there != [*known]:
                id_, there = new_id(), []
                values = (id_, "", time(), time())
                self._db.run("INSERT INTO conversations VALUES (?, ?, ?, ?)", values)
            wanted = {turn.id for turn in turns}
            self._db.run_many(
                "DELETE FROM turns WHERE conversation = ? AND id = ?",
                [(id_, old) for old in there if old not in wanted],
            )
            numbered = enumerate(turns, start=1)
            self._db.run_many(
                "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_row(id_, number, turn) for number, turn in numbered if turn.id not in there],
            )
            self._db.run("UPDATE conversations SET changed = ? WHERE id = ?", (time(), id_))
        return id_

    def turns(self, id_: str) -> list[KeptTurn]:
        """The conversation, oldest turn first; empty where there is none of that id."""
        rows = self._db.rows(
            'SELECT question, id, "where", within, answer, error, verdict, reason'
            " FROM turns WHERE conversation = ? ORDER BY number",
            (id_,),
        )
        return [_turn(row) for row in rows]

    def listed(self, wanted: str = "") -> list[Headline]:
        """The conversations with all these words in title and questions, last changed first."""
        rows = self._db.rows(
            "SELECT c.id, title, changed, question FROM conversations c"
            " JOIN turns ON conversation = c.id ORDER BY changed DESC, c.id, number"
        )
        words = wanted.casefold().split()
        found = []
        for (id_, title, changed), group in groupby(rows, key=lambda row: row[:3]):
            questions = [question for *_, question in group]
            text = "\n".join((title, *questions)).casefold()
            if all(word in text for word in words):
                shown = title or shorten(questions[0], _TITLE)
                found.append(Headline(id_, shown, changed, len(questions)))
        return found

    def rename(self, id_: str, title: str) -> None:
        """Give the conversation another title; an empty one for its first question."""
        named = shorten(printable(title), _TITLE)
        self._db.run("UPDATE conversations SET title = ? WHERE id = ?", (named, id_))

    def delete(self, id_: str) -> None:
        """Forget the conversation."""
        self._db.run("DELETE FROM conversations WHERE id = ?", (id_,))

    def judge(self, id_: str, turn_id: str, verdict: Thumb | None, *, reason: str = "") -> None:
        """Keep what the visitor thinks of an answer."""
        self._db.run(
            "UPDATE turns SET verdict = ?, reason = ? WHERE conversation = ? AND id = ?",
            (verdict, printable(reason), id_, turn_id),
        )

    def judged(self) -> str:
        """Judged answers as JSON lines, oldest first; `rag-app ask --batch` asks them again.

        `history` has the questions before, and `sources` the quotes of the answer.
        """
        return "".join(f"{json.dumps(row)}\n" for row in self._judged())

    def count(self) -> int:
        """How many conversations are kept."""
        return int(self._db.rows("SELECT count(*) FROM conversations")[0][0])

    def count_judged(self) -> int:
        """How many answers are judged."""
        rows = self._db.rows("SELECT count(verdict) FROM turns WHERE answer IS NOT NULL")
        return int(rows[0][0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _judged(self) -> Iterator[dict[str, Any]]:
        ids = self._db.rows(
            "SELECT id FROM conversations c WHERE EXISTS"
            " (SELECT 1 FROM turns WHERE conversation = c.id AND verdict IS NOT NULL)"
            " ORDER BY created"
        )
        for (id_,) in ids:
            asked: list[str] = []
            for turn in self.turns(id_):
                if turn.verdict and turn.answer:
                    yield _as_json(turn, turn.answer, asked)
                asked.append(turn.question)

    def _turn_ids(self, id_: str) -> list[str]:
        rows = self._db.rows("SELECT id FROM turns WHERE conversation = ? ORDER BY number", (id_,))
        return [turn_id for (turn_id,) in rows]


def _row(id_: str, number: int, turn: KeptTurn) -> tuple[Any, ...]:
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


def _turn(row: Sequence[Any]) -> KeptTurn:
    question, id_, where, within, answer, error, verdict, reason = row
    read = None
    try:
        read = answer and answer_from_json(answer)
    except DataError as damage:
        error = str(damage)
    return KeptTurn(question, id_, json.loads(where), within, read, error, verdict, reason)


def _as_json(turn: KeptTurn, answer: Answer, asked: Sequence[str]) -> dict[str, Any]:
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


def _set_aside(path: Path) -> Path:
    """Give the damaged file, and what SQLite keeps beside it, another name."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}.sqlite")).exists():
        number += 1
    try:
        for ending in ("-wal", "-shm", ""):
            beside = path.with_name(path.name + ending)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise StoreError(f"{path} is damaged ({error.strerror}); move the file away") from error
    _logger.warning("%s was damaged and is now %s; a new one is begun", path, aside)
    return aside
