"""A question that stands alone, from one that leans on the turns before it."""

import re
from collections.abc import Sequence

from rag_app.terms import STOP_WORDS, content_words, stem_words, words

_LEANING = re.compile(
    r"^(?:and|but|so|also|or|then|what about|how about|ok|okay)\b"
    r"|\b(?:it|its|they|them|their|theirs|this|that|these|those|there|he|she|him|her|his|hers"
    r"|one|ones|same|instead|else|another|others?)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 2  # content words below which a question hardly stands alone
_MOST_CARRIED = 8  # words taken over from earlier turns


def standalone(question: str, history: Sequence[str]) -> str:
    """The question with the topic words of the turns before, where it leans on them.

    Args:
        question: As the user asked it.
        history: The user's earlier questions, oldest first.
    """
    own = [word for word in words(question) if word not in STOP_WORDS]
    if not history or not (_LEANING.search(question) or len(own) <= _FEW_WORDS):
        return question
    known = set(stem_words(own))
    carried: list[str] = []
    # The first turn of a chain of follow-ups named the topic, the last narrowed it.
    for earlier in reversed(history):
        for word in content_words(earlier):
            (stem,) = stem_words([word])
            if stem not in known and len(carried) < _MOST_CARRIED:
                known.add(stem)
                carried.append(word)
        if not _LEANING.search(earlier):
            break
    return f"{question.rstrip()} ({' '.join(carried)})" if carried else question
