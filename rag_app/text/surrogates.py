"""Halves of characters, which arguments and JSON can hold, and no text that is stored or sent."""

import json
import re
from collections.abc import Mapping
from typing import Any

from rag_app.errors import ConfigError

_HALF = re.compile("[\ud800-\udfff]")


def check_text(value: object, called: str) -> None:
    """Does nothing where the value, and all that is in it, has whole characters alone.

    Raises:
        ConfigError: It has not; `called` is what it is called.
    """
    if isinstance(value, str) and (found := _HALF.search(value)):
        raise ConfigError(
            f"{called} is no text: character {found.start() + 1} of {value[:40]!a} is half a "
            "character; give it in UTF-8"
        )
    if isinstance(value, Mapping):
        check_text(list(value.items()), called)
    elif isinstance(value, (list, tuple)):
        for each in value:
            check_text(each, called)


def loads(text: str) -> Any:
    """The value of JSON whose texts have whole characters alone.

    Raises:
        ValueError: It is no JSON, or a text in it has half a character.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("too deep: lists in lists without end") from error
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value
