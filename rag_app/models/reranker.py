"""Reads a question and a sentence together and says whether the one answers the other.

The backbone is the bundled embedding model. What training changed in it is shipped as a
difference of low rank, a few megabytes, made by `rag_app/workbench/train_reranker.py`.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_app.models.embedder import fastest_dtype
from rag_app.models.files import BUNDLED_EMBEDDER, find_model, loading, loading_weights
from rag_app.protocols import Vectors

if TYPE_CHECKING:
    import torch

DIFFERENCE = Path(__file__).with_name("reranker.safetensors")
_MOST_TOKENS = 112  # of question and text together
_SENTENCE_WORDS, _CONTEXT_WORDS = 50, 14
_BATCH = 32


class CrossEncoderReranker:
    """A MiniLM cross-encoder behind the `Reranker` protocol; loaded by the first `score`."""

    def __init__(self, base: Path, difference: Path) -> None:
        self._base = base
        self._difference = difference
        self._loading = threading.Lock()
        self._loaded: tuple[Any, torch.nn.Linear, Any] | None = None

    @classmethod
    def open(cls) -> "CrossEncoderReranker":
        """The reranker that comes with the package.

        Raises:
            ModelError: Its backbone is missing or damaged.
        """
        return cls(find_model(BUNDLED_EMBEDDER), DIFFERENCE)

    def score(self, question: str, texts: Sequence[str]) -> Vectors:
        """(n,) float32 log-odds that a text answers; 0 is as likely as "none does"."""
        import torch

        model, head, tokenizer = self._load()
        scores = np.zeros(len(texts), dtype=np.float32)
        # Texts of like length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        with torch.inference_mode():
            for begin in range(0, len(order), _BATCH):
                batch = order[begin : begin + _BATCH]
                encoded = encode(tokenizer, [question] * len(batch), [texts[i] for i in batch])
                first = model(**encoded.to(model.device)).last_hidden_state[:, 0]  # (b, d) at [CLS]
                scores[batch] = head(first).float().squeeze(-1).cpu().numpy()
        return scores

    def _load(self) -> "tuple[Any, torch.nn.Linear, Any]":
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self._base, self._difference)
            return self._loaded


def _load(base: Path, difference: Path) -> "tuple[Any, torch.nn.Linear, Any]":
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModel, AutoTokenizer

    with loading_weights(base):
        tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
        model: Any = AutoModel.from_pretrained(
            base, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    with loading(difference):
        trained = load_file(difference)
    head = torch.nn.Linear(model.config.hidden_size, 1)
    head.load_state_dict({name: trained.pop(f"head.{name}").float() for name in ("weight", "bias")})
    apply_difference(model, trained)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = fastest_dtype(device)
    return model.to(device, dtype).eval(), head.to(device, dtype).eval(), tokenizer


def encode(tokenizer: Any, questions: Sequence[str], texts: Sequence[str]) -> Any:
    """Both as the model reads them, in training too: long texts are cut, questions are not."""
    return tokenizer(
        list(questions),
        list(texts),
        padding=True,
        truncation="only_second",
        max_length=_MOST_TOKENS,
        return_tensors="pt",
    )


def with_context(sentence: str, before: str = "") -> str:
    """A sentence as the model reads it: its first words, then the last ones before it."""
    shown = " ".join(sentence.split()[:_SENTENCE_WORDS])
    context = " ".join(before.split()[-_CONTEXT_WORDS:])
    return f"{shown} [SEP] {context}" if context else shown


def apply_difference(model: Any, trained: "dict[str, torch.Tensor]") -> None:
    """Add what training changed: `name` whole, or `name.left` @ `name.right` of low rank."""
    parameters = dict(model.named_parameters())
    for name, change in trained.items():
        stem, _, side = name.rpartition(".")
        if side == "left":
            parameters[stem].data += change.float() @ trained[f"{stem}.right"].float()
        elif side != "right":
            parameters[name].data += change.float()
