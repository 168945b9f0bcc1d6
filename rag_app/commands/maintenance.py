"""Commands that look after an index and models."""

import argparse
import sys
from contextlib import closing
from dataclasses import replace

from rag_app.commands.common import of_an_index, print_json, settings_of
from rag_app.errors import ConfigError
from rag_app.text.printable import json_text, show, show_text


def text(arguments: argparse.Namespace) -> int:
    """Print the extracted text of a document."""
    from rag_app.index.catalog.catalog import Catalog

    with closing(Catalog(of_an_index(arguments).index)) as catalog:
        document = catalog.document(catalog.meant(arguments.source))
    if document is None:
        raise ConfigError(f"{arguments.source!r} is not in the index; `rag-app status` lists all")
    if arguments.json:
        print_json({"source": document.source, "text": document.text})
    else:
        _write_text(document.text)
    return 0


def _write_text(text: str) -> None:
    """Exactly the text, no line end added, none translated; on a terminal what it can show."""
    if sys.stdout.isatty():
        show_text(text)
    else:
        sys.stdout.buffer.write(text.encode("utf-8"))


def status(arguments: argparse.Namespace) -> int:
    """List the files and what became of them."""
    from rag_app.index.catalog.catalog import Catalog
    from rag_app.index.chosen_model import own_model

    folder = of_an_index(arguments).index
    with closing(Catalog(folder)) as catalog:
        entries = catalog.entries()
        documents, chunks = catalog.size()
        model = own_model(catalog)
    if arguments.json:
        print_json(
            [
                {
                    "source": entry.source,
                    "status": entry.status,
                    "reason": entry.reason,
                    "same_as": entry.same_as or None,
                    "chunks": entry.chunks,
                }
                for entry in entries
            ]
        )
        return 0
    for entry in entries:
        detail = f": {entry.remark}" if entry.remark else ""
        show(f"{entry.status:8} {entry.chunks:5} chunks  {entry.source}{detail}")
    embedded = f", embedded by {model}" if model else ""
    show(f"{documents} documents, {chunks} chunks in {folder}{embedded}")
    return 0


def calibrate_index(arguments: argparse.Namespace) -> int:
    """Fit the confidence to the documents of the index."""
    from dataclasses import asdict

    from rag_app.rag import Rag
    from rag_app.workbench.calibrate import calibrate

    with closing(Rag.open(settings=of_an_index(arguments, answer="read"))) as rag:
        fitted = calibrate(rag, questions=arguments.questions)
    if arguments.json:
        print_json({**asdict(fitted), "kept": fitted.better})
        return 0
    verdict = "kept" if fitted.better else "no better than before, so not kept"
    show(
        f"expected calibration error on {fitted.questions} readings: {fitted.before:.3f} before, "
        f"{fitted.after:.3f} after (five-fold); {verdict}"
    )
    return 0


def doctor(arguments: argparse.Namespace) -> int:
    """Check models, index and machine."""
    from rag_app.commands.doctor import examine, repair

    if arguments.repair:
        show(repair(of_an_index(arguments)), error=True)
    findings = examine(settings_of(arguments))
    healthy = all(finding.ok for finding in findings)
    if arguments.json:
        checks = [{"name": f.name, "ok": f.ok, "detail": f.detail} for f in findings]
        print_json({"ok": healthy, "checks": checks})
    else:
        for finding in findings:
            show(f"{'ok   ' if finding.ok else 'FAULT'} {finding.name}: {finding.detail}")
    return 0 if healthy else 1


def migrate(arguments: argparse.Namespace) -> int:
    """Move the vectors of an index to another store."""
    from rag_app.opening import open_index

    index, _ = open_index(of_an_index(arguments))
    with closing(index):
        before, chunks = index.migrate(arguments.store)
        after = index.store
    if arguments.json:
        print_json({"from": before, "to": after, "chunks": chunks})
    elif before == after:
        show(f"{index.folder} has its vectors in {after} already")
    else:
        show(f"{chunks} chunks moved from {before} to {after}")
    return 0


def models(arguments: argparse.Namespace) -> int:
    """List the models on this machine, or get one."""
    from rag_app.models.registry import models_here, pull
    from rag_app.opening import embedder_name

    if arguments.action == "pull":
        if not arguments.name:
            raise ConfigError("name the model: `rag-app models pull NAME`")
        folder = pull(arguments.name, progress=_print_progress if arguments.json else None)
        if arguments.json:
            print_json({"model": arguments.name, "folder": str(folder)})
        else:
            show(folder)
        return 0
    settings = settings_of(arguments)
    found = models_here(replace(settings, embedder=embedder_name(settings)))
    if arguments.json:
        print_json([model.as_dict() for model in found])
    else:
        for model in found:
            show(model)
    return 0


def _print_progress(done: int, total: int) -> None:
    show(json_text({"done": done, "total": total}), error=True)
