"""Run a parameter space over an executor, every point on record."""

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
