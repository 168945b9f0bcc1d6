"""Call back after files under the paths have changed and then rested for a moment.

The system tells when to look, a scan tells whether anything changed, and a look now and
then finds what the system did not tell: its queue is not endless.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic, sleep

from ingest.cancelling import RunCancelled, stop_if
from ingest.events import Events, Place
from ingest.scan import scan
from ingest.scope import Scope
from rag_app.errors import RagError
from rag_app.protocols import IsCancelled, never

_logger = logging.getLogger(__name__)
_TICK = 1.0  # seconds between checks that the watched folders are still there
Snapshot = Mapping[str, tuple[object, ...]]
UNKNOWN: Snapshot = {"": ()}  # as `since`: whatever is there now has changed


@dataclass(frozen=True, slots=True)
class Waits:
    """How long to wait, in seconds.

    Attributes:
        rest: Without a change, before `changed` is called.
        most: After a change, though others keep coming.
        look: Until a look without being told.
        poll: The same where the system does not tell of changes.
        retry: Until `changed` is called again after it could not do its work.
    """

    rest: float = 1.0
    most: float = 30.0
    look: float = 60.0
    poll: float = 3.0
    retry: float = 10.0


def watch(
    paths: Sequence[Path],
    changed: Callable[[], object],
    *,
    since: Snapshot | None = None,
    waits: Waits = Waits(),
    looked: Callable[[], object] | None = None,
    follow_links: bool = False,
    cancelled: IsCancelled = never,
) -> None:
    """Run `changed` after every change, until cancelled, or interrupted with Ctrl-C.

    Args:
        paths: Files and folders; one that is deleted and comes back is followed on.
        changed: What to do. A change while it runs leads to another run; where it raises
            a `RagError`, that is warned of and it is run again later.
        since: A `snapshot` of the time since which changes count; that of now if None.
        waits: How long to wait for what.
        looked: Called whenever nothing is left to be done after a look.
        follow_links: As in `scan`.
        cancelled: Asked every second or more often; its first yes ends it.
    """
    try:
        with Events(paths) as events:
            find = partial(snapshot, paths, follow_links=follow_links, cancelled=cancelled)
            _follow(
                _Look(paths, events, waits, find, cancelled), changed, since, looked or _nothing
            )
    except (KeyboardInterrupt, RunCancelled):
        return


def _nothing() -> None:
    pass


def snapshot(
    paths: Sequence[Path], *, follow_links: bool = False, cancelled: IsCancelled = never
) -> Snapshot:
    """What a scan finds, to be compared with that of another time."""
    files, unreadable = scan(paths, follow_links=follow_links, cancelled=cancelled)
    found = {
        str(file.path): (file.size, file.modified, file.stamp, _is_open(file.path))
        for file in files
    }
    return found | {str(unread.path): (unread.reason,) for unread in unreadable}


def _is_open(path: Path) -> bool:
    return os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)


def _follow(
    look: "_Look",
    changed: Callable[[], object],
    since: Snapshot | None,
    looked: Callable[[], object],
) -> None:
    before = look.now() if since is None else since
    seconds = look.pause if since is None else 0.0
    warned = ""
    while True:
        told = look.wait(seconds)
        now = look.now()
        seconds = look.pause
        if now == before:
            looked()
            continue
        if not told:
            now = look.settled(now)
        try:
            changed()
        except RagError as error:
            if str(error) != warned:
                _logger.warning("%s; the changes are taken up then", error)
            warned, seconds = str(error), look.waits.retry
        else:
            before, warned = now, ""
            looked()


class _Look:
    """Looks at the files, and knows when it is time to."""

    def __init__(
        self,
        paths: Sequence[Path],
        events: Events,
        waits: Waits,
        find: Callable[[], Snapshot],
        cancelled: IsCancelled,
    ) -> None:
        self.waits = waits
        self._paths = paths
        self._events = events
        self._find = find
        self._cancelled = cancelled
        self._cost = 0.0  # seconds of the last look

    @property
    def pause(self) -> float:
        """Seconds until a look without being told; looking takes a small part of the time."""
        if self._events.complete:
            return max(self.waits.look, 20 * self._cost)
        return max(self.waits.poll, 5 * self._cost)

    def now(self) -> Snapshot:
        begun = monotonic()
        found = self._find()
        self._cost = monotonic() - begun
        return found

    def settled(self, found: Snapshot) -> Snapshot:
        """Look until two looks agree: nobody told of changes, and files may be arriving."""
        end = monotonic() + self.waits.most
        while monotonic() < end:
            stop_if(self._cancelled)
            sleep(self.waits.rest)
            before, found = found, self.now()
            if found == before:
                break
        return found

    def wait(self, seconds: float) -> bool:
        """Wait until changes came and rested, or so many seconds passed; whether they came."""
        rest, most = self.waits.rest, self.waits.most
        first: float | None = None
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            stop_if(self._cancelled)
            places = self._events.wait(min(left, rest, _TICK))
            if self._events.renew() or self._concern(places):
                last = monotonic()
                first = last if first is None else first
                until = min(last + rest, first + most)
            if places != set():
                sleep(rest / 5)  # in a storm a few at a time
        return first is not None

    def _concern(self, places: set[Place] | None) -> bool:
        """Whether any of the places is one that a scan looks at."""
        scope = Scope(self._paths)
        return places is None or any(
            scope.covers(Path(place.path), is_folder=place.is_folder) for place in places
        )
