"""Time and the ids made from it."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import Protocol

ID_LENGTH = 22
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
# 2 bytes draw one of 36 letters with a bias below 0.06 %.
_RANDOM_LETTERS = 7
_FIRST, _LAST = -62_135_596_800.0, 253_402_300_799.0  # of the years 1 to 9999


A_WHILE = 1.0
"""Seconds to wait at once for what may take long.

Python hears a signal that comes just before it asks the system to wait, or to another thread, only
once the waiting is over.
"""


class Clock(Protocol):
    """Tells the time. Safe to call from any thread.

    Tests give a store a skewed or a standing clock through this.
    """

    def __call__(self) -> float:
        """Seconds since 1970-01-01 UTC."""


system_clock: Clock = time.time


def new_id(now: float | None = None) -> str:
    """A fresh id: UTC time to the second, then seven random letters and digits.

    Ids sort by the time they were made, are readable, and fit file names and URLs.

    Parameters
    ----------
    now : float, optional
        Seconds since 1970-01-01 UTC; the system's time if not given.
    """
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(time.time() if now is None else now))
    drawn = os.urandom(2 * _RANDOM_LETTERS)
    tail = "".join(
        _LETTERS[int.from_bytes(drawn[i : i + 2], "big") % 36] for i in range(0, len(drawn), 2)
    )
    return stamp + tail


def utc_text(seconds: float) -> str:
    """An instant as people and JSON read it: ``2026-11-21T02:17:57.361412Z``.

    One that no calendar has, as a damaged record may tell, is the first or the last there is.
    """
    return datetime.fromtimestamp(min(max(seconds, _FIRST), _LAST), UTC).strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ"
    )


def utc_day(seconds: float) -> str:
    """The UTC day of an instant, as day folders are named: ``2026-11-21``."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
