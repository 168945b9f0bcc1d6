"""How fast a model embeds on this machine, by device and by how many tokens go together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter

from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.encoders import Computation, Encoder, has_gpu, open_encoder
from rag_app.models.model_files import find_model
from rag_app.models.model_options import ModelOptions
from rag_app.models.modules import is_static
from rag_app.schema import Device

_SIZES: dict[Device, tuple[int, ...]] = {
    "cpu": (256, 512, 1_024, 2_048, 4_096),
    "cuda": (4_096, 16_384, 65_536),
}
_RUNS = 3
_WORTH = 1.05  # times as fast as the default


@dataclass(frozen=True, slots=True)
class Speed:
    """One way to compute a model.

    Attributes:
        device: "cpu" or "cuda".
        batch: Tokens that are computed together; 0 for models that compute nothing.
        default: Whether this is what happens without any setting.
        runs: Texts a second in each run; the first runs of all ways were made in turn, then
            the second ones.
    """

    device: Device
    batch: int
    default: bool
    runs: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Texts a second, the median of the runs."""
        return median(self.runs)


def measure_speed(name: str, texts: Sequence[str], *, threads: int = 0) -> list[Speed]:
    """All ways to compute the model, taking turns so that what else runs meets all alike.

    Args:
        name: Of a model on this machine; see `find_model`.
        texts: At least one.
        threads: Of the processor; 0 leaves the choice to the libraries.

    Raises:
        ModelError: It is not on this machine, damaged, or has no safetensors weights.
    """
    folder = find_model(name)
    usual_way = Computation(
        SentenceEmbedder(folder, name=name).max_tokens,
        threads=threads,
        computing=ModelOptions.parse(name).computing,
    )
    devices: list[Device] = ["cuda", "cpu"] if has_gpu() and not is_static(folder) else ["cpu"]
    encoders = {
        device: open_encoder(folder, replace(usual_way, device=device)) for device in devices
    }
    usual = {device: encoder.batch for device, encoder in encoders.items()}
    ways = [(device, size) for device in devices for size in _sizes(device, usual[device])]
    seconds: dict[tuple[Device, int], list[float]] = {way: [] for way in ways}
    for _ in range(_RUNS + 1):
        for device, size in ways:
            seconds[device, size].append(_run(encoders[device], size, texts))
    return [
        Speed(
            device=device,
            batch=size,
            default=(device, size) == (devices[0], usual[devices[0]]),
            # The first run prepares for the shapes that the others meet again.
            runs=tuple(len(texts) / taken for taken in seconds[device, size][1:]),
        )
        for device, size in ways
    ]


def advice(speeds: Sequence[Speed]) -> dict[str, str | int]:
    """The settings that make embedding faster, in every run; none where that may be chance."""
    usual = next(speed for speed in speeds if speed.default)
    best = max(speeds, key=lambda speed: speed.rate)
    ahead = all(faster > slower for faster, slower in zip(best.runs, usual.runs, strict=True))
    if not ahead or best.rate < _WORTH * usual.rate:
        return {}
    settings: dict[str, str | int] = {"embedder_batch": best.batch}
    return settings if best.device == usual.device else {**settings, "device": best.device}


def _sizes(device: Device, usual: int) -> list[int]:
    if not usual:
        return [0]
    return sorted({usual, *_SIZES[device]})


def _run(encoder: Encoder, size: int, texts: Sequence[str]) -> float:
    encoder.batch = size
    begun = perf_counter()
    encoder.encode(texts, "passage")
    return perf_counter() - begun
