"""Groups whose members lie along labelled dimensions, like the steps of a time series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from whence.base.error import UserError
from whence.tree.array import XrDataContainer
from whence.tree.group import IndexedDataGroup, OrderedDataGroup

if TYPE_CHECKING:
    import xarray as xr


class LabelledDataGroup(OrderedDataGroup):
    """A group whose members' names are coordinates: ``"3;0.5"`` lies at 3 and 0.5.

    Coordinates come from the names of members (or, where they have it, from the attribute
    ``ext_coords__<dim>``); `sel` and `isel` give the members at some of them as one array.
    """

    _NEW_CONTAINER_CLS: ClassVar[Any] = XrDataContainer
    LDG_DIMS: ClassVar[tuple[str, ...]] = ()

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimensions that the members lie along."""
        return self.LDG_DIMS

    @property
    def coords(self) -> dict[str, np.ndarray[Any, Any]]:
        """The coordinates along each dimension, sorted."""
        points = [self._point(member) for member in self.children()]
        columns = zip(*points, strict=True) if points else ((),) * len(self.dims)
        return {
            dim: np.unique(np.asarray(column))
            for dim, column in zip(self.dims, columns, strict=True)
        }

    def sel(self, indexers: Mapping[str, Any] | None = None, **by_name: Any) -> xr.DataArray:
        """The data at some labels, as one array.

        A dimension of the group given a single label goes; other dimensions select within
        the members.
        """
        return self._select({**(indexers or {}), **by_name}, by_label=True)

    def isel(self, indexers: Mapping[str, Any] | None = None, **by_name: Any) -> xr.DataArray:
        """The data at some positions, as one array; see `sel`."""
        return self._select({**(indexers or {}), **by_name}, by_label=False)

    def _point(self, member: Any) -> tuple[Any, ...]:
        given = [member.attrs.get(f"ext_coords__{dim}") for dim in self.dims]
        if given and None not in given:
            return tuple(np.asarray(value).item() for value in given)
        try:
            point = tuple(_number(part) for part in member.name.split(";"))
        except ValueError:
            point = ()
        if len(point) != len(self.dims):
            raise UserError.of(
                "bad-label",
                f"the name of {member.logstr} in {self.logstr} does not give a coordinate for "
                f"each of the dimensions ({', '.join(self.dims)})",
            )
        return point

    def _select(self, indexers: dict[str, Any], *, by_label: bool) -> xr.DataArray:
        import xarray as xr

        if not len(self):
            raise UserError.of("empty-group", f"{self.logstr} has no members to select from")
        outer = {dim: value for dim, value in indexers.items() if dim in self.dims}
        inner = {dim: value for dim, value in indexers.items() if dim not in self.dims}
        at = {self._point(member): member for member in self.children()}
        axes = [xr.DataArray(c, dims=d, coords={d: c}) for d, c in self.coords.items()]
        chosen = []
        for axis in axes:
            wanted = {d: v for d, v in outer.items() if d == axis.dims[0]}
            try:
                chosen.append(axis.sel(wanted) if by_label else axis.isel(wanted))
            except (KeyError, IndexError) as error:
                raise UserError.of(
                    "no-such-label",
                    f"{self.logstr} has no {wanted} along {axis.dims[0]!r}: {error}",
                ) from error
        found = self._combined(chosen, at, ())
        return (found.sel(inner) if by_label else found.isel(inner)) if inner else found

    def _combined(self, axes: list[Any], at: Mapping[Any, Any], point: Any) -> xr.DataArray:
        import xarray as xr

        if not axes:
            if point not in at:
                raise UserError.of(
                    "missing-data", f"{self.logstr} has no member at {point}", mend="Select less."
                )
            found: xr.DataArray = at[point].data
            return found.assign_coords(dict(zip(self.dims, point, strict=True))).rename(self.name)
        axis, *rest = axes
        parts = [self._combined(rest, at, (*point, label.item())) for label in np.atleast_1d(axis)]
        if not axis.dims:
            return parts[0]
        try:
            return xr.concat(parts, axis.dims[0], join="outer", coords="minimal", compat="override")
        except ValueError as error:
            raise UserError.of(
                "ragged-data",
                f"the members of {self.logstr} differ in shape and have no labels to align "
                f"them by: {error}",
                mend="Select one member at a time, or label the data's own dimensions.",
            ) from error


class TimeSeriesGroup(IndexedDataGroup, LabelledDataGroup):
    """A group whose members are the times of a time series, by name."""

    LDG_DIMS: ClassVar[tuple[str, ...]] = ("time",)


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
