"""Texts made to cost time: each is a piece that is repeated to the length wanted."""

PIECES = {
    "authors": "Kim A. G., Miller F. D., ",
    "initials": "A. ",
    "initials in lines": "A.\n",
    "small letters in lines": "a.\n",
    "numbers": "12. A",
    "blanks": " ",
    "newlines": "\n",
    "newlines and blanks": "\n ",
    "page breaks": "\f",
    "full stops": ".",
    "quotes after full stops": '."',
    "wide gaps": "." + " " * 1_000,
    "pipes": "| | | |\n",
    "pipes in lines": "|\n",
    "list items": "- \n",
    "nested lists": "  - a\n    - b\n",
    "headings": "# a\n",
    "backticks": "`",
    "combining marks": "\u0301",
    "marked letters": "a\u0301",
    "hexadecimal": "0123456789abcdef",
    "Thai": "พฤษภาคม",
    "Chinese": "停泊费是。",
    "Greek": "Α. ",
    "no-break spaces": "\u00a0. A",
    "separators": "\x1c",
    "emoji": "😀",
    "lines of the longest sentence": "x" * 1_199 + "\n",
}


def repeated(piece: str, size: int) -> str:
    """So many bytes of it, about."""
    return piece * (size // len(piece.encode()) + 1)
