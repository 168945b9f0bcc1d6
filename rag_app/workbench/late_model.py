"""A late-interaction model made of an embedding model, and trained where there is data.

Its token states, before they are pooled, are what is compared; they are normalised, and
punctuation of passages is passed over, as in ColBERT (Khattab & Zaharia, 2020).
"""

import string
from pathlib import Path

from rag_app.errors import DataError, ModelError
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.model_files import LOCAL, find_model, loading_weights
from rag_app.models.modules import prompts_of
from rag_app.workbench.finetune import (
    TOKENS,
    TrainingOptions,
    evaluator_options,
    trainer_options,
    training_packages,
)
from rag_app.workbench.training_data import HeldOut
from rag_app.workbench.training_sets import TrainingSet

_METRIC = "eval_held_maxsim_ndcg@10"


def make(base: str, out: Path) -> Path:
    """Make the model without any training, and write it to the folder.

    Args:
        base: An embedding model with a transformer; see `find_model`.
        out: The new model's folder, which `LateInteraction.open` reads.

    Raises:
        ModelError: The base cannot be loaded, or looks its vectors up and has no states.
    """
    from sentence_transformers import MultiVectorEncoder, SentenceTransformer
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    folder = find_model(base)
    with loading_weights(folder):
        model = SentenceTransformer(
            str(folder), device="cpu", **LOCAL, model_kwargs={"use_safetensors": True}
        )
    transformer = model[0]
    if not isinstance(transformer, Transformer):
        raise ModelError(f"{base} has no states of tokens; name another model by --embedder")
    transformer.max_seq_length = SentenceEmbedder.open(base).max_tokens
    known = transformer.tokenizer.get_vocab()
    late = MultiVectorEncoder(
        modules=[
            transformer,
            MultiVectorMask([mark for mark in string.punctuation if mark in known]),
            Normalize(module_input_name="token_embeddings"),
        ],
        prompts=prompts_of(folder),
        device="cpu",
    )
    late.save_pretrained(str(out), create_model_card=False)
    return out


def train(
    folder: Path, training: TrainingSet, *, held: HeldOut | None, recipe: TrainingOptions
) -> None:
    """Train a late-interaction model; what it has learnt replaces what was in its folder.

    The other texts of a batch are what a right one has to surpass by MaxSim.

    Args:
        folder: Of the model; beside it, `FOLDER.training` holds what was kept on the way.
        training: Pairs or triplets, at least one batch of rows.
        held: Questions not trained on; they decide which epoch is kept.
        recipe: How; all weights are trained.

    Raises:
        ConfigError: The packages for training are not installed.
        DataError: The rows are scored pairs.
    """
    if training.kind == "scored":
        raise DataError("late interaction is trained on pairs or triplets, not on scored pairs")
    with training_packages():
        from datasets import Dataset
        from sentence_transformers import (
            MultiVectorEncoder,
            MultiVectorEncoderTrainer,
            MultiVectorEncoderTrainingArguments,
        )
        from sentence_transformers.multi_vector_encoder import evaluation, losses
    with loading_weights(folder):
        model = MultiVectorEncoder(str(folder), **LOCAL, model_kwargs={"use_safetensors": True})
    examine = evaluation.MultiVectorInformationRetrievalEvaluator
    trainer = MultiVectorEncoderTrainer(
        model=model,
        args=MultiVectorEncoderTrainingArguments(
            output_dir=f"{folder}.training",
            max_length=TOKENS,
            **trainer_options(recipe, metric=_METRIC if held else None),
        ),
        train_dataset=Dataset.from_dict(training.columns()),
        loss=losses.MultiVectorMultipleNegativesRankingLoss(model),
        evaluator=examine(**evaluator_options(held)) if held else None,
    )
    trainer.train()
    model.save_pretrained(str(folder), create_model_card=False)
