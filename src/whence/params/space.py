"""A parameter space: nested parameters, some of which vary."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.base.problem import Problem, did_you_mean
from whence.params.axis import axes_of, find_axis, target_of
from whence.params.dim import CoupledParamDim, Mask, ParamDim, as_mask
from whence.params.grid import Grid
from whence.params.point import Path, Point, mould
from whence.params.subspace import mask_of

if TYPE_CHECKING:
    import xarray as xr

_INFOS = {
    "state_no": "number",
    "state_no_str": "text",
    "padded_state_no": "text",
    "state_vector": "states",
    "state_vec": "states",
    "current_coords": "coords",
    "coords": "coords",
}


class ParamSpace:
    """All combinations of the values of the dimensions in nested parameters.

    Parameters
    ----------
    params : mapping
        Nested dicts and lists with `ParamDim` and `CoupledParamDim` in them. It is copied.

    Raises
    ------
    UserError
        If two dimensions have one name, or a coupled one does not fit its target.

    Notes
    -----
    Dimensions are sorted by their order, then by their key path, and the last varies fastest. As
    state 0 is the default, and masked values keep their state, the state numbers of the points
    have gaps but never change with a mask.

    Examples
    --------
    >>> space = ParamSpace({"size": ParamDim(default=1, values=[1, 2]), "steps": 10})
    >>> [(point.state_str, point.params) for point in space.points()]
    [('1', {'size': 1, 'steps': 10}), ('2', {'size': 2, 'steps': 10})]
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        if not isinstance(params, Mapping):
            raise UserError.of(
                "bad-space",
                f"a parameter space is a mapping, not a {type(params).__name__}",
                mend="Give the parameters names: `name: value`.",
            )
        self._params: dict[str, Any] = mould(params, {})(())
        self._axes = axes_of(params, ParamDim)
        self._coupled = axes_of(params, CoupledParamDim)
        self._targets = target_of(self._coupled, self._axes)
        self._grid = Grid(
            tuple(axis.name for axis in self._axes), tuple(axis.dim for axis in self._axes)
        )

    @property
    def dims(self) -> dict[str, ParamDim]:
        """The dimensions by name, slowest first, as masked now."""
        return dict(zip(self._grid.names, self._grid.dims, strict=True))

    @property
    def dims_by_loc(self) -> dict[Path, ParamDim]:
        """The dimensions by key path."""
        return {axis.path: dim for axis, dim in zip(self._axes, self._grid.dims, strict=True)}

    @property
    def coupled_dims(self) -> dict[str, CoupledParamDim]:
        """The coupled dimensions by name."""
        return {axis.name: axis.dim for axis in self._coupled}

    @property
    def coupled_dims_by_loc(self) -> dict[Path, CoupledParamDim]:
        """The coupled dimensions by key path."""
        return {axis.path: axis.dim for axis in self._coupled}

    @property
    def num_dims(self) -> int:
        """How many dimensions there are, without coupled ones."""
        return len(self._axes)

    @property
    def num_coupled_dims(self) -> int:
        """How many coupled dimensions there are."""
        return len(self._coupled)

    @property
    def coords(self) -> dict[str, tuple[Any, ...]]:
        """The values that each dimension goes through now; as many as `shape` says."""
        return {name: tuple(dim) for name, dim in self.dims.items()}

    @property
    def pure_coords(self) -> dict[str, tuple[Any, ...]]:
        """The value of every state of each dimension: its default, then all its values."""
        return {name: dim.coords for name, dim in self.dims.items()}

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each dimension goes through now."""
        return self._grid.shape

    @property
    def full_shape(self) -> tuple[int, ...]:
        """How many values each dimension has, masked ones too."""
        return self._grid.full_shape

    @property
    def states_shape(self) -> tuple[int, ...]:
        """How many states each dimension has: its values and its default."""
        return self._grid.states_shape

    @property
    def volume(self) -> int:
        """How many points there are now; 0 if there are no dimensions."""
        return math.prod(self.shape) if self._axes else 0

    @property
    def full_volume(self) -> int:
        """How many points there are without masks; 0 if there are no dimensions."""
        return math.prod(self.full_shape) if self._axes else 0

    @property
    def max_state_no(self) -> int:
        """The largest state number."""
        return self._grid.max_state_no

    @property
    def default(self) -> dict[str, Any]:
        """The parameters with every dimension at its default."""
        params: dict[str, Any] = self._cast((0,) * len(self._axes))
        return params

    @property
    def state_map(self) -> xr.DataArray:
        """All state numbers, over the value of every state: defaults and masked ones too."""
        return self._grid.number_map(active=False)

    @property
    def active_state_map(self) -> xr.DataArray:
        """The state numbers of the points, over the values that the dimensions go through."""
        return self._grid.number_map(active=True)

    def points(self) -> Iterator[Point]:
        """All points that are not masked, in the order of their numbers.

        A space without dimensions has one point, of number 0.
        """
        cast, width = self._cast, self._width
        for states, number, coords in self._grid.states():
            yield Point(cast(states), number, str(number).zfill(width), coords)

    def point(self, state_no: int) -> Point:
        """The point of a state number: masked or not, defaults included.

        Raises
        ------
        UserError
            If there is no such state.
        """
        states = self._grid.states_of(state_no)
        number = int(state_no)
        text = str(number).zfill(self._width)
        return Point(self._cast(states), number, text, self._grid.values_at(states))

    def iterator(
        self, *, with_info: str | Iterable[str] | None = None, omit_pt: bool = False
    ) -> Iterator[Any]:
        """The parameters of all points, or tuples of them and what else is asked for.

        Parameters
        ----------
        with_info : str or iterable of str, optional
            ``state_no``, ``state_no_str`` (or ``padded_state_no``), ``state_vector`` (or
            ``state_vec``), ``current_coords`` (or ``coords``).
        omit_pt : bool, optional
            Whether to leave out the parameters; what is left, if it is one thing, comes bare.

        Raises
        ------
        UserError
            If an info is unknown, or nothing is left to give.
        """
        infos = (with_info,) if isinstance(with_info, str) else tuple(with_info or ())
        if omit_pt and not infos:
            message = "without the points there is nothing to give: name something in with_info"
            raise UserError.of("nothing-to-give", message)
        for info in infos:
            if info not in _INFOS:
                raise UserError.of(
                    "unknown-info",
                    f"unknown info {info!r}",
                    mend=did_you_mean(info, _INFOS) or f"Known are: {', '.join(_INFOS)}.",
                )
        return self._iterate([_INFOS[info] for info in infos], omit_pt)

    def get_state_vector(self, *, state_no: int) -> tuple[int, ...]:
        """The state of each dimension, for a state number.

        Raises
        ------
        UserError
            If there is no such state.
        """
        return self._grid.states_of(state_no)

    def get_dim_values(
        self, *, state_no: int | None = None, state_vector: Sequence[int] | None = None
    ) -> dict[str, Any]:
        """The value of each dimension, for a state number or for the state of each dimension.

        Raises
        ------
        UserError
            If there is no such state, or not exactly one of the two is given.
        """
        if state_no is not None and state_vector is None:
            return self._grid.values_at(self._grid.states_of(state_no))
        if state_vector is not None and state_no is None:
            return self._grid.values_at(state_vector)
        raise UserError.of("bad-state", "give one of state_no and state_vector")

    def set_mask(self, name: str | Sequence[Any], mask: Mask, invert: bool = False) -> None:
        """Leave out some values of a dimension; their states keep their numbers.

        Parameters
        ----------
        name : str or sequence
            The dimension's name, or the end of its key path.
        mask : bool, slice or sequence of bool
            All or none, those of a slice, or those where it is true.
        invert : bool, optional
            Whether the mask tells what stays instead.

        Raises
        ------
        UserError
            If there is no such dimension, or the mask does not fit it.
        """
        self.set_masks((name, mask, invert))

    def set_masks(self, *masks: Sequence[Any] | Mapping[str, Any]) -> None:
        """Set several masks, or none of them if one is wrong.

        Parameters
        ----------
        *masks : sequence or mapping
            The arguments of `set_mask`, for each.

        Raises
        ------
        UserError
            For everything that is wrong with them.
        """
        changed: dict[int, Mask] = {}
        problems: list[Problem] = []
        for spec in masks:
            given = spec if isinstance(spec, Mapping) else dict(zip(_MASK, spec, strict=False))
            try:
                position = find_axis(self._axes, given["name"])
                mask = as_mask(given["mask"], self.full_shape[position])
            except UserError as error:
                problems += error.problems
            except (ValueError, TypeError, KeyError) as error:
                problems.append(Problem("bad-mask", f"the mask of {given.get('name')!r}: {error}"))
            else:
                inverted = bool(given.get("invert", False))
                changed[position] = tuple(hidden != inverted for hidden in mask)
        if problems:
            raise UserError(*problems)
        self._grid = self._grid.masked(changed)

    def activate_subspace(
        self, *, allow_default: bool = False, reset_all_others: bool = True, **selections: Any
    ) -> None:
        """Keep only some values of some dimensions; if one selection is wrong, nothing changes.

        Parameters
        ----------
        allow_default : bool, optional
            Whether a selection may be empty; the dimension is at its default then.
        reset_all_others : bool, optional
            Whether the dimensions not named here lose their masks.
        **selections : object
            By the dimension's name: a value, a list of values, a slice ``[start, stop)`` of
            values, or a mapping with ``loc`` (the same) or ``idx`` (states counted from 1), and
            ``rtol`` and ``atol`` for comparing floats.

        Raises
        ------
        UserError
            If a dimension or value is unknown, a value is selected twice, or nothing is selected.
        """
        changed: dict[int, Mask] = {}
        problems: list[Problem] = []
        for name, selection in selections.items():
            try:
                position = find_axis(self._axes, name)
                dim = self._axes[position].dim
                changed[position] = mask_of(dim, selection, allow_default=allow_default)
            except UserError as error:
                problems += error.problems
            except (ValueError, TypeError) as error:
                problems.append(Problem("bad-selection", f"the selection of {name!r}: {error}"))
        if problems:
            raise UserError(*problems)
        self._grid = self._grid.masked(changed, others=False if reset_all_others else None)

    def get_info_dict(self) -> dict[str, Any]:
        """What there is to know of it, as plain data."""
        return {
            "volume": self.volume,
            "full_volume": self.full_volume,
            "shape": list(self.shape),
            "max_state_no": self.max_state_no,
            "dims": [
                {
                    "name": axis.name,
                    "full_path": list(axis.path),
                    "default": dim.default,
                    "values": list(dim.values),
                    "order": dim.order,
                    "mask": list(dim.mask),
                }
                for axis, dim in zip(self._axes, self._grid.dims, strict=True)
            ],
            "coupled_dims": [
                {
                    "name": axis.name,
                    "full_path": list(axis.path),
                    "target_name": self._axes[target].name,
                    "values": list(axis.dim.coords(self._axes[target].dim)[1:]),
                }
                for axis, target in zip(self._coupled, self._targets, strict=True)
            ],
        }

    def get(self, key: str, default: Any = None) -> Any:
        """A copy of what is at a top-level key, dimensions and all."""
        return self._described().get(key, default)

    def yaml_node(self) -> tuple[str, dict[str, Any]]:
        """Tag and plain value of its YAML form."""
        return "!pspace", self._described()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ParamSpace):
            return NotImplemented
        return self._described() == other._described()

    __hash__ = None  # type: ignore[assignment]  # masks can be set

    def __repr__(self) -> str:
        dims = ", ".join(f"{name}: {len(dim)}" for name, dim in self.dims.items())
        return f"<ParamSpace, {self.volume} points, ({dims})>"

    def _repr_html_(self) -> str:
        from whence.params.html import space_card

        return space_card(self)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_cast"}

    @cached_property
    def _cast(self) -> Callable[[Sequence[int]], Any]:
        tables = {axis.path: (i, axis.dim.coords) for i, axis in enumerate(self._axes)}
        for axis, target in zip(self._coupled, self._targets, strict=True):
            tables[axis.path] = (target, axis.dim.coords(self._axes[target].dim))
        return mould(self._params, tables)

    @property
    def _width(self) -> int:
        return len(str(self.max_state_no))

    def _iterate(self, infos: Sequence[str], omit_pt: bool) -> Iterator[Any]:
        cast, width = self._cast, self._width
        for states, number, coords in self._grid.states():
            known = {
                "number": number,
                "text": str(number).zfill(width),
                "states": states,
                "coords": coords,
            }
            told = tuple(known[info] for info in infos)
            if omit_pt:
                yield told if len(told) > 1 else told[0]
            else:
                yield (cast(states), *told) if told else cast(states)

    def _described(self) -> dict[str, Any]:
        """The parameters with the dimensions in them, as they are masked now."""
        tables: dict[Path, tuple[int, Sequence[Any]]] = {
            axis.path: (0, (dim,)) for axis, dim in zip(self._axes, self._grid.dims, strict=True)
        }
        for axis, target in zip(self._coupled, self._targets, strict=True):
            tables[axis.path] = (0, (axis.dim.named(("", *self._axes[target].path)),))
        params: dict[str, Any] = mould(self._params, tables)((0,))
        return params


_MASK = ("name", "mask", "invert")
