"""The names of dimensions and coordinates that an array's attributes give.

======================  ======================================================================
attribute               gives
======================  ======================================================================
``dims``                the names of all dimensions, in order
``dim_name__<i>``       the name of one dimension; goes before ``dims``
``coords__<dim>``       the coordinates of a dimension
``coords_mode__<dim>``  how they are given: ``values`` (the default), ``range``, ``arange``,
                        ``linspace``, ``logspace`` (arguments of those), ``start_and_step``,
                        ``trivial`` (0, 1, 2, ...), ``scalar`` or ``linked`` (the path of another
                        container, relative to this one)
======================  ======================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.formats import Stored

if TYPE_CHECKING:
    import xarray as xr

    from whence.tree.node import Node

_DIMS, _DIM, _COORDS, _MODE = "dims", "dim_name__", "coords__", "coords_mode__"
_MODES = (
    "values",
    "range",
    "arange",
    "linspace",
    "logspace",
    "start_and_step",
    "trivial",
    "scalar",
    "linked",
)


def dims_of(attrs: Mapping[str, Any], ndim: int, owner: str) -> tuple[str, ...]:
    """The names of an array's dimensions; ``dim_<i>`` where the attributes give none.

    Raises
    ------
    UserError
        If the attributes name more dimensions than there are, or one name twice.
    """
    if not attrs:
        return tuple(f"dim_{i}" for i in range(ndim))
    names: list[str | None] = [None] * ndim
    given = attrs.get(_DIMS)
    if given is not None:
        listed = [_word(name) for name in np.atleast_1d(np.asarray(given, dtype=object)).ravel()]
        if len(listed) > ndim:
            raise _bad(owner, f"'dims' names {len(listed)} dimensions, the data has {ndim}")
        names[: len(listed)] = listed
    for key, value in attrs.items():
        if key.startswith(_DIM):
            at = key[len(_DIM) :]
            if not at.isdigit() or int(at) >= ndim:
                raise _bad(owner, f"{key!r} names a dimension, but the data has only {ndim}")
            names[int(at)] = _word(value)
    dims = tuple(name or f"dim_{i}" for i, name in enumerate(names))
    if len(set(dims)) < ndim:
        raise _bad(owner, f"a dimension name is used twice: {', '.join(dims)}")
    return dims


def labelled(variable: xr.Variable, attrs: Mapping[str, Any], node: Node) -> xr.DataArray:
    """A DataArray of a variable, with the coordinates and other attributes of a container.

    Raises
    ------
    UserError
        If the attributes give coordinates of an unknown dimension, or of another length.
    """
    import xarray as xr

    sizes: dict[str, int] = {str(dim): size for dim, size in variable.sizes.items()}
    coords = {}
    for key in attrs:
        if key.startswith((_COORDS, _MODE)):
            dim = key.removeprefix(_COORDS) if key.startswith(_COORDS) else key.removeprefix(_MODE)
            if dim not in sizes:
                raise _bad(
                    node.logstr,
                    f"{key!r} labels the dimension {dim!r}, which the data has not",
                    did_you_mean(dim, sizes) or f"Its dimensions are: {', '.join(sizes)}.",
                )
            coords[dim] = (dim, _coordinates(dim, sizes[dim], attrs, node))
    array = xr.DataArray(variable, coords=coords, name=node.name)
    array.attrs.update(free(attrs))
    return array


def free(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that label nothing."""
    prefixes = (_DIM, _COORDS, _MODE)
    return {k: v for k, v in attrs.items() if k != _DIMS and not k.startswith(prefixes)}


def _coordinates(dim: str, size: int, attrs: Mapping[str, Any], node: Node) -> Any:
    mode = _word(attrs.get(_MODE + dim, "values"))
    if mode not in _MODES:
        mend = did_you_mean(mode, _MODES) or f"Known are: {', '.join(_MODES)}."
        raise _bad(node.logstr, f"'{_MODE}{dim}' is {mode!r}, which is no mode", mend)
    given = attrs.get(_COORDS + dim)
    if mode == "trivial":
        return np.arange(size)
    if given is None:
        raise _bad(node.logstr, f"'{_MODE}{dim}' is {mode!r}, but there is no '{_COORDS}{dim}'")
    if mode == "linked":
        values = np.asarray(_linked(node, _word(given)))
    else:
        try:
            values = _values(mode, np.atleast_1d(given), size)
        except (TypeError, ValueError) as error:
            raise _bad(node.logstr, f"'{_COORDS}{dim}' is no {mode}: {error}") from error
    if values.shape != (size,):
        raise _bad(
            node.logstr,
            f"'{_COORDS}{dim}' gives coordinates of shape {values.shape} for {size} positions",
        )
    return values


def _values(mode: str, given: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    if mode in ("range", "arange"):
        return np.arange(*given.tolist())
    if mode in ("linspace", "logspace"):
        make: Any = np.linspace if mode == "linspace" else np.logspace
        start, stop, *number = given.tolist()
        return np.asarray(make(start, stop, *map(int, number)))
    if mode == "start_and_step":
        start, step = given.tolist()
        return np.asarray(start + step * np.arange(size))
    if given.dtype.kind in "SO":
        given = np.array([_word(item) if isinstance(item, bytes) else item for item in given])
    return given


def _linked(node: Node, path: str) -> Any:
    from whence.tree.node import Node, find

    if node.parent is None:
        raise _bad(node.logstr, f"its coordinates are linked to {path!r}, but it is in no group")
    found = find(node.parent, path)
    return found.data if isinstance(found, Node) else found


def _word(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    return value.decode() if isinstance(value, bytes) else str(value)


def _bad(owner: str, message: str, mend: str | None = None) -> UserError:
    return UserError.of("bad-label", f"{owner}: {message}", mend=mend)


def lazy(stored: Stored | np.ndarray[Any, Any], dims: tuple[str, ...]) -> xr.Variable:
    """A variable whose values are read, selection by selection, when they are used."""
    import xarray as xr
    from xarray.core import indexing

    from whence.tree.backend import StoredArray

    if isinstance(stored, np.ndarray):
        return xr.Variable(dims, stored)
    if stored.dtype.kind == "O" or not stored.shape:
        return xr.Variable(dims, stored.read())
    array = indexing.LazilyIndexedArray(StoredArray(stored))
    cached: Any = indexing.MemoryCachedArray
    return xr.Variable(dims, cached(array))
