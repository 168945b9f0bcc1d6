"""Source code and settings, kept as they are written; what a file defines are its headings.

Only lines are looked at and no language is known: a definition that is missed costs a
chunk its heading, nothing more.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from ingest.loading.extracted import Extracted
from ingest.loading.markup.text import decode

_LONGEST_LINE = 300  # characters; machines write longer ones
_MOST_BRACKETS = 40  # between a function's name and its body
_LOWEST = 6
_NAME = r"[\w$.:!?~-]*[\w$!?]"
_WORDS = "|".join(
    (
        "async", "abstract", "actor", "case", "const", "data", "declare", "default", "export",
        "extern", "final", "implicit", "inline", "internal", "local", "open", "override",
        "partial", "private", "protected", "public", r"pub(?:\(\w+\))?", "sealed", "static",
        "suspend", "unsafe", "virtual",
    )
)  # fmt: skip
_KINDS = (
    "class|contract|def|defmodule|defp|enum|extension|fn|fun|func|function|impl|interface|"
    "macro_rules!|message|module|namespace|object|protocol|record|service|struct|sub|trait|"
    "type|union"
)
_KEYWORD = re.compile(
    rf"(?:(?:{_WORDS})[ \t]+)*(?:enum[ \t]+)?(?:{_KINDS})(?:<[^>]*>)?[ \t]+"
    rf"(?:\([^()]*\)[ \t]*)?{_NAME}"
    r"(?=[ \t]*(?:[:({<\[=]|$|\b(?:as|extends|for|implements|interface|is|struct|where|with)\b))"
)
_FUNCTION_VALUE = re.compile(
    r"((?:export[ \t]+)?(?:(?:const|let|var|local|val)[ \t]+)?[\w$.]+)[ \t]*(?::[^=()]*)?"
    r"(?:=|<-|:=)[ \t]*(?:async[ \t]+)?"
    r"(?:function\b|\([^()]*\)[ \t]*(?::[^=()]*)?=>|\w+[ \t]*=>)"
)
_SQL = re.compile(
    r"(?:CREATE|ALTER)[ \t]+(?:OR[ \t]+REPLACE[ \t]+)?(?:\w+[ \t]+){0,2}?"
    r"(?:TABLE|VIEW|FUNCTION|PROCEDURE|TRIGGER|INDEX|TYPE)[ \t]+"
    r"(?:IF[ \t]+NOT[ \t]+EXISTS[ \t]+)?[\w.\"`\[\]]+",
    re.IGNORECASE,
)
_TYPED = re.compile(
    r"(?=[\w~<@])(?:[\w:<>,\[\]*&?.@]+[ \t]+)*[*&]*(?:\w+::)*~?[\w$]*[a-z][\w$]*(?=\()"
)
_NO_TYPE = re.compile(
    r"(?:if|for|foreach|while|until|unless|switch|match|when|return|else|elif|elseif|do|case|catch"
    r"|throw|new|delete|await|yield|with|using|lock|synchronized|assert|print|not|and|or|in"
    r"|function|super|this|go|defer)\b"
)
_BRACKET = re.compile(r"[()]")
_BODY = re.compile(
    r"\s*(?:(?:const|noexcept|override|final|&&?)\s*)*"
    r"(?:throws\s[\w\s,.]{1,300}|(?::|->)[^;{}=]{1,300})?\{"
)
_SECTION = re.compile(r"\[{1,2}[^\[\]]+\]{1,2}[ \t]*$")
_KEY = re.compile(r"[\w.\"'/-]+:(?=[ \t]|$)")
_SETTINGS = re.compile(r"[\w.\"'/-]+:(?:[ \t]|$)|[-#\[\]{}]|\.\.\.$")
# What is written above a definition belongs to it.
_ABOVE = re.compile(r"[ \t]*(?:#|//|/\*|\*|--|;;|@|\[\w)")


def extract(data: bytes) -> Extracted:
    """The source as it stands."""
    text = decode(data)
    return Extracted(text, headings=tuple(_definitions(text)) or tuple(_keys(text)))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    offset = 0
    for line in text.split("\n"):
        yield offset, line
        offset += len(line) + 1


def _definitions(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a definition begins, how deep it lies in others, and how it names itself."""
    outer: list[int] = []  # indents of the definitions around
    above = None  # where the comments before this line begin
    for offset, line in _lines(text):
        bare = line.lstrip()
        indent = len(line) - len(bare)
        short = bare and len(line) <= _LONGEST_LINE
        if title := _title(text, bare, offset + indent) if short else "":
            del outer[bisect_left(outer, indent) :]
            outer.append(indent)
            start = offset if above is None else above
            yield start, min(len(outer), _LOWEST), " ".join(title.split())
        if title or not _ABOVE.match(line):
            above = None
        elif above is None:
            above = offset


def _title(text: str, line: str, offset: int) -> str:
    """What the line defines; nothing for most."""
    for pattern in (_KEYWORD, _SQL, _SECTION):
        if found := pattern.match(line):
            return found[0]
    if found := _FUNCTION_VALUE.match(line):
        return found[1]
    typed = None if _NO_TYPE.match(line) else _TYPED.match(line)
    return typed[0] if typed and _has_body(text, offset + typed.end()) else ""


def _has_body(text: str, start: int) -> bool:
    """Whether a block follows what stands in brackets, as after the head of a function."""
    depth = 0
    brackets = _BRACKET.finditer(text, start, start + 4 * _LONGEST_LINE)
    for bracket in islice(brackets, _MOST_BRACKETS):
        depth += 1 if bracket[0] == "(" else -1
        if not depth:
            return _BODY.match(text, bracket.end()) is not None
    return False


def _keys(text: str) -> Iterator[tuple[int, int, str]]:
    """The outermost keys of a YAML file; nothing of any other."""
    outer = [(at, line) for at, line in _lines(text) if line and not line[0].isspace()]
    if all(_SETTINGS.match(line) for _, line in outer):
        for offset, line in outer:
            if key := _KEY.match(line):
                yield offset, 1, key[0].rstrip(":").strip("\"'")
