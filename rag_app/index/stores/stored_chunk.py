"""What the vector stores share: a collection's name, what it keeps of a chunk, its server."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from rag_app.errors import StoreError, without_secrets
from rag_app.schema import Chunk

_ROUNDED = 1e-2  # by which a cosine may pass 1
_LONGEST = 200  # characters of what a server says; some answer with a whole page


@dataclass(frozen=True, slots=True)
class Server:
    """Where a vector store listens, and whom it lets in.

    Attributes:
        url: `http://HOST:PORT` or `https://HOST:PORT`, fit to be shown.
        user: From the address's `USER:PASSWORD@`, like the password; never to be shown.
    """

    url: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, address: str) -> Self:
        """The server of an address.

        Raises:
            ValueError: It is none; the message does not repeat it, as it may hold a password.
        """
        try:
            url = urlsplit(address)
            host, port = url.hostname, url.port
        except ValueError:  # whose message repeats the address
            raise ValueError("no address") from None
        if url.scheme not in {"http", "https"} or not host or not port:
            raise ValueError("no http://HOST:PORT")
        if url.path.strip("/") or url.query or url.fragment:
            raise ValueError("something after the port")
        return cls(
            f"{url.scheme}://{url.netloc.rpartition('@')[2]}",
            user=unquote(url.username or ""),
            password=unquote(url.password or ""),
        )

    def error(self, error: Exception) -> StoreError:
        """What went wrong there, as an error that says what to do."""
        # Even where the disk of the server is full, nothing here is damaged.
        said = without_secrets(str(error))
        if self.password:
            said = said.replace(self.password, "…")
        said = " ".join(said.split())[:_LONGEST] or type(error).__name__
        return StoreError(
            f"the vector store at {self.url} cannot be used ({said}); start the server or name "
            "another, then `rag-app doctor --repair` gives it what it lacks"
        )


def collection_name(model: str) -> str:
    """The collection of a model's vectors, by the model's fingerprint."""
    return f"chunks-{model[:16]}"


def metadata(chunk: Chunk) -> dict[str, str | int]:
    """What is kept beside a chunk's vector, for other programs that look into the store."""
    return {
        "document_id": chunk.document_id,
        "source": chunk.source,
        "start": chunk.start,
        "end": chunk.end,
        "page": chunk.page or 0,
        "heading": chunk.heading,
    }


def finite(found: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """What a store has found, without what it gives a score that is no cosine."""
    return [(id_, score) for id_, score in found if abs(score) <= 1 + _ROUNDED]


def parts(count: int, *, most: int) -> Iterator[slice]:
    """Slices that cover `count` items, none with more than `most`."""
    return (slice(begin, begin + most) for begin in range(0, count, most))
