"""Texts to unit vectors with any sentence-transformers model on this machine.

Opening an embedder reads only its tokenizer and configuration, which takes
milliseconds; the weights are loaded by the first `embed`.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from rag_app.errors import ModelError
from rag_app.models.encoders import Computation, Encoder, open_encoder
from rag_app.models.long_words import LongWords
from rag_app.models.model_files import find_model, fingerprint_model, lasting_name, loading
from rag_app.models.model_options import ModelOptions
from rag_app.models.modules import is_static, splits_at_spaces
from rag_app.models.static import LONGEST
from rag_app.protocols import TextKind, Vectors
from rag_app.schema import Device, identify

if TYPE_CHECKING:
    from tokenizers import Encoding

_logger = logging.getLogger(__name__)
# Tokenised side by side, but few at a time: the longest document costs little memory.
_PIECE_CHARACTERS, _SIDE_BY_SIDE = 4_000, 50


class WordPieces:
    """The embedding model's tokenizer, from its tokenizer.json.

    Args:
        folder: Of the model.
        longest: Characters of a token; longer ones count as several. 0 for any number.
    """

    def __init__(self, folder: Path, *, longest: int = 0) -> None:
        from tokenizers import Tokenizer

        self.folder, self.longest = folder, longest
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise ModelError(
                f"{folder} has no tokenizer.json; save the model with a fast tokenizer"
            )
        with loading(folder):
            self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.special_tokens: int = self._tokenizer.num_special_tokens_to_add(False)
        self.splits_at_spaces = splits_at_spaces(self._tokenizer)
        self._long_words = LongWords(self._tokenizer)

    def __eq__(self, other: object) -> bool:
        """Whether both cut every text in the same way."""
        if not isinstance(other, WordPieces):
            return NotImplemented
        same = self._tokenizer.to_str() == other._tokenizer.to_str()
        return bool(same and self.longest == other.longest)

    def spans(self, text: str) -> NDArray[np.int64]:
        """(n, 2) half-open character spans of the tokens, special ones left out."""
        cuts = self._long_words.cuts(text)
        apart = self._long_words.apart(text) if cuts else text
        spans = self._spans(apart)
        if cuts:
            blanks = np.array(cuts, dtype=np.int64) + np.arange(len(cuts))
            spans -= np.searchsorted(blanks, spans)
        return _shortened(spans, self.longest) if self.longest else spans

    def counts(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, special ones left out."""
        if self.longest:
            return [len(self.spans(text)) for text in texts]
        apart = [self._long_words.apart(text) for text in texts]
        encoded = _a_few_at_a_time(self._tokenizer.encode_batch_fast, apart)
        return [len(encoding.ids) for encoding in encoded]

    def _spans(self, text: str) -> NDArray[np.int64]:
        pieces = list(_pieces(text))
        encoded = _a_few_at_a_time(
            self._tokenizer.encode_batch, [text[start:end] for start, end in pieces]
        )
        found = [
            np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2) + start
            for encoding, (start, _) in zip(encoded, pieces, strict=True)
        ]
        return np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)


def _shortened(spans: NDArray[np.int64], longest: int) -> NDArray[np.int64]:
    """(n, 2) spans with (m, 2) that hold the same characters, at most so many each."""
    starts, ends = spans.T  # (n,) each
    parts = -(-(ends - starts) // longest)
    number = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    begins = np.repeat(starts, parts) + number * longest
    return np.stack([begins, np.minimum(begins + longest, np.repeat(ends, parts))], axis=1)


class SentenceEmbedder:
    """A sentence-transformers model behind the `Embedder` protocol."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        threads: int = 0,
        dimensions: int = 0,
        batch: int = 0,
        device: Device = "auto",
    ) -> None:
        self.name = name
        self._form = ModelOptions.parse(name)
        self._dimensions = dimensions
        self._folder = folder
        self._threads = threads
        self._batch = batch
        self._device = device
        self._loading = threading.Lock()
        self._encoder: Encoder | None = None

    @classmethod
    def open(
        cls,
        name: str,
        *,
        threads: int = 0,
        dimensions: int = 0,
        batch: int = 0,
        device: Device = "auto",
    ) -> Self:
        """The model of that name; see `find_model` for what a name can be.

        Args:
            name: Of a folder, of a model of the hub that is here, or of the bundled one, and
                behind it the `ModelOptions` that is wanted.
            threads: Of the processor; 0 leaves the choice to the libraries.
            dimensions: Keep only so many, the first, of a model trained for that (Kusupati et
                al. 2022, "Matryoshka Representation Learning"); 0 keeps all.
            batch: About how many tokens are computed together; 0 leaves it to the model's kind.
            device: That computes the model; auto is a GPU where there is one.

        Raises:
            ModelError: It is not on this machine, damaged, or has no safetensors weights.
        """
        return cls(
            find_model(name),
            name=lasting_name(name),
            threads=threads,
            dimensions=dimensions,
            batch=batch,
            device=device,
        )

    @cached_property
    def tokenizer(self) -> WordPieces:
        """The model's own tokenizer."""
        return WordPieces(self._folder)

    @cached_property
    def fingerprint(self) -> str:
        """Of the files, of how much text the model may see, and of what is kept of vectors."""
        kept = [str(self._dimensions)] if self._dimensions else []
        computing = [] if self._form.computing == "fastest" else [self._form.computing]
        return identify(fingerprint_model(self._folder), str(self.max_tokens), *kept, *computing)

    @cached_property
    def max_tokens(self) -> int:
        """As many tokens as the model has positions for, or as its form asks for.

        MiniLM ships with a limit of 256 and cuts longer texts without a word although
        its positions reach 512.
        """
        with loading(self._folder):
            if is_static(self._folder):
                return self._form.tokens or LONGEST
        path = self._folder / "config.json"
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            positions = int(config["max_position_embeddings"]) - _reserved_positions(config)
            return min(positions, self._form.tokens or positions)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} does not tell how long a text may be ({error!r}); use another model"
            ) from error

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        """(n, d) float32, each row of length 1.

        Computed as the form asks; if it does not, in bfloat16 where the processor has
        instructions for it (cosine to float32 above 0.999), else in float32.
        """
        vectors = self._load().encode(texts, kind)
        # bfloat16 leaves lengths off by up to half a percent.
        return unit_vectors(vectors, name=self.name, dimensions=self._dimensions)

    def _load(self) -> Encoder:
        with self._loading:
            if self._encoder is None:
                how = Computation(
                    max_tokens=self.max_tokens,
                    threads=self._threads,
                    batch=self._batch,
                    device=self._device,
                    computing=self._form.computing,
                )
                self._encoder = open_encoder(self._folder, how)
                _logger.info("loaded %s in a %s", self.name, type(self._encoder).__name__)
            return self._encoder


def unit_vectors(vectors: Vectors, *, name: str, dimensions: int) -> Vectors:
    """Each row of (n, d) vectors at a length of 1, of its first dimensions or, for 0, of all.

    Raises:
        ModelError: The model of that name has fewer dimensions.
    """
    if dimensions > vectors.shape[1]:
        raise ModelError(
            f"{name} has {vectors.shape[1]} dimensions; "
            f"embedder_dimensions={dimensions} is too many"
        )
    kept = vectors[:, : dimensions or None]
    unit: Vectors = kept / np.linalg.norm(kept, axis=1, keepdims=True)
    return unit


def _a_few_at_a_time(
    encode: "Callable[..., list[Encoding]]", texts: Sequence[str]
) -> "Iterator[Encoding]":
    """Each text's encoding; they are large, so few are there at once."""
    for begin in range(0, len(texts), _SIDE_BY_SIDE):
        yield from encode(list(texts[begin : begin + _SIDE_BY_SIDE]), add_special_tokens=False)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the text that end after white space, where tokens end in any case."""
    start = 0
    while len(text) - start > _PIECE_CHARACTERS:
        latest = start + _PIECE_CHARACTERS
        space = max(text.rfind(" ", start, latest), text.rfind("\n", start, latest))
        end = latest if space < 0 else space + 1
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


def _reserved_positions(config: dict[str, Any]) -> int:
    """RoBERTa-like models number positions from padding index + 1."""
    return 2 if config.get("model_type") in {"roberta", "xlm-roberta", "mpnet", "camembert"} else 0
