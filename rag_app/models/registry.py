"""Which models are on this machine, and getting one when the user asks for it."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag_app.config import Settings
from rag_app.errors import ModelError, first_line
from rag_app.models.files import BUNDLED_EMBEDDER, cached_model, find_model

# Weights and what is needed to run them; never pickles, never code.
_WANTED = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "1_Pooling/*"]


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model, what the settings use it for, and its size in bytes; 0 where it is not here."""

    name: str
    role: str
    size: int
    folder: str

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


def pull(name: str) -> Path:
    """Fetch a model from the hub, with its size and progress on stderr; its folder.

    Raises:
        ModelError: There is no such model, no network, or no safetensors weights.
    """
    if name == BUNDLED_EMBEDDER or Path(name).is_dir():
        return find_model(name)
    if os.environ.get("HF_HUB_OFFLINE", "0") not in {"", "0"}:
        raise ModelError(f"cannot pull {name}: HF_HUB_OFFLINE is set; unset it first")
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(name, allow_patterns=_WANTED))
    except Exception as error:
        raise ModelError(f"cannot pull {name}: {first_line(error)}") from error
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"{name} has no safetensors weights; choose a model that has")
    return folder


def _describe(name: str, role: str) -> LocalModel:
    try:
        folder = find_model(name)
    except ModelError:
        return LocalModel(name, role, 0, "")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return LocalModel(name, role, size, str(folder))


def _cached_names() -> list[str]:
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return []
    names = sorted(repo.repo_id for repo in repos if repo.repo_type == "model")
    return [name for name in names if cached_model(name) is not None]
