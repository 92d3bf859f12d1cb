"""The facet grid: any labelled array, its dimensions mapped to x, y, hue, columns and rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.base.problem import Where, did_you_mean
from whence.plot import panel

if TYPE_CHECKING:
    import xarray as xr

    from whence.plot.helper import PlotHelper

SLOTS: Mapping[str, tuple[str, ...]] = {
    "line": ("x", "hue", "col", "row"),
    "step": ("x", "hue", "col", "row"),
    "scatter": ("x", "hue", "col", "row"),
    "errorbars": ("x", "hue", "col", "row"),
    "hist": ("hue", "col", "row"),
    "pcolormesh": ("x", "y", "col", "row"),
    "imshow": ("x", "y", "col", "row"),
    "contour": ("x", "y", "col", "row"),
    "contourf": ("x", "y", "col", "row"),
}
IMAGES = ("pcolormesh", "imshow", "contour", "contourf")
LATER = ("scatter3d", "errorbands")

ENCODINGS = ("x", "y", "hue", "col", "row")
_OPTIONS = ("kind", "yerr", "use_bands", "auto_encoding", "squeeze", "sel", "add_legend",
            "add_colorbar", "col_wrap", "sharex", "sharey", "figsize", "cbar_label")  # fmt: skip
KEYS = (*ENCODINGS, *_OPTIONS, *panel.LOOKS)
# What dantro takes and whence does not yet: said apart from plain typing errors.
KEYS_LATER = ("frames", "files", "free", "show_data", "title_kwargs", "suptitle_kwargs",
              "auto_encoding_options", "drop_nonindexed_coords", "cbar_kwargs", "norm",
              "extend", "row_wrap")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facets:
    """How a facet grid shows its data: the dimension (or variable) in each slot.

    Attributes
    ----------
    kind : str
        A key of `SLOTS`.
    x, y, hue, col, row : str or None
        Names of dimensions or of their coordinates; of variables, if the data is a Dataset.
    yerr : str or None
        The variable with the errors of y.
    look : mapping
        What is passed on to matplotlib's artists.
    options : mapping
        The other options of `facet_grid`, as given.
    """

    kind: str
    x: str | None = None
    y: str | None = None
    hue: str | None = None
    col: str | None = None
    row: str | None = None
    yerr: str | None = None
    look: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


def facet_grid(*, data: Mapping[str, Any], hlpr: PlotHelper, **options: Any) -> None:
    """Draw ``data["data"]`` as a grid of panels.

    Parameters
    ----------
    data : mapping
        Its entry ``data`` is a DataArray, a Dataset, a container of one, or an array.
    hlpr : PlotHelper
        The figure and the helpers.
    **options
        ``kind``, the encodings ``x y hue col row``, and those in `KEYS`.

    Raises
    ------
    UserError
        If an encoding names nothing in the data, or the data has more dimensions than the kind
        can show.
    """
    labelled = _selected(as_labelled(data["data"]), options)
    facets = encode(labelled, options)
    cells = panel.Cells(labelled, facets)
    figsize = options.get("figsize") or panel.grid_size(cells)
    hlpr.setup_figure(
        nrows=cells.nrows,
        ncols=cells.ncols,
        figsize=figsize,
        sharex=options.get("sharex", True),
        sharey=options.get("sharey", True),
    )
    cells.draw(hlpr)


def as_labelled(value: Any) -> Any:
    """The value as a DataArray or Dataset."""
    import numpy as np
    import xarray as xr

    for candidate in (value, getattr(value, "data", None)):
        if isinstance(candidate, (xr.DataArray, xr.Dataset)):
            return candidate
    array = np.asarray(value)
    if array.dtype.kind not in "biufcmMUS":
        raise UserError.of(
            "not-plottable",
            f"facet_grid cannot draw {type(value).__name__!r}: it needs numbers with dimensions",
            mend="Transform what has the tag `data` into an xarray DataArray or Dataset.",
        )
    return xr.DataArray(array, name=getattr(value, "name", None), attrs=_attrs(value))


def _attrs(value: Any) -> dict[str, Any]:
    attrs = getattr(value, "attrs", None)
    return dict(attrs) if isinstance(attrs, Mapping) else {}


def _selected(data: Any, options: Mapping[str, Any]) -> Any:
    selected = data.sel(options["sel"]) if options.get("sel") else data
    if options.get("squeeze", True):
        used = {options.get(name) for name in ENCODINGS}
        single = [dim for dim, size in selected.sizes.items() if size == 1 and dim not in used]
        if len(single) < len(selected.dims):
            selected = selected.squeeze(single)
    return selected


def encode(data: Any, options: Mapping[str, Any]) -> Facets:
    """Decide the kind, and which dimension goes where; nothing is drawn."""
    import xarray as xr

    given = {name: options[name] for name in ENCODINGS if options.get(name) is not None}
    dataset = isinstance(data, xr.Dataset)
    kind = _kind(options.get("kind"), data, given, dataset=dataset)
    _known(data, {**given, "yerr": options.get("yerr")})
    look = {key: options[key] for key in panel.LOOKS if key in options}
    facets = _filled(data, kind, given, dataset=dataset)
    return Facets(kind, **facets, yerr=options.get("yerr"), look=look, options=options)


def _kind(kind: Any, data: Any, given: Mapping[str, str], *, dataset: bool) -> str:
    if isinstance(kind, Mapping):  # dantro's mapping from number of dimensions to kind
        kind = kind.get(len(data.dims), "auto")
    if isinstance(kind, str) and kind in SLOTS:
        return str(kind)
    free = len(data.dims) - len({"col", "row"} & set(given))
    if dataset:
        return "scatter"
    if "hue" in given:
        return "line"
    if "x" in given and "y" in given:
        return "pcolormesh"
    if kind == "auto":
        return "line" if len(data.dims) <= 3 else "pcolormesh" if len(data.dims) <= 5 else "hist"
    return "line" if free <= 1 else "pcolormesh" if free == 2 else "hist"


def _known(data: Any, given: Mapping[str, str | None]) -> None:
    every = (*data.dims, *data.coords, *getattr(data, "data_vars", ()))
    names = list(dict.fromkeys(map(str, every)))
    for slot, name in given.items():
        if name is not None and name not in names:
            raise UserError.of(
                "unknown-dimension",
                f"`{slot}: {name}` names nothing in the data, which has "
                f"{', '.join(names) or 'no dimensions'}",
                where=Where(path=(slot,)),
                mend=did_you_mean(str(name), names),
            )


def _filled(data: Any, kind: str, given: Mapping[str, str], *, dataset: bool) -> dict[str, str]:
    facets = dict(given)
    taken = {dim for name in given.values() for dim in _dims_of(data, name, given)}
    free = [str(dim) for dim in data.dims if dim not in taken]
    slots = [slot for slot in SLOTS[kind] if slot not in given]
    if dataset:
        return _filled_variables(data, kind, facets, free)
    if kind in IMAGES:
        free.reverse()
    else:
        free.sort(key=lambda dim: -data.sizes[dim])
    if kind == "hist":
        return facets
    if kind == "line" and "y" in given and "x" not in given:
        slots.remove("x")
    if len(free) > len(slots):
        raise UserError.of(
            "too-many-dimensions",
            f"`kind: {kind}` shows {', '.join(SLOTS[kind])}, and the data has the dimensions "
            f"{', '.join(map(str, data.dims))}: {', '.join(free)} find no place",
            mend="Select or average over some dimensions in `transform`, or choose another kind.",
        )
    facets |= dict(zip(slots, free, strict=False))
    if kind in IMAGES and not {"x", "y"} <= set(facets):
        raise UserError.of(
            "too-few-dimensions",
            f"`kind: {kind}` needs two dimensions, and the data has "
            f"{', '.join(map(str, data.dims)) or 'none'}",
        )
    return facets


def _dims_of(data: Any, name: str, given: Mapping[str, str]) -> list[str]:
    """The dimensions that an encoding uses up: its own, not those of other encodings."""
    if name in data.dims:
        return [name]
    if name in data.coords:
        others = set(given.values())
        return [str(dim) for dim in data.coords[name].dims if dim not in others]
    return []


def _filled_variables(
    data: xr.Dataset, kind: str, facets: dict[str, str], free: list[str]
) -> dict[str, str]:
    variables = [str(name) for name in data.data_vars]
    if kind not in ("scatter", "errorbars", "line", "step"):
        raise UserError.of(
            "bad-kind",
            f"`kind: {kind}` cannot draw a Dataset (variables {', '.join(variables)})",
            mend="Use kind scatter, errorbars, line or step, or select one variable.",
        )
    if kind == "scatter":
        for slot in ("x", "y"):
            rest = [name for name in variables if name not in facets.values()]
            if slot not in facets and rest:
                facets[slot] = rest[0]
    elif "y" not in facets and variables:
        facets["y"] = variables[0]
    if "y" not in facets:
        raise UserError.of("missing-key", f"`kind: {kind}` needs to know which variable is `y`")
    if kind != "scatter":
        free.sort(key=lambda dim: -data.sizes[dim])
        slots = [slot for slot in SLOTS[kind] if slot not in facets]
        facets |= dict(zip(slots, free, strict=False))
    return facets
