"""How a model sees a text: its tokens, their embeddings, and the vector made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.models.model_files import LOCAL, loading, loading_weights
from rag_app.protocols import Vectors


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `text[start:end]` is what it stands for.

    Attributes:
        id: Its number in the vocabulary.
        piece: As the vocabulary spells it, such as `##ing`.
        start: Where it begins in the text.
        end: Where it ends.
        special: Whether it was added, as [CLS] is.
        continues: Whether it goes on with the word of the token before.
    """

    id: int
    piece: str
    start: int
    end: int
    special: bool
    continues: bool


@dataclass(frozen=True, slots=True)
class TokenEmbeddings:
    """What a model makes of a batch of texts, before pooling.

    Attributes:
        states: (b, t, d) float32, of the last layer.
        mask: (b, t), 1 where there is a token and 0 where there is padding.
    """

    states: NDArray[np.float32]
    mask: NDArray[np.int64]

    def mean(self) -> Vectors:
        """(b, d) the mean over the tokens of each text (Reimers & Gurevych, 2019)."""
        seen = self.mask[:, :, None]
        pooled: Vectors = (self.states * seen).sum(axis=1) / seen.sum(axis=1)
        return pooled

    def max(self) -> Vectors:
        """(b, d) the largest value of each dimension over the tokens of each text."""
        hidden = np.where(self.mask[:, :, None] == 1, self.states, -np.inf)
        pooled: Vectors = hidden.max(axis=1)
        return pooled


def cut(folder: Path, text: str) -> list[Token]:
    """The tokens of a text, special ones among them, by the tokenizer of the model's folder.

    Raises:
        ModelError: The folder has no tokenizer that can be loaded.
    """
    tokenizer = _tokenizer(folder)
    encoded = tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True)
    words = encoded.word_ids()
    pieces = tokenizer.convert_ids_to_tokens(encoded["input_ids"])
    return [
        Token(
            id=id_,
            piece=pieces[i],
            start=encoded["offset_mapping"][i][0],
            end=encoded["offset_mapping"][i][1],
            special=bool(encoded["special_tokens_mask"][i]),
            continues=i > 0 and words[i] is not None and words[i] == words[i - 1],
        )
        for i, id_ in enumerate(encoded["input_ids"])
    ]


def token_embeddings(folder: Path, texts: Sequence[str]) -> TokenEmbeddings:
    """The embedding of every token of every text, by any model that `AutoModel` loads.

    Raises:
        ModelError: The model cannot be loaded from safetensors.
    """
    import torch
    from transformers import AutoModel

    with loading_weights(folder):
        model = AutoModel.from_pretrained(folder, **LOCAL, use_safetensors=True).eval()
    batch = _tokenizer(folder)(list(texts), padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        states = model(**batch).last_hidden_state.float().numpy()
    return TokenEmbeddings(states, batch["attention_mask"].numpy())


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    with loading(folder):
        return AutoTokenizer.from_pretrained(folder, **LOCAL)
