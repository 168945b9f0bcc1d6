"""What is filled into a PDF's form fields and noted on its pages; no reader counts it as text."""

from collections.abc import Callable, Iterator
from ctypes import c_ushort
from typing import Any

_MOST = 2_000  # notes on a page
_LONGEST = 1 << 20  # bytes of a note


def notes(page: Any, form: Any) -> Iterator[str]:
    """The filled fields as `name: value`, and the notes, in the order of the file.

    Args:
        page: PDFium's, open.
        form: PDFium's form of the file, opened before the page; None where it has none.
    """
    from pypdfium2 import raw

    for number in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            if text := _text(raw, annotation, form):
                yield text
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _text(raw: Any, annotation: Any, form: Any) -> str:
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    flags = raw.FPDFAnnot_GetFlags(annotation)
    if flags & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW):
        return ""
    if kind == raw.FPDF_ANNOT_WIDGET:
        return _field(raw, annotation, form) if form else ""
    if kind in (raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP):
        return ""
    return _string(lambda *room: raw.FPDFAnnot_GetStringValue(annotation, b"Contents", *room))


def _field(raw: Any, annotation: Any, form: Any) -> str:
    def get(what: str) -> str:
        function = getattr(raw, f"FPDFAnnot_GetFormField{what}")
        return _string(lambda *room: function(form, annotation, *room))

    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        checked = raw.FPDFAnnot_IsChecked(form, annotation)
        value = ("yes" if kind == raw.FPDF_FORMFIELD_CHECKBOX else get("Value")) if checked else ""
    elif kind in (raw.FPDF_FORMFIELD_PUSHBUTTON, raw.FPDF_FORMFIELD_SIGNATURE):
        return ""
    else:
        value = get("Value")
    name = get("AlternateName") or get("Name").rpartition(".")[2].partition("[")[0]
    return f"{name}: {value}" if name and value else value


def _string(get: Callable[..., int]) -> str:
    """What a function of PDFium writes, in UTF-16, after it has said how many bytes it takes."""
    size = min(get(None, 0), _LONGEST)
    if size <= 2:
        return ""
    room = (c_ushort * (size // 2 + 1))()
    get(room, size)
    return " ".join(bytes(room)[: size - 2].decode("utf-16-le", "replace").split())
