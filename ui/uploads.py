"""Files that came through the browser; they live in the index folder, each under its digest.

The folders of digests keep files of one name apart. Indexes from before have files without.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath, PureWindowsPath
from shutil import disk_usage

from ingest.loading.formats import SUFFIXES
from rag_app.errors import LoadError, StoreError
from rag_app.models.model_files import hash_file
from ui.languages.language import figure, gettext, number

UPLOADED = "Uploaded files"  # what their folder is called
_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*]")
_LONGEST = 200  # bytes; file systems allow 255, and the partial file takes some
_LONGEST_SUFFIX = 20
_DIGITS = 16  # of the digest, in a folder's name
_RESERVE = 64 << 20  # bytes of the disk that are left for the index


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a file lies, and whether it came only now."""

    path: Path
    is_new: bool


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


def check_room(folder: Path, size: int) -> None:
    """Return if the disk has room for so many bytes, and some for the index.

    Raises:
        StoreError: It has not.
    """
    there = next(path for path in (folder, *folder.parents) if path.is_dir())
    free = max(0, disk_usage(there).free - _RESERVE)
    if size > free:
        words = gettext(
            "these files take {size} MiB, and the disk has {free} MiB for them; make room, or add "
            "fewer at a time"
        )
        raise StoreError(words.format(size=_mebibytes(size), free=_mebibytes(free)))


def keep(folder: Path, name: str, data: bytes, *, mebibytes: int) -> Kept:
    """Write the file under its digest and safe name, unless it is there already.

    Args:
        folder: Of all uploads.
        name: As the browser tells it.
        data: The file.
        mebibytes: It may take.

    Raises:
        LoadError: It is too large, or of a type that is not read; the message does not name it.
        OSError: It cannot be written.
    """
    name = safe_name(name)
    if PurePosixPath(name).suffix.lower().removeprefix(".") not in SUFFIXES:
        raise LoadError(gettext("of a type that is not read; save it as PDF or text"))
    if len(data) > mebibytes << 20:
        words = gettext("{size} MiB is over the limit of {limit} MiB; raise upload_mebibytes")
        raise LoadError(words.format(size=_mebibytes(len(data)), limit=number(mebibytes)))
    digest = sha256(data).hexdigest()
    place = folder / digest[:_DIGITS]
    for path in _files(folder, place):
        if path.stat().st_size == len(data) and hash_file(path) == digest:
            return Kept(path, is_new=False)
    place.mkdir(parents=True, exist_ok=True)
    # Ingestion passes over hidden files, so it never reads half of one.
    partial = place / f".{name}.part"
    partial.write_bytes(data)
    return Kept(partial.replace(place / name), is_new=True)


def is_upload(folder: Path, path: Path) -> bool:
    """Whether the file is an upload of this folder, with or without a digest."""
    return folder.resolve() in {path.parent.resolve(), path.parent.parent.resolve()}


def discard(folder: Path, path: Path) -> bool:
    """Delete the file if it is an upload of this folder; whether it was."""
    if not is_upload(folder, path):
        return False
    path.unlink(missing_ok=True)
    if path.parent.resolve() != folder.resolve():
        with suppress(OSError):  # something else lies there too
            path.parent.rmdir()
    return True


def _files(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            visible = (path for path in folder.iterdir() if not path.name.startswith("."))
            yield from filter(Path.is_file, visible)


def _mebibytes(size: int) -> str:
    return figure(f"{size / (1 << 20):,.1f}")
