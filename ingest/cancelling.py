"""Ending a run early, where whoever started it wants that."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread

from rag_app.protocols import IsCancelled, never


class RunCancelled(BaseException):
    """The run ends here. No error, and never seen outside of what can be cancelled."""


def stop_if(cancelled: IsCancelled) -> None:
    """Return unless the run is to end.

    Raises:
        RunCancelled: It is.
    """
    if cancelled():
        raise RunCancelled


@contextmanager
def by_ctrl_c() -> Iterator[IsCancelled]:
    """Whether Ctrl-C has been pressed meanwhile; pressed again, it interrupts as ever."""
    pressed = Event()
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ours or current_thread() is not main_thread():
        yield never  # nobody may, or wants to, interrupt us
        return

    def note(*_: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
