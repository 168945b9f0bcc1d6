"""What a zip or an Office container holds, by the names of its parts."""

from collections.abc import Sequence
from io import BytesIO
from typing import BinaryIO
from zipfile import ZipFile

from rag_app.errors import LoadError, SkippedFile

_LONGEST_TYPE = 10_000  # bytes
_TYPES = {
    "application/epub+zip": "epub",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
}
_OFFICE_PARTS = (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx"))
_UNREAD_PARTS = (
    ("xl/workbook.bin", "a binary Excel workbook; save it as .xlsx"),
    ("visio/", "a Visio drawing; save it as PDF"),
    ("index/document.iwa", "a document of Pages, Numbers or Keynote; export it as PDF"),
    ("fixeddoc", "an XPS document; save it as PDF"),
)
_STREAMS = (
    ("__properties_version1.0", "msg"),
    ("worddocument", "doc"),
    ("workbook", "xls"),
    ("book", "xls"),
    ("powerpoint document", "ppt"),
)
_UNREAD_STREAMS = (
    ("visiodocument", "a Visio drawing; save it as PDF"),
    ("quill", "a Publisher document; save it as PDF"),
    ("bodytext", "a Hangul document; save it as PDF"),
)


def kind_of_zip(data: bytes | BinaryIO) -> str:
    """The format, "zip" where it is an archive and no more.

    Raises:
        SkippedFile: It is of a format that is not read.
        LoadError: It is damaged.
    """
    try:
        with ZipFile(BytesIO(data) if isinstance(data, bytes) else data) as archive:
            names = [name.replace("\\", "/").lower() for name in archive.namelist()]
            declared = _declared_type(archive, names)
    except Exception as error:  # whatever a damaged container makes of it
        raise LoadError(f"damaged or cut short ({error}); get the file again") from error
    if declared:
        return declared
    for part, what in _UNREAD_PARTS:
        if any(name.startswith(part) for name in names):
            raise SkippedFile(what)
    # A folder may be called "word" in any archive.
    if "[content_types].xml" in names:
        for part, kind in _OFFICE_PARTS:
            if any(name.startswith(part) for name in names):
                return kind
    return "zip"


def _declared_type(archive: ZipFile, names: Sequence[str]) -> str | None:
    """What an OpenDocument or an e-book says of itself, or else shows to be."""
    if "mimetype" in names:
        with archive.open(archive.namelist()[names.index("mimetype")]) as part:
            declared = part.read(_LONGEST_TYPE).decode("ascii", "replace").strip()
        if kind := _TYPES.get(declared.removesuffix("-template")):
            return kind
    if "meta-inf/container.xml" in names:
        return "epub"
    if "content.xml" in names and "meta-inf/manifest.xml" in names:
        with archive.open(archive.namelist()[names.index("meta-inf/manifest.xml")]) as part:
            manifest = part.read(_LONGEST_TYPE).decode("utf-8", "replace")
        return next((kind for type_, kind in _TYPES.items() if type_ in manifest), None)
    return None


def kind_of_ole(data: bytes) -> str:
    """The format of an Office container of before 2007, or of a message of Outlook.

    Raises:
        SkippedFile: It is of a format that is not read.
        LoadError: It is damaged, or locked by a password.
    """
    from olefile import OleFileIO

    try:
        with OleFileIO(BytesIO(data)) as ole:
            streams = {part.lower() for entry in ole.listdir() for part in (entry[0], entry[-1])}
            top = {entry[0].lower() for entry in ole.listdir()}
    except Exception as error:  # whatever a damaged container makes of it
        raise LoadError(f"damaged Office file ({error}); get the file again") from error
    if "encryptedpackage" in streams:
        raise LoadError("protected by a password; save a copy without one")
    for stream, kind in _STREAMS:
        if stream in top:
            return kind
    for stream, what in _UNREAD_STREAMS:
        if stream in top:
            raise SkippedFile(what)
    raise SkippedFile("an Office container of a kind that is not read")
