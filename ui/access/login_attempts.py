"""The rate limit of logins: how long an answer to a password waits after wrong ones.

Every try is looked at, and none is refused because others were wrong: whoever knows the password
is in after seconds, whatever strangers do, be it through the same proxy. But each is answered only
after a wait, the right one too, so that an answer that does not come yet tells nothing.
"""

from asyncio import sleep
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from time import monotonic

LONGEST_WAIT = 5.0  # seconds
_FORGOTTEN_AFTER = 3600.0
_MOST_ADDRESSES = 10_000
_MINUTE = 60.0
_MANY_A_MINUTE = 30
_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Tried:
    """How often an address has tried without success, and when last."""

    times: int
    last: float


class LoginAttempts:
    """What one server knows of the tries.

    After each wrong one an address waits twice as long, from a second to five; and all wait the
    longest while there are more than 30 a minute from all of them. At most 500 wait at a time, so
    that no address has more than a hundred tries a second; one that has none waiting has a place.
    """

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        pause: Callable[[float], Awaitable[object]] = sleep,
    ) -> None:
        self._clock = clock
        self._pause = pause
        self._waiting: Counter[str] = Counter()
        self._by_address: dict[str, _Tried] = {}  # the one that tried last comes last
        self._of_all: deque[float] = deque(maxlen=_MANY_A_MINUTE)

    async def turn(self, address: str) -> int:
        """Wait as long as a try from there has to; the how many-th without success it is.

        0, at once, where too many wait already.
        """
        network = _network(address)
        if self._waiting[network] and self._waiting.total() >= _MOST_AT_ONCE:
            return 0
        seconds, times = self._wait(network), self._noted(network)
        self._waiting[network] += 1
        try:
            await self._pause(seconds)
        finally:
            self._waiting -= Counter([network])  # keeps no address that has none
        return times

    def right(self, address: str) -> None:
        """Note that it was right: the address begins anew."""
        if self._by_address.pop(_network(address), None) and self._of_all:
            self._of_all.pop()

    def _wait(self, network: str) -> float:
        """Seconds until a try from there is answered; 0 for a first one."""
        full = len(self._of_all) == _MANY_A_MINUTE
        if full and self._of_all[0] > self._clock() - _MINUTE:
            return LONGEST_WAIT
        times = self._before(network)
        return min(2.0 ** min(times - 1, 9), LONGEST_WAIT) if times else 0.0

    def _before(self, network: str) -> int:
        tried = self._by_address.get(network)
        fresh = tried is not None and self._clock() - tried.last <= _FORGOTTEN_AFTER
        return tried.times if tried is not None and fresh else 0

    def _noted(self, network: str) -> int:
        """Count a try as one without success, before it is known: many may come at once."""
        now, times = self._clock(), self._before(network) + 1
        self._by_address.pop(network, None)
        self._by_address[network] = _Tried(times, now)
        if len(self._by_address) > _MOST_ADDRESSES:
            del self._by_address[next(iter(self._by_address))]
        self._of_all.append(now)
        return times


def _network(address: str) -> str:
    """Who is behind the address: of IPv6, everyone has 2⁶⁴ of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
