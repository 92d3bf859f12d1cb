"""Plots: specs, creators, plot functions, helpers; figures that carry their recipe.

Nothing heavy is imported before the first figure is drawn.
"""

from __future__ import annotations

from whence.plot.figure import Figure
from whence.plot.function import is_plot_func
from whence.plot.helper import PlotHelper
from whence.plot.manager import PlotManager
from whence.plot.recipe import Inputs, Recipe, read_recipe
from whence.plot.spec import PlotSpec

__all__ = [
    "Figure",
    "Inputs",
    "PlotHelper",
    "PlotManager",
    "PlotSpec",
    "Recipe",
    "is_plot_func",
    "read_recipe",
]
