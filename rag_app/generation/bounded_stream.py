"""What a language model writes, in a thread of its own and within limits.

A model may be silent, never stop, or fail in any way. Whoever waits for its words gets them, or
a `ModelError` of one line, within the time that the settings allow.
"""

from collections.abc import Callable, Iterator
from queue import Empty, Queue
from threading import Event, Thread
from time import monotonic, sleep

from rag_app.errors import ModelError, RagError, first_line

_LONGEST_TOKEN = 32  # characters; hardly any token of common models has more
_AHEAD = 64  # pieces that may wait to be read before the model waits
_MOMENT = 1.0  # seconds, after which whoever waits may look up from it
_GRACE = 2.0  # seconds for the thread to end


class _Stopped(Exception):
    """Nobody waits for what is being written."""


class Output:
    """Where a model writes to.

    Attributes:
        failure: Of the writing, once it has ended so.
    """

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds
        self._pieces: Queue[str | None] = Queue()
        self._stopped = Event()
        self.failure: BaseException | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether nobody waits any longer."""
        return self._stopped.is_set() or monotonic() > self._until

    def check(self) -> None:
        """Ends the writing, by an exception, where nobody waits for it."""
        if self.is_stopped:
            raise _Stopped

    def give(self, piece: str) -> None:
        """Hand a piece over; waits where the one who reads is slower."""
        self.check()
        while self._pieces.qsize() >= _AHEAD:
            sleep(0.01)
            self.check()
        self._pieces.put(piece)

    def fill(self, write: "Callable[[Output], None]") -> None:
        """Have it written, in this thread."""
        try:
            write(self)
        except _Stopped:
            pass  # whoever waited has been told why
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that waits
            self.failure = error
        finally:
            self._pieces.put(None)

    def stop(self) -> None:
        """Nobody waits any longer."""
        self._stopped.set()

    def read(self) -> Iterator[str | None]:
        """What is written as it comes, "" while nothing does; None where time is up."""
        while (left := self._until - monotonic()) > 0:
            try:
                piece = self._pieces.get(timeout=min(left, _MOMENT))
            except Empty:
                yield ""
                continue
            if piece is None:
                return
            yield piece
        yield None


def bounded(
    write: Callable[[Output], None],
    *,
    name: str,
    seconds: float,
    tokens: int,
    cut: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """What a model writes, piece by piece; closing the iterator stops it.

    Now and then a piece is empty, so that whoever waits for a silent model can leave.

    Args:
        write: Writes, in a thread of its own, to the output that it is given.
        name: Of the model.
        seconds: That all of it may take.
        tokens: That it was told to write at most.
        cut: Ends what keeps `write` waiting, such as a connection.

    Raises:
        ModelError: It failed, took too long, or wrote more than it was told to.
    """
    output, room = Output(seconds), tokens * _LONGEST_TOKEN
    worker = Thread(target=output.fill, args=(write,), daemon=True)
    worker.start()
    try:
        for piece in output.read():
            if piece is None:
                raise ModelError(f"{name} took longer than generator_seconds={seconds:g}")
            room -= len(piece)
            if room < 0:
                raise ModelError(f"{name} does not stop at max_new_tokens={tokens}")
            yield piece
    finally:
        output.stop()
        cut()
        worker.join(_GRACE)
    if isinstance(output.failure, RagError | KeyboardInterrupt):
        raise output.failure
    if output.failure is not None:
        raise _told(name, output.failure) from output.failure


def _told(name: str, error: BaseException) -> ModelError:
    """The error as one line; what we refused says more than what a library made of that."""
    ours: BaseException | None = error
    while ours is not None and not isinstance(ours, RagError):
        ours = ours.__cause__
    return ModelError(f"{name} failed while writing: {first_line(ours or error)}")
