"""Conversations that are kept: nothing of an answer is lost, and no file stops the chat."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from time import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_app.cli import main
from rag_app.errors import DataError, StoreError
from rag_app.history.answer_json import answer_from_json, answer_to_json
from rag_app.history.conversations import FILE, Conversations
from rag_app.history.turns import KeptTurn, is_id, new_id
from rag_app.schema import Answer, Chunk, Citation, Hit, Signals
from tests.fakes import a_hit
from tests.privileges import open_folder, without_privileges

HOSTILE = "<script>alert(1)</script> **bold** \u202e\x00 'quoted'; DROP TABLE turns; --"


def an_answer(text: str = "A berth costs £120 a year.", *, source: str = "berths.md") -> Answer:
    hit = a_hit(text, source=source)
    citation = Citation(1, hit.chunk.id, source, None, 0, 5, text[:5], 0, 5, 0.9, (0, 1))
    return Answer("How much?", f"{text} [1]", "read", 0.8, (citation,), (hit,), {"read": 0.1})


def a_turn(question: str = "How much is a berth?") -> KeptTurn:
    return KeptTurn(question, where={"format": "md"}, within="md", answer=an_answer())


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Conversations]:
    with closing(Conversations.open(tmp_path)) as opened:
        yield opened


# Answers as JSON

# File names that are not UTF-8 have halves of pairs in them.
texts = st.text(
    st.characters(codec="utf-8") | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF)
)
scores = st.floats(allow_nan=False)
counts = st.integers(0, 2**40)
pairs = st.tuples(counts, counts)
chunks = st.builds(
    Chunk, *[texts] * 4, *[counts] * 2, st.none() | counts, texts, counts, seen=texts
)
signals = st.builds(Signals, *[st.none() | scores] * 3)
hits = st.builds(Hit, chunks, scores, counts, signals, st.lists(texts).map(tuple))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    found = draw(st.lists(hits, min_size=1, max_size=3).map(tuple))
    ids = st.sampled_from([hit.chunk.id for hit in found])
    words = st.none() | pairs
    citation = st.builds(
        *(Citation, counts, ids, texts, st.none() | counts, counts, counts, texts),
        *(counts, counts, scores, words),
    )
    citations = draw(st.lists(citation, max_size=3).map(tuple))
    mode = draw(st.sampled_from(["read", "generate"])) if citations else "abstain"
    seconds = draw(st.dictionaries(texts, scores, max_size=2))
    unsupported = draw(st.lists(pairs, max_size=2).map(tuple))
    strings = [draw(texts) for _ in range(4)]
    return Answer(
        strings[0],
        strings[1],
        mode,
        draw(scores),
        citations,
        found,
        seconds,
        searched=strings[2],
        note=strings[3],
        unsupported=unsupported,
    )


@settings(max_examples=30)
@given(answers())
def test_every_part_of_an_answer_comes_back(answer: Answer) -> None:
    text = answer_to_json(answer)
    assert text.isascii()
    assert answer_from_json(text) == answer


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"question": "Who?"}', '{"citations": 1}'])
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        answer_from_json(text)


# Keeping


def test_a_conversation_comes_back_after_a_restart(tmp_path: Path) -> None:
    turns = [a_turn(), KeptTurn("And who?", error="Answering failed.")]
    with closing(Conversations.open(tmp_path)) as first:
        id_ = first.keep("", turns)
    assert is_id(id_)
    with closing(Conversations.open(tmp_path)) as second:
        assert second.turns(id_) == turns
        assert second.set_aside is None


def test_an_unknown_id_has_no_turns(kept: Conversations) -> None:
    assert kept.turns(new_id()) == kept.turns("' OR 1") == []


@pytest.mark.parametrize("text", ["", "a" * 31, "A" * 32, f"{'a' * 32}\n", "../" + "a" * 29])
def test_ids_are_32_hex_digits(text: str) -> None:
    assert not is_id(text)
    assert is_id(new_id())


def test_a_question_that_is_asked_again_drops_what_followed(kept: Conversations) -> None:
    first, second, third, other = (a_turn(f"Question {n}") for n in range(4))
    id_ = kept.keep("", [first, second, third])
    known = [first.id, second.id, third.id]
    assert kept.keep(id_, [first, other], known=known) == id_
    assert kept.turns(id_) == [first, other]


def test_a_conversation_that_went_on_elsewhere_is_left_alone(kept: Conversations) -> None:
    first, here, there = a_turn("First"), a_turn("Here"), a_turn("There")
    id_ = kept.keep("", [first])
    kept.keep(id_, [first, there], known=[first.id])
    other = kept.keep(id_, [first, here], known=[first.id])
    assert other != id_
    assert kept.turns(id_) == [first, there]
    assert kept.turns(other) == [first, here]


def test_a_conversation_that_was_deleted_elsewhere_is_kept_as_a_new_one(
    kept: Conversations,
) -> None:
    first, second = a_turn(), a_turn()
    id_ = kept.keep("", [first])
    kept.delete(id_)
    other = kept.keep(id_, [first, second], known=[first.id])
    assert other != id_
    assert kept.turns(other) == [first, second]


def test_two_threads_and_a_second_program_can_write_at_once(
    kept: Conversations, tmp_path: Path
) -> None:
    with closing(Conversations.open(tmp_path)) as other, ThreadPoolExecutor(4) as pool:
        stores = [kept, other] * 20
        ids = list(pool.map(lambda store: store.keep("", [a_turn()]), stores))
    assert {headline.id for headline in kept.listed()} == set(ids)
    assert kept.count() == 40


def test_an_answer_that_was_damaged_alone_says_so(kept: Conversations, tmp_path: Path) -> None:
    id_ = kept.keep("", [a_turn()])
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        file.execute("UPDATE turns SET answer = '{}'")
        file.commit()
    (turn,) = kept.turns(id_)
    assert turn.answer is None
    assert "cannot be read" in turn.error


# The list


def test_a_conversation_is_called_by_its_first_question(kept: Conversations) -> None:
    id_ = kept.keep("", [a_turn(f"How\nmuch {'very ' * 40}?"), a_turn()])
    (headline,) = kept.listed()
    assert (headline.id, headline.questions) == (id_, 2)
    assert headline.title.startswith("How much very very")
    assert headline.title.endswith(" …")
    assert len(headline.title) <= 82
    assert headline.changed == pytest.approx(time(), abs=60)


def test_the_last_changed_stands_first(kept: Conversations) -> None:
    first, second = a_turn("First"), a_turn("Second")
    id_ = kept.keep("", [first])
    kept.keep("", [second])
    assert [headline.title for headline in kept.listed()] == ["Second", "First"]
    kept.keep(id_, [first, a_turn()], known=[first.id])
    assert [headline.title for headline in kept.listed()] == ["First", "Second"]


def test_words_of_title_and_questions_find_a_conversation(kept: Conversations) -> None:
    berths = kept.keep("", [a_turn("What does a BERTH cost?"), a_turn("Größe des Bootes?")])
    keys = kept.keep("", [a_turn("Where do the keys hang?")])
    kept.rename(keys, "Office 100%")

    def found(wanted: str) -> list[str]:
        return [headline.id for headline in kept.listed(wanted)]

    assert found("berth") == found("GRÖSSE") == found("boot what") == [berths]
    assert found("100%") == found("hang office") == [keys]
    assert found("_") == found("berth keys") == []


def test_a_title_can_be_given_and_taken_back(kept: Conversations) -> None:
    id_ = kept.keep("", [a_turn("How much?")])
    kept.rename(id_, "  Prices \n of berths ")
    assert kept.listed()[0].title == "Prices of berths"
    kept.rename(id_, "")
    assert kept.listed()[0].title == "How much?"


def test_a_deleted_conversation_is_gone_with_its_turns(kept: Conversations, tmp_path: Path) -> None:
    id_, other = kept.keep("", [a_turn()]), kept.keep("", [a_turn()])
    kept.delete(id_)
    assert [headline.id for headline in kept.listed()] == [other]
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        assert file.execute("SELECT count(*) FROM turns").fetchall() == [(1,)]


def test_words_of_visitors_are_kept_as_words(kept: Conversations) -> None:
    id_ = kept.keep("", [a_turn(HOSTILE)])
    kept.rename(id_, HOSTILE)
    shown = HOSTILE.replace("\u202e", " ").replace("\x00", " ")
    assert kept.turns(id_)[0].question == shown
    assert kept.listed()[0].title == " ".join(shown.split())


# Thumbs


def test_a_thumb_is_kept_and_can_be_taken_back(kept: Conversations) -> None:
    first, second = a_turn(), a_turn()
    id_ = kept.keep("", [first, second])
    kept.judge(id_, second.id, "down", reason="wrong year")
    assert kept.turns(id_) == [first, replace(second, verdict="down", reason="wrong year")]
    kept.judge(id_, second.id, None)
    assert kept.turns(id_) == [first, second]


def test_judged_answers_become_questions_to_measure_with(kept: Conversations) -> None:
    turns = [a_turn("First?"), replace(a_turn("Second?"), verdict="up", reason="right")]
    kept.keep("", [a_turn("Not judged")])
    kept.keep("", turns)
    row = json.loads(kept.judged())
    assert row.pop("sources") == [
        {"source": "berths.md", "page": None, "start": 0, "end": 5, "quote": "A ber"}
    ]
    assert row == {
        "question": "Second?",
        "history": ["First?"],
        "where": {"format": "md"},
        "answer": "A berth costs £120 a year. [1]",
        "verdict": "up",
        "reason": "right",
    }


def feedback(folder: Path, *options: str) -> str:
    """What `rag-app feedback` prints."""
    (folder / "catalog.sqlite").touch()
    with redirect_stdout(StringIO()) as out:
        assert main(["feedback", *options, "--index", str(folder)]) == 0
    return out.getvalue()


def test_the_command_lists_judged_answers_and_writes_them_to_a_file(
    kept: Conversations, tmp_path: Path
) -> None:
    kept.keep("", [replace(a_turn("How\nmuch?"), verdict="down", reason="wrong year"), a_turn()])
    assert feedback(tmp_path) == "down How much? (wrong year)\n"
    row = json.loads(feedback(tmp_path, "--json"))
    assert (row["question"], row["verdict"]) == ("How\nmuch?", "down")
    assert feedback(tmp_path, "--out", str(tmp_path / "judged.jsonl")) == ""
    assert json.loads((tmp_path / "judged.jsonl").read_text()) == row


def test_the_command_finds_nothing_where_nobody_chatted(tmp_path: Path) -> None:
    assert feedback(tmp_path) == ""
    assert not (tmp_path / FILE).exists()


# Files that cannot be used


@pytest.mark.parametrize("whole", [False, True])
def test_a_damaged_file_is_set_aside(tmp_path: Path, whole: bool) -> None:
    path = tmp_path / FILE
    with closing(Conversations.open(tmp_path)) as before:
        before.keep("", [a_turn() for _ in range(20)])
    data = path.read_bytes()
    damaged = b"no database " * 1_000 if whole else data[:8192] + b"x" * (len(data) - 8192)
    path.write_bytes(damaged)
    with closing(Conversations.open(tmp_path)) as after:
        assert after.listed() == []
        assert after.set_aside is not None
        assert after.set_aside.read_bytes() == damaged
        id_ = after.keep("", [a_turn()])
    with closing(Conversations.open(tmp_path)) as again:
        assert (again.set_aside, [headline.id for headline in again.listed()]) == (None, [id_])


def test_a_second_damaged_file_does_not_replace_the_first(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        (tmp_path / FILE).write_bytes(content * 1_000)
        Conversations.open(tmp_path).close()
    kept = {path.read_bytes()[:5] for path in tmp_path.glob("*.damaged-*")}
    assert kept == {b"first", b"secon"}


def test_a_file_of_a_later_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        file.execute("PRAGMA user_version = 3")
    with pytest.raises(StoreError, match=r"has version 3, this program reads 2"):
        Conversations.open(tmp_path)
    assert [path.name for path in tmp_path.glob("*.sqlite")] == [FILE]


def test_in_a_read_only_folder_what_is_kept_is_read_and_nothing_is_written() -> None:
    with open_folder() as folder:
        with closing(Conversations.open(folder)) as before:
            id_ = before.keep("", [turn := a_turn()])
        (folder / FILE).chmod(0o444)  # its own user is another one here
        folder.chmod(0o555)
        with without_privileges(), closing(Conversations.open(folder)) as kept:
            assert kept.turns(id_) == [turn]
            with pytest.raises(StoreError, match="readonly"):
                kept.keep(id_, [turn, a_turn()], known=[turn.id])


def test_in_an_empty_read_only_folder_there_is_one_clear_line() -> None:
    with open_folder() as folder:
        folder.chmod(0o555)
        with without_privileges(), pytest.raises(StoreError, match="check the folder's permiss"):
            Conversations.open(folder)


def test_a_full_disk_is_an_error_that_leaves_what_was_kept(tmp_path: Path) -> None:
    with closing(Conversations.open(tmp_path)) as kept:
        id_ = kept.keep("", [first := a_turn()])
        (pages,) = kept._db.rows("PRAGMA page_count")[0]
        kept._db.rows(f"PRAGMA max_page_count = {pages}")
        many = [first, *(a_turn() for _ in range(50))]
        with pytest.raises(StoreError, match="full"):
            kept.keep(id_, many, known=[first.id])
        assert kept.turns(id_) == [first]


@pytest.mark.parametrize("before", [None, 0o644])
def test_no_other_user_reads_what_was_asked(tmp_path: Path, before: int | None) -> None:
    if before:
        Conversations(tmp_path)
        (tmp_path / FILE).chmod(before)
    Conversations(tmp_path).keep("", [a_turn()])
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob(f"{FILE}*")}
    assert set(modes.values()) == {0o600}, modes


def test_a_group_that_was_let_in_stays(tmp_path: Path) -> None:
    Conversations(tmp_path)
    (tmp_path / FILE).chmod(0o660)
    Conversations(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o660
