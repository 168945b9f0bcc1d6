"""The files that settings come from: the user's own, and one in each index folder.

What can be set, and to what, `rag_app/config.py` knows.
"""

import logging
import os
import stat
import tomllib
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

from rag_app.errors import ConfigError, without_secrets

_logger = logging.getLogger(__name__)
ENVIRONMENT = "RAG_APP_"  # what the names of our variables begin with


def settings_file() -> Path:
    """The TOML file with the user's settings; it need not exist."""
    named = os.environ.get(f"{ENVIRONMENT}CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_dir("rag-app")) / "config.toml"


def own_settings_file(index: Path) -> Path:
    """The TOML file with the settings of one index; it need not exist."""
    return index / "settings.toml"


def read_settings(path: Path) -> dict[str, Any]:
    """What the file says; nothing where it does not exist.

    Raises:
        ConfigError: It cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML ({error}); mend or remove it") from error


@contextmanager
def edited(path: Path) -> Iterator[MutableMapping[str, Any]]:
    """What the file says, to be changed; comments and order stay.

    It is written whole in the end, and not at all where anything is raised meanwhile. Others
    who want to change it wait. With a password in it, it is for this user alone.

    Raises:
        ConfigError: It cannot be read or written, or is not TOML.
    """
    import tomlkit
    from filelock import FileLock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), is_singleton=False):
            read_settings(path)  # its complaints are the better ones
            document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
            yield document
            _write(path, document.as_string())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror or error})") from error


def holds_secret(text: str) -> bool:
    """Whether the text of a settings file has a password in it."""
    return without_secrets(text) != text


def others_can_read(path: Path) -> bool:
    """Whether every user of this machine can read the file, if there is one."""
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & stat.S_IROTH)


def warn_if_open(path: Path) -> None:
    """Say so where every user of this machine can read a file that is secret."""
    if others_can_read(path):
        _logger.warning("every user of this machine can read %s; `chmod 600 %s`", path, path)


def _write(path: Path, text: str) -> None:
    """Replace the file in one step; with a password in it, no other user ever can read it."""
    mode = 0o600 if holds_secret(text) else 0o666
    partial = path.with_name(f".{path.name}.part")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(text.encode())
    if mode != 0o600 and path.exists():
        partial.chmod(stat.S_IMODE(path.stat().st_mode))
    partial.replace(path)
