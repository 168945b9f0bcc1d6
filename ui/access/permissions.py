"""What a visitor may do.

Who has a chat on this machine alone is its operator and may do everything. Where it is served
to others, they ask, and add files of their own; what reads the server's files by path, sends
data away, downloads, or changes what everybody gets is left to administrators.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rag_app.errors import ConfigError, RagError
from ui.languages.language import gettext

# Set while the server runs: not empty where everybody administers; the folders as JSON.
_ADMIN = "RAG_APP_ADMIN"
_FOLDERS = "RAG_APP_ALLOW_FOLDERS"


class NotAllowed(RagError):
    """The visitor may not do this."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What one visitor may do.

    Attributes:
        administers: Whether they may do all that the operator may.
        folders: Where they are named, nobody adds documents by path from elsewhere, and
            everybody may from there.
    """

    administers: bool
    folders: tuple[Path, ...] = ()

    @classmethod
    def granted(cls, *, administers: bool) -> Self:
        """Those of a visitor who administers by themselves, or not; with `--admin` all do."""
        folders = tuple(map(Path, json.loads(os.environ.get(_FOLDERS) or "[]")))
        return cls(administers or bool(os.environ.get(_ADMIN)), folders)

    @property
    def adds_paths(self) -> bool:
        """Whether there is a path that they may add."""
        return self.administers or bool(self.folders)

    def check(self) -> None:
        """Return if the visitor administers.

        Raises:
            NotAllowed: They do not.
        """
        if not self.administers:
            raise NotAllowed(gettext("Only an administrator can do this."))

    def check_path(self, path: Path) -> None:
        """Return if the visitor may add the file or folder, wherever its links lead.

        Raises:
            NotAllowed: They may not; the message is the same whatever is there.
        """
        if not self.folders:
            self.check()
        elif not any(_leads_into(path, folder) for folder in self.folders):
            named = ", ".join(map(str, self.folders))
            words = gettext("Only what lies in these folders can be added: {folders}")
            raise NotAllowed(words.format(folders=named))


def announce(*, admin: bool, folders: Iterable[Path]) -> None:
    """Have the pages of this process know what the operator allows.

    Args:
        admin: Whether everybody who is let in administers.
        folders: See `Rights`.

    Raises:
        ConfigError: One of them is no folder.
    """
    real = [str(_real(folder)) for folder in folders]
    os.environ[_ADMIN] = "1" if admin else ""
    os.environ[_FOLDERS] = json.dumps(real)


def _real(folder: Path) -> Path:
    with suppress(OSError, RuntimeError):  # a circle of links, or "~name" of nobody here
        real = folder.expanduser().resolve()
        if real.is_dir():
            return real
    raise ConfigError(f"--allow-folders {folder}: there is no such folder; name one")


def _leads_into(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder)
    except (OSError, RuntimeError, ValueError):  # no path at all, or a circle of links
        return False
