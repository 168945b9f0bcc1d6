"""Text of pictures, recognised by tesseract where it is installed, in processes of its own.

Its languages are those of the environment variable `RAG_APP_OCR_LANGUAGES`, joined by a plus
(`deu+eng`); English unless set.
"""

import csv
import logging
import os
import shutil
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from time import monotonic

from ingest.loading.pdf.lines import Line

_logger = logging.getLogger(__name__)
_LANGUAGES = "RAG_APP_OCR_LANGUAGES"
SHARPNESS = 300  # dots per inch, which text is recognised at best
_SECONDS = 60.0  # for one picture
_SURE = 50.0  # of a line's words on average, 0…100; what is seen in foliage is less
_MOST_PROCESSES = 4


def cure() -> str:
    """What to do to have pictures read; empty where they can be."""
    program = shutil.which("tesseract")
    if program is None:
        return "install tesseract"
    listed = subprocess.run(  # noqa: S603
        [program, "--list-langs"], capture_output=True, encoding="utf-8", check=False
    )
    lacking = set(_languages().split("+")) - set(listed.stdout.split("\n")[1:])
    if not lacking:
        return ""
    return f"install tesseract's language {' and '.join(sorted(lacking))}, or set {_LANGUAGES}"


def read_pictures(pictures: Iterable[bytes], *, deadline: float) -> Iterator[list[Line] | None]:
    """The lines of each picture, in order; None for one that failed or came too late.

    Args:
        pictures: In a format that tesseract knows, of text at 300 dots per inch.
        deadline: By the monotonic clock.
    """
    processes = min(os.cpu_count() or 1, _MOST_PROCESSES)
    with ThreadPoolExecutor(processes) as pool:
        waiting: deque[Future[list[Line] | None]] = deque()
        for picture in pictures:
            waiting.append(pool.submit(_read, picture, deadline))
            if len(waiting) > processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _languages() -> str:
    return os.environ.get(_LANGUAGES) or "eng"


def _read(picture: bytes, deadline: float) -> list[Line] | None:
    seconds = min(_SECONDS, deadline - monotonic())
    if not picture or seconds <= 0:
        return None
    program = shutil.which("tesseract") or "tesseract"
    try:
        done = subprocess.run(  # noqa: S603
            [program, "-", "-", "-l", _languages(), "--dpi", str(SHARPNESS), "tsv"],
            input=picture,
            capture_output=True,
            timeout=seconds,
            check=True,
            # Its threads would contend with one another; pictures are shared out instead.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except (OSError, subprocess.SubprocessError):
        _logger.debug("a picture could not be read", exc_info=True)
        return None
    return list(_lines(done.stdout.decode("utf-8", "replace")))


def _lines(table: str) -> Iterator[Line]:
    """Lines that tesseract is sure enough of, from its table of words."""
    rows = csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if row["level"] == "5" and (row["text"] or "").strip()]
    above = None
    for place, line in groupby(words, key=_place):
        found = list(line)
        if sum(float(word["conf"]) for word in found) < _SURE * len(found):
            continue
        apart = above is not None and above != place[:-1]
        yield Line(" ".join(word["text"] for word in found), apart=apart)
        above = place[:-1]


def _place(word: dict[str, str]) -> tuple[str, ...]:
    return word["page_num"], word["block_num"], word["par_num"], word["line_num"]
