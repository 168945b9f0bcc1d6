"""Call back after files under the paths have changed and then rested for a moment."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.scan import scan
from rag_app.errors import IndexLocked

_logger = logging.getLogger(__name__)
_POLL_SECONDS = 2.0


def watch(paths: Sequence[Path], changed: Callable[[], object]) -> None:
    """Run `changed` after every change, until interrupted with Ctrl-C."""
    before = _snapshot(paths)
    try:
        while True:
            time.sleep(_POLL_SECONDS)
            now = _snapshot(paths)
            if now != before:
                # Files may still be arriving; wait until two looks agree.
                while (later := _settled(paths)) != now:
                    now = later
                try:
                    changed()
                except IndexLocked as error:
                    _logger.warning("%s; the changes are taken up then", error)
                else:
                    before = now
    except KeyboardInterrupt:
        return


def _settled(paths: Sequence[Path]) -> dict[str, tuple[int, int]]:
    time.sleep(_POLL_SECONDS)
    return _snapshot(paths)


def _snapshot(paths: Sequence[Path]) -> dict[str, tuple[int, int]]:
    files, _ = scan([path for path in paths if path.exists()])
    return {file.key: (file.size, file.modified) for file in files}
