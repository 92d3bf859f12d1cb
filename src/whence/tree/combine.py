"""The data of all points of a parameter space as one array, put into place as it is read."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from whence.base.error import UserError
from whence.base.problem import Problem
from whence.tree.array import ArrayContainer, NumpyDataContainer, XrDataContainer
from whence.tree.container import Container
from whence.tree.error import ItemAccessError
from whence.tree.space import ParamSpaceGroup

if TYPE_CHECKING:
    import xarray as xr

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Axes:
    """The dimensions of a parameter space, and where each of its points lies in them."""

    coords: Mapping[str, Sequence[Any]]
    positions: Mapping[int, tuple[int, ...]]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values along each dimension."""
        return tuple(len(values) for values in self.coords.values())


def axes_of(space: Any, subspace: Mapping[str, Any] | None = None) -> Axes:
    """The dimensions of a parameter space with their values, and the place of each point.

    Parameters
    ----------
    space : ParamSpace
        The space; it is not changed.
    subspace : mapping, optional
        Labels (a value, a list, or what `ParamSpace.activate_subspace` takes) by dimension.
    """
    if subspace:
        space = copy.deepcopy(space)
        space.activate_subspace(**subspace)
    coords = space.coords
    states = space.iterator(with_info="state_no", omit_pt=True)
    places = itertools.product(*(range(len(values)) for values in coords.values()))
    return Axes(coords, dict(zip(states, places, strict=True)))


def gather(
    group: ParamSpaceGroup,
    path: Any,
    subspace: Mapping[str, Any] | None = None,
    *,
    missing: bool = False,
    name: str | None = None,
) -> xr.DataArray:
    """The data at one path of every point, as one array.

    Parameters
    ----------
    group : ParamSpaceGroup
        The data of the points; it must know its parameter space.
    path : str or list
        The path within each point.
    subspace : mapping, optional
        Take only these labels, by dimension.
    missing : bool
        Fill with NaN (NaT, or None for objects) where there is no data, and after the end of
        data that is shorter; integers become floats then. Otherwise that is an error.
    name : str, optional
        The name of the array; the last step of the path if not given.

    Returns
    -------
    xarray.DataArray
        (dimensions of the space, dimensions of the data), of the data's dtype.

    Raises
    ------
    UserError
        If data is missing or of different shapes without `missing`, or is no array.
    """
    axes = axes_of(group.space(), subspace)
    values: dict[int, Any] = {}
    lost: list[ItemAccessError] = []
    for state in axes.positions:
        try:
            values[state] = group[[state, path]]
        except ItemAccessError as error:
            lost.append(error)
    if lost and not missing:
        problems = [problem for error in lost[:_SHOWN] for problem in error.problems]
        if len(lost) > _SHOWN:
            problems.append(_more(len(lost) - _SHOWN, "points have no such data"))
        raise UserError(*problems)
    if not values:
        raise UserError.of(
            "no-data",
            f"no point of {group.logstr} has data at {path!r}",
            mend="Check the path, or select another part of the space.",
        )
    steps = path if isinstance(path, str) else "/".join(map(str, path))
    return combine(axes, values, missing=missing, name=name or steps.rpartition("/")[2])


def combine(
    axes: Axes, values: Mapping[int, Any], *, missing: bool = False, name: str | None = None
) -> xr.DataArray:
    """Values by state number as one array: each is put straight into its place.

    Parameters
    ----------
    axes : Axes
        The dimensions of the space; see `axes_of`.
    values : mapping of int to array-like
        Containers, DataArrays, arrays or scalars.
    missing, name
        As in `gather`.

    Raises
    ------
    UserError
        As `gather`.
    """
    import xarray as xr

    parts = {state: _Part.of(value) for state, value in values.items()}
    first = next(iter(parts.values()))
    gaps = len(parts) < len(axes.positions)
    if gaps and not missing:
        absent = [state for state in axes.positions if state not in parts][:_SHOWN]
        raise UserError.of(
            "missing-data",
            f"there is no data for the points {', '.join(map(str, absent))}",
            mend="Allow missing data, or select a part of the space that is there.",
        )
    shape, ragged = _shape(parts, missing)
    same_labels = _same_coords(parts) if not ragged else None
    if not ragged and same_labels is None:
        return _aligned(axes, parts, name, missing)
    dtype = np.result_type(*{part.dtype for part in parts.values()})
    slab = _slab((*axes.shape, *shape), dtype, filled=gaps or ragged)
    for state, part in parts.items():
        place = axes.positions[state]
        part.read_into(slab[(*place, *(slice(size) for size in part.shape), ...)])
    coords = {dim: _labels(dim, labels) for dim, labels in axes.coords.items()}
    clash = set(coords) & {*first.dims, *(same_labels or {})}
    if clash:
        raise UserError.of(
            "same-dimension",
            f"{sorted(clash)[0]!r} is a dimension of the space and of the data",
            mend="Rename it in the data.",
        )
    dims = (*axes.coords, *first.dims)
    return xr.DataArray(
        slab, {**coords, **(same_labels or {})}, dims, name=name, attrs=_same_attrs(parts)
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """The data of one point."""

    value: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    dims: tuple[Any, ...]
    attrs: Mapping[str, Any]

    @classmethod
    def of(cls, value: Any) -> _Part:
        if isinstance(value, Container) and not isinstance(value, ArrayContainer):
            value = value.data
        if isinstance(value, NumpyDataContainer):
            dims: tuple[Any, ...] = tuple(f"dim_{i}" for i in range(value.ndim))
            return cls(value, value.shape, value.dtype, dims, dict(value.attrs))
        if isinstance(value, XrDataContainer):
            from whence.tree.label import free

            attrs = value.data.attrs if value.is_read else free(value.attrs)
            return cls(value, value.shape, value.dtype, value.dims, attrs)
        if hasattr(value, "dims") and hasattr(value, "coords") and hasattr(value, "variable"):
            return cls(value, value.shape, value.dtype, value.dims, value.attrs)
        if hasattr(value, "data_vars") or hasattr(value, "children"):
            raise UserError.of(
                "not-an-array",
                f"data of type {type(value).__name__} cannot be combined into one array",
                mend="Select one array in it, by a longer path or a transformation.",
            )
        array = np.asarray(value)
        dims = tuple(f"dim_{i}" for i in range(array.ndim))
        return cls(array, array.shape, array.dtype, dims, {})

    def read_into(self, out: np.ndarray[Any, Any]) -> None:
        if isinstance(self.value, ArrayContainer):
            self.value.read_into(out)
        else:
            out[...] = self.value.values if hasattr(self.value, "values") else self.value

    def coords(self) -> dict[Any, Any]:
        value = self.value
        if isinstance(value, XrDataContainer):
            if not any(key.startswith("coords") for key in value.attrs) and not value.is_read:
                return {}
            value = value.data
        return {} if isinstance(value, ArrayContainer) else dict(getattr(value, "coords", {}))


def _shape(parts: Mapping[int, _Part], missing: bool) -> tuple[tuple[int, ...], bool]:
    """The shape that holds each part, and whether some are smaller."""
    states = list(parts)
    first = parts[states[0]]
    odd = [s for s in states if (parts[s].dims, parts[s].shape) != (first.dims, first.shape)]
    if not odd:
        return first.shape, False
    labelled = any(part.coords() for part in parts.values())
    same_dims = all(parts[state].dims == first.dims for state in odd)
    if same_dims and labelled and missing:
        return first.shape, False  # aligned by their labels instead
    if same_dims and missing:
        sizes = (part.shape for part in parts.values())
        return tuple(max(along) for along in zip(*sizes, strict=True)), True
    problems = [
        Problem(
            "ragged-data",
            f"the data of point {state} has {_sizes(parts[state])}, that of point {states[0]} has "
            f"{_sizes(first)}",
            mend="Allow missing data to fill up with NaN." if same_dims else None,
        )
        for state in odd[:_SHOWN]
    ]
    if len(odd) > _SHOWN:
        problems.append(_more(len(odd) - _SHOWN, "points differ"))
    raise UserError(*problems)


def _sizes(part: _Part) -> str:
    sizes = ", ".join(f"{d}: {n}" for d, n in zip(part.dims, part.shape, strict=True))
    return f"the shape ({sizes})"


def _more(count: int, what: str) -> Problem:
    return Problem("more", f"... and {count} more {what}")


def _same_coords(parts: Mapping[int, _Part]) -> dict[Any, Any] | None:
    """The coordinates that all parts share, or None if they differ along a dimension."""
    iterator = iter(parts.values())
    first_part = next(iterator)
    first = first_part.coords()
    shared = dict(first)
    for part in iterator:
        coords = part.coords()
        for key in {*first, *coords}:
            same = key in first and key in coords and first[key].equals(coords[key])
            if same:
                continue
            if key in first_part.dims:
                return None
            shared.pop(key, None)
    return shared


def _same_attrs(parts: Mapping[int, _Part]) -> dict[str, Any]:
    """The attributes that all parts share."""
    first, *others = (part.attrs for part in parts.values())
    return {
        key: value
        for key, value in first.items()
        if all(key in other and np.array_equal(value, other[key]) for other in others)
    }


def _aligned(
    axes: Axes, parts: Mapping[int, _Part], name: str | None, missing: bool
) -> xr.DataArray:
    """The data of parts whose labels differ, put where the labels say."""
    import xarray as xr

    if not missing:
        raise UserError.of(
            "ragged-data",
            "the data of the points has different coordinates",
            mend="Allow missing data to fill up with NaN where a point has no data.",
        )
    arrays = {
        state: part.value.data if isinstance(part.value, Container) else part.value
        for state, part in parts.items()
    }
    joined = xr.align(*arrays.values(), join="outer")
    return combine(axes, dict(zip(arrays, joined, strict=True)), missing=missing, name=name)


def _slab(shape: tuple[int, ...], dtype: np.dtype[Any], *, filled: bool) -> Any:
    if not filled:
        return np.empty(shape, dtype)
    if dtype.kind in "iub":
        dtype = np.dtype(float)
    if dtype.kind in "mM":
        return np.full(shape, np.array("NaT", dtype), dtype)
    return np.full(
        shape, np.nan if dtype.kind in "fc" else None, dtype if dtype.kind in "fc" else object
    )


def _labels(dim: str, labels: Sequence[Any]) -> Any:
    try:
        array = np.asarray(labels)
    except ValueError:
        array = None
    if array is None or array.ndim != 1:
        array = np.empty(len(labels), object)
        array[:] = [tuple(x) if isinstance(x, list) else x for x in labels]
    return (dim, array)
