"""The files that settings come from: the user's own, and one in each index folder.

What can be set, and to what, `rag_app/settings/provenance.py` knows. An index may be somebody
else's: what of it the user trusts stands in a file of the user's own.
"""

import logging
import os
import stat
import tomllib
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from hashlib import sha256
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
    """What the file says; nothing where it does not exist, for all that can be seen.

    Raises:
        ConfigError: It cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        # Not there, or below a home that is none, or closed to us.
        if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises where it may not look
            return {}
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not valid TOML ({error}); mend it, or move it away"
        ) from error


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


def trusted_file() -> Path:
    """The TOML file that says which values of which index the user trusts; it need not exist."""
    return Path(platformdirs.user_config_dir("rag-app")) / "trusted.toml"


def is_trusted(index: Path, name: str, value: object) -> bool:
    """Whether the user has said that the index may have this value.

    Args:
        index: Its folder; a copy elsewhere is another index.
        name: Of a setting, or of what the index remembers.
        value: What it has there now; another one is asked for again.

    Raises:
        ConfigError: The file cannot be read.
    """
    trusted = read_settings(trusted_file()).get(str(index.resolve()), {})
    return _digest(value) in trusted.get(name, [])


def trust(index: Path, name: str, value: object) -> None:
    """Have the index have this value from now on.

    Raises:
        ConfigError: The file cannot be written.
    """
    if is_trusted(index, name, value):
        return
    with edited(trusted_file()) as all_:
        trusted = all_.setdefault(str(index.resolve()), {})
        trusted[name] = [*trusted.get(name, []), _digest(value)]


def trust_own(index: Path, name: str, value: object) -> None:
    """The same, of what the user has just given the index; where it cannot be noted, a warning."""
    try:
        trust(index, name, value)
    except ConfigError as error:
        _logger.warning("%s; it will have to be given again", error)


def _digest(value: object) -> str:
    # The value may hold a password.
    return sha256(str(value).encode("utf-8", "surrogateescape")).hexdigest()


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
