"""What computes a sentence-transformers model: OpenVINO where it can, else torch."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rag_app.errors import ModelError
from rag_app.models import bert
from rag_app.models.batches import batches
from rag_app.models.files import LOCAL, loading, loading_weights
from rag_app.models.forms import Computing
from rag_app.models.modules import is_static, pooling_of, prompts_of
from rag_app.models.static import StaticEncoder
from rag_app.protocols import TextKind, Vectors

# Small batches of long texts stay in the processor's cache.
_BATCH_TOKENS = 1_024
_BATCH_CHARACTERS = 2_500
# oneDNN prepares itself for every shape it meets, and keeps what it prepared.
_ROUNDED_TO = 16  # tokens
_PROMPTS = {"query": ("query",), "passage": ("document", "passage", "corpus")}
_HEADS = {"mean": bert.mean_pooling, "cls": bert.first_state}


class Encoder(Protocol):
    """Texts to vectors of any length."""

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """(n, d) float32."""


def open_encoder(
    folder: Path, *, max_tokens: int, threads: int, computing: Computing = "fastest"
) -> Encoder:
    """The fastest there is for the model on this machine.

    Raises:
        ModelError: The model's files are damaged or strange, or it cannot be computed so.
    """
    options: dict[str, Any] = {"max_tokens": max_tokens, "threads": threads, "computing": computing}
    with loading(folder):
        if is_static(folder):
            return StaticEncoder(folder)
        pooling = None if has_gpu() else pooling_of(folder)
        if pooling and bert.fits(folder):
            return BertEncoder(folder, pooling, **options)
    return TorchEncoder(folder, **options)


class BertEncoder:
    """A BERT with mean or [CLS] pooling, by OpenVINO."""

    def __init__(
        self,
        folder: Path,
        pooling: str,
        *,
        max_tokens: int,
        threads: int,
        computing: Computing = "fastest",
    ) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self._prompts = prompts_of(folder)
        self._network = bert.Bert(
            folder,
            _HEADS[pooling],
            weights=bert.read_weights(folder),
            threads=threads,
            computing=computing,
        )

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """(n, d) float32."""
        prompt = next((p for name in _PROMPTS[kind] if (p := self._prompts.get(name))), "")
        encoded = self._tokenizer.encode_batch([prompt + text for text in texts])
        return self._network.run(encoded, most=_BATCH_TOKENS)


class TorchEncoder:
    """Any sentence-transformers model, by torch, on a GPU where there is one."""

    def __init__(
        self, folder: Path, *, max_tokens: int, threads: int, computing: Computing = "fastest"
    ) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        if threads:
            torch.set_num_threads(threads)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        arguments = {"use_safetensors": True, "dtype": _dtype(folder, computing, device)}
        with loading_weights(folder):
            self._model = SentenceTransformer(
                str(folder), device=device, **LOCAL, model_kwargs=arguments
            ).eval()
        self._model.max_seq_length = max_tokens
        transformer: Any = self._model[0]
        transformer.processing_kwargs = {"text": {"pad_to_multiple_of": _ROUNDED_TO}}

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """(n, d) float32."""
        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        dimension = self._model.get_embedding_dimension() or 0
        vectors = np.empty((len(texts), dimension), dtype=np.float32)
        for batch in batches([len(text) for text in texts], _BATCH_CHARACTERS):
            tensor = encode(
                [texts[i] for i in batch],
                batch_size=len(batch),
                convert_to_tensor=True,
                show_progress_bar=False,
            )
            vectors[batch] = tensor.float().cpu().numpy()
        return vectors


def has_gpu() -> bool:
    """Whether torch finds a GPU; without a driver torch, slow to import, is not asked."""
    if "torch" not in sys.modules and shutil.which("nvidia-smi") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _dtype(folder: Path, computing: Computing, device: str) -> Any:
    import torch

    if computing == "int8":
        raise ModelError(f"{folder} is no BERT on a processor: only such are computed in int8")
    return fastest_dtype(device) if computing == "fastest" else getattr(torch, computing)


def fastest_dtype(device: str) -> Any:
    """bfloat16 where the device has instructions for it, else float32."""
    import torch

    native = device == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32
