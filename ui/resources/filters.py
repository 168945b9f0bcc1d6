"""Which documents a question is asked of: what there is to choose from, and what was chosen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from rag_app.index.catalog.catalog import Catalog, Entry
from rag_app.text.printable import printable
from ui.components.blocks import file_name
from ui.languages.language import gettext
from ui.uploads import UPLOADED

_BETWEEN = " · "  # folder and format


@dataclass(frozen=True, slots=True)
class Filed:
    """A document with text, the absolute folder it lies in (if it is a file), its format.

    Uploads all lie in one, wherever below it they are.
    """

    source: str
    folder: str
    format: str


@dataclass(frozen=True, slots=True)
class Filter:
    """The documents that have all the values that are not empty.

    `words` is how it is called before people, see `called`; empty where nothing is chosen.
    """

    folder: str = ""
    format: str = ""
    source: str = ""
    words: str = field(default="", compare=False)

    @property
    def where(self) -> dict[str, str]:
        """The same for `Retriever.search`."""
        values = {"folder": self.folder, "format": self.format, "source": self.source}
        return {key: value for key, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from.

    Attributes:
        documents: All that have text, by source.
        folders: What the folders that are worth choosing are called, by path.
    """

    documents: Sequence[Filed] = ()
    folders: Mapping[str, str] = field(default_factory=dict)

    def formats(self, folder: str = "") -> list[str]:
        """The formats in the folder and below it."""
        return sorted({filed.format for filed in self._within(folder) if filed.format})

    def sources(self, folder: str = "", format_: str = "") -> list[str]:
        """The documents in the folder and below it that have the format."""
        fitting = (filed for filed in self._within(folder) if format_ in {"", filed.format})
        return list(dict.fromkeys(filed.source for filed in fitting))

    def narrowed(self, chosen: Filter) -> Filter:
        """What is left of a choice: a part that is no longer there falls back to all."""
        folder = chosen.folder if chosen.folder in self.folders else ""
        format_ = chosen.format if chosen.format in self.formats(folder) else ""
        source = chosen.source if chosen.source in self.sources(folder, format_) else ""
        kept = Filter(folder, format_, source)
        if source:
            return replace(kept, words=file_name(source))
        named = [self.folders.get(folder, ""), format_]
        return replace(kept, words=_BETWEEN.join(filter(None, named)))

    def _within(self, folder: str) -> Iterable[Filed]:
        if not folder:
            return self.documents
        below = PurePath(folder)
        inside = {
            path
            for path in {filed.folder for filed in self.documents}
            if path and PurePath(path).is_relative_to(below)
        }
        return [filed for filed in self.documents if filed.folder in inside]


def choices(catalog: Catalog, *, uploads: Path) -> Choices:
    """What the catalogue has to choose from.

    Args:
        catalog: Of the index.
        uploads: The folder of files that came through the browser, which has its own name.
    """
    entries = [entry for entry in catalog.entries() if entry.chunks or entry.same_as]
    formats = _formats(entries, catalog)
    uploads = uploads.resolve()
    documents = tuple(
        Filed(
            entry.source,
            _folder(entry, uploads),
            formats.get(entry.same_as or entry.file.path, ""),
        )
        for entry in entries
    )
    return Choices(documents, folder_names(documents, str(uploads)))


def called(words: str) -> str:
    """How a folder or a filter of these words is called in the visitor's language."""
    folder, between, format_ = words.partition(_BETWEEN)
    return gettext("Uploaded files") + between + format_ if folder == UPLOADED else words


def _folder(entry: Entry, uploads: Path) -> str:
    path = PurePath(entry.file.path)
    if path.is_relative_to(uploads):
        return str(uploads)
    return str(path.parent) if path.is_absolute() else ""


def _formats(entries: Sequence[Entry], catalog: Catalog) -> dict[str, str]:
    """The format of each document by path; a document is read for each format, not all."""
    found: dict[str, str] = {}
    rest = [entry for entry in entries if not entry.same_as]
    while rest:
        document = catalog.document(rest[0].id)
        format_ = document.metadata.get("format", "") if document else ""
        alike = {rest[0].id, *catalog.matching({"format": format_})}
        found |= {entry.file.path: format_ for entry in rest if entry.id in alike}
        rest = [entry for entry in rest if entry.id not in alike]
    return found


def folder_names(documents: Sequence[Filed], uploads: str) -> dict[str, str]:
    """Names of the folders that hold some documents but not all, by path.

    A folder that holds nothing but one other folder is left out.
    """
    used = {PurePath(filed.folder) for filed in documents if filed.folder not in {"", uploads}}
    below: dict[PurePath, set[PurePath]] = {}
    for path in used:
        for inner, outer in zip((path, *path.parents), path.parents, strict=False):
            below.setdefault(outer, set()).add(inner)
    worth = used | {path for path, inner in below.items() if len(inner) > 1}
    top = _common(used)
    named = {
        str(path): printable(_name(path, top)) for path in sorted(worth) if path.is_relative_to(top)
    }
    if any(filed.folder == uploads for filed in documents):
        named[uploads] = UPLOADED
    outermost = {
        filed.folder and (uploads if filed.folder == uploads else str(top)) for filed in documents
    }
    if len(outermost) == 1:
        named.pop(outermost.pop(), None)
    return named


def _common(paths: Iterable[PurePath]) -> PurePath:
    """The innermost folder that all lie in."""
    shared = [set(map(str, (path, *path.parents))) for path in paths]
    return PurePath(max(set.intersection(*shared), key=len, default="") if shared else "")


def _name(path: PurePath, top: PurePath) -> str:
    """The path from the top, or in full where that is the root of the disk."""
    if len(top.parts) <= 1:
        return str(path)
    return path.relative_to(top).as_posix() if path != top else path.name
