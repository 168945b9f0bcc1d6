"""The file that a document was read from, as it was when it was read."""

from dataclasses import dataclass
from hashlib import sha256

from ingest.file_bytes import blocks
from ingest.names import path_of
from rag_app.errors import LoadError


@dataclass(frozen=True, slots=True)
class Original:
    """A file as the catalogue knows it: its path there, its bytes' number and SHA-256 in hex."""

    path: str
    size: int
    digest: str

    def read(self) -> bytes:
        """Its bytes, which are still those that were read.

        Raises:
            LoadError: It is gone, cannot be opened, or holds something else by now.
        """
        path = path_of(self.path)
        try:
            # What has grown since may be more than there is room for.
            data = b"".join(blocks(path)) if path.stat().st_size == self.size else b""
        except FileNotFoundError as error:
            raise LoadError(f"{self.path} is no longer there") from error
        except OSError as error:
            raise LoadError(f"{self.path} cannot be opened ({error.strerror or error})") from error
        if sha256(data).hexdigest() != self.digest:
            raise LoadError(
                f"{self.path} has changed since it was read; add it again, then ask again"
            )
        return data
