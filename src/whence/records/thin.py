"""Fewer points of a long series, for drawing, that still show every spike's height."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[Any]


def thinned(low: Column, high: Column, most: int) -> Column:
    """Which points to keep, in order: at most `most`.

    The series is cut into stretches of equal length, and of each the lowest and the highest point
    are kept; besides them the first and the last of all. So the least and the greatest value are
    always among the points kept, if at least two may be.

    Parameters
    ----------
    low, high : (point,) float64
        The values: the same twice, or the lower and upper ends of a band.
    most : int
        How many points to keep; at least 1.

    Returns
    -------
    (kept,) int64
        Indices, rising.

    Examples
    --------
    >>> import numpy as np
    >>> spike = np.zeros(1000)
    >>> spike[617] = 5.0
    >>> 617 in thinned(spike, spike, 10)
    True
    """
    import numpy as np

    count = len(low)
    if count <= most:
        return np.arange(count)
    if most == 1:
        return np.array([count - 1])
    ends = [0, count - 1] if most >= 4 else []
    stretches = (most - len(ends)) // 2
    kept = [*_places(low, stretches, np.inf), *_places(high, stretches, -np.inf), *ends]
    return np.unique(kept)


def _places(values: Column, stretches: int, beyond: float) -> Column:
    """Where each stretch has its least value (`beyond` is inf) or its greatest (-inf)."""
    import numpy as np

    width = -(-len(values) // stretches)
    padded = np.full(width * stretches, beyond)
    padded[: len(values)] = np.where(np.isnan(values), beyond, values)
    table = padded.reshape(stretches, width)
    inner = table.argmin(axis=1) if beyond > 0 else table.argmax(axis=1)
    places: Column = np.minimum(np.arange(stretches) * width + inner, len(values) - 1)
    return places
