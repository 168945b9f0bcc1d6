"""What computes a sentence-transformers model: OpenVINO where it can, else torch."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from rag_app.errors import ConfigError, ModelError
from rag_app.models import bert, bert_layers
from rag_app.models.batches import batches
from rag_app.models.long_words import LongWords
from rag_app.models.model_files import LOCAL, loading, loading_weights
from rag_app.models.model_options import Computing
from rag_app.models.modules import is_static, pooling_of, prompt_of, prompts_of
from rag_app.models.static import StaticEncoder
from rag_app.protocols import TextKind, Vectors
from rag_app.schema import Device

# Small batches of long texts stay in the processor's cache; a GPU wants to be kept busy, and
# gets what sentence-transformers gives it: 32 texts of 512 tokens.
_BATCH_TOKENS, _BATCH_TOKENS_OF_TORCH, _BATCH_TOKENS_ON_GPU = 1_024, 640, 16_384
_CHARACTERS_A_TOKEN = 4  # about, in English
# oneDNN prepares itself for every shape it meets, and keeps what it prepared.
ROUNDED_TO = 16  # tokens
_HEADS = {"mean": bert_layers.mean_pooling, "cls": bert_layers.first_state}
_Model = TypeVar("_Model")


class Encoder(Protocol):
    """Texts to vectors of any length.

    Attributes:
        batch: About how many tokens are computed together, which changes the speed alone; 0
            where nothing is.
    """

    batch: int

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """(n, d) float32."""


@dataclass(frozen=True, slots=True)
class Computation:
    """How a model is computed.

    Attributes:
        max_tokens: How many of a text it sees; 0 where the model itself knows.
        threads: Of the processor; 0 leaves the choice to the libraries.
        batch: About how many tokens are computed together; 0 leaves it to the model's kind.
        device: That computes it.
        computing: In which numbers.
    """

    max_tokens: int = 0
    threads: int = 0
    batch: int = 0
    device: Device = "auto"
    computing: Computing = "fastest"


def open_encoder(folder: Path, how: Computation) -> Encoder:
    """The fastest there is for the model on this machine.

    Raises:
        ModelError: The model's files are damaged or strange, or it cannot be computed so.
        ConfigError: A GPU is asked for, and there is none.
    """
    with loading(folder):
        if is_static(folder):
            return StaticEncoder(folder)
    gpu = uses_gpu(how.device)
    with loading(folder):
        pooling = None if gpu else pooling_of(folder)
        if pooling and bert.fits(folder):
            return BertEncoder(folder, pooling, how)
    return TorchEncoder(folder, how)


class BertEncoder:
    """A BERT with mean or [CLS] pooling, by OpenVINO."""

    def __init__(self, folder: Path, pooling: str, how: Computation) -> None:
        from tokenizers import Tokenizer

        self.batch = how.batch or _BATCH_TOKENS
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(how.max_tokens)
        self._long_words = LongWords(self._tokenizer)
        self._prompts = prompts_of(folder)
        self._network = bert.Bert(
            folder,
            _HEADS[pooling],
            weights=bert.read_weights(folder),
            threads=how.threads,
            computing=how.computing,
        )

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """(n, d) float32."""
        prompt, apart = prompt_of(self._prompts, kind), self._long_words.apart
        encoded = self._tokenizer.encode_batch([prompt + apart(text) for text in texts])
        return self._network.run(encoded, most=self.batch)


class TorchEncoder:
    """Any sentence-transformers model, by torch."""

    def __init__(self, folder: Path, how: Computation) -> None:
        from sentence_transformers import SentenceTransformer

        self.batch = how.batch or usual_batch(how.device)
        self._model = open_with_torch(SentenceTransformer, folder, how).eval()
        self._model.max_seq_length = how.max_tokens
        transformer: Any = self._model[0]
        transformer.processing_kwargs = {"text": {"pad_to_multiple_of": ROUNDED_TO}}
        tokenizer = getattr(transformer.tokenizer, "backend_tokenizer", None)
        self._apart = LongWords(tokenizer).apart if tokenizer else str

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """(n, d) float32."""
        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        dimension = self._model.get_embedding_dimension() or 0
        vectors = np.empty((len(texts), dimension), dtype=np.float32)
        for batch in batches([len(text) for text in texts], characters_of(self.batch)):
            tensor = encode(
                [self._apart(texts[i]) for i in batch],
                batch_size=len(batch),
                convert_to_tensor=True,
                show_progress_bar=False,
            )
            vectors[batch] = tensor.float().cpu().numpy()
        return vectors


def open_with_torch(kind: Callable[..., _Model], folder: Path, how: Computation) -> _Model:
    """A model of a class of sentence-transformers.

    Raises:
        ModelError: The model's files are damaged or strange.
        ConfigError: A GPU is asked for, and there is none.
    """
    import torch

    if how.threads:
        torch.set_num_threads(how.threads)
    device = "cuda" if uses_gpu(how.device) else "cpu"
    arguments = {"use_safetensors": True, "dtype": _dtype(folder, how.computing, device)}
    with loading_weights(folder):
        return kind(str(folder), device=device, **LOCAL, model_kwargs=arguments)


def usual_batch(device: Device) -> int:
    """About how many tokens torch computes together on the device."""
    return _BATCH_TOKENS_ON_GPU if uses_gpu(device) else _BATCH_TOKENS_OF_TORCH


def characters_of(tokens: int) -> int:
    """About how many characters so many tokens have."""
    return tokens * _CHARACTERS_A_TOKEN


def uses_gpu(device: Device) -> bool:
    """Whether the device means a GPU on this machine.

    Raises:
        ConfigError: A GPU is asked for, and there is none.
    """
    if device != "cuda":
        return device == "auto" and has_gpu()
    import torch

    if not torch.cuda.is_available():
        raise ConfigError("device='cuda', but torch finds no GPU; use auto or cpu")
    return True


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
