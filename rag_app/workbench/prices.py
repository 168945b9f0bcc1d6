"""What providers ask for embedding, so that the bill is known before anything is sent."""

from collections.abc import Iterable
from dataclasses import dataclass

from rag_app.schema import Chunk

PRICES_READ = "2026-11-22"  # the pages may say something else by now


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, and the page that says so."""

    dollars: float
    page: str


_OPENAI = "https://developers.openai.com/api/docs/models/text-embedding-3-large"
_VOYAGE = "https://vercel.com/ai-gateway/models/voyage-4"
_VOYAGE_3 = "https://hivebook.wiki/wiki/voyage-ai-embeddings-rerankers-for-rag"

# By the names that the setting `embedder` takes.
PRICES = {
    "openai:text-embedding-3-small": Price(0.02, _OPENAI),
    "openai:text-embedding-3-large": Price(0.13, _OPENAI),
    "cohere:embed-v4.0": Price(0.12, "https://developer.puter.com/tutorials/cohere-api-pricing/"),
    "google_genai:gemini-embedding-001": Price(0.15, "https://embeddingcost.com/google"),
    "mistralai:mistral-embed": Price(0.10, "https://opencode.ai/data/mistral/mistral-embed"),
    "voyageai:voyage-4-large": Price(0.12, f"{_VOYAGE}-large"),
    "voyageai:voyage-4": Price(0.06, _VOYAGE),
    "voyageai:voyage-4-lite": Price(0.02, f"{_VOYAGE}-lite"),
    "voyageai:voyage-3.5": Price(0.06, _VOYAGE_3),
    "voyageai:voyage-3.5-lite": Price(0.02, _VOYAGE_3),
    "voyageai:voyage-code-3": Price(0.18, _VOYAGE_3),
}


@dataclass(frozen=True, slots=True)
class Bill:
    """What embedding some texts costs.

    Attributes:
        texts: How many different ones; the same text is embedded once.
        tokens: About, of all of them: each provider counts in its own way.
        dollars: For all of them, or None where the price is not known.
    """

    texts: int
    tokens: int
    dollars: float | None


def price_of(name: str) -> float | None:
    """US dollars for a million tokens of the model, or None where the price is not known."""
    price = PRICES.get(name)
    return price.dollars if price else None


def bill_for(name: str, chunks: Iterable[Chunk], *, context: int = 0) -> Bill:
    """What embedding the chunks with the model of that name costs.

    Args:
        name: `provider:model`.
        chunks: Of an index of any model.
        context: Tokens on each side of a chunk that its vector sees besides.
    """
    tokens = {chunk.text: chunk.tokens + 2 * context for chunk in chunks}
    total, price = sum(tokens.values()), price_of(name)
    return Bill(len(tokens), total, None if price is None else total / 1e6 * price)
