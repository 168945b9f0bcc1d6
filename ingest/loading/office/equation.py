"""Formulas of Word and PowerPoint (OMML) on one line, as one would type them."""

from collections.abc import Iterable

from ingest.loading.archives.zipped_xml import Element, attribute, local

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MATH = {f"{_MATH}oMath", f"{_MATH}oMathPara"}


def linear(element: Element) -> str:
    """The formula in words and signs: `(a+b)/(c)`, `x^2`, `√(y)`."""
    kind = local(element)
    if kind == "t":
        return element.text or ""
    if kind.endswith("Pr"):
        return ""
    if kind == "f":
        return f"{_grouped(element, 'num')}/{_grouped(element, 'den')}"
    if kind in {"sSup", "sSub", "sSubSup", "sPre"}:
        return f"{_grouped(element, 'e')}{_scripts(element)}"
    if kind == "rad":
        degree = _part(element, "deg")
        return f"{degree and f'[{degree}]'}√({_part(element, 'e')})"
    if kind == "nary":
        sign = attribute(element.find(f"{_MATH}naryPr/{_MATH}chr"), "val") or "∫"
        return f"{sign}{_scripts(element)} {_part(element, 'e')}"
    if kind == "d":
        return _bracketed(element)
    if kind in {"limLow", "limUpp"}:
        mark = "_" if kind == "limLow" else "^"
        return f"{_part(element, 'e')}{mark}({_part(element, 'lim')}) "
    if kind == "m":
        rows = (", ".join(_inside(cell) for cell in row) for row in element.iter(f"{_MATH}mr"))
        return f"[{'; '.join(rows)}]"
    if kind == "oMathPara":
        return " ".join(map(linear, element))
    return _inside(element)


def _inside(element: Element) -> str:
    return "".join(linear(child) for child in element)


def _part(element: Element, name: str) -> str:
    part = element.find(f"{_MATH}{name}")
    return "" if part is None else _inside(part)


def _grouped(element: Element, name: str) -> str:
    text = _part(element, name)
    return text if _is_single(text) else f"({text})"


def _scripts(element: Element) -> str:
    texts: Iterable[tuple[str, str]] = (("_", _part(element, "sub")), ("^", _part(element, "sup")))
    return "".join(
        f"{mark}{text if _is_single(text) else f'({text})'}" for mark, text in texts if text
    )


def _bracketed(element: Element) -> str:
    properties = element.find(f"{_MATH}dPr")

    def sign(name: str, usual: str) -> str:
        found = None if properties is None else properties.find(f"{_MATH}{name}")
        return usual if found is None else attribute(found, "val") or ""

    inside = sign("sepChr", "|").join(_inside(e) for e in element.iterchildren(f"{_MATH}e"))
    return f"{sign('begChr', '(')}{inside}{sign('endChr', ')')}"


def _is_single(text: str) -> bool:
    """Whether it needs no brackets: one word, or in brackets already."""
    bracketed = text[:1] == "(" and text[-1:] == ")" and not set("()") & set(text[1:-1])
    return text.isalnum() or len(text) < 2 or bracketed
