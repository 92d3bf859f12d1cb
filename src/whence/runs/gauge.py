"""The progress of a program in the last line of the terminal."""

from __future__ import annotations

import contextlib
import os

_WIDTH = 30


class Gauge:
    """A line that stands below what the program prints, and makes way for more of it.

    Parameters
    ----------
    fd : int
        The terminal.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._drawn = False
        self._fresh = True

    def show(self, progress: float) -> None:
        """Draw it, if the program has ended its line."""
        if self._fresh:
            full = round(progress * _WIDTH)
            self._write(f"\r{'━' * full}{'╌' * (_WIDTH - full)} {progress:4.0%}")
            self._drawn = True

    def make_way(self, data: bytes) -> None:
        """Take it away before the program prints."""
        if self._drawn:
            self._write("\r\x1b[K")
            self._drawn = False
        if data:
            self._fresh = data.endswith(b"\n")

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone
            os.write(self._fd, text.encode())


def gauge_of(fd: int) -> Gauge | None:
    """A gauge, if that is a terminal."""
    return Gauge(fd) if os.isatty(fd) else None
