"""A local causal language model through transformers, streamed word by word."""

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from rag_app.errors import ModelError
from rag_app.generation.bounded_stream import Output, bounded
from rag_app.models.model_files import LOCAL, find_model, loading, loading_weights
from rag_app.protocols import Message
from rag_app.schema import WeightPrecision

_logger = logging.getLogger(__name__)
_MOMENT = 5.0  # seconds, in which a model that was told to stop does


class CausalGenerator:
    """Any instruct model with a chat template, behind the `Generator` protocol."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        max_new_tokens: int = 400,
        seconds: float = 300,
        temperature: float = 0.0,
        seed: int = 0,
        precision: WeightPrecision = "auto",
    ) -> None:
        self.name = name
        self._folder = folder
        self._max_new_tokens = max_new_tokens
        self._seconds = seconds
        self._temperature = temperature
        self._seed = seed
        self._precision = precision
        self._busy = threading.Lock()
        self._output = Output(seconds)  # of whoever is or was the last to write

    @classmethod
    def open(cls, name: str, **options: Any) -> Self:
        """The model of that name; see `find_model` for what a name can be.

        Raises:
            ModelError: It is not on this machine, or has no safetensors weights.
        """
        return cls(find_model(name), name=name, **options)

    @property
    def prompt_tokens(self) -> int:
        """How long a prompt may be so that the answer still fits the model's context."""
        return max(1, self._context - self._max_new_tokens)

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the prompt made from the messages."""
        return int(self._prompt(messages)["input_ids"].shape[1])

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        """The continuation, piece by piece; closing the iterator stops the model.

        Raises:
            ModelError: It fails, takes too long, or is still busy with what it cannot stop.
        """
        return bounded(
            lambda output: self._write(messages, output),
            name=self.name,
            seconds=self._seconds,
            tokens=self._max_new_tokens,
        )

    def _write(self, messages: Sequence[Message], output: Output) -> None:
        # One at a time: the weights and the seed are shared.
        self._wait(output)
        try:
            self._output = output
            self._model.generate(
                **self._prompt(messages).to(self._model.device),
                **self._sampling(),
                streamer=_streamer(self._tokenizer, output),
                max_new_tokens=self._max_new_tokens,
            )
        finally:
            self._busy.release()

    def _wait(self, output: Output) -> None:
        """Until nobody else has the model written.

        Raises:
            ModelError: It goes on though nobody waits for that any longer.
        """
        stopped = False
        while not self._busy.acquire(timeout=_MOMENT):
            output.check()
            if stopped:
                raise ModelError(
                    f"{self.name} is still busy with an earlier question; ask again later"
                )
            stopped = self._output.is_stopped

    def _sampling(self) -> dict[str, Any]:
        if not self._temperature:
            return {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        from transformers import set_seed

        set_seed(self._seed)
        return {"do_sample": True, "temperature": self._temperature}

    def _prompt(self, messages: Sequence[Message]) -> Any:
        from jinja2 import TemplateError

        try:
            return self._templated(messages)
        except TemplateError:
            # Some templates, Gemma's among them, refuse a system message.
            return self._templated(_without_system(messages))

    def _templated(self, messages: Sequence[Message]) -> Any:
        told = [
            {"role": message["role"], "content": self._disarmed(message["content"])}
            for message in messages
        ]
        return self._tokenizer.apply_chat_template(
            told,
            add_generation_prompt=True,
            enable_thinking=False,  # what some models think first is no answer
            return_dict=True,
            return_tensors="pt",
        )

    def _disarmed(self, text: str) -> str:
        """The text without the model's control tokens, which could end its turn of the talk."""
        while self._control.search(text):
            text = self._control.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)
        return text

    @cached_property
    def _control(self) -> re.Pattern[str]:
        """Finds the control tokens of the model."""
        added = self._tokenizer.added_tokens_decoder.values()
        named = [token.content for token in added if token.special and len(token.content) > 1]
        longest_first = sorted(named, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    @cached_property
    def _context(self) -> int:
        from transformers import AutoConfig

        with loading(self._folder):
            config = AutoConfig.from_pretrained(self._folder, **LOCAL)
        positions = getattr(config.get_text_config(), "max_position_embeddings", None)
        return int(positions or 2048)

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        with loading(self._folder):
            tokenizer = AutoTokenizer.from_pretrained(self._folder, **LOCAL)
        if tokenizer.chat_template is None:
            raise ModelError(f"{self.name} has no chat template; use an instruct model")
        return tokenizer

    @cached_property
    def _model(self) -> Any:
        import torch
        from transformers import AutoModelForCausalLM

        device = "cuda" if torch.cuda.is_available() else "cpu"
        options = _loaded_as(self._precision)
        with loading_weights(self._folder):
            model: Any = AutoModelForCausalLM.from_pretrained(
                self._folder, **LOCAL, use_safetensors=True, **options
            )
        _logger.info("loaded %s in %s on %s", self.name, model.dtype, device)
        # Between two tokens a model can be stopped by what it writes to; a long prompt is read
        # for minutes before the first.
        for stack in model.modules():
            if isinstance(stack, torch.nn.ModuleList):
                for layer in stack:
                    layer.register_forward_pre_hook(lambda *_: self._output.check())
        return model.to(device).eval()


def _loaded_as(precision: WeightPrecision) -> dict[str, Any]:
    """What transformers is told, so that the weights are loaded in that precision."""
    if precision != "int8":
        return {"dtype": precision}
    import torch
    from transformers import TorchAoConfig

    try:
        from torchao.quantization import Int8WeightOnlyConfig
    except ImportError as error:
        raise ModelError(
            "generator_precision int8 needs torchao; `pip install rag-app[quantised]`"
        ) from error
    return {
        "dtype": torch.bfloat16,
        "quantization_config": TorchAoConfig(Int8WeightOnlyConfig()),
    }


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """The same conversation with the system message at the head of the first other one."""
    rules = [message["content"] for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    first = "\n\n".join([*rules, others[0]["content"]])
    return [{"role": others[0]["role"], "content": first}, *others[1:]]


def _streamer(tokenizer: Any, output: Output) -> Any:
    """What transformers gives the words to, as they are finished."""
    from transformers import TextStreamer

    class _Streamer(TextStreamer):
        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            if text:
                output.give(text)

    return _Streamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
