"""Every setting, its default, and where its value came from.

A command-line flag beats an environment variable `RAG_APP_*`, which beats the
settings file, which beats the default.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self, get_args

import platformdirs

from rag_app.errors import ConfigError
from rag_app.schema import Device, Precision, WeightPrecision

AnswerMode = Literal["auto", "read", "generate"]
_ENVIRONMENT = "RAG_APP_"


def default_index() -> Path:
    """The index in the user's data folder, used where none is named."""
    return Path(platformdirs.user_data_dir("rag-app")) / "index"


def settings_file() -> Path:
    """The TOML file with the user's settings; it need not exist."""
    named = os.environ.get(f"{_ENVIRONMENT}CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_dir("rag-app")) / "config.toml"


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
        generator_precision: Of the weights of a generator on this machine: auto as they are
            stored, bfloat16, float32, or int8 (needs the extra `quantised`).
        answer: "read" quotes, "generate" writes, "auto" writes where it can.
        chunk_tokens: Longest chunk, special tokens included; capped by the embedder.
        context_tokens: Tokens on each side of a chunk that its vector sees besides.
        k: Hits shown and read for an answer.
        candidates: Chunks each search side hands to the fusion.
        dense_weight: Share of the dense score in the fused one, 0…1.
        diversity: How much hits unlike those before are preferred, 0…1; 0 not at all.
        reranker: A late-interaction model, by folder or hub name, that compares the best
            candidates with the question token by token; "" for none.
        reranked: Candidates that are compared so.
        vector_store: Where a new index keeps its vectors: "chroma" or "qdrant" in its own
            folder, or "chroma+http://HOST:PORT" and "qdrant+http://HOST:PORT" on a server.
        vector_precision: Of the codes that a question is compared with, before the vectors of
            the best are: float32, int8 or binary.
        min_confidence: Below this chance of being answered the app abstains, 0…1.
        max_new_tokens: Longest generated answer.
        temperature: 0 for the most likely words; above 0 for more varied ones.
        seed: Fixes the draw where the temperature is above 0.
        vector_cache: `redis://…` of a server that shares vectors between machines; "" for
            none. Each index keeps its own vectors in any case.
        vector_cache_days: Days after which the server forgets what nobody asked for.
        file_seconds: What reading one file may take.
        file_mebibytes: Memory, in address space, that reading one file may take.
        upload_mebibytes: Largest file that the library takes through the browser.
        device: That computes the embedding model: auto is a GPU where there is one, else cpu.
        embedder_batch: About how many tokens the embedding model reads together; 0 leaves it to
            the model's kind. `rag-app embed speed` measures which is the fastest.
        threads: CPU threads for the models; 0 leaves the choice to the libraries.
    """

    index: Path = field(default_factory=default_index)
    embedder: str = ""
    embedder_dimensions: int = 0
    generator: str = "Qwen/Qwen2.5-1.5B-Instruct"
    generator_url: str = ""
    generator_context: int = 4096
    generator_precision: WeightPrecision = "auto"
    answer: AnswerMode = "auto"
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
    upload_mebibytes: int = 200
    device: Device = "auto"
    embedder_batch: int = 0
    threads: int = 0

    def __post_init__(self) -> None:
        _check("answer", self.answer, self.answer in get_args(AnswerMode), "auto, read or generate")
        _check("chunk_tokens", self.chunk_tokens, self.chunk_tokens >= 16, "16 or more")
        known = self.generator_precision in get_args(WeightPrecision)
        allowed = "auto, bfloat16, float32 or int8"
        _check("generator_precision", self.generator_precision, known, allowed)
        enough = self.generator_context > self.max_new_tokens
        allowed = "more than max_new_tokens"
        _check("generator_context", self.generator_context, enough, allowed)
        enough = self.embedder_dimensions >= 0
        _check("embedder_dimensions", self.embedder_dimensions, enough, "0 or more")
        enough = self.context_tokens >= 0
        _check("context_tokens", self.context_tokens, enough, "0 or more")
        _check("k", self.k, self.k >= 1, "1 or more")
        _check("candidates", self.candidates, self.candidates >= 1, "1 or more")
        _check("dense_weight", self.dense_weight, 0 <= self.dense_weight <= 1, "0 to 1")
        _check("diversity", self.diversity, 0 <= self.diversity <= 1, "0 to 1")
        _check("reranked", self.reranked, self.reranked >= 1, "1 or more")
        known = self.vector_precision in get_args(Precision)
        _check("vector_precision", self.vector_precision, known, "float32, int8 or binary")
        _check("min_confidence", self.min_confidence, 0 <= self.min_confidence <= 1, "0 to 1")
        _check("max_new_tokens", self.max_new_tokens, self.max_new_tokens >= 1, "1 or more")
        _check("temperature", self.temperature, self.temperature >= 0, "0 or more")
        days = self.vector_cache_days
        _check("vector_cache_days", days, days >= 1, "1 or more")
        _check("file_seconds", self.file_seconds, self.file_seconds >= 1, "1 or more")
        enough = self.file_mebibytes >= 256
        _check("file_mebibytes", self.file_mebibytes, enough, "256 or more")
        enough = self.upload_mebibytes >= 1
        _check("upload_mebibytes", self.upload_mebibytes, enough, "1 or more")
        _check("device", self.device, self.device in get_args(Device), "auto, cpu or cuda")
        _check("embedder_batch", self.embedder_batch, self.embedder_batch >= 0, "0 or more")
        _check("threads", self.threads, self.threads >= 0, "0 or more")

    @classmethod
    def load(cls, **flags: Any) -> Self:
        """Settings from flags (None means not given), environment, file and defaults.

        Raises:
            ConfigError: A value has the wrong type or range, or a name is unknown.
        """
        return cls(**{name: value for name, (value, _) in resolve(**flags).items()})

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self) | {"index": str(self.index)}


def resolve(**flags: Any) -> dict[str, tuple[Any, str]]:
    """Each setting's value and its origin: a flag, a variable, a file or "default"."""
    path = settings_file()
    from_file = _read(path)
    defaults = Settings()
    names = [field.name for field in fields(Settings)]
    for given, origin in ((flags, "flags"), (from_file, str(path))):
        if unknown := sorted(set(given) - set(names)):
            raise ConfigError(f"{origin}: unknown setting {unknown[0]!r}; use {', '.join(names)}")
    resolved: dict[str, tuple[Any, str]] = {}
    for name in names:
        default = getattr(defaults, name)
        variable = _ENVIRONMENT + name.upper()
        if flags.get(name) is not None:
            resolved[name] = _convert(name, flags[name], default), "flag"
        elif os.environ.get(variable):
            resolved[name] = _convert(variable, os.environ[variable], default), variable
        elif name in from_file:
            resolved[name] = _convert(f"{path}: {name}", from_file[name], default), str(path)
        else:
            resolved[name] = default, "default"
    return resolved


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML ({error}); mend or remove it") from error


def _convert(name: str, value: object, default: object) -> object:
    kind = Path if isinstance(default, Path) else type(default)
    # A file's 5.5 or true is not a count, although int() would take it for one.
    if isinstance(value, bool) or (kind is int and isinstance(value, float)):
        raise ConfigError(f"{name}={value!r} is not a valid {kind.__name__}")
    try:
        converted = kind(value)  # type: ignore[call-arg]
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name}={value!r} is not a valid {kind.__name__}") from error
    return converted.expanduser() if isinstance(converted, Path) else converted


def _check(name: str, value: object, valid: bool, allowed: str) -> None:
    if not valid:
        raise ConfigError(f"{name}={value!r} is out of range; use {allowed}")
