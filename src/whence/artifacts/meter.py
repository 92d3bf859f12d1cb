"""Progress of work on many bytes: told seldom, and not at all if it is soon done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

Progress = Callable[[int, int, str], object]
"""Called with the bytes done, the bytes there are, and what is at work."""


def unwatched(count: int) -> None:
    """Nobody is told."""


_PATIENCE = 1.0  # seconds before the first word
_PAUSE = 0.1


class Meter:
    """Counts bytes and tells of them. Safe to use from any thread.

    Parameters
    ----------
    progress : callable or None
        Who is told.
    total : int
        How many bytes there are.
    """

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self.total = progress, total
        self.done = 0
        self.note = ""
        self._lock = threading.Lock()
        self._next = time.monotonic() + _PATIENCE
        self._told = False

    def __call__(self, count: int) -> None:
        """So many bytes more are done."""
        if self._progress is None:
            return
        with self._lock:
            self.done += count
            if time.monotonic() >= self._next:
                self._tell()

    def close(self) -> None:
        """All is done; said only if anything was."""
        with self._lock:
            if self._told:
                self.done = self.total
                self._tell()

    def _tell(self) -> None:
        self._next = time.monotonic() + _PAUSE
        self._told = True
        if self._progress is not None:
            self._progress(self.done, max(self.total, self.done), self.note)
