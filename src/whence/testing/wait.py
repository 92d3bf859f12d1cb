"""Waiting for what another process or thread brings about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_LONGEST = 120.0  # seconds; a test that works never waits so long, however busy the machine is
_PAUSE = 0.01


def until(condition: Callable[[], T]) -> T:
    """What a condition gives once it holds.

    A test waits with it for what is to come, instead of sleeping as long as that should take.

    Parameters
    ----------
    condition : callable
        Called again and again until what it gives is true.

    Raises
    ------
    AssertionError
        If it does not hold in time.
    """
    end = time.monotonic() + _LONGEST
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(_PAUSE)
    return found
