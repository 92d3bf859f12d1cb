"""How the points of a sweep stand: done, running, failed or missing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from whence.base.escape import decode, encode
from whence.store import Store
from whence.sweep.history import is_running
from whence.sweep.option import SweepOptions
from whence.sweep.plan import Step
from whence.sweep.scheme import GivenSpace, scheme_of
from whence.sweep.target import Given

Standing = Literal["done", "running", "failed", "terminated", "lost", "missing"]


@dataclass(frozen=True, slots=True)
class PointStatus:
    """How one point stands.

    Attributes
    ----------
    index : int
        Its place among the points, from 0.
    state : str
        Its state number as text.
    status : str
        ``done``, ``running``, ``failed``, ``terminated``, ``lost``, or ``missing``: it has not
        run, or has run with other code, inputs or parameters, or its output is gone.
    run : str or None
        The run that stands for it, or that was there last.
    coords : dict
        The values that vary.
    message : str
        Why it failed or is to run again, or which output is to be restored; empty if there is
        nothing to say.
    """

    index: int
    state: str
    status: Standing
    run: str | None
    coords: dict[str, Any]
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The status as plain data."""
        told = {name: getattr(self, name) for name in ("index", "state", "status", "run")}
        return {**told, "coords": encode(self.coords), "message": self.message}


@dataclass(frozen=True, slots=True)
class SweepStatus:
    """How a sweep stands."""

    name: str
    out: Path
    points: tuple[PointStatus, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many points stand how."""
        return dict(Counter(point.status for point in self.points))

    @property
    def to_run(self) -> tuple[PointStatus, ...]:
        """The points that would run now: all but those that are done or running."""
        return tuple(p for p in self.points if p.status not in ("done", "running"))

    def as_dict(self) -> dict[str, Any]:
        """The status as `whence sweep --status --json` tells it."""
        return {
            "name": self.name,
            "out": str(self.out),
            "counts": self.counts,
            "to_run": ranges(point.index for point in self.to_run),
            "points": [point.as_dict() for point in self.points],
        }


def sweep_status(
    target: Given,
    space: GivenSpace,
    *,
    store: Store,
    name: str | None = None,
    out: str | os.PathLike[str] | None = None,
    options: SweepOptions | None = None,
) -> SweepStatus:
    """How the points of a sweep stand; nothing is written, and nothing runs.

    Parameters
    ----------
    target, space, store, name, out, options
        As `whence.sweep.sweep` has them.

    Raises
    ------
    UserError
        If target and space do not fit.
    """
    scheme = scheme_of(target, space, store, name, out, options)
    steps = scheme.steps(scheme.space.points())
    points = tuple(_status(store, number, step) for number, step in enumerate(steps))
    return SweepStatus(scheme.name, scheme.out, points)


def _status(store: Store, index: int, step: Step) -> PointStatus:
    state, coords = step.point.state_str, dict(step.point.coords)
    if step.done is not None:
        why = f"{step.why}; would be restored" if step.restore else step.why
        return PointStatus(index, state, "done", step.done["id"], coords, why)
    earlier = step.earlier
    if earlier is None:
        return PointStatus(index, state, "missing", None, coords, step.why)
    run, status = earlier["id"], str(earlier.get("status"))
    if is_running(store, earlier):
        return PointStatus(index, state, "running", run, coords)
    same = earlier.get("call") == step.key
    if status in ("failed", "terminated") and same:
        error = earlier.get("error") or {}
        message = str(decode(error.get("message") or ""))
        standing: Standing = "failed" if status == "failed" else "terminated"
        return PointStatus(index, state, standing, run, coords, message)
    if status in ("running", "created") and same:
        return PointStatus(index, state, "lost", run, coords)
    return PointStatus(index, state, "missing", run, coords, step.why)


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as batch systems take them.

    Examples
    --------
    >>> ranges([0, 1, 2, 7, 9, 10])
    '0-2,7,9-10'
    """
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)
