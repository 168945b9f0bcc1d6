"""Texts to unit vectors with any sentence-transformers model on this machine.

Opening an embedder reads only its tokenizer and configuration, which takes
milliseconds; torch and the weights are loaded by the first `embed`.
"""

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from rag_app.errors import ModelError
from rag_app.models.attention import speed_up
from rag_app.models.files import find_model, fingerprint_model, loading, loading_weights
from rag_app.protocols import TextKind, Vectors
from rag_app.schema import identify

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_logger = logging.getLogger(__name__)
# Small batches of long texts stay in the processor's cache, and their scores of attention
# too: half as fast again on two cores as batches three times as large.
_BATCH_CHARACTERS = 2_500
# oneDNN prepares itself for every shape it meets, and keeps what it prepared: without
# rounding, a few hundred lengths cost as many megabytes.
_ROUNDED_TO = 32  # tokens
# Tokenised piece by piece, the longest document costs no more memory than a short one.
_PIECE_CHARACTERS = 200_000


class WordPieces:
    """The embedding model's tokenizer, from its tokenizer.json."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

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

    def spans(self, text: str) -> NDArray[np.int64]:
        """(n, 2) half-open character spans of the tokens, special ones left out."""
        found = [
            np.array(self._tokenizer.encode(text[start:end], add_special_tokens=False).offsets)
            .astype(np.int64)
            .reshape(-1, 2)
            + start
            for start, end in _pieces(text)
        ]
        return np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)


class SentenceEmbedder:
    """A sentence-transformers model behind the `Embedder` protocol."""

    def __init__(self, folder: Path, *, name: str, threads: int = 0) -> None:
        self.name = name
        self._folder = folder
        self._threads = threads
        self._loading = threading.Lock()
        self._model: SentenceTransformer | None = None

    @classmethod
    def open(cls, name: str, *, threads: int = 0) -> Self:
        """The model of that name; see `find_model` for what a name can be.

        Raises:
            ModelError: It is not on this machine, damaged, or has no safetensors weights.
        """
        return cls(find_model(name), name=name, threads=threads)

    @cached_property
    def tokenizer(self) -> WordPieces:
        """The model's own tokenizer."""
        return WordPieces(self._folder)

    @cached_property
    def fingerprint(self) -> str:
        """Of the files and of how much text the model is allowed to see."""
        return identify(fingerprint_model(self._folder), str(self.max_tokens))

    @cached_property
    def max_tokens(self) -> int:
        """As many tokens as the model has positions for.

        MiniLM ships with a limit of 256 and cuts longer texts without a word although
        its positions reach 512.
        """
        path = self._folder / "config.json"
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            return int(config["max_position_embeddings"]) - _reserved_positions(config)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} does not tell how long a text may be ({error!r}); use another model"
            ) from error

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        """(n, d) float32, each row of length 1.

        Computed in bfloat16 where the processor has instructions for it (cosine to
        float32 above 0.999), else in float32.
        """
        model = self._load()
        encode = model.encode_query if kind == "query" else model.encode_document
        vectors = np.empty((len(texts), model.get_embedding_dimension() or 0), dtype=np.float32)
        for batch in _batches(texts):
            tensor = encode(
                [texts[i] for i in batch],
                batch_size=len(batch),
                convert_to_tensor=True,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            vectors[batch] = tensor.float().cpu().numpy()
        # bfloat16 leaves lengths off by up to half a percent.
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def _load(self) -> "SentenceTransformer":
        with self._loading:
            if self._model is None:
                self._model = _load_model(self._folder, self.max_tokens, self._threads)
                _logger.info("loaded %s in %s", self.name, self._model.dtype)
            return self._model


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


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Indices of texts to embed together: of like length, and few where they are long."""
    batch: list[int] = []
    for index in sorted(range(len(texts)), key=lambda i: len(texts[i])):
        if batch and (len(batch) + 1) * len(texts[index]) > _BATCH_CHARACTERS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _load_model(folder: Path, max_tokens: int, threads: int) -> "SentenceTransformer":
    import torch
    from sentence_transformers import SentenceTransformer

    if threads:
        torch.set_num_threads(threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    arguments: dict[str, Any] = {"use_safetensors": True, "dtype": fastest_dtype(device)}
    with loading_weights(folder):
        model = SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs=arguments,
        )
    model.max_seq_length = max_tokens
    transformer: Any = model[0]
    transformer.processing_kwargs = {"text": {"pad_to_multiple_of": _ROUNDED_TO}}
    speed_up(transformer.auto_model)
    return model.eval()


def fastest_dtype(device: str) -> Any:
    """bfloat16 where the device has instructions for it, else float32."""
    import torch

    native = device == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


def _reserved_positions(config: dict[str, Any]) -> int:
    """RoBERTa-like models number positions from padding index + 1."""
    return 2 if config.get("model_type") in {"roberta", "xlm-roberta", "mpnet", "camembert"} else 0
