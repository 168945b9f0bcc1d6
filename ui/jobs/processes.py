"""Our own commands, run beside the pages in processes of their own."""

import subprocess
import sys
from collections.abc import Callable, Sequence

_NO_REASON = "It ended without a word; start it again."

Start = Callable[[Sequence[str]], "subprocess.Popen[str]"]


def start_command(arguments: Sequence[str]) -> "subprocess.Popen[str]":
    """`rag-app` with these arguments, its output and its complaints at hand as text."""
    # -P: no module is taken from the folder that people happen to be in.
    command = [sys.executable, "-P", "-m", "rag_app.cli", *arguments]
    # Our own program; what a visitor writes is an argument, and goes through no shell.
    return subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def complaint(lines: Sequence[str]) -> str:
    """Why a command failed, in one line, from what it wrote to stderr."""
    written = [line for line in lines if line.strip()]
    return written[-1].strip().removeprefix("error: ") if written else _NO_REASON
