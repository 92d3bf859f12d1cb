"""The arrays that a run logged as values of a metric, read back with their axes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.base.escape import decode, readable
from whence.base.problem import did_you_mean
from whence.store import Store

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[Any]


def tensor_names(store: Store, run: str) -> tuple[str, ...]:
    """The metrics of a run that have arrays for values.

    Raises
    ------
    UserError
        If there is no such run.
    """
    told = store.index().state(run).get("metrics") or {}
    return tuple(name for name, facts in told.items() if facts.get("tensors"))


def tensor(store: Store, run: str, name: str, step: int | None = None) -> xr.DataArray:
    """The arrays of a metric, with their axes named.

    Parameters
    ----------
    store : Store
        Where the run is on record.
    run : str
        The run id.
    name : str
        The metric.
    step : int, optional
        Only the array of that step (the last one logged with it), without the dimension ``step``.

    Returns
    -------
    (step, ...) DataArray
        The dimensions after ``step`` and their coordinates are those of the grid that was
        assigned; ``axis_0``, ``axis_1``, … without one. Along ``step`` lie the coordinates
        ``time`` [s] since the start of the run, and ``timestamp``. ``attrs["units"]`` is the unit.

    Raises
    ------
    UserError
        If there is no such metric or step, or the arrays differ in shape and no step is given.
    StoreError
        If an array has not arrived in the store, or is damaged.
    """
    import numpy as np
    import xarray as xr

    lines = _chosen(store, run, name, step)
    first = _load(store, lines[0])
    values = np.empty((len(lines), *first.shape), np.result_type(*(x["dtype"] for x in lines)))
    for place, line in enumerate(lines):
        values[place] = first if place == 0 else _load(store, line)
    facts = (store.index().state(run).get("metrics") or {}).get(name, {})
    labels, ticks = _axes(facts.get("axes") or (), first.shape)
    stamps = np.array([round(line["at"] * 1e6) for line in lines], dtype="datetime64[us]")
    coords: dict[str, Any] = {
        "step": [line["s"] for line in lines],
        "time": ("step", [line["w"] for line in lines], {"units": "s"}),
        "timestamp": ("step", stamps.astype("datetime64[ns]")),
        **ticks,
    }
    unit = readable(facts.get("units"))
    attrs = {"units": unit} if unit else {}
    array = xr.DataArray(values, coords, ("step", *labels), name, attrs)
    return array if step is None else array.isel(step=0)


def _chosen(store: Store, run: str, name: str, step: int | None) -> list[dict[str, Any]]:
    names = tensor_names(store, run)
    if name not in names:
        raise UserError.of(
            "unknown-metric",
            f"the run has no arrays of a metric {name!r}",
            mend=did_you_mean(name, names)
            or (f"It has arrays of {', '.join(names)}." if names else "It logged no arrays."),
        )
    lines = [line for line in store.lines(run, ("tensor",)) if line.get("name") == name]
    if step is not None:
        steps = [line["s"] for line in lines]
        lines = [line for line in lines if line["s"] == step][-1:]
        if not lines:
            raise UserError.of(
                "unknown-step",
                f"there is no array of {name!r} at step {step}",
                mend=f"The steps are {', '.join(map(str, steps[:10]))}"
                f"{', …' if len(steps) > 10 else ''}.",
            )
    shapes = {tuple(line["shape"]) for line in lines}
    if len(shapes) > 1:
        raise UserError.of(
            "shapes-differ",
            f"the arrays of {name!r} differ in shape: {', '.join(map(str, sorted(shapes)))}",
            mend="Ask for one of them with step=.",
        )
    return lines


def _load(store: Store, line: Mapping[str, Any]) -> Array:
    import numpy as np

    with store.open_content(line["digest"]) as content:
        array: Array = np.load(io.BytesIO(content.read()), allow_pickle=False)
    return array


def _axes(
    axes: Sequence[Mapping[str, Any]], shape: tuple[int, ...]
) -> tuple[list[str], dict[str, Any]]:
    """The names of the axes, and their coordinates where a grid of that shape was assigned."""
    if len(axes) != len(shape):
        return [f"axis_{i}" for i in range(len(shape))], {}
    ticks = {axis["label"]: decode(axis["ticks"]) for axis in axes}
    fitting = {
        label: (label, values)
        for (label, values), size in zip(ticks.items(), shape, strict=True)
        if len(values) == size
    }
    return list(ticks), fitting
