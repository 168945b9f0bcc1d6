"""Conversations of several people in one file: nobody meets another's, by no way in."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from rag_app.cli import main
from rag_app.history.conversations import FILE, Conversations
from rag_app.history.turns import KeptTurn, to_row
from tests.test_conversations import a_turn

# As it was before conversations had owners.
FIRST_SCHEMA = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, created REAL NOT NULL, changed REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE turns (
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    id TEXT NOT NULL, number INTEGER NOT NULL, question TEXT NOT NULL, "where" TEXT NOT NULL,
    within TEXT NOT NULL, error TEXT NOT NULL, verdict TEXT CHECK (verdict IN ('up', 'down')),
    reason TEXT NOT NULL, answer TEXT,
    PRIMARY KEY (conversation, id), UNIQUE (conversation, number)
);
PRAGMA user_version = 1;
"""


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Conversations]:
    with closing(Conversations.open(tmp_path)) as opened:
        yield opened.of("ada")


@pytest.fixture
def bob(ada: Conversations) -> Conversations:
    return ada.of("bob")


def test_everyone_sees_their_own(ada: Conversations, bob: Conversations) -> None:
    hers, his = ada.keep("", [turn := a_turn("Hers")]), bob.keep("", [a_turn("His")])
    assert [headline.id for headline in ada.listed()] == [hers]
    assert [headline.id for headline in bob.listed()] == [his]
    assert bob.listed("hers") == []
    assert (ada.count(), bob.count()) == (1, 1)
    assert ada.turns(hers) == [turn]


def test_nobody_opens_anothers_by_its_id(ada: Conversations, bob: Conversations) -> None:
    id_ = ada.keep("", [a_turn()])
    assert bob.turns(id_) == bob.of("").turns(id_) == []


def test_nobody_changes_anothers(ada: Conversations, bob: Conversations) -> None:
    id_ = ada.keep("", [turn := a_turn("How much?")])
    bob.rename(id_, "Mine")
    bob.judge(id_, turn.id, "down", reason="wrong")
    bob.delete(id_)
    assert ada.turns(id_) == [turn]
    assert ada.listed()[0].title == "How much?"


@pytest.mark.parametrize("knows", [True, False])
def test_what_somebody_else_adds_becomes_a_conversation_of_their_own(
    ada: Conversations, bob: Conversations, knows: bool
) -> None:
    id_ = ada.keep("", [turn := a_turn()])
    other = bob.keep(id_, [turn, added := a_turn()], known=[turn.id] if knows else [])
    assert other != id_
    assert ada.turns(id_) == [turn]
    assert bob.turns(other) == [turn, added]


def test_judged_answers_are_counted_and_exported_by_owner(
    ada: Conversations, bob: Conversations
) -> None:
    ada.keep("", [replace(a_turn("Hers?"), verdict="up")])
    bob.keep("", [replace(a_turn("His?"), verdict="down")])
    assert (ada.count_judged(), bob.count_judged(), ada.of("").count_judged()) == (1, 1, 0)
    assert json.loads(ada.judged())["question"] == "Hers?"
    assert ada.of("").judged() == ""


def test_the_command_exports_what_everybody_judged(
    ada: Conversations, bob: Conversations, tmp_path: Path
) -> None:
    ada.keep("", [replace(a_turn("Hers?"), verdict="up")])
    bob.keep("", [replace(a_turn("His?"), verdict="down")])
    (tmp_path / "catalog.sqlite").touch()
    with redirect_stdout(StringIO()) as out:
        assert main(["feedback", "--index", str(tmp_path)]) == 0
    assert out.getvalue() == "up   Hers?\ndown His?\n"


def test_a_file_from_before_there_were_owners_keeps_all_it_has(tmp_path: Path) -> None:
    turns = [a_turn("First?"), replace(a_turn("Second?"), verdict="up", reason="right")]
    id_ = "a" * 32
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        file.executescript(FIRST_SCHEMA)
        file.execute("INSERT INTO conversations VALUES (?, 'Berths', 1.0, 2.0)", (id_,))
        rows = [to_row(id_, number, turn) for number, turn in enumerate(turns, start=1)]
        file.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        file.commit()
    for _ in range(2):
        with closing(Conversations.open(tmp_path)) as kept:
            (headline,) = kept.listed()
            assert (headline.id, headline.title, headline.changed) == (id_, "Berths", 2.0)
            assert kept.turns(id_) == turns
            assert kept.set_aside is None
            assert kept.of("ada").count() == 0
    with closing(Conversations.open(tmp_path)) as kept:
        third = KeptTurn("Third?", error="Failed.")
        assert kept.keep(id_, [*turns, third], known=[turn.id for turn in turns]) == id_
        assert kept.turns(id_) == [*turns, third]
