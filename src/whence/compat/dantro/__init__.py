"""`dantro`, as whence has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whence.compat.dantro import containers, data_loaders, groups, tools
from whence.tree import DataManager

if TYPE_CHECKING:
    from whence.plot import PlotManager

__all__ = ["DataManager", "PlotManager", "containers", "data_loaders", "groups", "tools"]


def __getattr__(name: str) -> Any:
    if name == "PlotManager":  # drawing is slow to import, and not everybody draws
        from whence.plot import PlotManager

        return PlotManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
