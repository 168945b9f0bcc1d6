"""Something happens in another thread while the main one watches, until it is interrupted."""

import signal
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic, sleep


@contextmanager
def meanwhile(story: Callable[[], object]) -> Iterator[None]:
    """Run the story beside what is inside, which gets a Ctrl-C when the story is over."""
    ended = Event()

    def interrupt(_: object) -> None:
        if not ended.is_set():
            interrupt_main()

    # Where the tests run in the background, Ctrl-C is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(story)
        told.add_done_callback(interrupt)
        try:
            yield
        finally:
            ended.set()
            signal.signal(signal.SIGINT, before)
        told.result()


def until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait for something; fail when it does not come."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "it did not come"
        sleep(0.02)
