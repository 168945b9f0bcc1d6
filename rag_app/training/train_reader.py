"""Trains the reader and writes what training changed in the backbone.

    python -m rag_app.training.train_reader FOLDER [--out FILE] [--passes N]

The bundled embedding model learns to point: for every question it gives each token of a text
a chance to be the first and the last of the answer, and the token before the text the chance
that the text does not answer (Devlin et al., 2018, section 4.3). Where only the sentence is
known that answers, the chances of all its tokens are summed (Clark & Gardner, 2018). Continues
after the last whole pass where it was interrupted.
"""

import argparse
import logging
import random
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag_app.evaluation.metrics import mean
from rag_app.models.batches import batches
from rag_app.models.bert import padded
from rag_app.models.encoders import fastest_dtype
from rag_app.models.model_files import BUNDLED_EMBEDDER, find_model
from rag_app.reading.span_scorer import DIFFERENCE, encode_pairs, open_tokenizer
from rag_app.reading.weight_delta import save_weight_delta
from rag_app.training.reading_data import Example, read
from rag_app.training.reading_exam import grade, questions

if TYPE_CHECKING:
    import torch
    from tokenizers import Encoding

_logger = logging.getLogger(__name__)
_BATCH_TOKENS = 3_072
_LEARNING_RATE = 1.5e-4
_WARMUP = 300  # steps
_FROZEN_LAYERS = 1
_PASSES = 8
_NEVER = -1e4  # the logit of what is no answer


def main(argv: Sequence[str] | None = None) -> None:
    """Train and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with the training data")
    parser.add_argument("--out", type=Path, default=DIFFERENCE)
    parser.add_argument("--passes", type=int, default=_PASSES)
    parser.add_argument("--kept", type=Path, default=Path("train_reader.pt"), help="to continue")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    training = Training(arguments.folder, passes=arguments.passes)
    training.run(arguments.kept)
    save_weight_delta(training.changes(), training.head(), arguments.out)
    arguments.kept.unlink(missing_ok=True)


class Training:
    """A model on its way from embedding to reading."""

    def __init__(self, folder: Path, *, passes: int, seed: int = 11) -> None:
        import torch
        from transformers import AutoModel

        torch.manual_seed(seed)
        base = find_model(BUNDLED_EMBEDDER)
        self._seed, self._passes, self._done = seed, passes, 0
        self._texts = read(folder)
        self._exam = list(questions(folder))
        self._tokenizer = open_tokenizer(base)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        model: Any = AutoModel.from_pretrained(base, use_safetensors=True, dtype=torch.float32)
        self._before = {name: p.detach().clone() for name, p in model.named_parameters()}
        model.embeddings.requires_grad_(False)
        for layer in model.encoder.layer[:_FROZEN_LAYERS]:
            layer.requires_grad_(False)
        self._model = model.to(self._device)
        self._head = torch.nn.Linear(model.config.hidden_size, 2).to(self._device)
        learned = [*model.encoder.parameters(), *self._head.parameters()]
        self._learned = [p for p in learned if p.requires_grad]
        self._optimizer = torch.optim.AdamW(self._learned, lr=_LEARNING_RATE, weight_decay=0.01)

    def run(self, kept: Path) -> None:
        """Train all passes; after each one, keep everything needed to continue."""
        if kept.exists():
            self._load(kept)
        while self._done < self._passes:
            self._pass()
            self._done += 1
            self._save(kept)
            _logger.info("pass %d: %s", self._done, self.measure())

    def changes(self) -> dict[str, NDArray[np.float32]]:
        """What training added to each weight."""
        return {
            name: (weight.detach().cpu() - self._before[name]).numpy()
            for name, weight in self._model.named_parameters()
            if weight.requires_grad
        }

    def head(self) -> dict[str, NDArray[np.float32]]:
        """The weights of the layer that points."""
        return {name: w.detach().cpu().numpy() for name, w in self._head.state_dict().items()}

    def measure(self) -> dict[str, float]:
        """Grades on articles not trained on."""
        import torch

        def point(some: Sequence[Example]) -> "tuple[list[Encoding], Any]":
            encoded = self._encoded(some)
            with torch.no_grad():
                return encoded, self._logits(encoded).float().cpu().numpy()

        self._model.eval()
        return grade(self._exam, point)

    def _encoded(self, examples: Sequence[Example]) -> "list[Encoding]":
        pairs = [encode_pairs(self._tokenizer, one.question, [one.text]) for one in examples]
        return [encoding for (encoding,) in pairs]

    def _pass(self) -> None:
        import torch

        dice = random.Random(f"{self._seed}/{self._done}")
        examples = [example for text in self._texts for example in text.examples(dice)]
        encoded = self._encoded(examples)
        groups = list(batches([len(e.ids) for e in encoded], _BATCH_TOKENS))
        dice.shuffle(groups)
        self._model.train()
        begun, losses = perf_counter(), []
        for step, group in enumerate(groups):
            self._set_learning_rate(step, len(groups))
            loss = self._loss([encoded[i] for i in group], [examples[i] for i in group])
            self._optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self._learned, 1.0)
            self._optimizer.step()
            losses.append(loss.item())
            if step % 100 == 99:
                recent, seconds = mean(losses[-100:]), perf_counter() - begun
                _logger.info("%d/%d loss %.3f, %.0f s", step + 1, len(groups), recent, seconds)

    def _set_learning_rate(self, step: int, steps: int) -> None:
        done = self._done + step / steps
        warm = min(1.0, (self._done * steps + step + 1) / _WARMUP)
        for group in self._optimizer.param_groups:
            group["lr"] = _LEARNING_RATE * warm * max(0.01, 1 - done / self._passes)

    def _loss(self, encoded: "Sequence[Encoding]", examples: Sequence[Example]) -> "torch.Tensor":
        """Minus the log of the chance that all tokens that would be right have together."""
        import torch

        logits = self._logits(encoded).float()
        right = np.zeros(logits.shape, dtype=bool)
        for row, (encoding, example) in enumerate(zip(encoded, examples, strict=True)):
            for side, tokens in enumerate(_targets(encoding, example)):
                right[row, side, tokens] = True
        chosen = logits.masked_fill(~torch.from_numpy(right).to(self._device), _NEVER)
        loss: torch.Tensor = (logits.logsumexp(-1) - chosen.logsumexp(-1)).mean()
        return loss

    def _logits(self, encoded: "Sequence[Encoding]") -> "torch.Tensor":
        """(n, 2, t) of start and end; what belongs to the question can be neither."""
        import torch

        ids, types, mask = (torch.from_numpy(a).to(self._device) for a in padded(encoded))
        native = fastest_dtype(self._device) is torch.bfloat16
        with torch.autocast(self._device, torch.bfloat16, enabled=native):
            states = self._model(ids, token_type_ids=types, attention_mask=mask).last_hidden_state
            logits = self._head(states).transpose(1, 2)
        allowed = (types == 1) & (ids != ids[0, len(encoded[0].ids) - 1])  # its last is [SEP]
        allowed[:, 0] = True
        masked: torch.Tensor = logits.masked_fill(~allowed[:, None], _NEVER)
        return masked

    def _save(self, kept: Path) -> None:
        import torch

        state = {
            "done": self._done,
            "model": self._model.state_dict(),
            "head": self._head.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }
        torch.save(state, kept)

    def _load(self, kept: Path) -> None:
        import torch

        state = torch.load(kept, map_location=self._device, weights_only=True)
        self._done = state["done"]
        self._model.load_state_dict(state["model"])
        self._head.load_state_dict(state["head"])
        self._optimizer.load_state_dict(state["optimizer"])


def _targets(encoding: "Encoding", example: Example) -> tuple[list[int], list[int]]:
    """Tokens that may begin, and that may end the answer; [CLS] where there is none."""
    if example.answer is None:
        return [0], [0]
    start, end = example.answer
    inside = [
        token
        for token, (a, b) in enumerate(encoding.offsets)
        if encoding.type_ids[token] == 1 and a < end and start < b
    ]
    if not inside:  # cut off
        return [0], [0]
    return (inside[:1], inside[-1:]) if example.exact else (inside, inside)


if __name__ == "__main__":
    main()
