"""Is one embedding model better than another on questions that neither was trained on?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.evaluation.metrics import ndcg
from rag_app.protocols import Embedder, Vectors
from rag_app.workbench.courses import HeldOut
from rag_app.workbench.geometry import Geometry, geometry

_DEPTH = 10
_SAMPLE = 2_000  # texts whose uniformity is measured
_DRAWS = 2_000  # of the bootstrap
_SURE = 0.95  # share of the draws in which the new model must be ahead
_SENTENCES = 300  # general ones, whose drift is measured
_BATCH = 512  # questions compared with the corpus at a time


@dataclass(frozen=True, slots=True)
class Measured:
    """A model on held-out questions: nDCG@10 of each, 0…1, and the geometry of its vectors."""

    ndcg: tuple[float, ...]
    geometry: Geometry

    @property
    def mean(self) -> float:
        """Mean nDCG@10."""
        return float(np.mean(self.ndcg)) if self.ndcg else 0.0


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
        return self.after.mean > self.before.mean and self.sureness >= _SURE

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

    def __str__(self) -> str:
        rows: list[tuple[str, str | float, str | float]] = [
            ("", "before", "after"),
            ("nDCG@10", self.before.mean, self.after.mean),
        ]
        for name in ("alignment", "alignment_loss", "uniformity", "uniformity_loss"):
            old, new = (getattr(side.geometry, name) for side in (self.before, self.after))
            rows.append((name.replace("_", " "), old, new))
        table = "\n".join(f"{name:16}{_told(old):>10}{_told(new):>10}" for name, old, new in rows)
        ahead = f"ahead in {self.sureness:.0%} of draws of the {len(self.before.ndcg)} questions"
        kept = "better" if self.better else "not better: keep the model you have"
        return f"{table}\ndrift on general sentences {self.drift:.3f}\n{ahead}: {kept}"


def judge(before: Embedder, after: Embedder, held: HeldOut, *, seed: int = 0) -> Verdict:
    """Measure both on the held-out questions."""
    old, new = measure(before, held), measure(after, held)
    gains = np.array(new.ndcg) - np.array(old.ndcg)  # (q,)
    return Verdict(old, new, _sureness(gains, seed), drift(before, after))


def measure(embedder: Embedder, held: HeldOut) -> Measured:
    """nDCG@10 of an exact search over the corpus, and the geometry of pairs and texts."""
    ids, asked = list(held.corpus), list(held.questions)
    corpus = embedder.embed([held.corpus[id_] for id_ in ids])
    questions = embedder.embed([held.questions[id_] for id_ in asked], kind="query")
    found = dict(zip(asked, _search(questions, corpus, ids), strict=True))
    right = [(q, t) for q in asked for t, v in held.relevant[q].items() if v > 0]
    rows, places = _numbered(asked), _numbered(ids)
    pairs = [(rows[q], places[t]) for q, t in right if t in places]
    left, other = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    return Measured(
        tuple(ndcg(found[id_], held.relevant[id_], k=_DEPTH) for id_ in asked),
        geometry(questions[left], corpus[other], corpus[:_SAMPLE]),
    )


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

    from rag_app.sentences import sentence_spans

    text = "\n\n".join(topics[name] for name in sorted(topics))
    found = (" ".join(text[start:end].split()) for start, end in sentence_spans(text))
    usual = [s for s in dict.fromkeys(found) if 8 <= len(s.split()) <= 30 and s.endswith(".")]
    return usual[:: max(1, len(usual) // count)][:count]


def _search(questions: Vectors, corpus: Vectors, ids: Sequence[str]) -> list[list[str]]:
    found = []
    for begin in range(0, len(questions), _BATCH):
        cosines = questions[begin : begin + _BATCH] @ corpus.T  # (≤512, n)
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :_DEPTH]
        found += [[ids[i] for i in row] for row in best]
    return found


def _sureness(gains: NDArray[np.float64], seed: int) -> float:
    """Paired bootstrap (Efron, 1979; for retrieval Sakai, 2006)."""
    draws = np.random.default_rng(seed).integers(0, len(gains), (_DRAWS, len(gains)))
    return float((gains[draws].mean(axis=1) > 0).mean())


def _numbered(ids: Sequence[str]) -> Mapping[str, int]:
    return {id_: number for number, id_ in enumerate(ids)}


def _told(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.4f}"
