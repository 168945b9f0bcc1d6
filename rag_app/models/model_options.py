"""Forms of one model: how much of a text it sees, and how precisely it computes.

Written behind its name: `all-MiniLM-L6-v2@256` sees 256 tokens, `all-MiniLM-L6-v2@int8` keeps
a byte of each weight, and `all-MiniLM-L6-v2@256,int8` does both.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self, cast, get_args

from rag_app.errors import ModelError

Computing = Literal["fastest", "float32", "bfloat16", "int8"]
_FEWEST = 16  # tokens
_SIGN = "@"


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """A model's name, and the form that is wanted of it.

    Attributes:
        model: Its folder or name.
        tokens: How many of a text it sees; 0 for as many as it has positions for.
        computing: In which numbers; the fastest that keep every cosine above 0.999, unless
            others are asked for.
    """

    model: str
    tokens: int = 0
    computing: Computing = "fastest"

    @classmethod
    def parse(cls, name: str) -> Self:
        """The form that a name asks for.

        Raises:
            ModelError: What stands behind the sign is no form.
        """
        model, sign, wanted = name.rpartition(_SIGN)
        if not sign or Path(name).expanduser().is_dir():
            return cls(name)
        form = cls(model)
        for word in wanted.split(","):
            form = form._with(word, name)
        return form

    def _with(self, word: str, name: str) -> Self:
        if word.isdigit() and int(word) >= _FEWEST:
            return replace(self, tokens=int(word))
        if word in get_args(Computing):
            return replace(self, computing=cast(Computing, word))
        raise ModelError(
            f"{name!r}: {word!r} is no form of a model; write a number of tokens from {_FEWEST}, "
            f"or one of {', '.join(get_args(Computing))} behind the {_SIGN}"
        )
