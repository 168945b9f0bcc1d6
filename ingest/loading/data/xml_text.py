"""XML of any kind: texts as headings and paragraphs, data as records.

Entities are not expanded, and nothing outside the file is ever looked at.
"""

import re
from html import escape
from html.entities import html5
from typing import TYPE_CHECKING, Any

from ingest.loading.data import records
from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.markup import article
from ingest.loading.markup.text import decode

if TYPE_CHECKING:
    from lxml.etree import _Element

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", re.DOTALL)
_SHORT_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]+)\s+[\"']([^\"'&<%]{1,200})[\"']\s*>")
_BUILT_IN = {"amp", "lt", "gt", "quot", "apos"}
# What is to be left alone, a name, or an ampersand that begins neither name nor number.
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?\]\]>|<!--.*?-->|&(?:([A-Za-z_][\w.-]*);|(?!#\d+;|#x[0-9a-fA-F]+;))", re.DOTALL
)


def extract(data: bytes) -> Extracted:
    """Text or records in the order of the file; what stands before any damage is kept."""
    declared = _ENCODING.search(data[:200])
    text = decode(data, declared[1].decode() if declared else "").lstrip("\ufeff")
    root, damage = _parsed(_without_entities(_DECLARATION.sub("", text).lstrip()))
    if root is None:
        return Extracted(text, missing=f"its structure, being no valid XML ({damage})")
    builder = TextBuilder()
    if article.is_article(root):
        article.add(builder, root)
    else:
        records.add(builder, _as_data(root))
    built = builder.build(article.title_of(root))
    return Extracted(
        built.text,
        title=built.title,
        headings=built.headings,
        missing=f"what is damaged in it ({damage})" if damage else "",
    )


def _parsed(text: str) -> "tuple[_Element | None, str]":
    """What can be read of it, and what is wrong with the rest."""
    from lxml import etree

    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    wrong = [
        f"line {error.line}: {error.message}"
        for error in parser.error_log
        if error.level_name == "FATAL"
    ]
    return root, wrong[0] if wrong else ""


def _without_entities(text: str) -> str:
    """Characters instead of their names, and the text of short entities instead of theirs.

    What else is called by a name stays as it is written, so that the parser finds no
    entity and nothing it could grow into.
    """
    declared: dict[str, str] = {}

    def replaced(found: re.Match[str]) -> str:
        name = found[1]
        if not found[0].startswith("&") or name in _BUILT_IN:
            return found[0]
        value = html5.get(f"{name};") or declared.get(name or "")
        return escape(value) if value else f"&amp;{found[0][1:]}"

    if doctype := _DOCTYPE.search(text):
        declared.update(_SHORT_ENTITY.findall(doctype[0]))
        # The lines stay, for the sake of their numbers.
        text = text[: doctype.start()] + "\n" * doctype[0].count("\n") + text[doctype.end() :]
    return _REFERENCE.sub(replaced, text)


def _as_data(element: "_Element") -> Any:
    """Attributes and elements by name; what has the same name becomes a list."""
    text = article.spaced(element.text or "")
    if article.is_mixed(element):
        return article.all_text(element)
    found: dict[str, Any] = {
        article.local(str(name)): str(value)
        for name, value in element.attrib.items()
        if "XMLSchema-instance" not in str(name)
    }
    for child in element:
        name, value = article.local(str(child.tag)), _as_data(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    if not found:
        return text
    return {**found, "": text} if text else found
