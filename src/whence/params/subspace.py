"""Which values of a dimension a selection leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from whence.params.dim import ParamDim

_OPTIONS = frozenset({"loc", "idx", "rtol", "atol"})


def mask_of(dim: ParamDim, selection: Any, *, allow_default: bool) -> tuple[bool, ...]:
    """The mask that leaves only the selected values.

    Parameters
    ----------
    dim : ParamDim
        The dimension.
    selection : object
        A value, a list of values, or a slice ``[start, stop)`` of values; or a mapping with
        ``loc`` (the same) or ``idx`` (states counted from 1: one, a list, a slice), and ``rtol``
        and ``atol`` for comparing floats.
    allow_default : bool
        Whether nothing may be selected, so that the default is used.

    Raises
    ------
    ValueError
        If the selection is none, names a value that is not there, or one twice, or selects nothing.
    """
    options = dict(selection) if isinstance(selection, Mapping) else {"loc": selection}
    if unknown := set(options) - _OPTIONS:
        raise ValueError(
            f"unknown {', '.join(map(repr, sorted(map(str, unknown))))}; "
            "a selection has loc or idx, and rtol and atol"
        )
    if ("loc" in options) == ("idx" in options):
        raise ValueError("a selection needs one of loc and idx")
    if "idx" in options:
        chosen = _by_index(options["idx"], len(dim.values))
    else:
        close = _Closeness(options.get("rtol", 1e-5), options.get("atol", 1e-8))
        chosen = _by_label(options["loc"], dim.values, close)
    if len(set(chosen)) < len(chosen):
        raise ValueError("the same value is selected twice")
    if not chosen and not allow_default:
        raise ValueError("no value is selected; set allow_default to use the default then")
    kept = set(chosen)
    return tuple(i not in kept for i in range(len(dim.values)))


class _Closeness:
    """Equality that forgives what floats lose; `numpy.isclose` for one pair, exact otherwise."""

    def __init__(self, rtol: float, atol: float) -> None:
        self._rtol, self._atol = rtol, atol

    def __call__(self, value: Any, label: Any) -> bool:
        if isinstance(value, float) or isinstance(label, float):
            try:
                near = bool(abs(value - label) <= self._atol + self._rtol * abs(label))
            except TypeError:
                return False
            return near or bool(value == label) or (value != value and label != label)
        return bool(value == label)


def _listed(selection: Any) -> Any:
    """Ranges, arrays and their scalars as plain lists and numbers."""
    if hasattr(selection, "tolist"):
        return selection.tolist()
    return list(selection) if isinstance(selection, (tuple, range)) else selection


def _by_index(index: Any, length: int) -> list[int]:
    if isinstance(index, slice):
        if 0 in (index.start, index.stop):
            raise ValueError("idx counts from 1; 0 is the default's state")
        return [state - 1 for state in range(length + 1)[index] if state]
    index = _listed(index)
    chosen = []
    for state in index if isinstance(index, list) else [index]:
        if isinstance(state, bool) or not isinstance(state, int) or not 0 < abs(state) <= length:
            raise ValueError(f"idx goes from 1 to {length} (or from the end), not {state!r}")
        chosen.append(state - 1 if state > 0 else length + state)
    return chosen


def _by_label(label: Any, values: Sequence[Any], close: _Closeness) -> list[int]:
    label = _listed(label)
    if isinstance(label, slice):
        return _between(label, values, close)
    wanted = label if isinstance(label, list) and label not in values else [label]
    chosen = []
    for item in wanted:
        fitting = [i for i, value in enumerate(values) if close(value, item)]
        if not fitting:
            shown = ", ".join(map(repr, values[:10])) + (", …" if len(values) > 10 else "")
            raise ValueError(f"there is no value {item!r}; there are {shown}")
        chosen += fitting
    return chosen


def _between(label: slice, values: Sequence[Any], close: _Closeness) -> list[int]:
    if label.step is not None:
        raise ValueError("a slice of values has no step")
    low, high = label.start, label.stop
    return [
        i
        for i, value in enumerate(values)
        if (low is None or value >= low or close(value, low))
        and (high is None or (value < high and not close(value, high)))
    ]
