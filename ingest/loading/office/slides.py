"""PowerPoint presentations (.pptx, .pptm, .ppsx): a page for each slide.

Read from the XML itself: of both dialects, with notes, comments, tables, charts,
diagrams, and what the slide's layout shows behind it.
"""

from collections.abc import Iterator
from dataclasses import replace

from ingest.loading.archives.zipped_xml import Element, Parts, attribute
from ingest.loading.extracted import Extracted, TextBuilder, without_text
from ingest.loading.office.ooxml import drawing_text, main_part, related, relations, title_of
from ingest.loading.office.slide_shapes import P, Shape, add_shape, shapes

# Placeholders that repeat on every slide: the date, the number, the picture of the slide.
_REPEATED = {"dt", "sldNum", "sldImg"}
_TITLES = {"title", "ctrTitle"}


def extract(data: bytes) -> Extracted:
    """Slide by slide, hidden ones too: title, shapes from top to bottom, notes, comments."""
    parts = Parts(data)
    main, presentation = main_part(parts, "ppt/presentation.xml")
    links = relations(parts, main)
    authors = {
        attribute(author, "id"): author.get("name", "")
        for kind in ("commentAuthors", "authors")
        for _, root in related(parts, main, kind)
        for author in root
    }
    builder = TextBuilder()
    told: set[str] = set()  # of footers and layouts, which repeat
    blank = []
    listed = list(presentation.iter(f"{P}sldId"))
    for number, listing in enumerate(listed, start=1):
        ids = {v for k, v in listing.items() if k.endswith("}id")}
        link = next((link for id_, link in links.items() if id_ in ids), None)
        slide = parts.xml(link.part) if link else None
        builder.page()
        if link is None or slide is None:
            blank.append(number)
            continue
        content = _slide(parts, link.part, slide, told)
        _add_comments(content, parts, link.part, authors)
        part = content.build()
        builder.part(part)
        if not part.text:
            blank.append(number)
    title = title_of(parts)
    extracted = builder.build(title)
    missing = "; ".join(filter(None, [without_text(blank, len(listed)), parts.missing]))
    if not extracted.text:
        return Extracted("", missing=missing)
    return replace(extracted, missing=missing)


def _slide(parts: Parts, part: str, slide: Element, told: set[str]) -> TextBuilder:
    builder = TextBuilder()
    layouts = list(related(parts, part, "slideLayout"))
    found = list(shapes(slide, layouts[0][1] if layouts else None))
    titles = [shape for shape in found if shape.placeholder in _TITLES]
    for shape in titles:
        builder.heading(drawing_text(shape.element), 1)
    for shape in found:
        if shape.placeholder in _REPEATED or shape in titles:
            continue
        if shape.placeholder in {"ftr", "hdr"}:
            _add_once(builder, shape, told)
        else:
            add_shape(builder, parts, part, shape)
    for shape in _behind(parts, layouts):
        _add_once(builder, shape, told)
    for _, notes in related(parts, part, "notesSlide"):
        for shape in shapes(notes, None):
            if shape.placeholder not in {*_REPEATED, "ftr", "hdr"}:
                builder.paragraph(_labelled("Notes:", drawing_text(shape.element)))
    return builder


def _behind(parts: Parts, layouts: list[tuple[str, Element]]) -> Iterator[Shape]:
    """What the layout and its master show on every slide: all but the places to fill."""
    for name, layout in layouts:
        roots = [layout]
        if layout.get("showMasterSp") != "0":
            roots += [master for _, master in related(parts, name, "slideMaster")]
        for root in roots:
            yield from (shape for shape in shapes(root, None) if shape.placeholder is None)


def _add_once(builder: TextBuilder, shape: Shape, told: set[str]) -> None:
    text = drawing_text(shape.element)
    if text not in told:
        told.add(text)
        builder.paragraph(text)


def _add_comments(
    builder: TextBuilder, parts: Parts, part: str, authors: dict[str | None, str]
) -> None:
    for _, root in related(parts, part, "comments"):
        for comment in root.iter("{*}cm", "{*}reply"):
            text = comment.findtext(f"{P}text") or _own_text(comment)
            author = authors.get(attribute(comment, "authorId"), "")
            builder.paragraph(_labelled(f"Comment by {author}:" if author else "Comment:", text))


def _own_text(comment: Element) -> str:
    """The text of a comment as newer programs write it, without that of its replies."""
    body = comment.find("{*}txBody")
    return "" if body is None else drawing_text(body)


def _labelled(label: str, text: str) -> str:
    return f"{label} {text}" if text.strip() else ""
