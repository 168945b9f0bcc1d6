"""What computes a sentence-transformers model: OpenVINO where it can, else torch."""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from rag_app.models import bert
from rag_app.models.batches import batches
from rag_app.models.files import LOCAL, loading, loading_weights
from rag_app.models.modules import is_static, pooling_of, prompt_of, prompts_of
from rag_app.models.static import StaticEncoder
from rag_app.protocols import TextKind, Vectors

# Small batches of long texts stay in the processor's cache.
_BATCH_TOKENS = 1_024
BATCH_CHARACTERS = 2_500
# oneDNN prepares itself for every shape it meets, and keeps what it prepared.
ROUNDED_TO = 16  # tokens
_HEADS = {"mean": bert.mean_pooling, "cls": bert.first_state}
_Model = TypeVar("_Model")


class Encoder(Protocol):
    """Texts to vectors of any length."""

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """(n, d) float32."""


def open_encoder(folder: Path, *, max_tokens: int, threads: int) -> Encoder:
    """The fastest there is for the model on this machine.

    Raises:
        ModelError: The model's files are damaged or strange.
    """
    with loading(folder):
        if is_static(folder):
            return StaticEncoder(folder)
        pooling = None if has_gpu() else pooling_of(folder)
        if pooling and bert.fits(folder):
            return BertEncoder(folder, pooling, max_tokens=max_tokens, threads=threads)
    return TorchEncoder(folder, max_tokens=max_tokens, threads=threads)


class BertEncoder:
    """A BERT with mean or [CLS] pooling, by OpenVINO."""

    def __init__(self, folder: Path, pooling: str, *, max_tokens: int, threads: int) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self._prompts = prompts_of(folder)
        self._network = bert.Bert(
            folder, _HEADS[pooling], weights=bert.read_weights(folder), threads=threads
        )

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """(n, d) float32."""
        prompt = prompt_of(self._prompts, kind)
        encoded = self._tokenizer.encode_batch([prompt + text for text in texts])
        return self._network.run(encoded, most=_BATCH_TOKENS)


class TorchEncoder:
    """Any sentence-transformers model, by torch, on a GPU where there is one."""

    def __init__(self, folder: Path, *, max_tokens: int, threads: int) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = open_with_torch(SentenceTransformer, folder, threads=threads).eval()
        self._model.max_seq_length = max_tokens
        transformer: Any = self._model[0]
        transformer.processing_kwargs = {"text": {"pad_to_multiple_of": ROUNDED_TO}}

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """(n, d) float32."""
        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        dimension = self._model.get_embedding_dimension() or 0
        vectors = np.empty((len(texts), dimension), dtype=np.float32)
        for batch in batches([len(text) for text in texts], BATCH_CHARACTERS):
            tensor = encode(
                [texts[i] for i in batch],
                batch_size=len(batch),
                convert_to_tensor=True,
                show_progress_bar=False,
            )
            vectors[batch] = tensor.float().cpu().numpy()
        return vectors


def open_with_torch(kind: Callable[..., _Model], folder: Path, *, threads: int) -> _Model:
    """A model of a class of sentence-transformers, on a GPU where there is one.

    Raises:
        ModelError: The model's files are damaged or strange.
    """
    import torch

    if threads:
        torch.set_num_threads(threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    arguments: dict[str, Any] = {"use_safetensors": True, "dtype": fastest_dtype(device)}
    with loading_weights(folder):
        return kind(str(folder), device=device, **LOCAL, model_kwargs=arguments)


def has_gpu() -> bool:
    """Whether torch finds a GPU; without a driver torch, slow to import, is not asked."""
    if "torch" not in sys.modules and shutil.which("nvidia-smi") is None:
        return False
    import torch

    return torch.cuda.is_available()


def fastest_dtype(device: str) -> Any:
    """bfloat16 where the device has instructions for it, else float32."""
    import torch

    native = device == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32
