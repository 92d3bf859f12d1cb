"""The panels of a facet grid: one per column and row, drawn straight with matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from whence.plot.facet import Facets
    from whence.plot.helper import PlotHelper

LOOKS = ("color", "alpha", "linewidth", "lw", "linestyle", "ls", "marker", "markersize", "ms",
         "zorder", "where", "s", "bins", "density", "range", "histtype", "cumulative", "cmap",
         "vmin", "vmax", "levels", "interpolation", "aspect", "capsize", "elinewidth",
         "edgecolor", "facecolor", "rasterized")  # fmt: skip

_MOST_ENTRIES = 10  # a legend of more numbers is harder to read than a colour bar
_IMAGES = ("pcolormesh", "imshow", "contour", "contourf")


def label_of(array: Any, fallback: str | None = None) -> str:
    """An axis label: the long name or name, and the unit in brackets."""
    attrs = array.attrs
    name = attrs.get("long_name") or attrs.get("standard_name") or array.name or fallback or ""
    unit = attrs.get("units") or attrs.get("unit")
    return f"{name} [{unit}]" if unit else str(name)


def text_of(value: Any) -> str:
    """A coordinate's value as legends and titles show it."""
    import numpy as np

    value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    if isinstance(value, np.datetime64):
        return str(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class Cells:
    """The data of a facet grid, cut into panels.

    Parameters
    ----------
    data : xarray.DataArray or xarray.Dataset
        The labelled data.
    facets : Facets
        Which dimension is where.
    """

    def __init__(self, data: Any, facets: Facets) -> None:
        self.data = data
        self.facets = facets
        self.nrows = self._size("row")
        self.ncols = self._size("col")
        wrap: Any = facets.options.get("col_wrap")
        self.wrapped = bool(wrap) and facets.row is None and facets.col is not None
        if self.wrapped:
            self.count = self.ncols
            square = math.ceil(math.sqrt(self.count))
            self.ncols = min(self.count, square if wrap == "square" else int(wrap))
            self.nrows = -(-self.count // self.ncols)

    def _size(self, slot: str) -> int:
        name = getattr(self.facets, slot)
        return int(self.data.sizes[self._dim(name)]) if name else 1

    def _dim(self, name: str) -> str:
        if name in self.data.dims:
            return name
        dims = self.data.coords[name].dims
        if len(dims) != 1:
            raise UserError.of("bad-encoding", f"{name!r} is not a coordinate of one dimension")
        return str(dims[0])

    def __iter__(self) -> Iterator[tuple[int, int, Any]]:
        """Each panel's row, column and data."""
        col = self._dim(self.facets.col) if self.facets.col else None
        row = self._dim(self.facets.row) if self.facets.row else None
        for r in range(self.nrows):
            for c in range(self.ncols):
                if self.wrapped and r * self.ncols + c >= self.count:
                    return
                index: dict[Any, int] = {}
                if col:
                    index[col] = r * self.ncols + c if self.wrapped else c
                if row:
                    index[row] = r
                yield r, c, self.data.isel(index) if index else self.data

    def draw(self, hlpr: PlotHelper) -> None:
        """Draw every panel, and provide titles, labels, legend or colour bar."""
        mappable, used = None, set()
        limits = color_limits(self.data, self.facets)
        for row, col, data in self:
            axes = hlpr.axes[row, col]
            used.add((row, col))
            if self.facets.kind in _IMAGES:
                mappable = draw_image(axes, data, self.facets, limits)
            elif self.facets.kind == "hist":
                draw_histogram(axes, data, self.facets)
            else:
                mappable = draw_series(axes, data, self.facets) or mappable
            self._head(axes, data, row, col)
        for row in range(self.nrows):
            for col in range(self.ncols):
                hlpr.axes[row, col].set_visible((row, col) in used)
        self._provide(hlpr, mappable)

    def _head(self, axes: Axes, data: Any, row: int, col: int) -> None:
        if self.facets.col and (row == 0 or self.wrapped):
            axes.set_title(f"{self.facets.col} = {text_of(data[self.facets.col])}", fontsize=10.5)
        if self.facets.row and col == self.ncols - 1:
            text = f"{self.facets.row} = {text_of(data[self.facets.row])}"
            axes.annotate(text, (1.02, 0.5), xycoords="axes fraction", rotation=270,
                          ha="left", va="center", fontsize=10.5)  # fmt: skip

    def _provide(self, hlpr: PlotHelper, mappable: Any) -> None:
        x, y = axis_labels(self.data, self.facets)
        hlpr.provide_defaults("set_labels", x=x, y=y)
        options = self.facets.options
        if mappable is not None and options.get("add_colorbar", True):
            name = self.facets.hue if self.facets.kind not in _IMAGES else None
            label = label_of(self.data[name], name) if name else label_of(self.data)
            bar = hlpr.fig.colorbar(mappable, ax=hlpr.axes, label=options.get("cbar_label", label))
            bar.outline.set_visible(False)
        elif self.facets.hue and options.get("add_legend", True):
            hlpr.provide_defaults("set_legend", title=label_of(self.data[self.facets.hue]))
        if hlpr.caption:
            whole = self.nrows * self.ncols > 1
            hlpr.provide_defaults("set_suptitle" if whole else "set_title", title=hlpr.caption)


def grid_size(cells: Cells) -> Sequence[float] | None:
    """The size in inches of a grid of panels; None for a single panel's default."""
    if cells.nrows * cells.ncols == 1:
        return None
    return min(3.4 * cells.ncols + 1.2, 16.0), min(2.7 * cells.nrows + 0.8, 20.0)


def axis_labels(data: Any, facets: Facets) -> tuple[str, str]:
    """What stands at the two axes."""
    dataset = hasattr(data, "data_vars")
    x = label_of(data[facets.x], facets.x) if facets.x else ""
    if facets.kind == "hist":
        return label_of(data), "density" if facets.look.get("density") else "count"
    if facets.kind in _IMAGES or dataset:
        return x, label_of(data[facets.y], facets.y) if facets.y else ""
    if facets.y:
        return label_of(data), label_of(data[facets.y], facets.y)
    return x, label_of(data)


def coordinate(data: Any, name: str) -> Any:
    """The values along a dimension or coordinate, as matplotlib takes them."""
    values = data[name].values
    return values.astype(str) if values.dtype.kind == "O" else values


def color_limits(data: Any, facets: Facets) -> tuple[float, float] | None:
    """One range of colours for all panels."""
    import numpy as np

    if facets.kind not in _IMAGES:
        return None
    low, high = facets.look.get("vmin"), facets.look.get("vmax")
    values = data.values
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if finite.size == 0:
        return 0.0, 1.0
    return (
        float(finite.min()) if low is None else low,
        float(finite.max()) if high is None else high,
    )


def draw_image(axes: Axes, data: Any, facets: Facets, limits: Any) -> Any:
    """Draw a panel of two dimensions; gives back what the colour bar shows."""
    look = {k: v for k, v in facets.look.items() if k not in ("vmin", "vmax")}
    look["vmin"], look["vmax"] = limits
    x, y = coordinate(data, str(facets.x)), coordinate(data, str(facets.y))
    dims = [_along(data, facets.y), _along(data, facets.x)]
    values = data.transpose(*dims).values
    axes.grid(visible=False)
    if facets.kind == "imshow":
        look.setdefault("aspect", "auto")
        if x.dtype.kind in "iuf" and y.dtype.kind in "iuf" and x.size > 1 and y.size > 1:
            half = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
            look["extent"] = (x[0] - half[0], x[-1] + half[0], y[0] - half[1], y[-1] + half[1])
        return axes.imshow(values, origin="lower", **look)
    if facets.kind == "pcolormesh":
        look = {"shading": "nearest", "rasterized": values.size > 10_000} | look
        return axes.pcolormesh(x, y, values, **look)
    return getattr(axes, facets.kind)(x, y, values, **look)


def _along(data: Any, name: str | None) -> str:
    return str(name) if name in data.dims else str(data[name].dims[0])


def draw_histogram(axes: Axes, data: Any, facets: Facets) -> None:
    """Draw the distribution of a panel's values, one per hue."""
    import numpy as np

    values = data.values
    look: dict[str, Any] = {"bins": 30, "histtype": "stepfilled"} | dict(facets.look)
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values.ravel()
    if not isinstance(look["bins"], (list, tuple)) and finite.size:
        look["bins"] = np.histogram_bin_edges(finite, look["bins"], look.get("range"))
    if facets.hue is None:
        axes.hist(finite, **look)
        return
    for entry in range(data.sizes[_along(data, facets.hue)]):
        part = data.isel({_along(data, facets.hue): entry})
        flat = part.values.ravel()
        axes.hist(flat[np.isfinite(flat)] if flat.dtype.kind == "f" else flat,
                  label=text_of(part[facets.hue]), **({"alpha": 0.55} | look))  # fmt: skip


def draw_series(axes: Axes, data: Any, facets: Facets) -> Any:
    """Draw lines, steps, points or error bars; gives back a mappable if colours are a scale."""
    if facets.kind == "scatter" and facets.hue and facets.hue in getattr(data, "data_vars", ()):
        return _draw_cloud(axes, data, facets)
    if facets.hue is None:
        _draw_one(axes, data, facets, {})
        return None
    along = _along(data, facets.hue)
    hues = data[facets.hue].values
    scale = _color_scale(hues, facets)
    for entry, hue in enumerate(hues):
        look = {"color": scale.to_rgba(hue)} if scale is not None else {"label": text_of(hue)}
        _draw_one(axes, data.isel({along: entry}), facets, look)
    return scale


def _color_scale(hues: Any, facets: Facets) -> Any:
    import matplotlib as mpl

    if hues.dtype.kind not in "iuf" or (hues.size <= _MOST_ENTRIES and "cmap" not in facets.look):
        return None
    norm = mpl.colors.Normalize(float(hues.min()), float(hues.max()))
    return mpl.cm.ScalarMappable(norm, facets.look.get("cmap", "viridis"))


def _draw_cloud(axes: Axes, data: Any, facets: Facets) -> Any:
    import xarray as xr

    x, y, hue = xr.broadcast(data[facets.x], data[facets.y], data[facets.hue])
    look = {"s": 18} | dict(facets.look)
    return axes.scatter(x.values.ravel(), y.values.ravel(), c=hue.values.ravel(), **look)


def _draw_one(axes: Axes, data: Any, facets: Facets, look: dict[str, Any]) -> None:
    x, y, error = _series(data, facets)
    look = {k: v for k, v in facets.look.items() if k != "cmap"} | look
    if facets.kind == "line":
        axes.plot(x, y, **look)
    elif facets.kind == "step":
        axes.step(x, y, **({"where": "mid"} | look))
    elif facets.kind == "scatter":
        axes.scatter(x, y, **({"s": 18} | look))
    elif facets.options.get("use_bands"):
        (line,) = axes.plot(x, y, **look)
        if error is not None:
            axes.fill_between(x, y - error, y + error, color=line.get_color(), alpha=0.25, lw=0)
    else:
        bars: dict[str, Any] = {"capsize": 2.5, "marker": "o", "markersize": 4} | look
        axes.errorbar(x, y, error, **bars)


def _series(data: Any, facets: Facets) -> tuple[Any, Any, Any]:
    """x, y and the error of y of one line, as arrays of equal shape (points of a line first)."""
    import xarray as xr

    dataset = hasattr(data, "data_vars")
    values = data[facets.y] if dataset else data
    error = data[facets.yerr].values if dataset and facets.yerr else None
    if values.ndim == 0:
        return [0], [values.item()], error
    if facets.kind == "line" and facets.y and not dataset:
        return values.values, coordinate(data, facets.y), None
    if facets.x is None:
        return range(values.size), values.values.ravel(), error
    if data[facets.x].ndim == 1 and values.ndim == 1:
        return coordinate(data, facets.x), values.values, error
    xs, ys = xr.broadcast(data[facets.x], values)
    order = list(ys.dims)
    flat = facets.kind in ("scatter", "errorbars")
    x, y = xs.transpose(*order).values, ys.transpose(*order).values
    return (x.ravel(), y.ravel(), None) if flat and y.ndim > 1 else (x, y, error)
