"""Vectors in a Redis server, shared by several machines and by all their indexes.

Losing the server costs time, nothing else: without it texts are embedded here. Nothing
it says is trusted further than a vector of length 1 can reach.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from rag_app.errors import ConfigError, without_secrets
from rag_app.index.catalog.embedding_cache import ModelVectors
from rag_app.index.catalog.rows import text_digest, vector_blob, vector_of
from rag_app.protocols import Vectors
from rag_app.settings.provenance import Settings

if TYPE_CHECKING:
    from redis.client import Pipeline

_logger = logging.getLogger(__name__)
_TIMEOUT = 5.0  # seconds; a server that is slower than this is slower than embedding
_UNIT = 1e-3  # how far from 1 a length may be
_PREFIX = "rag-app:vector:"
_SCANNED = _ASKED = 1_000  # keys that the server looks at in one go
_Answer = TypeVar("_Answer")


class RedisCache:
    """A `VectorCache`; every key expires when nobody has asked for it for some days."""

    def __init__(self, url: str, *, days: int = 30) -> None:
        try:
            from redis import Redis
        except ImportError as error:
            raise ConfigError(
                "vector_cache needs the Redis client; `pip install 'rag-app[redis]'`"
            ) from error
        try:
            self._redis: Redis | None = Redis.from_url(
                url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT
            )
        except ValueError as error:
            # Whose message may repeat a part of the password.
            shown = without_secrets(url)
            raise ConfigError(
                f"vector_cache={shown!r} is no Redis address; use redis://HOST:PORT"
            ) from error
        self._lifetime = timedelta(days=days)

    def known(self, model: str, texts: Iterable[str]) -> dict[str, Vectors]:
        """(d,) vectors that the server has, by text; asking for one prolongs its life."""
        wanted = list(texts)

        def ask(pipeline: "Pipeline") -> None:
            for text in wanted:
                pipeline.getex(_key(model, text_digest(text)), ex=self._lifetime)

        found = zip(wanted, self._run(ask), strict=False)
        return {text: vector for text, blob in found if (vector := _vector(blob)) is not None}

    def keep(self, model: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Give the server (n, d) vectors by text."""

        def give(pipeline: "Pipeline") -> None:
            for text, vector in zip(texts, vectors, strict=True):
                pipeline.set(_key(model, text_digest(text)), vector_blob(vector), ex=self._lifetime)

        self._run(give)

    def by_model(self) -> list[ModelVectors] | None:
        """What the server keeps of each model, most first; None where it does not answer."""

        def ask(server: Any) -> list[ModelVectors]:
            texts, sizes, cursor = Counter[str](), Counter[str](), None
            while cursor != 0:
                cursor, keys = server.scan(cursor or 0, match=f"{_PREFIX}*", count=_SCANNED)
                pipeline = server.pipeline(transaction=False)
                for key in keys:
                    pipeline.strlen(key)
                for key, length in zip(keys, pipeline.execute(), strict=True):
                    model = key.decode("utf-8", "replace").split(":")[2]
                    texts[model] += 1
                    sizes[model] += len(key) + length
            return [ModelVectors(*found, sizes[found[0]]) for found in texts.most_common()]

        return self._ask(ask)

    def count_known(self, model: str, digests: Sequence[str]) -> int:
        """How many of the texts with these keys have a vector; their lives stay as they are."""

        def ask(server: Any) -> int:
            return sum(
                server.exists(*(_key(model, digest) for digest in digests[begin : begin + _ASKED]))
                for begin in range(0, len(digests), _ASKED)
            )

        return self._ask(ask) or 0

    def _run(self, fill: "Callable[[Pipeline], None]") -> list[Any]:
        """The answers to what is asked in one go; none once the server has failed."""

        def ask(server: Any) -> list[Any]:
            pipeline = server.pipeline(transaction=False)
            fill(pipeline)
            answers: list[Any] = pipeline.execute()
            return answers

        return self._ask(ask) or []

    def _ask(self, ask: Callable[[Any], _Answer]) -> _Answer | None:
        """What the server answers; None, and a warning, once it has failed."""
        from redis import RedisError

        if self._redis is None:
            return None
        try:
            return ask(self._redis)
        except RedisError as error:
            _logger.warning("the vector cache fails (%s); going on without it", error)
            self._redis = None
            return None


def shared_vectors(settings: Settings) -> RedisCache | None:
    """Those on the server that the settings name, if they name one."""
    url = settings.vector_cache
    return RedisCache(url, days=settings.vector_cache_days) if url else None


def _key(model: str, digest: str) -> str:
    return f"{_PREFIX}{model}:{digest}"


def _vector(blob: object) -> Vectors | None:
    """The vector, or None where there is none or it cannot be one of a model's."""
    if not isinstance(blob, bytes) or len(blob) % 4:
        return None
    vector = vector_of(blob)
    # In more digits than its own, as strangers' bytes may be numbers of any size.
    length = float(np.linalg.norm(vector.astype(np.float64)))
    return vector if abs(length - 1) < _UNIT else None
