"""What each setting may be."""

import re
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from rag_app.errors import ConfigError, without_secrets
from rag_app.schema import Device, Precision, WeightPrecision

AnswerMode = Literal["auto", "read", "generate"]
_CHOICES: dict[str, tuple[str, ...]] = {
    "answer": get_args(AnswerMode),
    "generator_precision": get_args(WeightPrecision),
    "vector_precision": get_args(Precision),
    "device": get_args(Device),
}
LEAST = {
    "embedder_dimensions": 0,
    "chunk_tokens": 16,
    "upload_mebibytes": 1,
    "context_tokens": 0,
    "k": 1,
    "candidates": 1,
    "reranked": 1,
    "max_new_tokens": 1,
    "generator_seconds": 1,
    "temperature": 0,
    "vector_cache_days": 1,
    "file_seconds": 1,
    "file_mebibytes": 256,
    "file_chunks": 1,
    "embedder_batch": 0,
    "threads": 0,
}
_SHARES = ("dense_weight", "diversity", "min_confidence")
# Two letters at least: one is a drive of Windows.
OF_PROVIDER = re.compile(r"[a-z][a-z0-9_]+:[^/\\]")
# What texts and questions may be sent to, or what is opened on this machine: of an index that
# somebody else made, these are taken only once the user has said so; see `leads_to`.
_ADDRESSES = ("generator_url", "vector_store", "vector_cache")
_MODELS = ("generator", "embedder", "reranker")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def checked(name: str, value: object, *, default: object, called: str) -> Any:
    """The value in the type of the setting.

    Args:
        name: Of the setting.
        value: As a file, a variable or a caller gave it.
        default: Of the setting, which has the type.
        called: The setting in a complaint.

    Raises:
        ConfigError: It is of another type, or out of range.
    """
    converted = _convert(called, value, default)
    check(name, converted, called=called)
    return converted


def check(name: str, value: Any, *, called: str = "") -> None:
    """Does nothing where the setting may have the value.

    Raises:
        ConfigError: It may not.
    """
    if allowed := _allowed_instead(name, value):
        raise out_of_range(called or name, value, allowed)


def out_of_range(called: str, value: object, allowed: str) -> ConfigError:
    """The error that says what is allowed."""
    return ConfigError(f"{called}={value!r} is out of range; use {allowed}")


def leads_to(name: str, value: object) -> str:
    """What an index must not lead to unless its user allows it: a host, a provider or files.

    Args:
        name: Of the setting.
        value: That the index has for it.

    Returns:
        It, without a password; "" where the value leads to nothing.
    """
    text = str(value)
    if name in _ADDRESSES and "://" in text:
        return _host(text.partition("+")[2] if name == "vector_store" else text)
    if name in _MODELS and OF_PROVIDER.match(text):
        return text.partition(":")[0]
    if name in _MODELS and text.startswith(("/", "\\", "~", ".")):
        return text
    if name == "follow_links" and value is True:
        return "files outside of the folders"
    return ""


def _host(address: str) -> str:
    shown = without_secrets(address)
    try:
        return urlsplit(address).hostname or shown
    except ValueError:
        return shown


def _convert(called: str, value: object, default: object) -> object:
    kind = Path if isinstance(default, Path) else type(default)
    try:
        converted = _boolean(value) if kind is bool else _plain(value, kind)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{called}={value!r} is not a valid {kind.__name__}") from error
    return converted.expanduser() if isinstance(converted, Path) else converted


def _boolean(value: object) -> bool:
    text = str(value).lower()
    if text not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text]


def _plain(value: Any, kind: type) -> object:
    # A file's 5.5 or true is not a count, although int() would take it for one.
    if isinstance(value, bool) or (kind is int and isinstance(value, float)):
        raise TypeError(kind)
    return kind(value)


def _allowed_instead(name: str, value: Any) -> str:
    """What the setting may be, where the value is none of that; else nothing."""
    if name in LEAST:
        return "" if value >= LEAST[name] else f"{LEAST[name]} or more"
    if name in _SHARES:
        return "" if 0 <= value <= 1 else "0 to 1"
    if name in _CHOICES:
        *others, last = _CHOICES[name]
        return "" if value in _CHOICES[name] else f"{', '.join(others)} or {last}"
    if name == "language":
        return "" if re.fullmatch("auto|[a-z]{2}", value) else "auto or two letters, such as de"
    if name == "generator_url":
        return "" if not value or _is_address(value) else "http://HOST:PORT/v1"
    return ""


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # With the three dots in place of a password it is one as it was shown, and not as it was.
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "…" not in parts.netloc
