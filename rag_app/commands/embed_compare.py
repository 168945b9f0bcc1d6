"""`rag-app embed compare` and `distil`: which embedding model to choose."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.commands.common import add_command, of_an_index, opened_index, print_json, settings_of
from rag_app.text.printable import show

if TYPE_CHECKING:
    from rag_app.workbench.compare import Compared
    from rag_app.workbench.training_data import HeldOut

_WIDEST = 34  # characters of a model's name


def compare_models(arguments: argparse.Namespace) -> int:
    """Compare embedding models on your documents: quality, speed, size, cost of switching."""
    from rag_app.workbench.compare import HEADING, compare
    from rag_app.workbench.training_data import sample

    exam, texts = _exam(arguments)
    held = sample(exam, questions=arguments.questions, texts=arguments.texts)
    told = f"{len(held.questions)} questions over {len(held.corpus)} texts"
    if not arguments.json:
        show(told)
        show(_line(HEADING))
    rows = []
    for row in compare(arguments.models, held, settings=settings_of(arguments)):
        rows.append(row)
        if not arguments.json:
            show(_line(row.row(texts)))
    if arguments.report:
        from rag_app.workbench.html_report import comparison_report

        comparison_report(rows, exam=told, texts=texts, out=arguments.report)
    if arguments.json:
        compared = [_row_json(row, texts) for row in rows]
        print_json(
            {"questions": len(held.questions), "texts": len(held.corpus), "models": compared}
        )
    return 0


def distil_model(arguments: argparse.Namespace) -> int:
    """Make a static model of an embedding model: far faster, and not as good."""
    from rag_app.opening import embedder_name
    from rag_app.workbench.static_model import distil

    base = embedder_name(settings_of(arguments))
    out = distil(base, arguments.out, dimensions=arguments.dimensions)
    if arguments.json:
        print_json({"model": str(out)})
    else:
        show(f"the static model is in {out}; `--embedder {out}` uses it")
    return 0


def add_commands(own: Any) -> None:
    """Add both to the commands of `embed`."""
    comparing = add_command(own, "compare", compare_models)
    comparing.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help="folder or name; @256 behind it has it see 256 tokens, @float32, @bfloat16 or @int8 "
        "compute so",
    )
    comparing.add_argument(
        "--exam",
        type=Path,
        help="folder in BEIR layout, or JSON lines of `question` and `source`; without it, "
        "questions are made from the documents of the index",
    )
    comparing.add_argument(
        "--task", help="a retrieval task of MTEB instead, such as NFCorpus; needs the extra `mteb`"
    )
    comparing.add_argument("--split", default="test", help="of the exam's judgements")
    comparing.add_argument("--questions", type=int, default=300, help="at most")
    comparing.add_argument("--texts", type=int, default=1_000, help="at most")
    comparing.add_argument("--report", type=Path, metavar="FILE", help="HTML with table and plot")
    distilling = add_command(own, "distil", distil_model)
    distilling.add_argument("out", type=Path, help="folder of the new model")
    distilling.add_argument("--dimensions", type=int, default=256)


def _exam(arguments: argparse.Namespace) -> "tuple[HeldOut, int]":
    """What the models are judged by, and how many texts would have to be embedded again."""
    from rag_app.workbench import training_data
    from rag_app.workbench.chunk_vectors import read_chunks
    from rag_app.workbench.mteb_tasks import mteb_exam

    if arguments.task:
        held = mteb_exam(arguments.task)
        return held, len(held.corpus)
    if arguments.exam and arguments.exam.is_dir():
        held = training_data.read_beir(arguments.exam, arguments.split)
        return held, len(held.corpus)
    with opened_index(of_an_index(arguments)) as (index, _):
        chunks = read_chunks(index)
    if arguments.exam:
        return training_data.read_exam(arguments.exam, chunks), len(chunks)
    return training_data.asked_of_documents(chunks), len(chunks)


def _line(cells: Sequence[str]) -> str:
    from rag_app.workbench.compare import HEADING

    name, *figures = cells
    name = name if len(name) <= _WIDEST else f"…{name[1 - _WIDEST :]}"
    widths = [max(7, len(heading)) for heading in HEADING[1:]]
    return f"{name:{_WIDEST}} " + " ".join(
        f"{figure:>{width}}" for figure, width in zip(figures, widths, strict=True)
    )


def _row_json(row: "Compared", texts: int) -> dict[str, Any]:
    seconds, size = row.switching(texts)
    return {**row.as_dict(), "switching": {"seconds": seconds, "bytes": size}}
