"""Archives: zip, tar in any compression, and single compressed files.

All is unpacked in memory, piece by piece and within limits; a name inside an archive is
shown and its suffix looked at, and nothing is ever written under it.
"""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from functools import partial
from io import BufferedIOBase, BytesIO, RawIOBase
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from ingest.file_bytes import LARGEST
from ingest.loading.extracted import Extracted, Member
from rag_app.errors import LoadError

_LONGEST_TAR = 1 << 30  # bytes unpacked, with all that is passed over
_BLOCK = 1 << 20
_DAMAGE = (BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError)
_LOCKED = "protected by a password; unpack it, or save it without one"
_UTF_8, _ENCRYPTED = 0x800, 0x1  # flags of a zip's entry
# What systems leave behind in archives.
_LEFTOVERS = {"__macosx", "thumbs.db", "desktop.ini"}


def extract_zip(data: bytes | BinaryIO) -> Extracted:
    """The files in it, read one by one; locked ones are named as missing.

    Raises:
        LoadError: All of it is locked.
    """
    archive = ZipFile(_file(data))
    entries = [
        entry
        for entry in archive.infolist()
        if entry.file_size and not entry.is_dir() and not _is_passed_over(entry.filename)
    ]
    if entries and all(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise LoadError(_LOCKED)
    return Extracted("", members=[_zipped(archive, entry) for entry in entries])


def _zipped(archive: ZipFile, entry: ZipInfo) -> Member:
    def read() -> bytes:
        if entry.flag_bits & _ENCRYPTED:
            raise LoadError(_LOCKED)
        try:
            with archive.open(entry) as file:
                return file.read(entry.file_size)  # never more than was declared
        except (*_DAMAGE, NotImplementedError, RuntimeError) as error:
            raise LoadError(f"damaged or packed in an unknown way ({error})") from error

    return Member(_readable(entry), entry.file_size, read)


def _readable(entry: ZipInfo) -> str:
    """The name; many programs write UTF-8 without saying so."""
    if not entry.flag_bits & _UTF_8:
        try:
            return entry.filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return entry.filename


def extract_tar(data: bytes | BinaryIO) -> Extracted:
    """The files in it, to be read in their order."""
    return Extracted("", members=_in_tar(_file(data)))


def extract_compressed(data: bytes | BinaryIO) -> Extracted:
    """The one file in it, or the files in the tar that it is.

    What stands before any damage, or before there is too much, is kept, and that is said.
    """
    start = _unpacking(data)
    try:
        is_tar = start.read(512)[257:262] == b"ustar"
    except _DAMAGE as error:
        raise LoadError(f"damaged or cut short ({error}); get the file again") from error
    if is_tar:
        return Extracted("", members=_in_tar(_Bounded(_unpacking(data), _LONGEST_TAR)))
    content, missing = _all_of(_Bounded(_unpacking(data), LARGEST))
    return Extracted("", members=[Member("", len(content), lambda: content)], missing=missing)


def _file(data: bytes | BinaryIO) -> BinaryIO:
    """To be read from its beginning; a file that is too large to be held is one already."""
    file = BytesIO(data) if isinstance(data, bytes) else data
    file.seek(0)
    return file


def _unpacking(data: bytes | BinaryIO) -> BufferedIOBase:
    source = _file(data)
    start = source.read(3)
    source.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=source)
    return bz2.BZ2File(source) if start == b"BZh" else lzma.LZMAFile(source)


class _Bounded(RawIOBase):
    """A file that refuses to be read on beyond the limit."""

    def __init__(self, file: BufferedIOBase, limit: int) -> None:
        self._file = file
        self._limit = self._left = limit

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, _BLOCK) if size >= 0 else _BLOCK)
        self._left -= len(data)
        if self._left < 0:
            raise LoadError(f"more than {self._limit >> 20} MiB unpacked; unpack it")
        return data


def _all_of(file: _Bounded) -> tuple[bytes, str]:
    """Everything up to the end, the limit or the first damage, and what that was."""
    blocks: list[bytes] = []
    try:
        while block := file.read():
            blocks.append(block)
    except LoadError as error:
        return b"".join(blocks), f"all after {sum(map(len, blocks)):,} bytes ({error})"
    except _DAMAGE as error:
        return b"".join(blocks), f"all after {sum(map(len, blocks)):,} bytes, damaged ({error})"
    return b"".join(blocks), ""


def _in_tar(file: RawIOBase | BinaryIO) -> Iterator[Member]:
    """Its files one after the other; the place where it is damaged reads as one more."""
    try:
        with tarfile.open(fileobj=file, mode="r|") as archive:
            for entry in archive:
                if entry.isfile() and entry.size and not _is_passed_over(entry.name):
                    yield Member(entry.name, entry.size, partial(_tarred, archive, entry))
    except LoadError as error:
        yield Member("the rest", 0, partial(_refuse, str(error)))
    except _DAMAGE as error:
        yield Member("the rest", 0, partial(_refuse, f"damaged or cut short ({error})"))


def _tarred(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry)
    return file.read() if file else b""


def _refuse(reason: str) -> bytes:
    raise LoadError(reason)


def _is_passed_over(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return any(p.lower() in _LEFTOVERS or p.startswith(".") for p in parts if p not in {".", ".."})
