"""The arithmetic of states: which combinations there are, and which number each has."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.params.dim import Mask, ParamDim

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class Grid:
    """Dimensions in order, the last varying fastest.

    The number of a state is the sum over the dimensions of the dimension's state times the product
    of the numbers of states of all later dimensions.

    Attributes
    ----------
    names : tuple of str
        The dimensions' names.
    dims : tuple of ParamDim
        The dimensions, with their masks.
    """

    names: tuple[str, ...]
    dims: tuple[ParamDim, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each dimension goes through."""
        return tuple(len(dim) for dim in self.dims)

    @property
    def full_shape(self) -> tuple[int, ...]:
        """How many values each dimension has."""
        return tuple(len(dim.values) for dim in self.dims)

    @property
    def states_shape(self) -> tuple[int, ...]:
        """How many states each dimension has."""
        return tuple(dim.num_states for dim in self.dims)

    @property
    def strides(self) -> tuple[int, ...]:
        """What one step in each dimension adds to the state number."""
        lengths = self.states_shape
        return tuple(math.prod(lengths[i + 1 :]) for i in range(len(lengths)))

    @property
    def max_state_no(self) -> int:
        """The largest state number."""
        return math.prod(self.states_shape) - 1

    def masked(self, masks: Mapping[int, Mask], *, others: Mask | None = None) -> Grid:
        """The same grid with other masks, by position; None leaves the others as they are."""
        dims = (
            dim if mask is None else dim.masked(mask)
            for dim, mask in ((dim, masks.get(i, others)) for i, dim in enumerate(self.dims))
        )
        return replace(self, dims=tuple(dims))

    def states(self) -> Iterator[tuple[tuple[int, ...], int, dict[str, Any]]]:
        """States, number and values by name of every combination that is not masked."""
        active = [dim.active_states for dim in self.dims]
        parts = [
            [state * stride for state in states]
            for states, stride in zip(active, self.strides, strict=True)
        ]
        names = self.names
        for states, terms, values in zip(
            itertools.product(*active),
            itertools.product(*parts),
            itertools.product(*self.dims),
            strict=True,
        ):
            yield states, sum(terms), dict(zip(names, values, strict=True))

    def states_of(self, number: int) -> tuple[int, ...]:
        """The state of each dimension, for a state number.

        Raises
        ------
        UserError
            If there is no such state.
        """
        rest = int(number) if hasattr(number, "__index__") else -1
        if not 0 <= rest <= self.max_state_no:
            raise UserError.of(
                "unknown-state",
                f"there is no state {number!r}",
                mend=f"State numbers go from 0 to {self.max_state_no}.",
            )
        states = []
        for length in reversed(self.states_shape):
            rest, state = divmod(rest, length)
            states.append(state)
        return tuple(reversed(states))

    def values_at(self, states: Sequence[int]) -> dict[str, Any]:
        """The value of each dimension, by name.

        Raises
        ------
        UserError
            If there is no such state.
        """
        lengths = self.states_shape
        if len(states) != len(lengths) or any(
            not 0 <= state < length for state, length in zip(states, lengths, strict=True)
        ):
            raise UserError.of(
                "unknown-state",
                f"there is no state {tuple(states)}",
                mend=f"It has one number for each dimension, below those of {lengths}.",
            )
        return {
            name: dim.value_at(state)
            for name, dim, state in zip(self.names, self.dims, states, strict=True)
        }

    def number_map(self, *, active: bool) -> xr.DataArray:
        """The state numbers over the values of the active states, or of all."""
        import numpy as np  # both are slow to import, and few ask for the map
        import xarray as xr

        numbers = np.zeros((), dtype=np.int64)
        coords = {}
        for name, dim, stride in zip(self.names, self.dims, self.strides, strict=True):
            states = dim.active_states if active else range(dim.num_states)
            numbers = np.add.outer(numbers, np.asarray(states, dtype=np.int64) * stride)
            coords[name] = [dim.value_at(state) for state in states]
        numbers.flags.writeable = False
        return xr.DataArray(numbers, dims=list(coords), coords=coords)
