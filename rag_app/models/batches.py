"""Which texts a model reads together."""

from collections.abc import Iterator, Sequence


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Indices of texts to embed together: of like length, and few where they are long."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batch and (len(batch) + 1) * lengths[index] > most:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
