"""Files that came through the browser; they live in the index folder."""

import re
from pathlib import Path, PurePosixPath, PureWindowsPath

_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*]")
_LONGEST = 200  # bytes; file systems allow 255, and the partial file takes some
_LONGEST_SUFFIX = 20


def uploads_folder(index: Path) -> Path:
    """Where the files are kept."""
    return index / "uploads"


def safe_name(name: str) -> str:
    """The name without folders, hidden-file dots and characters some system forbids."""
    base = PurePosixPath(PureWindowsPath(name).name).name
    base = _cut(_UNSAFE.sub("_", base)).strip(" .")
    suffix = PurePosixPath(base).suffix
    if len(suffix) > _LONGEST_SUFFIX:
        suffix = ""
    stem = base.removesuffix(suffix)
    stem = _cut(stem, _LONGEST - len(suffix.encode())).rstrip(" .")
    return f"{stem}{suffix}" if stem else "document"


def _cut(text: str, longest: int | None = None) -> str:
    """At most so many bytes of UTF-8, without half characters."""
    return text.encode("utf-8", "ignore")[:longest].decode("utf-8", "ignore")


def keep(folder: Path, name: str, data: bytes) -> Path:
    """Write the file under its safe name; one of that name is replaced as a whole."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / safe_name(name)
    # Ingestion passes over hidden files, so it never reads half of one.
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(data)
    return partial.replace(path)


def discard(folder: Path, path: Path) -> bool:
    """Delete the file if it lies in the folder; whether it did."""
    if path.parent.resolve() != folder.resolve():
        return False
    path.unlink(missing_ok=True)
    return True
