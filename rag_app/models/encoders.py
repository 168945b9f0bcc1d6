"""What computes a sentence-transformers model: OpenVINO where it can, else torch."""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rag_app.models import bert
from rag_app.models.batches import batches
from rag_app.models.files import loading, loading_weights
from rag_app.models.static import StaticEncoder, is_static
from rag_app.protocols import TextKind, Vectors

# Small batches of long texts stay in the processor's cache.
_BATCH_TOKENS = 1_024
_BATCH_CHARACTERS = 2_500
# oneDNN prepares itself for every shape it meets, and keeps what it prepared.
_ROUNDED_TO = 16  # tokens
_PROMPTS = {"query": ("query",), "passage": ("document", "passage", "corpus")}
_HEADS = {"mean": bert.mean_pooling, "cls": bert.first_state}
_OLDER_POOLING = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}


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
        pooling = None if has_gpu() else _pooling(folder)
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
        self._prompts = _prompts(folder)
        self._network = bert.Bert(
            folder, _HEADS[pooling], weights=bert.read_weights(folder), threads=threads
        )

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """(n, d) float32."""
        prompt = next((p for name in _PROMPTS[kind] if (p := self._prompts.get(name))), "")
        encoded = self._tokenizer.encode_batch([prompt + text for text in texts])
        return self._network.run(encoded, most=_BATCH_TOKENS)


class TorchEncoder:
    """Any sentence-transformers model, by torch, on a GPU where there is one."""

    def __init__(self, folder: Path, *, max_tokens: int, threads: int) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        if threads:
            torch.set_num_threads(threads)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        arguments: dict[str, Any] = {"use_safetensors": True, "dtype": fastest_dtype(device)}
        with loading_weights(folder):
            self._model = SentenceTransformer(
                str(folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs=arguments,
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


def fastest_dtype(device: str) -> Any:
    """bfloat16 where the device has instructions for it, else float32."""
    import torch

    native = device == "cuda" or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if native else torch.float32


def _pooling(folder: Path) -> str | None:
    """How the model makes one vector of all states, or None where that is not simple."""
    modules = _read(folder / "modules.json", [])
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        return None
    if modules[0]["path"] or _read(folder / "sentence_bert_config.json", {}).get("do_lower_case"):
        return None
    config = _read(folder / modules[1]["path"] / "config.json", {})
    if not config.get("include_prompt", True):
        return None
    # Since version 6 of sentence-transformers one entry names it, before that one was true.
    older = [name for key, name in _OLDER_POOLING.items() if config.get(key)]
    others = [key for key in config if key.startswith("pooling_mode_") and config[key]]
    pooling = config.get("pooling_mode", older[0] if older and len(others) == 1 else None)
    return pooling if pooling in _HEADS else None


def _prompts(folder: Path) -> dict[str, str]:
    """What the model wants before a text, by the kind of text."""
    return dict(_read(folder / "config_sentence_transformers.json", {}).get("prompts") or {})


def _read(path: Path, otherwise: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else otherwise
