"""What the pages say, in the visitor's language.

A message is written in English where it is needed and looked up, by the rules of GNU gettext, in
`ui/languages/CODE.po`. Another language is one more such file: `make languages` puts the
messages into it. What it lacks is said in English.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from operator import itemgetter
from pathlib import Path

import streamlit as st
from babel import Locale, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rag_app.errors import ConfigError

ENGLISH = "en"
AUTOMATIC = "auto"
_KEY = "language"  # in the visitor's session
_outside: ContextVar[str] = ContextVar("language", default=ENGLISH)  # where there is no session
_RANGE = re.compile(r"([A-Za-z]+)[^,;]*(?:;\s*q=([01](?:\.\d*)?))?")
_FOLDER = Path(__file__).parent


@cache
def languages() -> dict[str, str]:
    """The code of each language there is, with what its speakers call it."""
    codes = sorted({ENGLISH, *(path.stem for path in _FOLDER.glob("*.po"))})
    return {code: str(Locale(code).get_display_name()).capitalize() for code in codes}


def choose_language(setting: str, browser: str | None) -> None:
    """Have this visitor's pages speak the language of the setting, or the browser's.

    Args:
        setting: A code, or "auto".
        browser: What the browser asks for, as "de-AT"; None if nothing.

    Raises:
        ConfigError: There is no such language.
    """
    if setting != AUTOMATIC and setting not in languages():
        known = ", ".join((AUTOMATIC, *languages()))
        raise ConfigError(f"language={setting!r} is not there; use {known}")
    wanted = (browser or "").split("-")[0].lower() if setting == AUTOMATIC else setting
    st.session_state[_KEY] = wanted if wanted in languages() else ENGLISH


def preferred(header: str) -> str:
    """The code of the language that an `Accept-Language` asks for first (RFC 9110, 12.5.4).

    English where it asks for none there is.
    """
    weights = [(float(weight or 1), code.lower()) for code, weight in _RANGE.findall(header)]
    there = [(weight, code) for weight, code in weights if weight and code in languages()]
    return max(there, key=itemgetter(0), default=(1.0, ENGLISH))[1]  # the first of the heaviest


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Have this language spoken meanwhile, outside of the pages that Streamlit draws."""
    before = _outside.set(code)
    try:
        yield
    finally:
        _outside.reset(before)


def language() -> str:
    """The code of the language that is spoken; English where there is no visitor."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return _outside.get()
    code: str = st.session_state.get(_KEY, ENGLISH)
    return code


def gettext(message: str) -> str:
    """The message in the visitor's language."""
    return _messages(language()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The message for that count, in which `{count}` becomes the number."""
    message = _messages(language()).ngettext(one, many, count)
    return message.format(count=number(count))


def number(value: int) -> str:
    """The number with its thousands set apart."""
    return str(numbers.format_decimal(value, locale=language()))


def figure(written: str) -> str:
    """A figure that was written with English marks, such as "1,234.56", with the visitor's."""
    spoken = language()
    marks = numbers.get_decimal_symbol(spoken) + numbers.get_group_symbol(spoken)
    return written.translate(str.maketrans(".,", marks))


def percent(share: float) -> str:
    """A share of 0…1 in whole percent."""
    return str(numbers.format_percent(share, locale=language()))


def day(moment: datetime) -> str:
    """The day of the moment, with the month's name."""
    locale = "en_GB" if language() == ENGLISH else language()  # day first, as everywhere else
    return str(dates.format_date(moment, "long", locale=locale))


@cache
def _messages(code: str) -> NullTranslations:
    path = _FOLDER / f"{code}.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return GNUTranslations(compiled)
