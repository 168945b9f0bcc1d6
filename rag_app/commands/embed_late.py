"""`rag-app embed late`, `late-search` and `matches`: late interaction on one's own documents."""

import argparse
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from rag_app.commands.common import add_command, of_an_index, opened_index, print_json, settings_of
from rag_app.text.printable import show, show_text


def make_model(arguments: argparse.Namespace) -> int:
    """Make a late-interaction model of the embedding model, and train it where there is data."""
    from rag_app.opening import embedder_name
    from rag_app.workbench.finetune import TrainingOptions
    from rag_app.workbench.late_model import make, train
    from rag_app.workbench.training_data import of_beir
    from rag_app.workbench.training_sets import read_training_set

    data: Path | None = arguments.data
    training, held = None, None
    if data and data.is_dir():
        course = of_beir(data, split="train")
        training, held = course.training, course.held
    elif data:
        training = read_training_set(data)
    out = make(embedder_name(settings_of(arguments)), arguments.out)
    if training:
        train(out, training, held=held, recipe=TrainingOptions(epochs=arguments.epochs))
    if arguments.json:
        print_json({"model": str(out)})
    else:
        show(f"the new model is in {out}; `RAG_APP_RERANKER={out}` uses it")
    return 0


def search(arguments: argparse.Namespace) -> int:
    """Show the chunks whose words match those of a question best, comparing all of them."""
    from rag_app.commands.rendering import retrieval_json, retrieval_text
    from rag_app.models.late_interaction import LateInteraction
    from rag_app.schema import Retrieval
    from rag_app.workbench.late_index import LateIndex

    settings = of_an_index(arguments)
    model = LateInteraction.open(arguments.model, threads=settings.threads)
    with opened_index(settings) as (index, _):
        late = LateIndex.open(index, model)
        begun = perf_counter()
        hits = late.search(arguments.question, k=arguments.k or settings.k)
    found = Retrieval(arguments.question, tuple(hits), {"compare": perf_counter() - begun})
    if arguments.json:
        print_json(retrieval_json(found))
    else:
        show_text(retrieval_text(found))
    return 0


def matches(arguments: argparse.Namespace) -> int:
    """Show which token of a text each token of a question matches best."""
    from rag_app.models.late_interaction import LateInteraction

    question, text = arguments.question, arguments.text
    model = LateInteraction.open(arguments.model, threads=settings_of(arguments).threads)
    found = model.matches(question, text)
    score = float(model.scores(question, [text])[0])
    if arguments.json:
        print_json({"score": score, "matches": [asdict(match) for match in found]})
        return 0
    for match in found:
        asked, answer = question[slice(*match.asked)], text[slice(*match.found)]
        show(f"{match.cosine:6.3f}  {asked!r} – {answer!r}, {match.found[0]}–{match.found[1]}")
    show(f"{score:6.3f}  MaxSim, special tokens included")
    return 0


def add_commands(own: Any) -> None:
    """Add the three to the parsers of `embed`."""
    making = add_command(own, "late", make_model)
    making.add_argument("out", type=Path, help="folder of the new model")
    making.add_argument(
        "data",
        nargs="?",
        type=Path,
        help="a BEIR folder with qrels/train.tsv, or JSON lines of pairs or triplets",
    )
    making.add_argument("--epochs", type=int, default=3, help="times through the data")
    searching = add_command(own, "late-search", search)
    searching.add_argument("question")
    searching.add_argument("-k", type=int, help="how many chunks")
    matching = add_command(own, "matches", matches)
    matching.add_argument("question")
    matching.add_argument("text")
    for parser in (searching, matching):
        parser.add_argument(
            "--model", required=True, metavar="FOLDER", help="late-interaction model"
        )
