"""whence: from a parameter space to a figure that knows where it came from.

The names below are imported when they are first used, so that ``import whence`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

_HOMES = {
    "params": ("CoupledParamDim", "ParamDim", "ParamSpace"),
    "plot": ("PlotManager", "is_plot_func"),
    "runs": ("Run",),
    "sweep": ("sweep",),
    "app.trace": ("trace",),
    "tasks": ("MemoizedTask", "RecordedTask"),
    "transform": ("is_operation", "register_operation"),
    "tree": ("DataManager",),
}
_HOME = {name: room for room, names in _HOMES.items() for name in names}

__all__ = [
    "CoupledParamDim",
    "DataManager",
    "MemoizedTask",
    "ParamDim",
    "ParamSpace",
    "PlotManager",
    "RecordedTask",
    "Run",
    "is_operation",
    "is_plot_func",
    "register_operation",
    "sweep",
    "trace",
]

if TYPE_CHECKING:
    from whence.app.trace import trace
    from whence.params import CoupledParamDim, ParamDim, ParamSpace
    from whence.plot import PlotManager, is_plot_func
    from whence.runs import Run
    from whence.tasks import MemoizedTask, RecordedTask
    from whence.transform import is_operation, register_operation
    from whence.tree import DataManager


def __getattr__(name: str) -> Any:
    try:
        room = _HOME[name]
    except KeyError:
        raise AttributeError(f"module 'whence' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(f"whence.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
