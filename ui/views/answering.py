"""A question being answered: the evidence as soon as it is found, then the words as they come."""

import logging
from contextlib import closing

from streamlit.delta_generator import DeltaGenerator

from rag_app.answerer import passage_of
from rag_app.errors import RagError
from rag_app.overlap import closest_sentences
from rag_app.rag import Rag
from rag_app.schema import Delta, Done, Found, Quoted
from ui import keys, state
from ui.components import plain
from ui.conversation import answer_html, draft_html, found_html
from ui.fixed_words import UNANSWERED
from ui.language import gettext

_GLIMPSES = 3
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
    found, draft, quoted = "", "", ""
    # Whatever the visitor clicks on ends this by an exception, and the model is to stop then.
    with closing(rag.stream(turn.question, where=turn.filter.where, history=history)) as events:
        for event in events:
            match event:
                case Found():
                    found = found_html(event.hits, _glimpses(rag, event))
                case Quoted():
                    turn.quoted = event.answer
                    quoted = answer_html(event.answer, turn=number)
                    _stop_button(turn, below)
                case Delta():
                    draft += event.text
                case Done():
                    # Since the last word, the visitor may have stopped it.
                    turn.answer = event.answer if turn.waits else turn.answer
                    return
            place.html(draft_html(draft) + quoted if quoted else found)


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
