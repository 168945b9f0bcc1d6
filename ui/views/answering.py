"""A question being answered: the evidence as soon as it is found, then the words as they come."""

import logging
from contextlib import closing
from time import monotonic

from streamlit.delta_generator import DeltaGenerator

from rag_app.answerer import passage_of
from rag_app.errors import RagError
from rag_app.rag import Rag
from rag_app.reading.overlap import closest_sentences
from rag_app.schema import Delta, Done, Found, Quoted
from ui.components.blocks import plain
from ui.components.conversation import answer_html, draft_html, found_html, writing_html
from ui.languages.fixed_words import UNANSWERED
from ui.languages.language import gettext
from ui.session import keys, state

_GLIMPSES = 3
_LAST_WORDS = 200  # characters of a draft that are sent again, at most, for every word
_PAUSE = 0.1  # seconds
_logger = logging.getLogger(__name__)


def render(
    rag: Rag, turn: state.Turn, number: int, place: DeltaGenerator, below: DeltaGenerator
) -> None:
    """Fill in the turn, showing what is known meanwhile.

    Args:
        rag: What answers.
        turn: The one that waits.
        number: Of the turn.
        place: Where the answer goes.
        below: Where the button goes that stops a language model.
    """
    searching = plain(gettext("Searching"))
    place.html(f'<p class="working" role="status">{searching}</p>')
    try:
        _answer(rag, turn, number, place, below)
    except RagError as error:
        turn.error = str(error)
    except Exception:
        _logger.exception("answering %r failed", turn.question)
        turn.error = UNANSWERED


def _answer(
    rag: Rag, turn: state.Turn, number: int, place: DeltaGenerator, below: DeltaGenerator
) -> None:
    history = [earlier.question for earlier in state.turns()[: number - 1]]
    draft: Draft | None = None
    # Whatever the visitor clicks on ends this by an exception, and the model is to stop then.
    with closing(rag.stream(turn.question, where=turn.filter.where, history=history)) as events:
        for event in events:
            match event:
                case Found():
                    place.html(found_html(event.hits, _glimpses(rag, event)))
                case Quoted():
                    turn.quoted = event.answer
                    draft = _begun(place.container(), answer_html(event.answer, turn=number))
                    _stop_button(turn, below)
                case Delta():
                    if draft is not None:
                        draft.add(event.text)
                case Done():
                    # Since the last word, the visitor may have stopped it.
                    turn.answer = event.answer if turn.waits else turn.answer
                    return


class Draft:
    """What a language model writes, shown as it grows.

    Streamlit sends an element whole whenever it changes. So only the last words are sent again
    and again, a few times a second at most; those before them stand in elements of their own.
    """

    def __init__(self, place: DeltaGenerator) -> None:
        self._place = place
        self._last = place.empty()
        self._words = ""  # of the last element
        self._shown = -_PAUSE

    def add(self, words: str) -> None:
        """Go on with these."""
        self._words += words
        if monotonic() < self._shown + _PAUSE:
            return
        self._last.html(draft_html(self._words))
        self._shown = monotonic()
        if len(self._words) > _LAST_WORDS:
            self._last, self._words = self._place.empty(), ""


def _begun(place: DeltaGenerator, quoted: str) -> Draft:
    """A draft above the quotes that are known to be right, which are sent once."""
    written = place.container(key="draft")
    place.html(writing_html() + quoted)
    return Draft(written)


def _glimpses(rag: Rag, found: Found) -> list[str]:
    """Of the first passages, what seems to answer, while all of them are read."""
    passages = [passage_of(hit) for hit in found.hits[:_GLIMPSES]]
    return closest_sentences(found.searched, passages, rag.index.idf)


def _stop_button(turn: state.Turn, place: DeltaGenerator) -> None:
    place.button(
        gettext("Stop"),
        icon=":material/stop_circle:",
        key=f"{keys.STOP}-{turn.id}",
        on_click=state.stop,
        args=(turn,),
    )
