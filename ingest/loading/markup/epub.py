"""Electronic books (.epub): the chapters in reading order, each a page of HTML in a ZIP."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from posixpath import dirname, join, normpath
from urllib.parse import unquote
from zipfile import BadZipFile
from zlib import error as ZlibError

from ingest.loading.archives.zipped_xml import Element, Parts, attribute, local
from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.markup import html
from rag_app.errors import LoadError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = (".xhtml", ".html", ".htm")
_UNREAD = ("image/", "audio/", "video/", "text/css", "font/")
# Scrambled fonts lock nothing.
_FONT_ALGORITHMS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


@dataclass(frozen=True, slots=True)
class _Book:
    """What the package file says: the chapters in order, their names, and whose book it is."""

    chapters: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    title: str = ""
    authors: tuple[str, ...] = ()


def extract(data: bytes) -> Extracted:
    """All chapters; one without a heading gets its name in the table of contents.

    Raises:
        LoadError: The book is locked.
    """
    parts = Parts(data)
    book = _book(parts)
    # A book whose package file is lost or damaged is read page by page.
    chapters = book.chapters or sorted(n for n in parts.names() if n.endswith(_PAGES))
    if not _encrypted(parts).isdisjoint(name.lower() for name in chapters):
        raise LoadError("protected against copying; get a copy that is not")
    builder = TextBuilder()
    lost = 0
    for name in chapters:
        try:
            data = parts.read(name)
        except (BadZipFile, ZlibError):
            data = b""
        lost += not data
        _add_chapter(builder, html.extract(data), book.labels.get(name, ""))
    return replace(
        builder.build(book.title),
        metadata={"author": ", ".join(book.authors)} if book.authors else {},
        missing=f"{lost} of {len(chapters)} chapters, lost or damaged" if lost else "",
    )


def _add_chapter(builder: TextBuilder, chapter: Extracted, label: str) -> None:
    if not chapter.text.strip():
        return
    if label and not chapter.headings and not chapter.text.lstrip().startswith(label):
        builder.section(label, chapter)
    else:
        builder.part(chapter)


def _book(parts: Parts) -> _Book:
    from lxml.etree import XMLSyntaxError

    try:
        container = parts.xml(_CONTAINER)
        roots = [] if container is None else [e for e in container.iter() if local(e) == "rootfile"]
        path = normpath(attribute(roots[0], "full-path") or "") if roots else ""
        package = parts.xml(path)
    except XMLSyntaxError:
        return _Book()
    if package is None:
        return _Book()
    items = {e.get("id", ""): e for e in package.iter() if local(e) == "item"}
    spine = [items.get(e.get("idref", "")) for e in package.iter() if local(e) == "itemref"]
    chapters = (
        _resolved(path, item.get("href", ""))
        for item in spine
        if item is not None and not item.get("media-type", "").startswith(_UNREAD)
    )
    labels: dict[str, str] = {}
    for name, label in _contents(parts, path, items.values()):
        labels.setdefault(name, label)
    return _Book(
        chapters=tuple(dict.fromkeys(chapters)),
        labels=labels,
        title=next(_named(package, "title"), ""),
        authors=tuple(dict.fromkeys(_named(package, "creator"))),
    )


def _resolved(base: str, href: str) -> str:
    """The name in the archive of what a part refers to."""
    return normpath(join(dirname(base), unquote(href.partition("#")[0]))).lstrip("/")


def _named(package: Element, tag: str) -> Iterator[str]:
    for element in package.iter():
        if local(element) == tag and (text := " ".join("".join(element.itertext()).split())):
            yield text


def _contents(parts: Parts, package: str, items: Iterable[Element]) -> Iterator[tuple[str, str]]:
    """The entries of the table of contents, in either of the two ways to write one."""
    for item in items:
        name = _resolved(package, item.get("href", ""))
        if item.get("media-type") == "application/x-dtbncx+xml":
            entries = _entries(parts, name, entry="navPoint", link="content", to="src")
        elif "nav" in item.get("properties", "").split():
            entries = _entries(parts, name, entry="a", link="a", to="href")
        else:
            continue
        yield from entries


def _entries(
    parts: Parts, name: str, *, entry: str, link: str, to: str
) -> Iterator[tuple[str, str]]:
    from lxml.etree import XMLSyntaxError

    try:
        root = parts.xml(name)
    except XMLSyntaxError:  # only names are lost
        return
    for element in () if root is None else root.iter():
        if local(element) == entry:
            links = [e for e in element.iter() if local(e) == link]
            label = next((e for e in element if local(e) == "navLabel"), element)
            if links:
                text = " ".join("".join(label.itertext()).split())
                yield _resolved(name, links[0].get(to, "")), text


def _encrypted(parts: Parts) -> set[str]:
    """The parts that cannot be read without a key, in lower case."""
    root = parts.xml(_ENCRYPTION)
    found = set()
    for data in () if root is None else root.iter():
        if local(data) != "EncryptedData":
            continue
        algorithms = {attribute(e, "Algorithm") for e in data if local(e) == "EncryptionMethod"}
        if not algorithms & set(_FONT_ALGORITHMS):
            references = (e for e in data.iter() if local(e) == "CipherReference")
            found |= {unquote(attribute(e, "URI") or "").lower() for e in references}
    return found
