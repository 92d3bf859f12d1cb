"""What a benchmark yields, and how it is timed."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """Something of ours and the floor under it.

    `reach` is the ratio to the floor that we want, `within` the time in seconds, if any.
    """

    what: str
    ours: Callable[[], object]
    floor: Callable[[], object] | None = None
    rounds: int = 7
    reach: float | None = None
    within: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured of a pair: medians in seconds."""

    what: str
    ours: float
    floor: float | None
    reach: float | None
    within: float | None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.floor if self.floor else None

    @property
    def reached(self) -> bool | None:
        if self.reach is None and self.within is None:
            return None
        near = self.reach is None or (self.ratio is not None and self.ratio <= self.reach)
        return near and (self.within is None or self.ours <= self.within)


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(pair: Pair) -> Figure:
    """Time both in turns, after one unmeasured round that warms caches."""
    sides = [side for side in (pair.ours, pair.floor) if side is not None]
    for side in sides:
        side()
    times = [[seconds(side) for side in sides] for _ in range(pair.rounds)]
    ours, floor = [*(statistics.median(column) for column in zip(*times, strict=True)), None][:2]
    assert ours is not None
    return Figure(pair.what, ours, floor, pair.reach, pair.within)
