"""What kind of thing a question asks for, and whether a sentence holds one.

"How long …?" wants a length of time, "How much is …?" a sum: a coarse version of the
question types of Li & Roth (2002, "Learning Question Classifiers").
"""

import re
from typing import Literal

AnswerType = Literal["money", "duration", "phone", "time", "year", "date", "number", "person"]

_ONES = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    "|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    "|hundred|thousand|million|billion|dozen|half|quarter"
)
_NUMBER = rf"(?:\d[\d.,]*|\b(?:{_ONES}|an?|once|twice)\b)"
_UNIT_OF_TIME = r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?|fortnights?|months?|years?)"
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?"
_YEAR = r"\b(?:1[0-9]|20)\d\d\b"
_CLOCK = r"\b\d{1,2}[:.]\d\d\b|\b\d{1,2} ?[ap]\.?m\b|\bnoon\b|\bmidnight\b|o'clock"

# The first that fits says what is asked for.
_ASKED: tuple[tuple[str, AnswerType], ...] = (
    (r"\bnumber\b.*\b(?:ring|call|dial|phone)|\b(?:tele)?phone number", "phone"),
    (r"\bwhat time\b|\bwhich hour\b", "time"),
    (r"\b(?:what|which) year\b", "year"),
    (r"\bhow (?:long|quickly|soon|often)\b|\bwithin how many\b", "duration"),
    (r"\b(?:price|cost|costs|fee|fees|charge|charged|deposit|fare|pay)\b", "money"),
    (r"\bhow (?:many|much|big|heavy|tall|high|deep|far|fast|wide|large|old|hot|loud)\b", "number"),
    (r"\bwhat (?:percentage|share|proportion|fraction)\b", "number"),
    (r"\bwhen\b|\b(?:what|which) (?:date|day|month)\b", "date"),
    (r"\bwho\b|\bwhom\b|\bwhose\b", "person"),
)
_HELD: dict[AnswerType, re.Pattern[str]] = {
    # Tables often keep the currency in the name of the column.
    "money": re.compile(
        r"[£$€¥] ?\d|\d ?(?:pounds|euros?|dollars|cents|pence|p)\b|\bfree\b|\b\d+\.\d\d\b"
        r"|\([£$€¥]\): \d|(?:gbp|eur|usd)\b.*\d",
        re.I,
    ),
    "duration": re.compile(rf"{_NUMBER}[ -](?:\w+ )?{_UNIT_OF_TIME}\b|\bovernight\b", re.I),
    "phone": re.compile(r"\+?\d[\d ()-]{5,}\d|\b999\b|\b112\b|\b911\b"),
    "time": re.compile(_CLOCK, re.I),
    "year": re.compile(_YEAR),
    "date": re.compile(
        rf"\b{_MONTH}\b|\b{_WEEKDAY}\b|{_YEAR}|{_CLOCK}|\d+/\d+|\d{{4}}-\d\d|\bEaster\b"
        r"|\bChristmas\b|\b(?:spring|summer|autumn|winter)\b|\bdaily\b|\bevery\b"
        rf"|{_NUMBER} {_UNIT_OF_TIME}\b"
    ),
    "number": re.compile(rf"\d|\b(?:{_ONES})\b", re.I),
    # A name: a capital letter elsewhere than at the beginning.
    "person": re.compile(r"(?<=[\w,;:'’|] )[A-Z][\w’'-]+|^[A-Z]\w+ [A-Z]\w+"),
}


def answer_type(question: str) -> AnswerType | None:
    """What the question asks for; None where its words do not tell."""
    return next((kind for words, kind in _ASKED if re.search(words, question, re.IGNORECASE)), None)


def holds(kind: AnswerType | None, text: str) -> bool:
    """Whether the text has something of that kind; any text has, where none is asked for."""
    return kind is None or _HELD[kind].search(text) is not None
