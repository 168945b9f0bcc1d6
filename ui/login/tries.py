"""Wrong passwords, and how long whoever gave one has to wait before the next."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from time import monotonic

_LONGEST_WAIT = 60.0  # seconds
_FORGOTTEN_AFTER = 3600.0
_MOST_ADDRESSES = 10_000
_MINUTE = 60.0
_MOST_A_MINUTE = 30


@dataclass(frozen=True, slots=True)
class _Wrong:
    """How often an address was wrong in a row, and when last."""

    times: int
    last: float


class Tries:
    """What one server knows of wrong tries.

    After each wrong one an address waits twice as long, from a second to a minute; and all
    addresses together have 30 wrong ones a minute.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._by_address: dict[str, _Wrong] = {}  # the one that was wrong last comes last
        self._of_all: deque[float] = deque(maxlen=_MOST_A_MINUTE)

    def wait(self, address: str) -> float:
        """Seconds until that address may try again; 0 where it may at once."""
        now = self._clock()
        until = 0.0
        if wrong := self._by_address.get(_network(address)):
            until = wrong.last + min(2.0 ** (wrong.times - 1), _LONGEST_WAIT)
        if len(self._of_all) == _MOST_A_MINUTE:
            until = max(until, self._of_all[0] + _MINUTE)
        return max(until - now, 0.0)

    def wrong(self, address: str) -> int:
        """Note a wrong try; the how many-th in a row it was."""
        now, network = self._clock(), _network(address)
        before = self._by_address.pop(network, None)
        fresh = before is None or now - before.last > _FORGOTTEN_AFTER
        times = 1 if fresh or before is None else before.times + 1
        self._by_address[network] = _Wrong(times, now)
        if len(self._by_address) > _MOST_ADDRESSES:
            del self._by_address[next(iter(self._by_address))]
        self._of_all.append(now)
        return times

    def right(self, address: str) -> None:
        """Note a right one: the address begins anew."""
        self._by_address.pop(_network(address), None)


def _network(address: str) -> str:
    """Who is behind the address: of IPv6, everyone has 2⁶⁴ of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
