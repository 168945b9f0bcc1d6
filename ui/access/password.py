"""The password of a server that others can reach, or the token that is made in its place."""

import os
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Self

from rag_app.errors import ConfigError
from rag_app.settings.settings_files import warn_if_open

# Not empty while the server asks for a password.
LOGIN = "RAG_APP_LOGIN"
_VARIABLE = "RAG_APP_PASSWORD"
_FILE_VARIABLE = "RAG_APP_PASSWORD_FILE"
_SHORTEST = 8  # characters


@dataclass(frozen=True, slots=True)
class Password:
    """What a visitor has to know.

    Attributes:
        digest: Its SHA-256, 32 bytes; the password itself is not kept.
        in_address: Whether it may stand in the address, as a token may that was made for this
            run alone.
    """

    digest: bytes = field(repr=False)
    in_address: bool = False

    @classmethod
    def of(cls, text: str, *, in_address: bool = False) -> Self:
        """That of this text."""
        return cls(_digest(text), in_address)

    def matches(self, given: str) -> bool:
        """Whether it was given; the time this takes does not tell how much of it was right."""
        return compare_digest(_digest(given), self.digest)


def read_password(file: Path | None) -> str:
    """The chosen password, of the file or else of the environment; "" where none is chosen.

    The variable is taken out of the environment: what reads strangers' documents inherits it.

    Raises:
        ConfigError: The file cannot be read, or the password is too short.
    """
    from_environment = os.environ.pop(_VARIABLE, "")
    named = os.environ.get(_FILE_VARIABLE)
    file = file or (Path(named) if named and not from_environment else None)
    text = _read(file) if file else from_environment
    if (file or text) and len(text) < _SHORTEST:
        raise ConfigError(f"the password has {len(text)} characters; choose {_SHORTEST} or more")
    return text


def _read(file: Path) -> str:
    warn_if_open(file.expanduser())
    try:
        return file.expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the password file {file} cannot be read ({error})") from error


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
