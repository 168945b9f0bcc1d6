"""Embedding models of a provider, by name.

`provider:model` names any model that LangChain's `init_embeddings` knows
(`openai:text-embedding-3-small`, `cohere:embed-v4.0`), or one of Voyage AI's
(`voyageai:voyage-3.5`). All texts that are embedded are sent there, questions too.
"""

import logging
from importlib import import_module
from typing import Any

from rag_app.connections import bypass_proxy_for_loopback, client
from rag_app.errors import ModelError, first_line
from rag_app.models.embedder import WordPieces
from rag_app.models.model_files import BUNDLED_EMBEDDER, find_model
from rag_app.protocols import Embedder
from rag_app.providers.language_model import elsewhere, refuse_hub

_logger = logging.getLogger(__name__)
_MOST_TOKENS = 512
_LONGEST = 8  # characters of a token
_SECONDS = 120.0  # for the vectors of some texts
_MOST_BYTES = 1 << 26  # in which numbers travel as text
# Texts are sent as they are; else a vocabulary is fetched from the network to cut them up.
_OPTIONS: dict[str, dict[str, Any]] = {
    "openai": {"check_embedding_ctx_length": False},
    "azure_openai": {"check_embedding_ctx_length": False},
}


class ShortPieces(WordPieces):
    """Counts tokens for a model whose own tokenizer is not here, and rather too many.

    The bundled model's word pieces, longer ones counted as several: a word that it does not
    know, in a script with no spaces a whole sentence, is one token to it and many to others.
    512 of these hold at most 4,096 characters, white space left out.
    """

    def __init__(self) -> None:
        super().__init__(find_model(BUNDLED_EMBEDDER), longest=_LONGEST)


def open_served_embedder(name: str, *, dimensions: int = 0) -> Embedder:
    """The model of that name; nothing is sent yet.

    Args:
        name: `provider:model`.
        dimensions: Keep only so many, the first, of a model trained for that; 0 keeps all.

    Raises:
        ModelError: The provider is unknown, or its package or its key is not there.
    """
    from rag_app.langchain_adapter import LangChainEmbedder

    refuse_hub(name)
    bypass_proxy_for_loopback()
    provider, _, model = name.partition(":")
    try:
        embeddings = _open(provider, model)
    except Exception as error:
        raise ModelError(
            f"{name} cannot be used: {first_line(error)}; install the provider's package and "
            "set its key"
        ) from error
    if (where := elsewhere(name)) is not None:
        _logger.warning("texts that are embedded, and questions, are sent to %s", where)
    return LangChainEmbedder(
        embeddings,
        name=name,
        tokenizer=ShortPieces(),
        max_tokens=_MOST_TOKENS,
        dimensions=dimensions,
    )


def _open(provider: str, model: str) -> Any:
    if provider == "voyageai":  # which `init_embeddings` does not know
        return import_module("langchain_voyageai").VoyageAIEmbeddings(model=model)
    from langchain.embeddings import init_embeddings

    options = dict(_OPTIONS.get(provider, {}))
    if provider == "openai":
        options["http_client"] = client(seconds=_SECONDS, most=_MOST_BYTES)
        options["timeout"] = _SECONDS
    return init_embeddings(model, provider=provider, **options)
