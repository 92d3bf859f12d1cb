"""What an array that still lies in a file can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

if TYPE_CHECKING:
    import numpy as np


class Stored(Protocol):
    """An array in a file: its shape and dtype are known, its values are read when asked for.

    Implementations hold no open file between calls, are picklable, and may be read from any
    thread.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """The length along each dimension."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype that `read` gives."""

    def read(self, selection: Any = ()) -> Any:
        """The values of a selection (integers, slices, ellipsis), all of them by default."""

    def read_into(self, out: np.ndarray[Any, Any]) -> None:
        """Put all values into an array of the same shape."""


def is_stored(value: object) -> TypeGuard[Stored]:
    """Whether a value is an array that still lies in a file."""
    # Not `isinstance` with a runtime protocol: that costs more than listing the array does.
    return hasattr(type(value), "read_into")
