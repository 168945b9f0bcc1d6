"""Who is logged in: random keys that browsers keep in a cookie, forgotten with the process."""

from collections.abc import Callable
from secrets import token_urlsafe
from time import monotonic

SECONDS = 7 * 24 * 3600.0


class Sessions:
    """The keys that were handed out, and until when each is good."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def begin(self) -> str:
        """A new key, good for a week."""
        now = self._clock()
        self._until = {key: until for key, until in self._until.items() if until > now}
        key = token_urlsafe(32)
        self._until[key] = now + SECONDS
        return key

    def knows(self, key: str) -> bool:
        """Whether the key is good."""
        return self._until.get(key, 0.0) > self._clock()

    def end(self, key: str) -> None:
        """Forget the key."""
        self._until.pop(key, None)


def cookie_name(port: int) -> str:
    """What the cookie is called; servers on other ports of this host have their own."""
    return f"rag_app_login_{port}"
