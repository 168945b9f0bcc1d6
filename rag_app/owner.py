"""Whose code is run, and where: `ingest` and `ui` are plain names that others use as well.

And Python takes modules from the folder that it is started in before all others.
"""

import os
import sys
from base64 import urlsafe_b64encode
from hashlib import sha256
from importlib.metadata import (
    PackageNotFoundError,
    PackagePath,
    distribution,
    packages_distributions,
)
from importlib.util import find_spec
from pathlib import Path

from rag_app.errors import ConfigError

_NAME = "rag-app"
_PACKAGES = ("ingest", "ui")


def check_owners() -> None:
    """Return if Python finds our own packages, whole, on a system that they run on.

    Raises:
        ConfigError: Another distribution lies over ours, or before it on the path; or the
            system has no limits for child processes.
    """
    if os.name != "posix":
        raise ConfigError("rag-app runs on Linux and systems like it; on Windows, use WSL")
    for package in _PACKAGES:
        found, ours = _folder(package), Path(__file__).resolve().parents[1] / package
        if found == ours and not _is_changed(package):
            continue
        others = [name for name in packages_distributions().get(package, ()) if name != _NAME]
        if others:
            raise ConfigError(
                f"`{package}` in {found} comes from {others[0]}, not from {_NAME}; "
                f"`pip uninstall {others[0]}`, then install {_NAME} again, or give it an "
                "environment of its own"
            )
        if found != ours:
            raise ConfigError(
                f"`{package}` is {found}, not {ours}; run the command in another folder, "
                "or mend PYTHONPATH"
            )


def leave_current_folder() -> None:
    """Import no more from the folder that the command was started in, nor have children do so.

    It is where downloads lie, and a `json.py` among them would be run as ours. A checkout, where
    our own packages lie, stays on the path.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        here = os.getcwd()  # noqa: PTH109  as Python has written it
    except OSError:
        here = ""  # the folder is gone
    ours = Path(__file__).resolve().parents[1]
    if not sys.flags.safe_path and sys.path[0] in {"", here} and Path(here) != ours:
        del sys.path[0]


def _folder(package: str) -> Path | None:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))).resolve()


def _is_changed(package: str) -> bool:
    """Whether a file of the package is not the one that was installed with us."""
    try:
        files = distribution(_NAME).files or []
    except PackageNotFoundError:
        return False  # a checkout
    return any(_differs(file) for file in files if file.parts[0] == package)


def _differs(file: PackagePath) -> bool:
    if file.hash is None or file.hash.mode != "sha256":
        return False
    try:
        digest = sha256(Path(str(file.locate())).read_bytes()).digest()
    except OSError:
        return True
    return urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value
