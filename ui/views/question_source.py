"""Where the questions of an evaluation come from."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from rag_app.errors import ConfigError
from rag_app.evaluation.questions import Names, Question, parse_questions, read_questions
from rag_app.settings.provenance import Settings
from rag_app.workbench.question_sets import questions_of_documents
from ui.languages.language import gettext
from ui.resources import shared
from ui.session import keys, state

Load = Callable[[], list[Question]]
# Not part of an installed package, whose samples are.
_SAMPLES = Path(__file__).parent.parent.parent / "data" / "eval" / "questions.jsonl"
# By these names the library speaks of them in its errors.
_OF_SAMPLES = "The samples' questions"
_THUMBS = "Thumbs up and down"
_MADE = "Made from the documents"
_FILE = "A file"


def choose(settings: Settings, *, most: int) -> tuple[str, Load]:
    """Draw the choice; the name of the set, and what reads its questions.

    Args:
        settings: Of the library.
        most: How many questions are made from the documents.
    """
    offered = _offered(settings, most)
    name = st.selectbox(
        gettext("Questions"), [*offered], format_func=called, key=state.own(keys.QUESTION_SET)
    )
    st.caption(_about()[name])
    if name == _FILE:
        file = st.file_uploader(
            gettext("Question set"), type=["jsonl", "json"], key=state.own(keys.QUESTIONS_FILE)
        )
        return (file.name, lambda: _parsed(file.getvalue(), file.name)) if file else (name, _none)
    return name, offered[name]


def called(name: str) -> str:
    """What the set is called in the visitor's language; a file by its own name."""
    words = {
        _OF_SAMPLES: gettext("The samples' questions"),
        _THUMBS: gettext("Thumbs up and down"),
        _MADE: gettext("Made from the documents"),
        _FILE: gettext("A file"),
    }
    return words.get(name, name)


def _about() -> dict[str, str]:
    return {
        _OF_SAMPLES: gettext("A hundred questions on the sample documents, written to be hard."),
        _THUMBS: gettext(
            "Answers that were judged in the chat: those with a thumb up should be quoted again, "
            "those with a thumb down should not."
        ),
        _MADE: gettext(
            "Sentences of your documents turned into questions. They are easier than what people "
            "ask, and all have an answer: of refusals they say nothing."
        ),
        _FILE: gettext(
            "JSON lines with `question`, the expected `answer` (null where the documents have "
            "none), and the `source` or the `gold` places where it stands."
        ),
    }


def _offered(settings: Settings, most: int) -> dict[str, Load]:
    index, _ = shared.opened(settings)
    kept = shared.conversations(settings)
    offered: dict[str, Load] = {}
    if _has_samples(shared.document_names(settings)):
        offered[_OF_SAMPLES] = lambda: read_questions(_SAMPLES)
    if kept.count_judged():
        offered[_THUMBS] = lambda: parse_questions(kept.judged(), name=_THUMBS)
    offered[_MADE] = lambda: questions_of_documents(index, count=most)
    return offered | {_FILE: _none}


def _has_samples(names: Names) -> bool:
    """Whether all documents of the samples' questions are in the library."""
    if not _SAMPLES.exists():
        return False
    places = (place for question in read_questions(_SAMPLES) for place in question.places)
    return all(place.source in names for place in places)


def _parsed(data: bytes, name: str) -> list[Question]:
    return parse_questions(data.decode("utf-8", "replace"), name=name)


def _none() -> list[Question]:
    raise ConfigError(gettext("choose a file with questions first"))
