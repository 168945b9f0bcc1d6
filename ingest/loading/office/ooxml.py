"""What Word, PowerPoint and Excel files share: relations between parts, titles, drawings."""

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname, join, normpath

from ingest.loading.archives.zipped_xml import SOFT_HYPHEN, Element, Parts, attribute, whole
from ingest.loading.extracted import TextBuilder
from ingest.loading.office.equation import MATH, linear
from ingest.loading.office.number_format import GENERAL, shown
from ingest.loading.tables.grid import add_grid
from rag_app.errors import LoadError

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SIGNS = {f"{DRAWING}br": "\n", f"{DRAWING}tab": "\t"}
# Titles that programs put in by themselves.
_NO_TITLES = {"powerpoint presentation", "presentation", "slide 1", "word document", "untitled"}


@dataclass(frozen=True, slots=True)
class Relation:
    """A link from one part to another: its kind (`slide`, `comments`) and the part's name."""

    kind: str
    part: str


def relations(parts: Parts, part: str) -> dict[str, Relation]:
    """The parts that a part refers to, by the id it uses; links to the outside left out."""
    folder, _, name = part.rpartition("/")
    root = parts.xml(join(folder, "_rels", f"{name}.rels"))
    found = {}
    for link in () if root is None else root:
        target, kind = link.get("Target"), link.get("Type", "").rpartition("/")[2]
        if target and link.get("TargetMode") != "External":
            path = target.lstrip("/") if target.startswith("/") else join(dirname(part), target)
            found[link.get("Id", "")] = Relation(kind, normpath(path.replace("\\", "/")))
    return found


def main_part(parts: Parts, usual: str) -> tuple[str, Element]:
    """The name and the root of the part that holds the document.

    Raises:
        LoadError: There is none.
    """
    kinds = {relation.kind: relation.part for relation in relations(parts, "").values()}
    for name in (kinds.get("officeDocument", usual), usual):
        if (root := parts.xml(name)) is not None:
            return name, root
    raise LoadError(f"damaged: {usual} cannot be read; get the file again")


def related(parts: Parts, part: str, kind: str) -> Iterator[tuple[str, Element]]:
    """The names and roots of the parts of a kind that a part refers to."""
    for relation in relations(parts, part).values():
        if relation.kind == kind and (root := parts.xml(relation.part)) is not None:
            yield relation.part, root


def title_of(parts: Parts) -> str:
    """The title among the file's properties, unless a program put it there."""
    root = parts.xml("docProps/core.xml")
    title = "" if root is None else root.findtext("{http://purl.org/dc/elements/1.1/}title") or ""
    title = " ".join(title.split())
    return "" if title.lower() in _NO_TITLES else title


def seen(element: Element) -> Iterator[Element]:
    """The children; of content in two versions, the one a current program shows."""
    for child in element:
        if child.tag == f"{COMPATIBLE}AlternateContent":
            versions = [version for version in child if len(version)]
            if versions:
                yield from seen(versions[0])
        else:
            yield child


def drawing_text(element: Element) -> str:
    """The paragraphs of a shape or a text frame, one a line."""
    paragraphs = element.iter(f"{DRAWING}p")
    lines = ("".join(_pieces(paragraph)).replace(SOFT_HYPHEN, "") for paragraph in paragraphs)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _pieces(element: Element) -> Iterator[str]:
    for child in seen(element):
        if child.tag in MATH:
            yield linear(child)
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag == f"{DRAWING}t":
            yield child.text or ""
        else:
            yield from _pieces(child)


def add_linked(builder: TextBuilder, parts: Parts, part: str, frame: Element) -> None:
    """Add the charts and diagrams that lie in parts of their own."""
    found = list(frame.iter(f"{DIAGRAM}relIds", f"{CHART}chart"))
    links = relations(parts, part) if found else {}
    for element in found:
        diagram = element.tag == f"{DIAGRAM}relIds"
        link = links.get(element.get(f"{RELATION_ID}{'dm' if diagram else 'id'}", ""))
        root = parts.xml(link.part) if link else None
        if root is not None and diagram:
            points = (drawing_text(point) for point in root.iter(f"{DIAGRAM}t"))
            builder.paragraph("\n".join(text for text in points if text))
        elif root is not None:
            add_chart(builder, root)


def add_chart(builder: TextBuilder, root: Element) -> None:
    """Add a chart's titles, and its series as the columns of a table."""
    for title in root.iter(f"{CHART}title"):
        builder.paragraph(drawing_text(title))
    rows: dict[int, dict[int, str]] = {}
    for column, series in enumerate(root.iter(f"{CHART}ser"), start=1):
        rows.setdefault(-1, {})[column] = " ".join(_points(series, "tx").values())
        for at, name in (_points(series, "cat") or _points(series, "xVal")).items():
            rows.setdefault(at, {})[0] = name
        for at, value in (_points(series, "val") or _points(series, "yVal")).items():
            rows.setdefault(at, {})[column] = value
    add_grid(builder, sorted(rows.items()), heads=1)


def _points(series: Element, kind: str) -> dict[int, str]:
    """The values stored with a series; of categories in levels, the levels together."""
    holder = series.find(f"{CHART}{kind}")
    found: dict[int, str] = {}
    for point in () if holder is None else holder.iter(f"{CHART}pt"):
        at, value = whole(attribute(point, "idx")), point.findtext(f"{CHART}v") or ""
        if point.getparent().tag in {f"{CHART}numCache", f"{CHART}numLit"}:
            value = _number(value, point.getparent().findtext(f"{CHART}formatCode") or GENERAL)
        found[at] = f"{value} {found[at]}" if at in found else value
    if not found and holder is not None and (plain := holder.findtext(f"{CHART}v")):
        found[0] = plain
    return found


def _number(value: str, code: str) -> str:
    try:
        return shown(float(value), code)
    except ValueError:  # `#N/A` among the numbers
        return value
