"""The three evaluations under one name each, as the command line offers them."""

from pathlib import Path
from typing import Any, Literal

from rag_app.evaluation.answers import evaluate_answers
from rag_app.evaluation.chunks import evaluate_chunks
from rag_app.evaluation.retrieval import evaluate_retrieval
from rag_app.settings.provenance import Settings

What = Literal["retrieval", "answers", "chunks"]


def evaluate(
    what: What,
    data: Path,
    *,
    settings: Settings,
    split: str = "test",
    k: int | None = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """The report of one evaluation as JSON values.

    Args:
        what: Which evaluation.
        data: A folder in BEIR layout, a SQuAD file, or a folder of texts with questions.
        settings: Those that are to be measured.
        split: Of the relevance judgements, for retrieval.
        k: Chunks retrieved, for chunks; 5 if not given.
        limit: Only so many questions.

    Raises:
        DataError: The data is not in the expected layout.
    """
    if what == "retrieval":
        return evaluate_retrieval(data, settings=settings, split=split, limit=limit)
    if what == "answers":
        return evaluate_answers(data, settings=settings, limit=limit)
    return evaluate_chunks(data, settings=settings, k=k or 5, limit=limit)
