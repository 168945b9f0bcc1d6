"""Every setting, its default, what it may be, and where its value came from.

A command-line flag beats an environment variable `RAG_APP_*`, which beats the settings file
in the index folder, which beats the user's, which beats the default. What the index folder's file
has that leads elsewhere counts once the user trusts it.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple, Self

import platformdirs

from rag_app.errors import ConfigError
from rag_app.schema import Device, Precision, WeightPrecision
from rag_app.settings.settings_files import (
    ENVIRONMENT,
    edited,
    is_trusted,
    own_settings_file,
    read_settings,
    settings_file,
    trust,
)
from rag_app.settings.values import AnswerMode, check, checked, leads_to, out_of_range
from rag_app.text.surrogates import check_text

_logger = logging.getLogger(__name__)


def default_index() -> Path:
    """The index in the user's data folder, used where none is named."""
    return Path(platformdirs.user_data_dir("rag-app")) / "index"


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be configured.

    Attributes:
        index: The index folder.
        embedder: A model's folder, its hub name, or the bundled all-MiniLM-L6-v2; "" is the one
            that the index was made with, and the bundled one for a new index. `provider:model`
            is a provider's, which then sees all texts and questions.
        embedder_dimensions: How many of a vector's dimensions are kept, of a model trained for
            that (Matryoshka); 0 keeps all.
        generator: The causal language model, by folder or hub name, that writes
            answers where it is on this machine; or `provider:model` of a provider.
        generator_url: Of a server that speaks OpenAI's protocol and has the generator.
        generator_context: Tokens of prompt and answer that a served generator takes.
        generator_seconds: What writing one answer may take, loading the model included; then the
            quotes have to do.
        generator_precision: Of the weights of a generator on this machine: auto as they are
            stored, bfloat16, float32, or int8 (needs the extra `quantised`).
        answer: "read" quotes, "generate" writes, "auto" writes where it can.
        strict: Whether what a generator writes without support is left out, instead of marked.
        chunk_tokens: Longest chunk, special tokens included; capped by the embedder.
        context_tokens: Tokens on each side of a chunk that its vector sees besides.
        k: Hits that a search or an answer has, at most. A language model writes from these; for
            quotes ten are read at least, and those that are quoted are among the k.
        candidates: Chunks each search side hands to the fusion.
        dense_weight: Share of the dense score in the fused one, 0…1.
        diversity: How much hits unlike those before are preferred, 0…1; 0 not at all.
        reranker: A late-interaction model, by folder or hub name, that compares the best
            candidates with the question token by token; "" for none.
        reranked: Candidates that are compared so.
        vector_store: Where a new index keeps its vectors: "chroma" in its own folder, or
            "chroma+http://HOST:PORT" and "qdrant+http://HOST:PORT" on a server.
        vector_precision: Of the codes that a question is compared with, before the vectors of
            the best are: float32, int8 or binary.
        min_confidence: Below this chance of being answered the app abstains, 0…1.
        max_new_tokens: Longest generated answer.
        temperature: 0 for the most likely words; above 0 for more varied ones.
        seed: Fixes the draw where the temperature is above 0.
        vector_cache: `redis://…` of a server that shares vectors between machines; "" for
            none. Each index keeps its own vectors in any case.
        vector_cache_days: Days after which the server forgets what nobody asked for.
        file_seconds: What reading one file, and cutting it into passages, may take.
        file_mebibytes: Memory, in address space, that this may take.
        file_chunks: Passages of one file; of a longer one, the first so many are taken.
        follow_links: Whether links to files outside of an ingested folder are followed.
        upload_mebibytes: Largest file that the library takes through the browser.
        device: That computes the embedding model: auto is a GPU where there is one, else cpu.
        embedder_batch: About how many tokens the embedding model reads together; 0 leaves it to
            the model's kind. `rag-app embed speed` measures which is the fastest.
        threads: CPU threads for the models; 0 leaves the choice to the libraries.
        language: Of the pages: two letters, such as "de", or "auto" for the browser's.
    """

    index: Path = field(default_factory=default_index)
    embedder: str = ""
    embedder_dimensions: int = 0
    generator: str = "Qwen/Qwen2.5-1.5B-Instruct"
    generator_url: str = ""
    generator_context: int = 4096
    generator_seconds: int = 300
    generator_precision: WeightPrecision = "auto"
    answer: AnswerMode = "auto"
    strict: bool = False
    chunk_tokens: int = 512
    context_tokens: int = 0
    k: int = 5
    candidates: int = 100
    dense_weight: float = 0.6
    diversity: float = 0.0
    reranker: str = ""
    reranked: int = 30
    vector_store: str = "chroma"
    vector_precision: Precision = "int8"
    min_confidence: float = 0.1
    max_new_tokens: int = 400
    temperature: float = 0.0
    seed: int = 0
    vector_cache: str = ""
    vector_cache_days: int = 30
    file_seconds: int = 120
    file_mebibytes: int = 2048
    file_chunks: int = 10_000
    follow_links: bool = False
    upload_mebibytes: int = 200
    device: Device = "auto"
    embedder_batch: int = 0
    threads: int = 0
    language: str = "auto"

    def __post_init__(self) -> None:
        for each in fields(self):
            check(each.name, getattr(self, each.name))
        if self.generator_context <= self.max_new_tokens:
            allowed = f"more than max_new_tokens={self.max_new_tokens}"
            raise out_of_range("generator_context", self.generator_context, allowed)

    @classmethod
    def load(cls, **flags: Any) -> Self:
        """Settings from flags (None means not given), environment, files and defaults.

        Raises:
            ConfigError: A value has the wrong type or range, or a name is unknown.
        """
        return cls(**{name: found.value for name, found in resolve(**flags).items()})

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self) | {"index": str(self.index)}


class Resolved(NamedTuple):
    """A setting's value and its origin: "flag", a variable, a file or "default"."""

    value: Any
    origin: str


def resolve(**flags: Any) -> dict[str, Resolved]:
    """Each setting's value and where it came from.

    Raises:
        ConfigError: A value has the wrong type or range, or a name is unknown.
    """
    user, above = _of_user(), _of_environment() | _of_flags(flags)
    index: Path = _one("index", user | above).value
    path = own_settings_file(index)
    said = read_settings(path)
    own = _of_own(path, said)
    for name, where in _untrusted(index, said).items():
        del own[name]
        if name not in above:
            _tell_ignored(index, name, where)
    return _resolved(user | own | above)


def untrusted(index: Path) -> dict[str, str]:
    """The index's own settings that the user has not allowed, and what each would lead to.

    They are ignored until then: an index that was copied brings its settings along.

    Raises:
        ConfigError: A settings file cannot be read.
    """
    return _untrusted(index, read_settings(own_settings_file(index)))


def _untrusted(index: Path, said: Mapping[str, Any]) -> dict[str, str]:
    leading = {name: where for name, value in said.items() if (where := leads_to(name, value))}
    return {
        name: where for name, where in leading.items() if not is_trusted(index, name, said[name])
    }


@cache
def _tell_ignored(index: Path, name: str, where: str) -> None:
    """Once for each; settings are looked up again and again."""
    _logger.warning(
        "%s: %s leads to %s and is ignored; if you trust it: `rag-app config trust --index %s`",
        own_settings_file(index),
        name,
        where,
        quote(str(index)),
    )


def named_index(flag: str | Path | None = None) -> Path:
    """The index folder, whatever is wrong with its own settings.

    Raises:
        ConfigError: The user's settings file cannot be used.
    """
    index: Path = _one("index", _of_user() | _of_environment() | _of_flags({"index": flag})).value
    return index


def change_setting(name: str, value: object, *, index: Path) -> Path:
    """Write a setting into the index's own file, from where it counts at once.

    Args:
        name: Of the setting.
        value: Of its type, or as text. None takes the setting out, so that the value of the
            user's file, or the default, counts again.
        index: The index folder.

    Returns:
        The file.

    Raises:
        ConfigError: There is no such setting for an index, its value or what comes of it is
            wrong, or the file cannot be written; then nothing has changed.
    """
    path = own_settings_file(index)
    _of_own(path, {name: value})
    if value is None and not path.exists():
        return path
    with edited(path) as own:
        if value is None:
            own.pop(name, None)
        else:
            own[name] = _value(name, _Given(value, str(path), name))
        _check_together(_of_own(path, own))
        if value is not None and leads_to(name, own[name]):
            trust(index, name, own[name])
    return path


# Who said what


class _Given(NamedTuple):
    """A value as somebody gave it, who that was, and what a complaint calls it."""

    value: object
    origin: str
    called: str


def _of_flags(flags: Mapping[str, Any]) -> dict[str, _Given]:
    _check_known(flags, "flags")
    given = {name: value for name, value in flags.items() if value is not None}
    return {name: _Given(value, "flag", name) for name, value in given.items()}


def _of_environment() -> dict[str, _Given]:
    variables = {each.name: ENVIRONMENT + each.name.upper() for each in fields(Settings)}
    return {
        name: _Given(os.environ[variable], variable, variable)
        for name, variable in variables.items()
        if os.environ.get(variable)
    }


def _of_own(path: Path, said: Mapping[str, Any]) -> dict[str, _Given]:
    if "index" in said:
        raise ConfigError(f"{path}: index cannot be set here; name it with --index")
    return _of_file(path, said)


def _of_user() -> dict[str, _Given]:
    path = settings_file()
    return _of_file(path, read_settings(path))


def _of_file(path: Path, said: Mapping[str, Any]) -> dict[str, _Given]:
    _check_known(said, str(path))
    return {name: _Given(value, str(path), f"{path}: {name}") for name, value in said.items()}


def _resolved(given: Mapping[str, _Given]) -> dict[str, Resolved]:
    return {each.name: _one(each.name, given) for each in fields(Settings)}


def _one(name: str, given: Mapping[str, _Given]) -> Resolved:
    if name not in given:
        return Resolved(getattr(Settings(), name), "default")
    return Resolved(_value(name, given[name]), given[name].origin)


def _value(name: str, given: _Given) -> Any:
    check_text(given.value, given.called)
    return checked(name, given.value, default=getattr(Settings(), name), called=given.called)


def _check_known(said: Mapping[str, Any], where: str) -> None:
    names = [each.name for each in fields(Settings)]
    if unknown := sorted(set(said) - set(names)):
        raise ConfigError(f"{where}: unknown setting {unknown[0]!r}; use {', '.join(names)}")


def _check_together(own: dict[str, _Given]) -> None:
    """Does nothing where these of an index are right with all others.

    What the environment says today, it need not say tomorrow.
    """
    user = _of_user()
    for above in (_of_environment(), {}):
        Settings(**{name: each.value for name, each in _resolved(user | own | above).items()})
