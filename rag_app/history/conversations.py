"""The chat history: conversations in a SQLite file in the index folder.

A conversation is its turns. What is kept is the whole of each answer, so that it can be
read with its evidence after the documents have changed. Each has an owner, and is there for
nobody else.
"""

import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from time import time
from typing import Any, Self

from rag_app.history.turns import KeptTurn, Thumb, from_row, judged_to_json, new_id, to_row
from rag_app.index.catalog.database import Database, is_damaged, set_aside
from rag_app.index.catalog.tables import Tables
from rag_app.settings.settings_files import others_can_read
from rag_app.text.printable import printable, shorten

FILE = "conversations.sqlite"
_logger = logging.getLogger(__name__)
_TITLE = 80  # characters
_TABLES = Tables(
    version=2,
    schema="""
CREATE TABLE conversations (
    id      TEXT PRIMARY KEY,
    title   TEXT NOT NULL,              -- empty for the first question
    created REAL NOT NULL,              -- seconds since 1970, UTC
    changed REAL NOT NULL,
    owner   TEXT NOT NULL DEFAULT ''    -- empty where nobody signs in
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
    migrations={1: "ALTER TABLE conversations ADD COLUMN owner TEXT NOT NULL DEFAULT '';\n"},
)


@dataclass(frozen=True, slots=True)
class Headline:
    """A conversation in a list; `changed` in seconds since 1970."""

    id: str
    title: str
    changed: float
    questions: int


def _make_private(path: Path) -> None:
    """Have the file be there, and nobody but this user read what people ask.

    Modes that only let a group in were chosen by somebody, and stay.
    """
    # What cannot be made or changed, the database will tell.
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        beside = (path.with_name(path.name + ending) for ending in ("", "-wal", "-shm"))
        for file in filter(others_can_read, beside):
            file.chmod(0o600)


class Conversations:
    """The kept conversations of one index folder, as one owner sees them.

    Every change is one transaction. All methods raise `StoreError` where the file is damaged,
    locked or read-only, or the disk is full.

    Args:
        folder: Of the index.
        owner: Whose conversations are seen and changed; None for everybody's.
        set_aside: Where a damaged file lies that was there before.
    """

    def __init__(
        self, folder: Path, *, owner: str | None = "", set_aside: Path | None = None
    ) -> None:
        _make_private(folder / FILE)
        self._db = Database(folder / FILE, _TABLES)
        self._owner = owner
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

    def of(self, owner: str) -> Self:
        """Those of another owner, in the same open file."""
        theirs = copy(self)
        theirs._owner = owner
        return theirs

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
            if not there or there != [*known]:
                id_, there = new_id(), []
                values = (id_, "", time(), time(), self._owner or "")
                self._db.run("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", values)
            wanted = {turn.id for turn in turns}
            self._db.run_many(
                "DELETE FROM turns WHERE conversation = ? AND id = ?",
                [(id_, old) for old in there if old not in wanted],
            )
            numbered = enumerate(turns, start=1)
            self._db.run_many(
                "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [to_row(id_, number, turn) for number, turn in numbered if turn.id not in there],
            )
            self._db.run("UPDATE conversations SET changed = ? WHERE id = ?", (time(), id_))
        return id_

    def turns(self, id_: str) -> list[KeptTurn]:
        """The conversation, oldest turn first; empty where there is none of that id."""
        rows = self._db.rows(
            'SELECT question, turns.id, "where", within, answer, error, verdict, reason'
            " FROM turns JOIN conversations c ON c.id = conversation"
            " WHERE c.id = ? AND owner = coalesce(?, owner) ORDER BY number",
            (id_, self._owner),
        )
        return [from_row(row) for row in rows]

    def listed(self, wanted: str = "") -> list[Headline]:
        """The conversations with all these words in title and questions, last changed first."""
        rows = self._db.rows(
            "SELECT c.id, title, changed, question FROM conversations c"
            " JOIN turns ON conversation = c.id WHERE owner = coalesce(?, owner)"
            " ORDER BY changed DESC, c.id, number",
            (self._owner,),
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
        self._db.run(
            "UPDATE conversations SET title = ? WHERE id = ? AND owner = coalesce(?, owner)",
            (named, id_, self._owner),
        )

    def delete(self, id_: str) -> None:
        """Forget the conversation."""
        self._db.run(
            "DELETE FROM conversations WHERE id = ? AND owner = coalesce(?, owner)",
            (id_, self._owner),
        )

    def judge(self, id_: str, turn_id: str, verdict: Thumb | None, *, reason: str = "") -> None:
        """Keep what the visitor thinks of an answer."""
        self._db.run(
            "UPDATE turns SET verdict = ?, reason = ? WHERE id = ? AND conversation ="
            " (SELECT id FROM conversations WHERE id = ? AND owner = coalesce(?, owner))",
            (verdict, printable(reason), turn_id, id_, self._owner),
        )

    def judged(self) -> str:
        """Judged answers as JSON lines, oldest first; `rag-app ask --batch` asks them again.

        `history` has the questions before, and `sources` the quotes of the answer.
        """
        return "".join(f"{json.dumps(row)}\n" for row in self._judged())

    def count(self) -> int:
        """How many conversations are kept."""
        statement = "SELECT count(*) FROM conversations WHERE owner = coalesce(?, owner)"
        return int(self._db.rows(statement, (self._owner,))[0][0])

    def count_judged(self) -> int:
        """How many answers are judged."""
        statement = (
            "SELECT count(verdict) FROM turns JOIN conversations c ON c.id = conversation"
            " WHERE answer IS NOT NULL AND owner = coalesce(?, owner)"
        )
        return int(self._db.rows(statement, (self._owner,))[0][0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _judged(self) -> Iterator[dict[str, Any]]:
        ids = self._db.rows(
            "SELECT id FROM conversations c WHERE EXISTS"
            " (SELECT 1 FROM turns WHERE conversation = c.id AND verdict IS NOT NULL)"
            " AND owner = coalesce(?, owner) ORDER BY created",
            (self._owner,),
        )
        for (id_,) in ids:
            asked: list[str] = []
            for turn in self.turns(id_):
                if turn.verdict and turn.answer:
                    yield judged_to_json(turn, turn.answer, asked)
                asked.append(turn.question)

    def _turn_ids(self, id_: str) -> list[str]:
        rows = self._db.rows(
            "SELECT turns.id FROM turns JOIN conversations c ON c.id = conversation"
            " WHERE c.id = ? AND owner = coalesce(?, owner) ORDER BY number",
            (id_, self._owner),
        )
        return [turn_id for (turn_id,) in rows]


def _set_aside(path: Path) -> Path:
    aside = set_aside(path)
    _logger.warning("%s was damaged and is now %s; a new one is begun", path, aside)
    return aside
