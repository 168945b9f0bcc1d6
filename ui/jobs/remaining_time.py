"""How long a run will still take, in words, as soon as its pace can be trusted."""

from collections import deque

from ui.languages.language import gettext, ngettext

_PAUSE = 0.5  # seconds between two forecasts that are kept
_FORECASTS = 20
_LEAST = 8  # of them, before anything is said
_SPREAD = 0.25  # of the whole run, by which they may differ


class RemainingTime:
    """Learns from how far a run has come at what time."""

    def __init__(self) -> None:
        self._begun: float | None = None
        self._forecasts: deque[tuple[float, float]] = deque(maxlen=_FORECASTS)  # (when, end)

    def note(self, done: int, files: int, now: float) -> None:
        """So many files were done at that time, in seconds of any clock."""
        if self._begun is None:
            self._begun = now
        if done and (not self._forecasts or now - self._forecasts[-1][0] >= _PAUSE):
            self._forecasts.append((now, self._begun + (now - self._begun) * files / done))

    def seconds(self, now: float) -> float | None:
        """Until the end, if the last forecasts agree on it."""
        if self._begun is None or len(self._forecasts) < _LEAST:
            return None
        ends = [end for _, end in self._forecasts]
        left = ends[-1] - now
        agreed = max(ends) - min(ends) <= _SPREAD * (ends[-1] - self._begun)
        return left if agreed and left > 0 else None


def in_words(seconds: float) -> str:
    """As people say it."""
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 50:
        return gettext("less than a minute left")
    if minutes < 2:
        return gettext("about a minute left")
    if minutes < 55:
        return ngettext("about {count} minute left", "about {count} minutes left", minutes)
    if hours < 2:
        return gettext("about an hour left")
    return ngettext("about {count} hour left", "about {count} hours left", hours)
