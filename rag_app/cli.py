"""`rag-app`: search, ask and look after an index from the command line.

Results go to stdout, progress and logs to stderr; an error that the user can act on is
one line and exit status 1.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path

from rag_app import __version__
from rag_app.commands import (
    ask,
    collection_commands,
    config,
    embed,
    evaluate,
    feedback,
    maintenance,
)
from rag_app.commands.common import Command, add_command, key_value
from rag_app.errors import RagError
from rag_app.owner import leave_current_folder
from rag_app.text.printable import Parser, show, show_log
from rag_app.text.surrogates import check_text


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    arguments = _parser().parse_args(argv)

    def run() -> int:
        check_text(vars(arguments), "an argument")
        return int(arguments.run(arguments))

    return guarded(run, verbose=arguments.verbose)


def guarded(command: Callable[[], int], *, verbose: bool) -> int:
    """The command's status, or 1 and one line on stderr where the user can mend it."""
    leave_current_folder()
    show_log(logging.INFO if verbose else logging.WARNING)
    for stream in (sys.stdout, sys.stderr):
        # Where the locale knows fewer characters than the documents.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        return command()
    except RagError as error:
        show(f"error: {error}", error=True)
        return 1
    except KeyboardInterrupt:
        show("interrupted; run the command again to continue", error=True)
        return 130
    except BrokenPipeError:
        # The reader of our output, such as `head`, has seen enough.
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="rag-app", description="Ask your documents; every answer cites exact spans of them."
    )
    parser.add_argument("--version", action="version", version=f"rag-app {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Command, help_: str) -> argparse.ArgumentParser:
        return add_command(commands, name, run, help_)

    searching = command("search", ask.search, "show the chunks that fit a question best")
    answering = command("ask", ask.ask, "answer a question with citations")
    for added in (searching, answering):
        what = added.add_mutually_exclusive_group(required=True)
        what.add_argument("question", nargs="?")
        what.add_argument("--batch", type=Path, metavar="FILE", help="questions as JSON lines")
        _add_search_options(added)
    searching.add_argument(
        "--sections", action="store_true", help="show the whole sections that the chunks stand in"
    )
    _add_answer_options(answering)
    rechecking = command(
        "recheck", ask.recheck_file, "say which quotes of exported answers still stand"
    )
    rechecking.add_argument("file", type=Path)
    explaining = command("explain", ask.explain_search, "show why a question finds what it finds")
    explaining.add_argument("question")
    explaining.add_argument("--source", default="", help="tell why this document is there or not")
    _add_search_options(explaining)
    text = command("text", maintenance.text, "print the extracted text that citations point into")
    text.add_argument("source")
    command("status", maintenance.status, "list the files of the index and what became of them")
    config.add_to(commands)
    doctor = command("doctor", maintenance.doctor, "check models, index and machine")
    doctor.add_argument(
        "--repair",
        action="store_true",
        help="first make the vector store anew",
    )
    calibrating = command(
        "calibrate", maintenance.calibrate_index, "fit how sure answers are to your documents"
    )
    calibrating.add_argument("--questions", type=int, default=200, help="made from the documents")
    moving = command("migrate", maintenance.migrate, "move the vectors to another store")
    moving.add_argument("store", help="as in the setting vector_store")
    models = command("models", maintenance.models, "list the models on this machine, or get one")
    models.add_argument("action", choices=("list", "pull"))
    models.add_argument("name", nargs="?")
    collection_commands.add_to(commands)
    feedback.add_to(commands)
    embed.add_parser(commands)
    evaluate.add_to(commands)
    return parser


def _add_answer_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--generator", metavar="NAME", help="language model, or `read`")
    parser.add_argument(
        "--strict", action="store_true", help="leave out what is written without support"
    )
    parser.add_argument(
        "--export",
        type=Path,
        metavar="FILE",
        help="keep the answers in a .md, .html or .json file that `recheck` reads",
    )


def _add_search_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-k", type=int, help="how many hits, at most")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        type=key_value,
        metavar="KEY=VALUE",
        help="only documents with this value; may be repeated",
    )


if __name__ == "__main__":
    sys.exit(main())
