"""A static model made of another one: a vector for each token, and their mean for a text.

The recipe is that of model2vec (Tulkens & van Dongen, 2024): each token is embedded alone,
the vectors are cut to their principal components, and frequent tokens weigh less (Arora et
al., 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings"). The vocabulary of
BERT lists words by falling frequency, so that Zipf's law tells how frequent each is.
"""

from pathlib import Path

import numpy as np

from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.model_files import find_model
from rag_app.protocols import Vectors
from rag_app.workbench.pca import PrincipalComponents

_DIMENSIONS = 256
_SMOOTHING = 1e-4
_SINGLE = 0.2  # of letters and digits alone
_CONTINUES = "##"


def distil(base: str, out: Path, *, dimensions: int = _DIMENSIONS) -> Path:
    """Make the static model, and write it to the folder as a sentence-transformers model.

    Args:
        base: A model with a WordPiece vocabulary; see `find_model`.
        out: The new model's folder.
        dimensions: Of its vectors, at most as many as those of the base.

    Raises:
        ModelError: The base cannot be loaded.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(find_model(base) / "tokenizer.json"))
    vocabulary = tokenizer.get_vocab()
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    vectors = SentenceEmbedder.open(base).embed(
        [piece.removeprefix(_CONTINUES) for piece in pieces]
    )
    weighted = (
        PrincipalComponents.of(vectors, dimensions).place(vectors) * _weights(pieces)[:, None]
    )
    tokenizer.no_padding()
    tokenizer.no_truncation()
    module = StaticEmbedding(tokenizer, embedding_weights=torch.from_numpy(weighted).contiguous())
    SentenceTransformer(modules=[module]).save_pretrained(str(out), create_model_card=False)
    return out


def _weights(pieces: list[str]) -> Vectors:
    """(n,) a / (a + p) for words of probability p; 0 for what says nothing of a text."""
    words = [number for number, piece in enumerate(pieces) if _is_word(piece)]
    probability = 1 / np.arange(1, len(words) + 1)
    probability /= probability.sum()
    weights = np.zeros(len(pieces), np.float32)
    weights[words] = _SMOOTHING / (_SMOOTHING + probability)
    single = [number for number, piece in enumerate(pieces) if len(piece) == 1 and piece.isalnum()]
    weights[single] = _SINGLE
    return weights


def _is_word(piece: str) -> bool:
    """Neither a mark such as [CLS] nor a single character, which stand before all words."""
    return len(piece) > 1 and not (piece.startswith("[") and piece.endswith("]"))
