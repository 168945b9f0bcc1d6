"""How many of a question's words a text holds, and which sentence of it holds most."""

from collections.abc import Callable, Iterable, Mapping

from rag_app.candidates import candidates
from rag_app.terms import stems

Idf = Callable[[Iterable[str]], Mapping[str, float]]  # stems to their inverse document frequency


def overlap(weights: Mapping[str, float], text: str) -> float:
    """Share, 0…1, of the question's idf weight whose stems occur in the text.

    Args:
        weights: The question's stems with their idf.
        text: Any.
    """
    total = sum(weights.values())
    if not total:
        return 0.0
    found = set(stems(text))
    return sum(weight for stem, weight in weights.items() if stem in found) / total


def closest_sentence(question: str, text: str, idf: Idf) -> str:
    """The sentence that holds most of the question's words, byte-exact; "" if there is none.

    Found in a millisecond, where reading takes a thousand: what to show meanwhile.
    """
    weights = idf(dict.fromkeys(stems(question)))
    found = [*candidates(0, text)]
    if not found:
        return ""
    best = max(found, key=lambda one: overlap(weights, f"{one.context} {one.text}"))
    return text[best.start : best.end]
