"""Does a sentence of a document support a claim? By its words, numbers, names and negations.

What a claim says in other words than the document may be missed; what it says otherwise,
with another number, name or a "not" more or less, is not to pass.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag_app.text.terms import STOP_WORDS, content_words, stem_words, words

_LEAST = 0.6  # share of a claim's content words that its evidence holds
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
# How writers speak of what they were given to read.
_PREFACE = re.compile(
    r"(?:according to|based on|as (?:stated|described|mentioned) in) (?:the |this |these )?"
    r"(?:provided |given )?(?:documents?|sources?|texts?|passages?|context|evidence),? ",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_NUMBERS = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
        " sixteen seventeen eighteen nineteen twenty".split(),
        map(str, range(1, 21)),
        strict=True,
    )
) | {f"{ten}ty": str(10 * n) for n, ten in enumerate("thir for fif six seven eigh nine".split(), 3)}
_NEGATIONS = frozenset("not no never none neither nor without cannot nobody nothing".split())
_OPENERS = frozenset("additionally overall however moreover furthermore thus therefore".split())
# Where one of these begins a sentence, what it names stands before.
_PRONOUNS = frozenset("it he she they this these that those its his her their such there".split())


@dataclass(frozen=True, slots=True)
class Statement:
    """What is compared of a sentence.

    Attributes:
        stems: Of its content words but numbers.
        every: Stems of all its words.
        figures: Numbers, also those written as words; 1,000 as 1000.
        names: Stems of what is written with a capital, and of the word that begins it.
        negated: Stems of content words that follow closely on a negation.
        leans: Whether it begins with a pronoun.
    """

    stems: frozenset[str]
    every: frozenset[str]
    figures: Counter[str]
    names: frozenset[str]
    negated: frozenset[str]
    leans: bool


@lru_cache(maxsize=4_096)
def statement(text: str) -> Statement:
    """What is compared of the sentence."""
    text = _PREFACE.sub("", text, count=1)
    found = words(text.replace("n't", " not").replace("n’t", " not"))
    return Statement(
        stems=frozenset(stem_words([w for w in content_words(text) if not _is_number(w)])),
        every=frozenset(stem_words(found)),
        figures=Counter(_figures(text, found)),
        names=frozenset(_names(text)),
        negated=frozenset(_negated(found)),
        leans=bool(found) and found[0] in _PRONOUNS,
    )


def support(claim: str, evidence: str, before: Sequence[str] = ()) -> float:
    """How much of the claim the sentence says, 0…1; 0 where it says otherwise or too little.

    Args:
        claim: One sentence.
        evidence: One sentence.
        before: Those that stand right before the evidence, which may name what it is about.
    """
    said, found = statement(claim), statement(evidence)
    if not said.figures <= found.figures:
        return 0.0
    if said.negated != found.negated & said.stems:
        return 0.0
    named = frozenset[str]()
    if found.leans:
        named = said.names & frozenset[str]().union(*(statement(s).every for s in before))
    if not said.names <= found.every | named:
        return 0.0
    own, figures = said.stems - (named - found.every), said.figures.total()
    share = (len(own & found.every) + figures) / max(1, len(own) + figures)
    return share if share >= _LEAST else 0.0


def _is_number(word: str) -> bool:
    return word.isdigit() or word in _NUMBERS


def _figures(text: str, found: Sequence[str]) -> list[str]:
    figures = [figure.replace(",", "") for figure in _FIGURE.findall(text)]
    return figures + [_NUMBERS[word] for word in found if word in _NUMBERS]


def _names(text: str) -> list[str]:
    tokens = list(_WORD.finditer(text))
    named = [token for token in tokens[1:] if token[0][0].isupper()]
    # "According to …" and "Overall, …" are no names; "Scientists were …" might be.
    if tokens and tokens[0][0].lower() not in _OPENERS and text[tokens[0].end() :][:1] != ",":
        named.insert(0, tokens[0])
    parts = [
        part
        for token in named
        for part in words(token[0])
        if not (part in STOP_WORDS or _is_number(part))
    ]
    return [stem for stem in stem_words(parts) if len(stem) > 1]


def _negated(found: Sequence[str]) -> list[str]:
    negated = []
    for n, word in enumerate(found):
        if word in _NEGATIONS:
            negated += [other for other in found[n + 1 :] if other not in STOP_WORDS][:1]
    return stem_words(negated)
