"""Which models are on this machine, and getting one when the user asks for it."""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.errors import ModelError, first_line
from rag_app.models.model_files import BUNDLED_EMBEDDER, WANTED, cached_model, find_model, loading
from rag_app.models.modules import Kind, kind_of
from rag_app.settings.provenance import Settings

if TYPE_CHECKING:
    from tqdm.asyncio import tqdm_asyncio

_ON_THE_WAY = "Downloading bytes"  # the hub's bar of what crosses the network, compressed
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that is on this machine, or is not, but named by the settings.

    Attributes:
        name: By which it is opened.
        role: What the settings use it for.
        size: In bytes; 0 where it is not here.
        folder: With its files; empty where it is not here.
        kind: What it is for; "other" where that cannot be told.
    """

    name: str
    role: str
    size: int
    folder: str
    kind: Kind

    def as_dict(self) -> dict[str, Any]:
        """The model as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        if not self.size:
            return f"{self.name}  ({self.role}) not here: `rag-app models pull {self.name}`"
        return f"{self.name}  ({self.role}) {self.size / 1e6:.0f} MB in {self.folder}"


def models_here(settings: Settings) -> list[LocalModel]:
    """The models the settings name, here or not, then all others in the hub's cache.

    Args:
        settings: With the embedding model named.
    """
    named = {settings.embedder: "embedder", settings.generator: "generator"}
    found = [_describe(name, role) for name, role in named.items()]
    found += [_describe(name, "cached") for name in _cached_names() if name not in named]
    return found


def pull(name: str, *, progress: Progress | None = None) -> Path:
    """Fetch a model from the hub; its folder.

    Args:
        name: Of the model.
        progress: Called now and then with the bytes that are here, and those of all files
            begun so far. Without it, bars on stderr tell both.

    Raises:
        ModelError: There is no such model, no network, or no safetensors weights.
    """
    if name == BUNDLED_EMBEDDER or Path(name).is_dir():
        return find_model(name)
    if os.environ.get("HF_HUB_OFFLINE", "0") not in {"", "0"}:
        raise ModelError(f"cannot pull {name}: HF_HUB_OFFLINE is set; unset it first")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    bar = _bar(progress) if progress else None
    try:
        folder = Path(snapshot_download(name, allow_patterns=WANTED, tqdm_class=bar))
    except LocalEntryNotFoundError as error:
        raise ModelError(
            f"cannot pull {name}: no hub can be reached ({first_line(error)}); "
            "pull it again when there is a network"
        ) from error
    except Exception as error:
        raise ModelError(f"cannot pull {name}: {first_line(error)}") from error
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"{name} has no safetensors weights; choose a model that has")
    return folder


def _bar(progress: Progress) -> "type[tqdm_asyncio[Any]]":
    """Stands in for the hub's bars, of which one counts the bytes of the files."""
    from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            # Where nobody looks at stderr, it would not count either.
            super().__init__(*arguments, **{**named, "disable": False, "file": StringIO()})

        def display(self, *_: Any, **__: Any) -> None:
            if self.unit == "B" and self.total and self.desc != _ON_THE_WAY:
                progress(int(self.n), int(self.total))

    return Bar


def _describe(name: str, role: str) -> LocalModel:
    try:
        folder = find_model(name)
        with loading(folder):
            kind = kind_of(folder)
    except ModelError:
        return LocalModel(name, role, 0, "", "other")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return LocalModel(name, role, size, str(folder), kind)


def _cached_names() -> list[str]:
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return []
    names = sorted(repo.repo_id for repo in repos if repo.repo_type == "model")
    return [name for name in names if cached_model(name) is not None]
