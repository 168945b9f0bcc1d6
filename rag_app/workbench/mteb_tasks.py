"""Retrieval tasks of MTEB (Muennighoff et al., 2022), by the package that fetches their data."""

from typing import Any

from rag_app.errors import ConfigError, DataError, first_line
from rag_app.workbench.training_data import HeldOut

_CURE = "or name a folder in BEIR layout with --exam"


def mteb_exam(name: str) -> HeldOut:
    """The questions, texts and judgements of a task, such as ArguAna or NFCorpus.

    The package keeps what it fetches, so that only the first time needs the network.

    Raises:
        ConfigError: The package is not installed.
        DataError: There is no such task in English, it is not about retrieval, its data comes
            as code, or cannot be had.
    """
    try:
        import mteb
    except ImportError as error:
        raise ConfigError(f"mteb is not installed; `pip install rag-app[mteb]`, {_CURE}") from error
    try:
        task: Any = mteb.get_task(name)
        if task.metadata.type != "Retrieval" or task.metadata.dataset.get("trust_remote_code"):
            raise DataError(f"{name} is no retrieval task of plain data; name another, {_CURE}")
        task.load_data()
        parts = task.dataset["default"][task.eval_splits[0]]
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"{name} cannot be had ({first_line(error)}); name another, {_CURE}"
        ) from error
    relevant = {str(id_): dict(judged) for id_, judged in parts["relevant_docs"].items()}
    asked = {str(row["id"]): row["text"] for row in parts["queries"]}
    corpus = {str(row["id"]): _text(row) for row in parts["corpus"]}
    return HeldOut({id_: asked[id_] for id_ in relevant if id_ in asked}, corpus, relevant)


def _text(row: dict[str, Any]) -> str:
    return "\n\n".join(part for part in (row.get("title"), row["text"]) if part)
