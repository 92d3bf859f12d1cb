"""The logical clock: what was seen before something was written comes before it."""

from __future__ import annotations

import threading

DAY = 86_400_000_000  # microseconds


class LogicalClock:
    """Gives each line its place in the order of lines. Safe to use from any thread.

    ``lc = max(own clock in microseconds, 1 + highest lc seen)``. What lies more than a day ahead
    of the own clock is not taken over: one machine with a wrong clock must not pull all others
    along.
    """

    __slots__ = ("_last", "_lock")

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def tick(self, now: float) -> int:
        """The next number, after every one given or seen before."""
        with self._lock:
            self._last = max(int(now * 1e6), self._last + 1)
            return self._last

    def saw(self, lc: int, now: float) -> bool:
        """Come after `lc` from now on; False if that lies too far ahead to be true."""
        if is_ahead(lc, now):
            return False
        with self._lock:
            self._last = max(self._last, lc)
        return True


def is_ahead(lc: int, now: float) -> bool:
    """Whether a logical time lies more than a day after `now` (seconds since 1970)."""
    return lc > int(now * 1e6) + DAY
