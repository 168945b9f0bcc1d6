"""Makes of an answered question one that its text does not answer, by a small change.

The changes are those by which people wrote the unanswerable questions of SQuAD 2.0
(Rajpurkar et al., 2018, table 1): another number, another name or thing, an opposite, a
negation.
"""

import random
import re
from collections.abc import Sequence

from rag_app.text.terms import STOP_WORDS

_FIGURE = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_NAME = re.compile(r"(?<=\w )[A-Z][\w'’-]+(?: (?:of |the |de )?[A-Z][\w'’-]+)*")
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|did|does|do|has|have|had|could|would|should)\b", re.IGNORECASE
)
_OPPOSITES = """
most/least more/less first/last before/after early/late largest/smallest larger/smaller
highest/lowest higher/lower oldest/youngest older/newer best/worst better/worse longest/shortest
longer/shorter greatest/smallest biggest/smallest increase/decrease increased/decreased
begin/end began/ended beginning/end start/finish started/finished north/south northern/southern
east/west eastern/western upper/lower inside/outside above/below positive/negative
allowed/forbidden accepted/rejected won/lost winner/loser victory/defeat gained/lost born/killed
old/new public/private male/female men/women man/woman king/queen major/minor many/few with/without
always/never open/closed opened/closed strong/weak stronger/weaker fast/slow hot/cold rich/poor
legal/illegal possible/impossible common/rare successful/unsuccessful support/oppose
supported/opposed friend/enemy buy/sell bought/sold built/destroyed created/destroyed
included/excluded internal/external maximum/minimum modern/ancient wet/dry rural/urban
same/different true/false day/night summer/winter left/right former/latter won/lost
""".split()
_OPPOSITE = {a: b for pair in _OPPOSITES for a, b in (pair.split("/"), pair.split("/")[::-1])}


def unanswerable(question: str, others: Sequence[str], dice: random.Random) -> str | None:
    """The question changed so that its text does not answer it, or None where none fits.

    Args:
        question: One that its text answers.
        others: Questions on the same subject; names and things are taken from them.
        dice: Chooses among the changes that fit.
    """
    changes = [_other_figure, _opposite, _negated, _other_name, _other_word, _other_name]
    dice.shuffle(changes)
    for change in changes:
        changed = change(question, others, dice)
        if changed and changed != question:
            return changed
    return None


def _other_figure(question: str, _: Sequence[str], dice: random.Random) -> str | None:
    found = list(_FIGURE.finditer(question))
    if not found:
        return None
    match = dice.choice(found)
    number = int(match[0][:9])
    step = max(1, number // 10) if number < 1000 else 40
    other = number + dice.choice((-1, 1)) * dice.randint(1, max(1, step))
    return _replaced(question, match, str(abs(other)))


def _opposite(question: str, _: Sequence[str], dice: random.Random) -> str | None:
    found = [match for match in _WORD.finditer(question) if match[0].lower() in _OPPOSITE]
    # "How many" asks, it does not say.
    found = [match for match in found if not question[: match.start()].lower().endswith("how ")]
    if not found:
        return None
    match = dice.choice(found)
    return _replaced(question, match, _OPPOSITE[match[0].lower()])


def _negated(question: str, _: Sequence[str], dice: random.Random) -> str | None:
    match = _AUXILIARY.search(question)
    # Half of the time another change is to be found, where there is one.
    if match is None or dice.random() < 0.5:
        return None
    return question[: match.end()] + "n't" + question[match.end() :]


def _other_name(question: str, others: Sequence[str], dice: random.Random) -> str | None:
    names = list(_NAME.finditer(question))
    strange = [name for other in others for name in _NAME.findall(other) if name not in question]
    if not names or not strange:
        return None
    match = dice.choice(names)
    return _replaced(question, match, dice.choice(strange))


def _other_word(question: str, others: Sequence[str], dice: random.Random) -> str | None:
    """Another thing: lower-cased questions do not tell a name from other words."""
    said = [match for match in _WORD.finditer(question) if match[0].lower() not in STOP_WORDS]
    strange = [word for other in others for word in _WORD.findall(other)]
    strange = [w for w in strange if w.lower() not in STOP_WORDS and w not in question]
    if len(said) < 2 or not strange:
        return None
    match = dice.choice(said)
    alike = [w for w in strange if w[-2:] == match[0][-2:]] or strange
    return _replaced(question, match, dice.choice(alike))


def _replaced(question: str, match: re.Match[str], by: str) -> str:
    return f"{question[: match.start()]}{by}{question[match.end() :]}"
