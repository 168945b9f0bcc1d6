"""`rag-app`: search, ask and look after an index from the command line.

Results go to stdout, progress and logs to stderr; an error that the user can act on is
one line and exit status 1.
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app import __version__
from rag_app.config import Settings, resolve
from rag_app.errors import ConfigError, RagError

if TYPE_CHECKING:
    from rag_app.rag import Rag


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    arguments = _parser().parse_args(argv)
    return guarded(lambda: arguments.run(arguments), verbose=arguments.verbose)


def guarded(command: Callable[[], int], *, verbose: bool) -> int:
    """The command's status, or 1 and one line on stderr where the user can mend it."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(message)s", stream=sys.stderr
    )
    for stream in (sys.stdout, sys.stderr):
        # Where the locale knows fewer characters than the documents.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    try:
        return command()
    except RagError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; run the command again to continue", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output, such as `head`, has seen enough.
        sys.stderr.close()
        return 0


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """The options that every command takes."""
    parser.add_argument("--index", type=Path, metavar="DIR", help="the index folder")
    parser.add_argument("--embedder", metavar="NAME", help="embedding model: folder or name")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rag-app", description="Ask your documents; every answer cites exact spans of them."
    )
    parser.add_argument("--version", action="version", version=f"rag-app {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], help_: str) -> Any:
        added = commands.add_parser(name, help=help_, description=help_)
        add_common_options(added)
        added.set_defaults(run=run)
        return added

    searching = command("search", _search, "show the chunks that fit a question best")
    asking = command("ask", _ask, "answer a question with citations")
    for added in (searching, asking):
        what = added.add_mutually_exclusive_group(required=True)
        what.add_argument("question", nargs="?")
        what.add_argument("--batch", type=Path, metavar="FILE", help="questions as JSON lines")
        _add_search_options(added)
    asking.add_argument("--generator", metavar="NAME", help="language model, or `read`")
    explaining = command("explain", _explain, "show why a question finds what it finds")
    explaining.add_argument("question")
    explaining.add_argument("--source", default="", help="tell why this document is there or not")
    _add_search_options(explaining)
    text = command("text", _text, "print the extracted text that citations point into")
    text.add_argument("source")
    command("status", _status, "list the files of the index and what became of them")
    command("config", _config, "show every setting and where its value comes from")
    doctor = command("doctor", _doctor, "check models, index and machine")
    doctor.add_argument(
        "--repair",
        action="store_true",
        help="first make the vector store anew",
    )
    models = command("models", _models, "list the models on this machine, or get one")
    models.add_argument("action", choices=("list", "pull"))
    models.add_argument("name", nargs="?")
    evaluating = command("eval", _evaluate, "measure retrieval, answers or chunks on a data set")
    evaluating.add_argument("what", choices=("retrieval", "answers", "chunks"))
    evaluating.add_argument("data", type=Path)
    evaluating.add_argument("--split", default="test", help="of the relevance judgements")
    evaluating.add_argument("-k", type=int, help="chunks retrieved, where the measure has no own k")
    evaluating.add_argument("--limit", type=int, help="only the first so many questions")
    return parser


def _add_search_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-k", type=int, help="how many chunks")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        type=_filter,
        metavar="KEY=VALUE",
        help="only documents with this value; may be repeated",
    )


def _settings(arguments: argparse.Namespace, **more: Any) -> Settings:
    return Settings.load(index=arguments.index, embedder=arguments.embedder, **more)


def _of_an_index(arguments: argparse.Namespace, **more: Any) -> Settings:
    """The settings, where they name an index that is there; looking makes none."""
    settings = _settings(arguments, **more)
    if not (settings.index / "catalog.sqlite").exists():
        raise ConfigError(
            f"{settings.index} holds no index; make one with `rag-ingest FOLDER`, "
            "or name another --index"
        )
    return settings


def _search(arguments: argparse.Namespace) -> int:
    from rag_app.rag import Rag
    from rag_app.rendering import retrieval_json, retrieval_text

    questions = _questions(arguments)
    where = dict(arguments.where)
    with closing(Rag.open(settings=_of_an_index(arguments, answer="read"))) as rag:
        for row in questions:
            found = rag.retriever.retrieve(row["question"], k=arguments.k, where=where)
            if arguments.json or arguments.batch:
                _print_json(_with_id(row, retrieval_json(found)))
            else:
                print(retrieval_text(found))
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from rag_app.explain import explain, explanation_text
    from rag_app.rag import Rag

    with closing(Rag.open(settings=_of_an_index(arguments, answer="read"))) as rag:
        found = explain(
            arguments.question,
            rag.retriever,
            rag.index,
            k=arguments.k or 10,
            where=dict(arguments.where),
            source=arguments.source,
        )
    if arguments.json:
        _print_json(asdict(found))
    else:
        print(explanation_text(found))
    return 0


def _ask(arguments: argparse.Namespace) -> int:
    from rag_app.rendering import answer_json, answer_text

    questions = _questions(arguments)
    where = dict(arguments.where)
    with closing(_open_for_answers(arguments)) as rag:
        for row in questions:
            history = row.get("history") or ()
            answer = rag.ask(row["question"], k=arguments.k, where=where, history=history)
            if arguments.json or arguments.batch:
                _print_json(_with_id(row, answer_json(answer)))
            else:
                print(answer_text(answer))
    return 0


def _open_for_answers(arguments: argparse.Namespace) -> "Rag":
    from rag_app.rag import Rag

    if arguments.generator == "read":
        return Rag.open(settings=_of_an_index(arguments, answer="read"))
    demanded = "generate" if arguments.generator else None
    settings = _of_an_index(arguments, generator=arguments.generator, answer=demanded)
    return Rag.open(settings=settings)


def _text(arguments: argparse.Namespace) -> int:
    from rag_app.rag import open_index

    index, _ = open_index(_of_an_index(arguments))
    with closing(index):
        document = index.catalog.document(arguments.source)
    if document is None:
        raise ConfigError(f"{arguments.source!r} is not in the index; `rag-app status` lists all")
    if arguments.json:
        _print_json({"source": document.source, "text": document.text})
    else:
        # Exactly the text: no line end added, none translated.
        sys.stdout.buffer.write(document.text.encode("utf-8"))
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from rag_app.rag import open_index

    index, _ = open_index(_of_an_index(arguments))
    with closing(index):
        entries = index.catalog.entries()
        documents, chunks = index.catalog.size()
    if arguments.json:
        _print_json(
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
        print(f"{entry.status:8} {entry.chunks:5} chunks  {entry.source}{detail}")
    print(f"{documents} documents, {chunks} chunks in {index.folder}")
    return 0


def _config(arguments: argparse.Namespace) -> int:
    _settings(arguments)  # reports a value out of range
    resolved = resolve(index=arguments.index, embedder=arguments.embedder)
    if arguments.json:
        _print_json(
            {
                name: {"value": _plain(value), "from": origin}
                for name, (value, origin) in resolved.items()
            }
        )
        return 0
    for name, (value, origin) in resolved.items():
        print(f"{name} = {value}  ({origin})")
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from rag_app.doctor import examine, repair

    if arguments.repair:
        print(repair(_of_an_index(arguments)), file=sys.stderr)
    findings = examine(_settings(arguments))
    healthy = all(finding.ok for finding in findings)
    if arguments.json:
        checks = [{"name": f.name, "ok": f.ok, "detail": f.detail} for f in findings]
        _print_json({"ok": healthy, "checks": checks})
    else:
        for finding in findings:
            print(f"{'ok   ' if finding.ok else 'FAULT'} {finding.name}: {finding.detail}")
    return 0 if healthy else 1


def _models(arguments: argparse.Namespace) -> int:
    from rag_app.models.registry import models_here, pull

    if arguments.action == "pull":
        if not arguments.name:
            raise ConfigError("name the model: `rag-app models pull NAME`")
        print(pull(arguments.name))
        return 0
    found = models_here(_settings(arguments))
    if arguments.json:
        _print_json([model.as_dict() for model in found])
    else:
        for model in found:
            print(model)
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from rag_app.evaluation.run import evaluate

    settings = _settings(arguments)
    report = evaluate(
        arguments.what,
        arguments.data,
        settings=settings,
        split=arguments.split,
        k=arguments.k,
        limit=arguments.limit,
    )
    if arguments.json:
        _print_json(report)
    else:
        print(json.dumps(report, indent=2))
    return 0


def _questions(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The question of the command line, or those of a batch file, in its order."""
    if arguments.batch is None:
        return [{"question": arguments.question}]
    try:
        lines = arguments.batch.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise ConfigError(f"{arguments.batch}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{arguments.batch}: not UTF-8 at byte {error.start}") from error
    questions = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            questions.append({**row, "question": str(row["question"])})
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f'{arguments.batch}, line {number}: not {{"id": …, "question": …}}'
            ) from error
    return questions


def _filter(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def _with_id(row: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], **result} if "id" in row else result


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
