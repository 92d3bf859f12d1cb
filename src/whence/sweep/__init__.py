"""Run a parameter space over an executor, every point on record."""

from whence.sweep.option import SweepOptions
from whence.sweep.result import SweepProgress, SweepResult
from whence.sweep.sweep import read_space, sweep
from whence.sweep.template import Template

__all__ = [
    "SweepOptions",
    "SweepProgress",
    "SweepResult",
    "Template",
    "read_space",
    "sweep",
]
