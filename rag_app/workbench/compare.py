"""Embedding models side by side on the same texts and questions: how good, how fast, how large."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any

from rag_app.evaluation.metrics import mean
from rag_app.evaluation.significance import sureness
from rag_app.settings.provenance import Settings
from rag_app.workbench.compared_models import ComparedModel, open_compared_model
from rag_app.workbench.geometry import Geometry
from rag_app.workbench.prices import price_of
from rag_app.workbench.training_data import HeldOut

_TIMED = 50  # questions that are embedded one by one

HEADING = (
    "model",
    "dims",
    "load s",
    "ms/text",
    "ms/question",
    "bytes/text",
    "nDCG@10",
    "ahead of 1st",
    "alignment",
    "uniformity",
    "s to switch",
    "MB to switch",
    "$/M tokens",
)
IN_WORDS = (
    "Model",
    "Dimensions",
    "Seconds to load",
    "Milliseconds a text",
    "Milliseconds a question",
    "Bytes a text",
    "nDCG@10",
    "Ahead of the first",
    "Alignment",
    "Uniformity",
    "Seconds to switch",
    "Megabytes to switch",
    "Dollars a million tokens",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One model.

    Attributes:
        model: Its name.
        dimensions: Of its vectors.
        load_seconds: From its name to the first vector.
        passage_ms: Milliseconds a text, embedded in batches.
        question_ms: Milliseconds a question, embedded alone; the median.
        bytes_per_text: What its vectors take.
        ndcg: nDCG@10 of an exact search, of each question, 0…1.
        geometry: Alignment and uniformity; none where a text has many vectors.
        sureness: Share of draws of the questions in which it is ahead of the first model.
        dollars: What its provider asks for a million tokens; none of models on this machine,
            and where the price is not known.
    """

    model: str
    dimensions: int
    load_seconds: float
    passage_ms: float
    question_ms: float
    bytes_per_text: float
    ndcg: tuple[float, ...]
    geometry: Geometry | None
    sureness: float
    dollars: float | None

    @property
    def mean(self) -> float:
        """Mean nDCG@10."""
        return mean(self.ndcg)

    def switching(self, texts: int) -> tuple[float, float]:
        """Seconds to embed so many texts with it, and bytes to keep their vectors."""
        return texts * self.passage_ms / 1000, texts * self.bytes_per_text

    def row(self, texts: int) -> tuple[str, ...]:
        """What stands below `HEADING`; switching means to embed so many texts again."""
        seconds, size = self.switching(texts)
        shape = self.geometry
        return (
            self.model,
            str(self.dimensions),
            f"{self.load_seconds:.2f}",
            f"{self.passage_ms:.3f}",
            f"{self.question_ms:.2f}",
            f"{self.bytes_per_text:.0f}",
            f"{self.mean:.4f}",
            f"{self.sureness:.0%}",
            f"{shape.alignment:.3f}" if shape else "–",
            f"{shape.uniformity:.3f}" if shape else "–",
            f"{seconds:.0f}",
            f"{size / 1e6:.1f}",
            f"{self.dollars:.2f}" if self.dollars is not None else "–",
        )

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""
        told = asdict(self) | {"ndcg@10": self.mean}
        del told["ndcg"]
        return told


def compare(names: Sequence[str], held: HeldOut, *, settings: Settings) -> Iterator[Compared]:
    """Each of the models in turn, named as in the setting `embedder`.

    Raises:
        ModelError: One of them cannot be opened.
    """
    first: tuple[float, ...] | None = None
    for name in names:
        made = _compared(name, held, first, settings)
        first = first or made.ndcg
        yield made


def _compared(
    name: str, held: HeldOut, first: tuple[float, ...] | None, settings: Settings
) -> Compared:
    texts = [*held.corpus.values()]
    begun = perf_counter()
    model = open_compared_model(name, settings)
    model.encode(texts[:1], "passage")
    loaded = perf_counter()
    model.take(texts)
    taken = perf_counter()
    ndcg, geometry = model.result(held)
    return Compared(
        model=name,
        dimensions=model.dimensions,
        load_seconds=loaded - begun,
        passage_ms=1000 * (taken - loaded) / len(texts),
        question_ms=_alone(model, [*held.questions.values()][:_TIMED]),
        bytes_per_text=model.bytes_per_text,
        ndcg=ndcg,
        geometry=geometry,
        sureness=sureness(first, ndcg) if first else 0.0,
        dollars=price_of(name),
    )


def _alone(model: ComparedModel, questions: Sequence[str]) -> float:
    """Milliseconds a question, as they come in real use: one by one."""
    times = []
    for question in questions:
        begun = perf_counter()
        model.encode([question], "query")
        times.append(1000 * (perf_counter() - begun))
    return median(times)
