"""`rag-app embed`: what vectors take, in bytes, in time and in money."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rag_app.commands.common import (
    add_command,
    index_of,
    of_an_index,
    opened_index,
    print_json,
    settings_of,
)
from rag_app.errors import ConfigError
from rag_app.text.printable import show

if TYPE_CHECKING:
    from rag_app.settings.provenance import Settings
    from rag_app.workbench.speed import Speed
    from rag_app.workbench.vector_cache import Kept, Shared

_QUESTIONS, _TEXTS = 200, 32


def quantise(arguments: argparse.Namespace) -> int:
    """Compare float32, int8 and binary codes of the index's own vectors."""
    from rag_app.workbench.chunk_vectors import read_chunk_vectors
    from rag_app.workbench.quantization_report import quantised, questions_of

    with opened_index(of_an_index(arguments)) as (index, embedder):
        index.check_model()
        held = read_chunk_vectors(index)
    questions = questions_of(held.chunks, most=arguments.questions)
    found = quantised(held, embedder.embed(questions, kind="query"))
    if arguments.json:
        rows = [asdict(one) for one in found]
        print_json({"vectors": len(held.chunks), "questions": len(questions), "codes": rows})
        return 0
    show("codes      bytes each   MB in all   ms a search   recall@10   rescored")
    for one in found:
        show(
            f"{one.precision:8}{one.width:13,}{one.size / 1e6:12.2f}{one.milliseconds:14.3f}"
            f"{one.by_codes:12.3f}{one.rescored:11.3f}"
        )
    show(
        f"{len(held.chunks)} vectors, {len(questions)} questions; searches rescore by the whole "
        "vectors, which stay on the disk; the setting vector_precision chooses"
    )
    return 0


def cache(arguments: argparse.Namespace) -> int:
    """Show the vectors that are kept so that no text is embedded twice."""
    from rag_app.index.chosen_model import former_model
    from rag_app.opening import settled
    from rag_app.workbench.vector_cache import forget, look, names_here

    settings = settled(of_an_index(arguments))
    with opened_index(settings) as (index, embedder):
        names = {**names_here(settings), index.model: embedder.name}
        if former := former_model(index.catalog):
            names.setdefault(former.fingerprint, former.name)
        gone = forget(index, arguments.forget, names) if arguments.forget is not None else None
        kept = look(index, settings)
    if arguments.json:
        forgotten = asdict(gone) if gone else None
        rows = [{**asdict(one), "name": names.get(one.model)} for one in kept.models]
        print_json({**asdict(kept), "models": rows, "own": index.model, "forgotten": forgotten})
        return 0
    if gone:
        show(f"{gone.texts} vectors of {gone.model} removed, {gone.size / 1e6:.1f} MB freed")
    _print_kept(kept, names, own=index.model)
    return 0


def speed(arguments: argparse.Namespace) -> int:
    """Measure how fast a model embeds here, by device and batch size."""
    from rag_app.opening import embedder_name
    from rag_app.providers.language_model import is_served
    from rag_app.workbench.speed import advice, measure_speed

    settings = settings_of(arguments)
    name = arguments.model or embedder_name(settings)
    if is_served(name):
        raise ConfigError(f"{name} is computed by its provider; name a model of this machine")
    texts, what = _texts(arguments, settings)
    found = measure_speed(name, texts, threads=settings.threads)
    advised = advice(found)
    if arguments.json:
        rows = [{**asdict(one), "rate": one.rate} for one in found]
        print_json({"model": name, "texts": len(texts), "ways": rows, "settings": advised})
        return 0
    show(f"{name}, {len(texts)} {what}")
    _print_speeds(found, advised)
    return 0


def price(arguments: argparse.Namespace) -> int:
    """Tell what embedding the index with a provider's model would cost; nothing is sent."""
    from rag_app.workbench.chunk_vectors import read_chunks
    from rag_app.workbench.prices import PRICES, PRICES_READ, bill_for

    settings = of_an_index(arguments)
    with opened_index(settings) as (index, _):
        chunks = read_chunks(index)
    bill = bill_for(arguments.model, chunks, context=settings.context_tokens)
    known = PRICES.get(arguments.model)
    if arguments.json:
        told = {**asdict(known), "read": PRICES_READ} if known else None
        print_json({"model": arguments.model, **asdict(bill), "price": told})
        return 0
    show(f"about {bill.tokens:,} tokens in {bill.texts:,} different texts")
    if known is None:
        show(f"the price of {arguments.model} is not known; known are {', '.join(PRICES)}")
    else:
        show(f"about {bill.dollars:.4f} US dollars, at {known.dollars} a million tokens")
        show(f"({known.page}, read on {PRICES_READ})")
    return 0


def add_commands(own: Any) -> None:
    """Add these commands to those of `embed`."""
    added = add_command(own, "quantise", quantise)
    added.add_argument("--questions", type=int, default=_QUESTIONS, help="made from the documents")
    added = add_command(own, "cache", cache)
    added.add_argument(
        "--forget", metavar="MODEL", help="remove the vectors of a former model of the index"
    )
    added = add_command(own, "speed", speed)
    added.add_argument("model", nargs="?", help="the configured one if not given")
    added.add_argument("--texts", type=int, default=_TEXTS, help="that are embedded in a run")
    added = add_command(own, "price", price)
    added.add_argument("model", help="provider:model")


def _texts(arguments: argparse.Namespace, settings: "Settings") -> tuple[list[str], str]:
    """What is embedded, and what it is."""
    from rag_app.index.catalog.catalog import is_index
    from rag_app.workbench.chunk_vectors import read_chunks
    from rag_app.workbench.verdict import general_sentences

    if index_of(arguments) is None and not is_index(settings.index):
        return general_sentences(arguments.texts), "English sentences, as there is no index"
    with opened_index(of_an_index(arguments)) as (index, _):
        chunks = read_chunks(index, most=arguments.texts)
    return [chunk.text for chunk in chunks], f"chunks of {index.folder}"


def _print_speeds(found: "list[Speed]", advised: dict[str, str | int]) -> None:
    from rag_app.settings.settings_files import settings_file

    show("device   tokens a batch   texts a second")
    for one in found:
        show(f"{one.device:8}{one.batch or 'any':>15}{one.rate:17.1f}{'  default' * one.default}")
    if not advised:
        show("nothing is faster than the default beyond chance")
        return
    show(f"these lines in {settings_file()} make it faster:")
    for key, value in advised.items():
        show(f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}")


def _print_kept(kept: "Kept", names: dict[str, str], *, own: str) -> None:
    for model in kept.models:
        name = names.get(model.model, "not on this machine")
        mark = ", the index's own" if model.model == own else ""
        show(f"{model.texts:8} vectors {model.size / 1e6:8.1f} MB  {model.model} ({name}{mark})")
    show(f"{kept.known} of the index's {kept.texts} texts need no embedding")
    show(_told(kept.shared, kept.texts))


def _told(shared: "Shared | None", texts: int) -> str:
    if shared is None:
        return "no vectors are shared; the setting vector_cache names a Redis server"
    if not shared.reachable:
        return "the server of vector_cache does not answer"
    count = sum(model.texts for model in shared.models)
    size = sum(model.size for model in shared.models) / 1e6
    known = f"it knows {shared.known} of the index's {texts} texts"
    return f"the server of vector_cache has {count} vectors, {size:.1f} MB; {known}"
