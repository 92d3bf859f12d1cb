"""A value in a few words, for messages: its type, dtype and shape, never its content."""

from __future__ import annotations

from typing import Any

_LONGEST = 40


def brief(value: Any) -> str:
    """A value in a few words.

    Examples
    --------
    >>> import numpy as np
    >>> brief(np.zeros((2, 3)))
    'ndarray float64 (2, 3)'
    >>> brief([1, 2])
    'list of 2'
    """
    kind = type(value).__name__
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        text = repr(value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    dtype, dims = getattr(value, "dtype", None), getattr(value, "dims", None)
    sizes = getattr(value, "sizes", None)
    if sizes is not None and dims is not None:
        inner = ", ".join(f"{name}: {size}" for name, size in sizes.items())
        named = getattr(value, "data_vars", None)
        what = f" [{', '.join(map(str, named))}]" if named is not None else f" {dtype}"
        return f"{kind}{what if dtype is not None or named is not None else ''} ({inner})"
    if dtype is not None and hasattr(value, "shape"):
        return f"{kind} {dtype} {tuple(value.shape)}"
    if isinstance(value, dict | list | tuple | set | frozenset):
        return f"{kind} of {len(value)}"
    name = getattr(value, "__qualname__", None)
    return f"{kind} {name}" if isinstance(name, str) else kind
