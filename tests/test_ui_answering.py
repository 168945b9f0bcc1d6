"""An answer on its way: how much is sent to the browser, and what of it is seen."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.testing.v1 import AppTest

from rag_app.schema import Answer, Delta, Done, Event, Found, Quoted
from tests.fakes import a_hit
from tests.test_ui_components import HOSTILE, an_answer
from ui.session import state

PASSAGE = "A berth for a skiff costs £120 a year, to be paid in advance. " * 20
HITS = [a_hit(PASSAGE, source=f"prices-{n}.md") for n in range(5)]
QUOTED = replace(an_answer(HITS[0]), hits=tuple(HITS))


def writing(words: list[str]) -> Any:
    """What answers with these words, behind the seam that the page uses."""

    def stream(*_: object, **__: object) -> Iterator[Event]:
        yield Found(tuple(HITS), "what a berth costs")
        yield Quoted(QUOTED)
        for word in words:
            yield Delta(word)
        yield Done(QUOTED)

    return SimpleNamespace(stream=stream, index=SimpleNamespace(idf=lambda _: {}))


def answered(rag: "Any", turn: "state.Turn") -> None:
    import streamlit as st

    from ui.views import answering

    answering.render(rag, turn, 1, st.empty(), st.empty())


def sent_for(
    words: list[str], monkeypatch: pytest.MonkeyPatch, *, seconds: float = 1.0
) -> list[Any]:
    """All messages to the browser, while so many seconds pass at every look at the clock."""
    sent = []
    enqueue = ForwardMsgQueue.enqueue

    def noting(self: ForwardMsgQueue, message: Any) -> None:
        sent.append(type(message).FromString(message.SerializeToString()))
        enqueue(self, message)

    with monkeypatch.context() as patched:
        patched.setattr(ForwardMsgQueue, "enqueue", noting)
        passing = count(step=seconds)
        patched.setattr("ui.views.answering.monotonic", lambda: next(passing))
        turn = state.Turn("What does a berth cost?")
        page = AppTest.from_function(
            answered, args=(writing(words), turn), default_timeout=60
        ).run()
    assert not page.exception
    assert isinstance(turn.answer, Answer)
    return sent


def draft_of(messages: list[Any]) -> str:
    """What the browser shows of the draft in the end."""
    pieces = {
        tuple(message.metadata.delta_path): message.delta.new_element.html.body
        for message in messages
        if message.delta.new_element.html.body.startswith("<span>")
    }
    return "".join(pieces[path] for path in sorted(pieces))


def bytes_of(messages: list[Any]) -> int:
    return sum(message.ByteSize() for message in messages)


def test_the_bytes_sent_grow_with_the_answer_and_no_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    none, short, long = (bytes_of(sent_for(["berth "] * n, monkeypatch)) for n in (0, 300, 1200))
    assert short - none < 120_000
    assert long - none < 5 * (short - none)


def test_the_quotes_are_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = b"".join(m.SerializeToString() for m in sent_for(["berth "] * 50, monkeypatch))
    assert sent.count(b'<div class="sources">') == 1


def test_a_draft_in_pieces_is_shown_whole_and_never_interpreted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = [f"{HOSTILE}\n\n", "  two\n", *[f"w{n} " for n in range(200)]]
    shown = draft_of(sent_for(words, monkeypatch))
    plain = shown.replace("<span>", "").replace("</span>", "")
    assert "<" not in plain
    assert shown.count("<span>") > 3
    assert plain.endswith("".join(words[2:]))
    assert "two\nw0 w1 " in plain


def test_words_that_come_fast_are_shown_together(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, fast = (sent_for(["berth "] * 300, monkeypatch, seconds=s) for s in (1.0, 0.01))
    assert len(fast) < len(slow) / 5
