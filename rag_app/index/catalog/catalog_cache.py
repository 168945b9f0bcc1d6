"""What the catalogue said to questions asked again and again, until its next generation."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from rag_app.index.catalog.catalog import Catalog

_FILTERS = 32  # whose documents are remembered
_CHUNKS = 100_000  # whose documents are


class CatalogCache:
    """Answers of one catalogue."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._matching = lru_cache(maxsize=_FILTERS)(self._find_matching)
        self._count = lru_cache(maxsize=1)(self._find_count)
        self._holders: tuple[int, dict[str, tuple[str, str]]] = (-1, {})

    def matching(self, where: Mapping[str, str]) -> Sequence[str]:
        """Ids of the documents that have all these values; see `Catalog.matching`."""
        return self._matching(self._catalog.generation, tuple(sorted(where.items())))

    def holders(self, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Id and source of the documents of the chunks that are there, by chunk id."""
        generation = self._catalog.generation
        seen, known = self._holders
        if seen != generation or len(known) > _CHUNKS:
            seen, known = self._holders = (generation, {})
        listed = list(ids)
        known |= self._catalog.holders([id_ for id_ in listed if id_ not in known])
        return {id_: known[id_] for id_ in listed if id_ in known}

    def count_documents(self) -> int:
        """How many documents with text there are."""
        return self._count(self._catalog.generation)

    def _find_matching(self, _: int, where: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        return tuple(self._catalog.matching(dict(where)))

    def _find_count(self, _: int) -> int:
        return self._catalog.count_documents()
