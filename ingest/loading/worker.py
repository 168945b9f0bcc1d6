"""The child process that reads files and draws pages, so that a hostile one costs itself alone.

It takes one JSON line for each file from standard input, `do` being "load" or "draw", and
answers with one on standard output. A file that takes too long is ended by the system's
alarm, which no parser can hold up; one that needs too much memory meets the limit of the
process.
"""

import json
import os
import resource
import signal
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ingest.cutting import Cutter, as_values
from ingest.loading.load import load
from ingest.loading.pdf.page_picture import mark_page
from ingest.original import Original
from rag_app.errors import LoadError, SkippedFile

Act = Callable[..., dict[str, Any]]


def main() -> None:
    """Serve until standard input ends.

    The arguments are the seconds and MiB for a file, and how to cut what is read, or null.
    """
    seconds, mebibytes, how = (json.loads(argument) for argument in sys.argv[1:])
    cutter = Cutter.from_settings(**how) if how else None
    do: dict[str, Act] = {"load": partial(_load, cutter), "draw": _draw}
    resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Whatever a parser prints must not come between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        signal.alarm(seconds)
        answer = _answer(do, **json.loads(line))
        signal.alarm(0)
        print(json.dumps(answer), file=answers, flush=True)


def _answer(known: Mapping[str, Act], do: str, **question: Any) -> dict[str, Any]:
    try:
        return {"done": known[do](**question)}
    except SkippedFile as error:
        return {"skipped": str(error)}
    except LoadError as error:
        return {"failed": str(error)}
    except MemoryError:
        return {"exhausted": True}


def _load(cutter: Cutter | None, path: str, source: str) -> dict[str, Any]:
    document = load(Path(path), source=source)
    return as_values(cutter.cut(document) if cutter else document)


def _draw(original: dict[str, Any], **words: Any) -> dict[str, Any]:
    marked = mark_page(Original(**original).read(), **words)
    return {"png": b64encode(marked.png).decode(), "boxes": marked.boxes}


if __name__ == "__main__":
    main()
