"""The shapes of a slide from top to bottom, and the text in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingest.loading.archives.zipped_xml import Element, Parts, local, whole
from ingest.loading.extracted import TextBuilder
from ingest.loading.office.ooxml import DRAWING, add_linked, drawing_text, seen
from ingest.loading.tables.grid import Span, add_grid

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_SHAPES = {"sp", "cxnSp", "graphicFrame", "pic"}
_ROW = 150_000  # EMU, a sixth of an inch: what begins so close stands side by side


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape and the kind of its placeholder, None if it fills none."""

    element: Element
    placeholder: str | None


def shapes(slide: Element, layout: Element | None) -> Iterator[Shape]:
    """All shapes, those in groups too, in the order they are read.

    Args:
        slide: A slide, a layout or a page of notes.
        layout: Of the slide, for the places of what has no place of its own.
    """
    tree = _tree(slide)
    places: dict[object, tuple[int, int] | None] = {}
    for shape in _flat(_tree(layout)):
        if kind := _kind(shape):
            places[kind] = places[kind[0]] = _place(shape)
    return _placed(tree, places) if tree is not None else iter(())


def _tree(slide: Element | None) -> Element | None:
    return None if slide is None else slide.find(f"{P}cSld/{P}spTree")


def _flat(tree: Element | None) -> Iterator[Element]:
    for element in () if tree is None else seen(tree):
        if local(element) == "grpSp":
            yield from _flat(element)
        elif local(element) in _SHAPES:
            yield element


def _placed(tree: Element, places: Mapping[object, tuple[int, int] | None]) -> Iterator[Shape]:
    """The shapes by their places; a group stands together."""
    found = []
    for element in seen(tree):
        kind = _kind(element)
        place = _place(element) or (kind and (places.get(kind) or places.get(kind[0]))) or (0, 0)
        if local(element) in {*_SHAPES, "grpSp"}:
            found.append((place[0] // _ROW, place[1], element, kind))
    for _, _, element, kind in sorted(found, key=lambda item: item[:2]):
        if local(element) == "grpSp":
            yield from _placed(element, places)
        else:
            yield Shape(element, kind and kind[0])


def _kind(element: Element) -> tuple[str, str] | None:
    """The kind and the number of a placeholder."""
    place = element.find(f"{{*}}*/{P}nvPr/{P}ph")
    if place is None:
        return None
    return place.get("type", "body"), place.get("idx", place.get("type", "body"))


def _place(element: Element) -> tuple[int, int] | None:
    for path in ("spPr", "grpSpPr"):
        offset = element.find(f"{P}{path}/{DRAWING}xfrm/{DRAWING}off")
        if offset is not None:
            break
    else:
        offset = element.find(f"{P}xfrm/{DRAWING}off")
    if offset is None:
        return None
    return whole(offset.get("y")), whole(offset.get("x"))


def add_shape(builder: TextBuilder, parts: Parts, part: str, shape: Shape) -> None:
    """Add the text of a shape, a table, a chart or a diagram."""
    if local(shape.element) != "graphicFrame":
        builder.paragraph(drawing_text(shape.element))
        return
    for table in shape.element.iter(f"{DRAWING}tbl"):
        _add_table(builder, table)
    add_linked(builder, parts, part, shape.element)


def _add_table(builder: TextBuilder, table: Element) -> None:
    rows: list[dict[int, str]] = []
    spans = []
    for top, row in enumerate(table.iterchildren(f"{DRAWING}tr")):
        rows.append({})
        for left, cell in enumerate(row.iterchildren(f"{DRAWING}tc")):
            if not {"hMerge", "vMerge"} & set(cell.keys()):
                rows[top][left] = drawing_text(cell)
                down, across = whole(cell.get("rowSpan"), 1), whole(cell.get("gridSpan"), 1)
                if (down, across) != (1, 1):
                    spans.append(Span(top, left, top + down, left + across))
    add_grid(builder, enumerate(rows), spans)
