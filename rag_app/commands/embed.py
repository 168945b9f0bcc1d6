"""`rag-app embed`: the workbench for embeddings, on one's own documents."""

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.commands import embed_adopt, embed_compare, embed_late, embed_vectors
from rag_app.commands.common import (
    add_command,
    of_an_index,
    opened_index,
    print_json,
    settings_of,
)
from rag_app.commands.embed_adopt import adopt_into, adoption_text, check_adoptable
from rag_app.commands.rendering import chunk_json
from rag_app.errors import ConfigError
from rag_app.text.printable import shorten, show, show_text, where

if TYPE_CHECKING:
    from rag_app.protocols import Generator
    from rag_app.schema import Chunk
    from rag_app.workbench.chunk_vectors import ChunkVectors
    from rag_app.workbench.training_data import TrainingData

_MOST_SHOWN = 20


def tokens(arguments: argparse.Namespace) -> int:
    """Show how the embedding model cuts a text."""
    from rag_app.models.model_files import find_model
    from rag_app.opening import settled
    from rag_app.workbench.tokens import cut

    found = cut(find_model(settled(settings_of(arguments)).embedder), arguments.text)
    if arguments.json:
        print_json({"tokens": [asdict(token) for token in found], "count": len(found)})
        return 0
    for token in found:
        shown = "" if token.special else repr(arguments.text[token.start : token.end])
        show(f"{token.id:7} {token.piece:16} {shown}")
    show(f"{len(found)} tokens, {sum(token.special for token in found)} of them special")
    return 0


def similarity(arguments: argparse.Namespace) -> int:
    """Show the cosines of texts with each other."""
    from rag_app.opening import open_embedder
    from rag_app.workbench.similarity import similarity_matrix

    if len(arguments.texts) < 2:
        raise ConfigError("two texts or more are compared")
    embedder = open_embedder(settings_of(arguments))
    matrix = similarity_matrix(embedder.embed(arguments.texts))
    if arguments.json:
        print_json({"texts": arguments.texts, "cosines": matrix.tolist()})
        return 0
    for number, (text, row) in enumerate(zip(arguments.texts, matrix, strict=True), start=1):
        show(f"{number:3} {' '.join(f'{cosine:7.4f}' for cosine in row)}  {text}")
    return 0


def duplicates(arguments: argparse.Namespace) -> int:
    """List passages that say nearly the same."""
    from rag_app.workbench.similarity import duplicates as find

    held = _collection(arguments)
    pairs = find(held.vectors, least=arguments.least)
    sides = [(pair.cosine, held.chunks[pair.left], held.chunks[pair.right]) for pair in pairs]
    if arguments.json:
        rows = [
            {"cosine": cosine, "left": chunk_json(left), "right": chunk_json(right)}
            for cosine, left, right in sides
        ]
        print_json({"pairs": rows})
        return 0
    for cosine, left, right in sides[:_MOST_SHOWN]:
        show(f"{cosine:.4f}  {_told(left)}")
        show(f"        {_told(right)}")
    show(f"{len(pairs)} pairs of a cosine of {arguments.least} or more")
    return 0


def outliers(arguments: argparse.Namespace) -> int:
    """List passages that are like no other."""
    from rag_app.workbench.similarity import outliers as find

    held = _collection(arguments)
    found = [(one.closeness, held.chunks[one.row]) for one in find(held.vectors, count=_MOST_SHOWN)]
    if arguments.json:
        rows = [{"closeness": closeness, **chunk_json(chunk)} for closeness, chunk in found]
        print_json({"passages": rows})
        return 0
    for closeness, chunk in found:
        show(f"{closeness:.4f}  {_told(chunk)}")
    return 0


def map_points(arguments: argparse.Namespace) -> int:
    """Print where each passage lies on a map, and its theme."""
    from rag_app.workbench.collection_map import draw_map

    with opened_index(of_an_index(arguments)) as (index, _):
        drawn = draw_map(index, method=arguments.method)
    shown = drawn.principal.shown
    if arguments.json:
        rows = [
            {"x": float(x), "y": float(y), "theme": theme, **chunk_json(chunk)}
            for chunk, (x, y), theme in zip(drawn.chunks, drawn.points, drawn.theme, strict=True)
        ]
        print_json({"method": drawn.method, "shown": shown, "points": rows})
        return 0
    for theme, size in Counter(drawn.theme).most_common():
        show(f"{size:6} passages  {theme}")
    show(f"two dimensions show {shown:.0%} of the variance; --json has the points")
    return 0


def finetune_model(arguments: argparse.Namespace) -> int:
    """Train an embedding model on your data, or on your documents alone, and judge it."""
    from rag_app.models.embedder import SentenceEmbedder
    from rag_app.opening import settled
    from rag_app.workbench.finetune import TrainingOptions, finetune
    from rag_app.workbench.verdict import judge

    settings = settled(of_an_index(arguments) if arguments.adopt else settings_of(arguments))
    if arguments.adopt:
        check_adoptable(settings)
    base = settings.embedder
    course = _course(arguments)
    recipe = TrainingOptions(
        arguments.epochs, arguments.batch, arguments.learning_rate, arguments.lora
    )
    out = finetune(base, course.training, arguments.out, held=course.held, recipe=recipe)
    verdict = judge(SentenceEmbedder.open(base), SentenceEmbedder.open(str(out)), course.exam)
    if arguments.report:
        from rag_app.workbench.html_report import training_report

        training_report(verdict, model=out, out=arguments.report)
    adopted = adopt_into(settings, str(out)) if arguments.adopt and verdict.better else None
    if arguments.json:
        told = {"adopted": asdict(adopted) if adopted else None}
        print_json({"model": str(out), **verdict.as_dict(), **told})
    elif adopted:
        show_text(f"{verdict}\n{adoption_text(adopted, settings)}")
    elif arguments.adopt:
        show_text(f"{verdict}\n{settings.index} keeps {base}")
    else:
        show_text(f"{verdict}\nthe new model is in {out}; `rag-app embed adopt {out}` takes it")
    return 0


def _course(arguments: argparse.Namespace) -> "TrainingData":
    """What is trained on, and what the models are judged by."""
    from rag_app.workbench import training_data
    from rag_app.workbench.chunk_vectors import read_chunks

    if arguments.data is None:
        with opened_index(of_an_index(arguments)) as (index, _):
            chunks = read_chunks(index)
        generator = _writer(arguments)
        return training_data.of_documents(chunks, exam=arguments.exam, generator=generator)
    if arguments.data.is_dir():
        return training_data.of_beir(arguments.data, split=arguments.split)
    if arguments.exam is None:
        raise ConfigError("name the --exam: a BEIR folder with questions to judge the models by")
    return training_data.of_file(arguments.data, exam=arguments.exam, split=arguments.split)


def _writer(arguments: argparse.Namespace) -> "Generator | None":
    """The language model that writes questions, where one is named."""
    from rag_app.opening import open_generator

    if arguments.generator is None:
        return None
    return open_generator(settings_of(arguments, generator=arguments.generator, answer="generate"))


def add_parser(commands: Any) -> None:
    """Add `embed` and its own commands."""
    group = commands.add_parser("embed", help="look at embeddings, compare and train models")
    own = group.add_subparsers(required=True, metavar="WHAT")

    add_command(own, "tokens", tokens).add_argument("text")
    add_command(own, "similarity", similarity).add_argument("texts", nargs="+", metavar="TEXT")
    add_command(own, "duplicates", duplicates).add_argument(
        "--least", type=float, default=0.95, help="cosine from which two passages are listed"
    )
    add_command(own, "outliers", outliers)
    training = add_command(own, "finetune", finetune_model)
    training.add_argument(
        "data",
        nargs="?",
        type=Path,
        help="a BEIR folder with qrels/train.tsv, or JSON lines of pairs, triplets or scored "
        "pairs; without it, questions are made from the documents of the index",
    )
    training.add_argument("--out", type=Path, required=True, help="folder of the new model")
    training.add_argument("--exam", type=Path, help="questions to judge the models by")
    training.add_argument(
        "--generator", metavar="NAME", help="language model that writes questions on the documents"
    )
    training.add_argument("--split", default="test", help="of the exam's judgements")
    training.add_argument("--epochs", type=int, default=6, help="at most")
    training.add_argument("--batch", type=int, default=32)
    training.add_argument("--learning-rate", type=float, default=3e-5)
    training.add_argument("--report", type=Path, metavar="FILE", help="HTML with table and plots")
    training.add_argument(
        "--adopt", action="store_true", help="give the index the new model if that is better"
    )
    training.add_argument("--lora", action="store_true", help="train small matrices alone")
    embed_adopt.add_commands(own)
    embed_compare.add_commands(own)
    add_command(own, "map", map_points).add_argument(
        "--method", choices=("pca", "umap"), default="pca", help="umap needs the extra `umap`"
    )
    embed_vectors.add_commands(own)
    embed_late.add_commands(own)


def _collection(arguments: argparse.Namespace) -> "ChunkVectors":
    from rag_app.workbench.chunk_vectors import read_chunk_vectors

    with opened_index(of_an_index(arguments)) as (index, _):
        return read_chunk_vectors(index)


def _told(chunk: "Chunk") -> str:
    return f"{where(chunk.source, chunk.page)}: {shorten(chunk.text)}"
