"""Trains the sentence reranker and writes what training changed, as a file of low rank.

    python -m rag_app.workbench.train_reranker FOLDER [--out FILE]

A MiniLM cross-encoder over (question, sentence, the words before it) chooses among the
sentence that answers, its neighbours, those the embedder takes for it, and "none": for a
quarter of the questions the right one is left out. Takes half an hour on two cores.
"""

import argparse
import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag_app.models.bert import padded
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.files import BUNDLED_EMBEDDER, find_model
from rag_app.models.reranker import DIFFERENCE, open_tokenizer, with_context
from rag_app.workbench.sentence_bank import Question, SentenceBank

if TYPE_CHECKING:
    import torch

_logger = logging.getLogger(__name__)
_QUESTIONS = 24  # in a batch
_BUCKET = 20  # batches whose questions are sorted by length
_WRONG = 3  # sentences beside the right one
_UNANSWERABLE = 0.25  # share of questions whose sentence is left out
_WITH_CONTEXT = 0.6  # share of sentences shown with the words before them
_LEARNING_RATE = 1e-4
_WARMUP = 100  # steps
_RANK = 32  # of the difference that is kept


@dataclass(frozen=True, slots=True)
class Choice:
    """A question, the texts to choose from, and the right one; −1 where it is left out."""

    question: str
    texts: tuple[str, ...]
    right: int


def main(argv: Sequence[str] | None = None) -> None:
    """Train and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with the training data")
    parser.add_argument("--out", type=Path, default=DIFFERENCE)
    parser.add_argument("--epochs", type=float, default=1.0)
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    bank = SentenceBank.read(arguments.folder)
    embedder = SentenceEmbedder.open(BUNDLED_EMBEDDER)
    model, head, changed = train(bank, bank.mine(embedder), epochs=arguments.epochs)
    save(model, head, changed, arguments.out)


def choices(
    bank: SentenceBank, mined: NDArray[np.int64], numbers: Sequence[int], dice: random.Random
) -> Iterator[Choice]:
    """What the model is asked about these questions; other wrong sentences every time."""
    for number in numbers:
        question = bank.questions[number]
        options = _wrong(question, mined[number].tolist(), dice)
        right = -1
        if dice.random() >= _UNANSWERABLE:
            right = dice.randrange(len(options) + 1)
            options.insert(right, question.answer)
        texts = tuple(_shown(bank, option, dice) for option in options)
        yield Choice(question.text, texts, right)


def _wrong(question: Question, mined: Sequence[int], dice: random.Random) -> list[int]:
    far = [number for number in mined if number != question.answer and number not in question.near]
    near = dice.sample(question.near, min(_WRONG - 1, len(question.near)))
    return near + dice.sample(far, min(_WRONG - len(near), len(far)))


def _shown(bank: SentenceBank, number: int, dice: random.Random) -> str:
    sentence = bank.sentences[number]
    return with_context(sentence.text, sentence.before if dice.random() < _WITH_CONTEXT else "")


def train(
    bank: SentenceBank, mined: NDArray[np.int64], *, epochs: float = 1.0, seed: int = 11
) -> "tuple[Any, torch.nn.Linear, dict[str, torch.Tensor]]":
    """The trained model, its head, and the weights it began with."""
    import torch
    from transformers import AutoModel

    torch.manual_seed(seed)
    dice = random.Random(seed)
    folder = find_model(BUNDLED_EMBEDDER)
    tokenizer = open_tokenizer(folder)
    model: Any = AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    model.embeddings.requires_grad_(False)
    model.encoder.layer[0].requires_grad_(False)
    head = torch.nn.Linear(model.config.hidden_size, 1)
    learned = [p for p in [*model.parameters(), *head.parameters()] if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=_LEARNING_RATE, weight_decay=0.01)
    steps = int(epochs * len(bank.questions) / _QUESTIONS)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / _WARMUP) * max(0.02, 1 - step / steps)
    )
    model.train()
    begun = perf_counter()
    for step, numbers in enumerate(_batches(bank, steps, dice), start=1):
        batch = list(choices(bank, mined, numbers, dice))
        loss = _loss(model, head, tokenizer, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            _logger.info(
                "%d/%d loss %.3f, %.0f s", step, steps, loss.item(), perf_counter() - begun
            )
    return model, head, before


def _batches(bank: SentenceBank, steps: int, dice: random.Random) -> Iterator[list[int]]:
    """Numbers of questions; sentences of like length share a batch, to save padding."""

    def length(number: int) -> int:
        return len(bank.sentences[bank.questions[number].answer].text)

    order = list(range(len(bank.questions)))
    while steps > 0:
        dice.shuffle(order)
        for begin in range(0, len(order), _QUESTIONS * _BUCKET):
            bucket = sorted(order[begin : begin + _QUESTIONS * _BUCKET], key=length)
            batches = [bucket[i : i + _QUESTIONS] for i in range(0, len(bucket), _QUESTIONS)]
            dice.shuffle(batches)
            yield from batches[:steps]
            steps -= len(batches)
            if steps <= 0:
                return


def _loss(
    model: Any, head: "torch.nn.Linear", tokenizer: Any, batch: Sequence[Choice]
) -> "torch.Tensor":
    """Cross-entropy of the right choice, "none" having the score 0, mean over questions."""
    import torch

    pairs = [(choice.question, text) for choice in batch for text in choice.texts]
    tokens = padded(tokenizer.encode_batch(pairs))
    ids, types, mask = (torch.from_numpy(array) for array in tokens)
    with torch.autocast("cpu", torch.bfloat16):
        states = model(ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        scores = head(states[:, 0]).squeeze(-1)  # (texts of all,)
    none = scores.new_zeros(1)
    losses = [
        torch.nn.functional.cross_entropy(
            torch.cat([none, own])[None].float(), torch.tensor([choice.right + 1])
        )
        for choice, own in zip(batch, scores.split([len(c.texts) for c in batch]), strict=True)
    ]
    return torch.stack(losses).mean()


def save(model: Any, head: "torch.nn.Linear", before: "dict[str, torch.Tensor]", out: Path) -> None:
    """Write the head and the best approximation of rank 32 to each matrix's change."""
    import torch
    from safetensors.torch import save_file

    kept = {f"head.{name}": weight.detach() for name, weight in head.state_dict().items()}
    for name, weight in model.named_parameters():
        change = weight.detach() - before[name]
        if not change.any():
            continue
        if change.ndim == 1:
            kept[name] = change
        else:
            left, strengths, right = torch.linalg.svd(change, full_matrices=False)
            kept[f"{name}.left"] = left[:, :_RANK] * strengths[:_RANK]
            kept[f"{name}.right"] = right[:_RANK]
    save_file({name: weight.to(torch.float16).contiguous() for name, weight in kept.items()}, out)


if __name__ == "__main__":
    main()
