"""Run a parameter space over an executor, every point on record.

The room is called as its verb: ``whence.sweep(target, space)`` is `whence.sweep.sweep`.
"""

import sys
from types import ModuleType
from typing import Any

from whence.sweep.array import sweep_point
from whence.sweep.option import SweepOptions
from whence.sweep.result import SweepProgress, SweepResult
from whence.sweep.scheme import read_space
from whence.sweep.status import PointStatus, SweepStatus, ranges, sweep_status
from whence.sweep.sweep import sweep
from whence.sweep.template import Template

__all__ = [
    "PointStatus",
    "SweepOptions",
    "SweepProgress",
    "SweepResult",
    "SweepStatus",
    "Template",
    "ranges",
    "read_space",
    "sweep",
    "sweep_point",
    "sweep_status",
]


class _Room(ModuleType):
    """A module that can be called; see docs/decisions/0004."""

    def __call__(self, *args: Any, **kwargs: Any) -> SweepResult:
        return sweep(*args, **kwargs)


_Room.__call__.__doc__ = sweep.__doc__
sys.modules[__name__].__class__ = _Room
