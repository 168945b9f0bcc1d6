"""Trains an embedding model on pairs, triplets or scored pairs of texts.

`SentenceTransformerTrainer` does the work. The kind of data chooses the loss: in-batch
negatives (Henderson et al., 2017) for pairs, with mined hard ones beside them; triplet loss
(Schroff et al., 2015); the squared error of the cosine for scored pairs.
"""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.errors import ConfigError
from rag_app.models.encoders import fastest_dtype, has_gpu
from rag_app.models.model_files import LOCAL, find_model, loading_weights
from rag_app.workbench.training_data import HeldOut, sample
from rag_app.workbench.training_sets import TrainingSet

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer

_logger = logging.getLogger(__name__)
TOKENS = 256  # of a text in training: longer ones cost more than they teach
_MARGIN = 0.5  # of the triplet loss, in cosine distance
_NEGATIVES = 1  # hard ones, mined for each pair
_SKIPPED = 3  # closest texts that may well be right answers nobody judged
_ASKED, _MEASURED = 500, 2_000  # questions, and texts that are searched, after each epoch
_METRIC = "eval_held_cosine_ndcg@10"


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How it is trained.

    Attributes:
        epochs: Times through the data, at most: it ends where the held-out part gets worse.
        batch: Rows that are compared with each other.
        learning_rate: The highest, after a tenth of all steps.
        lora: Train small matrices beside the weights (Hu et al., 2021) instead of all weights.
        seed: Fixes the order of the data.
    """

    epochs: int = 6
    batch: int = 32
    learning_rate: float = 3e-5
    lora: bool = False
    seed: int = 0


def finetune(
    base: str, training: TrainingSet, out: Path, *, held: HeldOut | None, recipe: TrainingOptions
) -> Path:
    """Train, and write the model to the folder; an interrupted run continues.

    Args:
        base: The model to begin with; see `find_model`.
        training: At least one batch of rows.
        out: The new model's folder; beside it, `OUT.training` keeps what is needed to go on.
        held: Questions not trained on; after each epoch they decide whether to go on.
        recipe: How.

    Raises:
        ConfigError: The packages for training are not installed, or `out` is the base's.
        ModelError: The base model cannot be loaded.
    """
    with training_packages():
        from sentence_transformers import (
            SentenceTransformer,
            SentenceTransformerTrainer,
            SentenceTransformerTrainingArguments,
        )
        from transformers import EarlyStoppingCallback
    folder = find_model(base)
    if folder.resolve() == out.resolve():
        raise ConfigError(f"{out} holds the model to begin with; name another folder for the new")
    with loading_weights(folder):
        model = SentenceTransformer(str(folder), **LOCAL, model_kwargs={"use_safetensors": True})
    longest = model.max_seq_length
    model.max_seq_length = TOKENS
    if recipe.lora:
        _add_lora(model)
    scratch = out.with_name(f"{out.name}.training")
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(scratch), **trainer_options(recipe, metric=_METRIC if held else None)
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset=_dataset(model, training, recipe),
        loss=_loss(model, training),
        evaluator=_evaluator(held) if held else None,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)] if held else [],
    )
    trainer.train(resume_from_checkpoint=_last_checkpoint(scratch))
    if recipe.lora:
        _merge_lora(model)
    model.max_seq_length = longest
    model.save_pretrained(str(out), create_model_card=False)
    return out


@contextmanager
def training_packages() -> Iterator[None]:
    """What is imported inside comes with the extra `train`.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            f"training needs more packages ({error}); `pip install rag-app[train]`"
        ) from error


def trainer_options(recipe: TrainingOptions, *, metric: str | None) -> dict[str, Any]:
    """What a trainer is told; the metric, of the held-out part, decides which epoch is kept."""
    import torch

    gpu = has_gpu()
    return {
        "num_train_epochs": recipe.epochs,
        "per_device_train_batch_size": recipe.batch,
        "learning_rate": recipe.learning_rate,
        "warmup_steps": 0.1,
        "seed": recipe.seed,
        "bf16": fastest_dtype("cuda" if gpu else "cpu") is torch.bfloat16,
        "use_cpu": not gpu,
        "save_strategy": "epoch",
        "eval_strategy": "epoch" if metric else "no",
        "save_total_limit": 2,
        "load_best_model_at_end": metric is not None,
        "metric_for_best_model": metric,
        "batch_sampler": "no_duplicates",
        "logging_steps": 10,
        "report_to": "none",
        "disable_tqdm": not _logger.isEnabledFor(logging.INFO),
    }


def _dataset(
    model: "SentenceTransformer", training: TrainingSet, recipe: TrainingOptions
) -> "Dataset":
    from datasets import Dataset
    from sentence_transformers.util import mine_hard_negatives

    rows = Dataset.from_dict(training.columns())
    if training.kind != "pairs" or len(rows) <= _SKIPPED + _NEGATIVES:
        return rows
    mined: Dataset = mine_hard_negatives(
        rows,
        model,
        range_min=_SKIPPED,
        range_max=_SKIPPED + 20,
        num_negatives=_NEGATIVES,
        sampling_strategy="random",
        batch_size=recipe.batch,
        verbose=False,
    )
    # Where too many of the closest texts are right ones, no negatives are left.
    return mined if len(mined) >= 0.8 * len(rows) else rows


def _loss(model: "SentenceTransformer", training: TrainingSet) -> Any:
    from sentence_transformers.sentence_transformer import losses

    if training.kind == "triplets":
        distance = losses.TripletDistanceMetric.COSINE
        return losses.TripletLoss(model, distance_metric=distance, triplet_margin=_MARGIN)
    if training.kind == "scored":
        return losses.CosineSimilarityLoss(model)
    return losses.MultipleNegativesRankingLoss(model)


def _evaluator(held: HeldOut) -> Any:
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

    return InformationRetrievalEvaluator(**evaluator_options(held))


def evaluator_options(held: HeldOut) -> dict[str, Any]:
    """What an evaluator searches: what is right for the questions, and some other texts."""
    some = sample(held, questions=_ASKED, texts=_MEASURED)
    return {
        "queries": dict(some.questions),
        "corpus": dict(some.corpus),
        "relevant_docs": {
            question: {id_ for id_, value in texts.items() if value > 0}
            for question, texts in some.relevant.items()
        },
        "name": "held",
        "show_progress_bar": False,
    }


def _last_checkpoint(scratch: Path) -> str | None:
    """The last that was written whole; what a kill left unfinished is removed."""
    from transformers.trainer_utils import get_last_checkpoint

    while scratch.is_dir() and (
        found := get_last_checkpoint(str(scratch))  # type: ignore[no-untyped-call]
    ):
        if _is_whole(Path(found)):
            return str(found)
        shutil.rmtree(found)
    return None


def _is_whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True  # it is written last


def _add_lora(model: "SentenceTransformer") -> None:
    from peft import LoraConfig, TaskType

    model.add_adapter(
        LoraConfig(task_type=TaskType.FEATURE_EXTRACTION, r=32, lora_alpha=64, lora_dropout=0.1)
    )


def _merge_lora(model: "SentenceTransformer") -> None:
    """Put what was trained into the weights, so that the model is one like any other."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, module in list(model.named_modules()):
        if isinstance(module, BaseTunerLayer):
            module.merge()
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, module.get_base_layer())
    transformer: Any = model[0]
    transformer.auto_model._hf_peft_config_loaded = False  # else it is saved as an adapter
