"""What the folder of a model says of what it is and how it is put together."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rag_app.protocols import TextKind

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Kind = Literal["language", "embedding", "late interaction", "other"]
_STATIC = "StaticEmbedding"
_LATE = ("MultiVectorEncoder", "ColBERT")  # as sentence-transformers and PyLate call it
_PROMPTS = {"query": ("query",), "passage": ("document", "passage", "corpus")}
_SIMPLE = ("mean", "cls")
# Since version 6 of sentence-transformers one entry names the pooling, before that one was true.
_OLDER_POOLING = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}


def kind_of(folder: Path) -> Kind:
    """What the model is for, as far as its folder says."""
    if is_late(folder):
        return "late interaction"
    if _modules(folder):
        return "embedding"
    own = _read(folder / "config.json", {}).get("architectures") or []
    return "language" if any(name.endswith("ForCausalLM") for name in own) else "other"


def is_static(folder: Path) -> bool:
    """Whether the model is nothing but a vector for each token."""
    first, *others = [kind for kind, _ in _modules(folder)] or [""]
    return first == _STATIC and others in ([], ["Normalize"])


def is_late(folder: Path) -> bool:
    """Whether the model keeps a vector for each token of a text."""
    kind = _read(folder / "config_sentence_transformers.json", {}).get("model_type")
    own = _read(folder / "config.json", {}).get("architectures") or []
    return kind in _LATE or "HF_ColBERT" in own


def static_folder(folder: Path) -> Path:
    """Where a static model has its vectors."""
    return folder / _modules(folder)[0][1]


def pooling_of(folder: Path) -> str | None:
    """How the model makes one vector of all states, or None where that is not simple."""
    modules = _modules(folder)
    kinds = [kind for kind, _ in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        return None
    (_, of_transformer), (_, of_pooling) = modules[:2]
    if of_transformer or _read(folder / "sentence_bert_config.json", {}).get("do_lower_case"):
        return None
    config = _read(folder / of_pooling / "config.json", {})
    if not config.get("include_prompt", True):
        return None
    older = [name for key, name in _OLDER_POOLING.items() if config.get(key)]
    others = [key for key in config if key.startswith("pooling_mode_") and config[key]]
    pooling = config.get("pooling_mode", older[0] if older and len(others) == 1 else None)
    return pooling if pooling in _SIMPLE else None


def prompts_of(folder: Path) -> dict[str, str]:
    """What the model wants before a text, by the kind of text."""
    return dict(_read(folder / "config_sentence_transformers.json", {}).get("prompts") or {})


def prompt_of(prompts: Mapping[str, str], kind: TextKind) -> str:
    """What a model with these prompts wants before a text of that kind."""
    return next((prompt for name in _PROMPTS[kind] if (prompt := prompts.get(name))), "")


def splits_at_spaces(tokenizer: "Tokenizer") -> bool:
    """Whether what stands between two spaces has the same tokens when it stands alone."""
    return type(tokenizer.pre_tokenizer).__name__ == "BertPreTokenizer"


def _modules(folder: Path) -> list[tuple[str, str]]:
    """Kind and folder of each module; none where the model is another library's."""
    read = _read(folder / "modules.json", [])
    return [(str(module["type"]).rpartition(".")[2], str(module["path"])) for module in read]


def _read(path: Path, otherwise: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else otherwise
