"""Is one embedding model better than another on questions that neither was trained on?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.evaluation.metrics import mean, ndcg
from rag_app.evaluation.significance import SURE, sureness
from rag_app.protocols import Embedder, Vectors
from rag_app.workbench.geometry import Geometry, geometry, pair_cosines
from rag_app.workbench.training_data import HeldOut

DEPTH = 10
_SAMPLE = 2_000  # texts whose uniformity is measured
_SENTENCES = 300  # general ones, whose drift is measured
_BATCH = 512  # questions compared with the corpus at a time


@dataclass(frozen=True, slots=True)
class Cosines:
    """(p,) of questions with a text that is right for them, and (r,) of any two texts."""

    right: NDArray[np.float64]
    others: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """A model on held-out questions.

    Attributes:
        ndcg: nDCG@10 of each question, 0…1.
        geometry: How its vectors lie.
        cosines: Of right pairs, and of any two texts.
    """

    ndcg: tuple[float, ...]
    geometry: Geometry
    cosines: Cosines

    @property
    def mean(self) -> float:
        """Mean nDCG@10."""
        return mean(self.ndcg)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Two models on the same questions.

    Attributes:
        before: The one in use.
        after: The one that may replace it.
        sureness: Share of bootstrap draws of the questions in which `after` is ahead, 0…1.
        drift: 1 − correlation of the cosines that both give general sentences; 0 where the
            two see general text alike, 1 where they have nothing in common.
    """

    before: Measured
    after: Measured
    sureness: float
    drift: float

    @property
    def better(self) -> bool:
        """Whether the gain is more than chance."""
        return self.after.mean > self.before.mean and self.sureness >= SURE

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""
        sides = {"before": self.before, "after": self.after}
        told: dict[str, Any] = {
            name: {"ndcg@10": side.mean, **asdict(side.geometry)} for name, side in sides.items()
        }
        return told | {
            "questions": len(self.before.ndcg),
            "sureness": self.sureness,
            "drift": self.drift,
            "better": self.better,
        }

    def rows(self) -> list[tuple[str, str, str]]:
        """A table for people, its heading first."""
        figures = [("nDCG@10", self.before.mean, self.after.mean)]
        for name in ("alignment", "alignment_loss", "uniformity", "uniformity_loss"):
            old, new = (getattr(side.geometry, name) for side in (self.before, self.after))
            figures.append((name.replace("_", " "), old, new))
        return [("", "before", "after"), *((n, f"{a:.4f}", f"{b:.4f}") for n, a, b in figures)]

    def conclusions(self) -> list[str]:
        """What follows from the figures, in sentences."""
        ahead = f"Ahead in {self.sureness:.0%} of draws of the {len(self.before.ndcg)} questions"
        kept = "better" if self.better else "not better: keep the model you have"
        return [f"Drift on general sentences {self.drift:.3f}.", f"{ahead}: {kept}."]

    def __str__(self) -> str:
        table = [f"{name:16}{old:>10}{new:>10}" for name, old, new in self.rows()]
        return "\n".join([*table, *self.conclusions()])


def judge(before: Embedder, after: Embedder, held: HeldOut, *, seed: int = 0) -> Verdict:
    """Measure both on the held-out questions."""
    old, new = measure(before, held), measure(after, held)
    return Verdict(old, new, sureness(old.ndcg, new.ndcg, seed=seed), drift(before, after))


def measure(embedder: Embedder, held: HeldOut) -> Measured:
    """nDCG@10 of an exact search over the corpus, and the geometry of pairs and texts."""
    corpus = embedder.embed([*held.corpus.values()])
    return grade(held, embedder.embed([*held.questions.values()], kind="query"), corpus)


def grade(held: HeldOut, questions: Vectors, corpus: Vectors) -> Measured:
    """The same of (q, d) and (n, d) unit vectors made before, in the order of `held`."""
    ids, asked = list(held.corpus), list(held.questions)
    right = [(q, t) for q in asked for t, v in held.relevant[q].items() if v > 0]
    rows, places = _numbered(asked), _numbered(ids)
    pairs = [(rows[q], places[t]) for q, t in right if t in places]
    left, other = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    some = corpus[:_SAMPLE]
    return Measured(
        gains(held, _search(questions, corpus, ids)),
        geometry(questions[left], corpus[other], some),
        # Each text with its neighbour in the corpus: any two, and no more of them than needed.
        Cosines(pair_cosines(questions[left], corpus[other]), pair_cosines(some[:-1], some[1:])),
    )


def gains(held: HeldOut, found: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """nDCG@10 of what was found for each question, 0…1."""
    judged = (held.relevant[id_] for id_ in held.questions)
    return tuple(ndcg(ids, right, k=DEPTH) for ids, right in zip(found, judged, strict=True))


def drift(before: Embedder, after: Embedder) -> float:
    """How differently two models see sentences that have nothing to do with the training."""
    texts = general_sentences(_SENTENCES)
    upper = np.triu_indices(len(texts), k=1)
    made = (embedder.embed(texts) for embedder in (before, after))
    seen = [(vectors @ vectors.T)[upper] for vectors in made]
    left, right = (cosines - cosines.mean() for cosines in seen)
    return float(1 - left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))


def general_sentences(count: int) -> list[str]:
    """English sentences that every Python has with it: the topics of its help."""
    from pydoc_data.topics import topics

    from rag_app.text.sentences import sentence_spans

    text = "\n\n".join(topics[name] for name in sorted(topics))
    found = (" ".join(text[start:end].split()) for start, end in sentence_spans(text))
    usual = [s for s in dict.fromkeys(found) if 8 <= len(s.split()) <= 30 and s.endswith(".")]
    return usual[:: max(1, len(usual) // count)][:count]


def _search(questions: Vectors, corpus: Vectors, ids: Sequence[str]) -> list[list[str]]:
    found = []
    for begin in range(0, len(questions), _BATCH):
        cosines = questions[begin : begin + _BATCH] @ corpus.T  # (≤512, n)
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :DEPTH]
        found += [[ids[i] for i in row] for row in best]
    return found


def _numbered(ids: Sequence[str]) -> Mapping[str, int]:
    return {id_: number for number, id_ in enumerate(ids)}
