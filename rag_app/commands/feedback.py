"""`rag-app feedback`: what visitors of the chat thought of its answers."""

import argparse
import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from rag_app.commands.common import add_command, of_an_index
from rag_app.text.html_page import write
from rag_app.text.printable import show


def add_to(commands: Any) -> None:
    """Add the command."""
    added = add_command(commands, "feedback", feedback, "list the answers with a thumb up or down")
    added.add_argument(
        "--out", type=Path, metavar="FILE", help="write them as JSON lines into a file"
    )


def feedback(arguments: argparse.Namespace) -> int:
    """List judged answers."""
    from rag_app.history.conversations import FILE, Conversations

    folder = of_an_index(arguments).index
    lines = ""
    if (folder / FILE).exists():
        with closing(Conversations(folder, owner=None)) as kept:
            lines = kept.judged()
    if arguments.out:
        write(arguments.out, lines)
        return 0
    for line in lines.splitlines():
        show(line if arguments.json else _told(json.loads(line)))
    return 0


def _told(row: Mapping[str, Any]) -> str:
    reason = f" ({row['reason']})" if row["reason"] else ""
    return f"{row['verdict']:4} {' '.join(row['question'].split())}{reason}"
