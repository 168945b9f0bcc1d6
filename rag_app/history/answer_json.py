"""A whole answer as JSON and back: nothing of it is lost, so that it can be shown again.

A `Record` keeps of an answer what can be checked later; this keeps what was seen as well,
the hits with their passages and scores among it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rag_app.errors import DataError
from rag_app.schema import Answer, Chunk, Citation, Hit, Signals


def answer_to_json(answer: Answer) -> str:
    """The answer as one line of JSON, in ASCII."""
    return json.dumps(asdict(answer))


def answer_from_json(text: str) -> Answer:
    """The answer that `answer_to_json` was given.

    Raises:
        DataError: The text is another.
    """
    try:
        told = json.loads(text)
        return Answer(
            **{
                **told,
                "citations": tuple(map(_citation, told["citations"])),
                "hits": tuple(map(_hit, told["hits"])),
                "unsupported": tuple(map(_pair, told["unsupported"])),
            }
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"this answer cannot be read ({error}); ask again") from error


def _citation(row: Mapping[str, Any]) -> Citation:
    return Citation(**{**row, "words": row["words"] and _pair(row["words"])})


def _hit(row: Mapping[str, Any]) -> Hit:
    headings = row["chunk"].get("headings")
    known = None if headings is None else tuple(map(_pair, headings))
    chunk = Chunk(**{**row["chunk"], "headings": known})
    stages = {"chunk": chunk, "signals": Signals(**row["signals"])}
    return Hit(**{**row, **stages, "also": tuple(row["also"])})


def _pair(value: Sequence[int]) -> tuple[int, int]:
    start, end = value
    return start, end
