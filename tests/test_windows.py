"""Windows: every candidate is in one, none is cut, and long passages are read in parts."""

from rag_app.reading.candidates import candidates
from rag_app.reading.windows import windows
from rag_app.schema import Passage

LONG = " ".join(f"Boat {n} lies at pier {n} and is painted blue." for n in range(60))


def test_every_candidate_lies_whole_in_one_window() -> None:
    passages = [Passage(LONG), Passage("# Keys\n\nThe key hangs here.\n\n- one\n- two")]
    found = [c for n, p in enumerate(passages) for c in candidates(n, p.text)]
    cut = windows(passages, found)
    assert sorted(i for window in cut for i in window.members) == list(range(len(found)))
    for window in cut:
        for i in window.members:
            assert found[i].passage == window.passage
            assert window.start <= found[i].start < found[i].end <= window.end


def test_a_long_passage_has_several_windows_of_like_length() -> None:
    passages = [Passage(LONG)]
    cut = windows(passages, list(candidates(0, LONG)))
    lengths = [len(LONG[window.start : window.end].split()) for window in cut]
    assert len(cut) > 3
    assert max(lengths) <= 120


def test_a_window_is_read_after_the_name_the_heading_and_the_words_before_it() -> None:
    text = f"## Piers\n\n{LONG}"
    passages = [Passage(text, name="harbour")]
    first, second, *_ = windows(passages, list(candidates(0, text)))
    assert first.lead == "harbour. Piers\n"
    assert second.lead.startswith("harbour. Piers. ")
    assert text[: second.start].split()[-1] in second.lead


def test_a_single_sentence_longer_than_a_window_is_one() -> None:
    text = "blue " * 150 + "boats."
    (window,) = windows([Passage(text)], list(candidates(0, text)))
    assert (window.start, window.end) == (0, len(text))


def test_passages_without_candidates_have_no_windows() -> None:
    assert windows([Passage("# Heading"), Passage("")], []) == []
