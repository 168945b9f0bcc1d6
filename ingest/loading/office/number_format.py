"""Numbers as a spreadsheet shows them: dates, money and percentages by their format code.

The codes are those of ECMA-376 part 1, section 18.8.30. Dates are written the ISO way
whatever the code, so that they are the same wherever they are read.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from math import isfinite

GENERAL = "General"
# Codes that files refer to by number alone.
BUILT_IN = {
    0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
    11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm", 37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "##0.0E+0", 49: "@", 17: "mmm-yy",
    **dict.fromkeys((14, 15, 16, *range(27, 32), 34, 35, 36, *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys((32, 33), "h:mm:ss"),
}  # fmt: skip

_PARTS = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|[_*].|\[\$(?P<money>[^\]-]*)[^\]]*\]'
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]|(?P<general>General)|(?P<clock>am/pm|a/p)"
    r"|(?P<digits>[0#?][0#?,]*(?:\.[0#?]*)?,*|\.[0#?]+)|(?P<power>e[+-](?=[0#?]))"
    r"|(?P<date>[ymdhs])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_LAST_DAY = 2_958_466  # of the year 9999


def shown(value: float, code: str = GENERAL, *, from_1904: bool = False) -> str:
    """The number as its cell shows it.

    Args:
        value: As stored; of dates the days since 1900.
        code: The cell's number format.
        from_1904: Days count from 1904, as on old Macs.
    """
    sections = _sections(code)
    if not sections or not isfinite(value):
        return plain(value)
    chosen, signed = _section(value, sections)
    if _is_date(chosen):
        return _date(value, chosen, from_1904)
    return _number(abs(value), chosen, "-" if signed and value < 0 else "")


def plain(value: float) -> str:
    """A number with no format of its own."""
    if abs(value) < 1e16 and value % 1 == 0:
        return str(int(value))
    return f"{value:.12g}"


Section = tuple[tuple[str, str], ...]


@lru_cache(maxsize=1_000)
def _sections(code: str) -> tuple[Section, ...]:
    """The code's parts for positive, negative and zero values, each as (kind, text)."""
    if code.lower() in {"", "@", "general", "standard"}:
        return ()
    sections: list[list[tuple[str, str]]] = [[]]
    for match in _PARTS.finditer(code[:500]):
        if match[0] == ";":
            sections.append([])
        elif match.lastgroup:
            sections[-1].append((match.lastgroup, match[match.lastgroup]))
    return tuple(map(tuple, sections))


def _section(value: float, sections: tuple[Section, ...]) -> tuple[Section, bool]:
    """The section for the value, and whether the minus sign is still to be written."""
    if value < 0 and len(sections) > 1:
        return sections[1], False
    if value == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], True


def _is_date(section: Section) -> bool:
    kinds = {kind for kind, _ in section}
    return bool(kinds & {"date", "elapsed"}) and "general" not in kinds


def _date(value: float, section: Section, from_1904: bool) -> str:
    letters = {text.lower() for kind, text in section if kind == "date"}
    if any(kind == "elapsed" for kind, _ in section):
        return _elapsed(value, letters)
    if not 0 <= value < _LAST_DAY:
        return plain(value)
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30 if value >= 60 else 31)
    moment = start + timedelta(seconds=round(value * 86_400))
    time = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    if not letters & {"y", "d"} and letters & {"h", "s"}:
        return time
    day = moment.strftime("%Y-%m-%d")
    if "y" in letters and "d" not in letters:
        day = day[: 7 if "m" in letters else 4]
    return f"{day} {time}" if letters & {"h", "s"} and time != "00:00" else day


def _elapsed(value: float, letters: set[str]) -> str:
    seconds = round(abs(value) * 86_400)
    sign = "-" if value < 0 else ""
    text = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}"
    return f"{text}:{seconds % 60:02}" if "s" in letters else text


def _number(value: float, section: Section, sign: str) -> str:
    places = [text for kind, text in section if kind == "digits"]
    value *= 100 ** sum(text == "%" for kind, text in section if kind == "other")
    if any(text == "/" for kind, text in section if kind == "other") and len(places) > 1:
        return sign + plain(value)
    if any(kind == "power" for kind, _ in section) and places:
        decimals = len(places[0].partition(".")[2])
        return f"{sign}{value:.{decimals}E}"
    written = _grouped(value, places)
    text = ""
    for kind, piece in section:
        if kind == "digits":
            text += written.pop(0)
        elif kind == "general":
            text += plain(value)
        elif kind in {"quoted", "escaped", "money", "other"} and piece != "@":
            text += piece
    return f"{sign}{text.strip()}"


def _grouped(value: float, places: list[str]) -> list[str]:
    """The digits for each run of places: one, but for words or dashes between them."""
    if len(places) == 1:
        return [_digits(value, places[0])]
    if not places:
        return []
    if len(places) == 2 and places[1].startswith("."):
        whole, _, fraction = _digits(value, "".join(places)).partition(".")
        return [whole, f".{fraction}"]
    digits = str(round(value)).zfill(sum(place.count("0") for place in places))
    found: list[str] = []
    for place in reversed(places[1:]):
        found.insert(0, digits[-len(place) :])
        digits = digits[: -len(place)]
    return [digits, *found]


def _digits(value: float, places: str) -> str:
    kept = places.rstrip(",")
    whole, _, fraction = kept.partition(".")
    value /= 1_000 ** (len(places) - len(kept))  # a comma at the end leaves thousands out
    separator = "," if "," in whole else ""
    text = f"{value:{separator}.{len(fraction)}f}"
    for mark in reversed(fraction):
        if mark == "0" or not text.endswith("0"):
            break
        text = text[:-1]
    if "0" not in places and not text.strip("0."):
        return ""
    digits, point, rest = text.partition(".")
    digits = digits if separator else digits.zfill(whole.count("0"))
    return f"{digits}{point}{rest}".rstrip(".")
