"""Settings that can change without making the index anew, so that two can be compared on it."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from rag_app.errors import ConfigError
from rag_app.settings.provenance import Settings

# What opens the language model; another value opens it again.
WRITING = (
    "answer",
    "generator",
    "generator_url",
    "generator_context",
    "generator_seconds",
    "generator_precision",
    "max_new_tokens",
    "temperature",
    "seed",
)
ANSWERING = (
    "k",
    "candidates",
    "dense_weight",
    "diversity",
    "reranker",
    "reranked",
    "min_confidence",
    "strict",
    *WRITING,
)


def variant(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with these values, which may be words, of some in `ANSWERING`.

    Raises:
        ConfigError: A value has the wrong type or range, or the index depends on it.
    """
    known = {field.name for field in fields(Settings)}
    if wrong := next((name for name in values if name not in ANSWERING), None):
        reason = "cannot change without a new index" if wrong in known else "is no setting"
        raise ConfigError(f"{wrong} {reason}; use {', '.join(ANSWERING)}")
    read = Settings.load(index=settings.index, **values)
    return replace(settings, **{name: getattr(read, name) for name in values})


def changed_settings(one: Settings, other: Settings) -> set[str]:
    """The names of the settings in which the two differ."""
    names = (field.name for field in fields(Settings))
    return {name for name in names if getattr(one, name) != getattr(other, name)}
