"""The operations that transformations can use, each with what it does."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def operation_names(text: str | None = None) -> list[str]:
    """The names of all operations, sorted; with `text`, of those that have it in their name."""
    from whence.transform import operations

    return [name for name in sorted(operations()) if text is None or text in name]


def operation_line(name: str) -> str:
    """What an operation does, in a line; empty where nothing tells."""
    from whence.transform import operations

    if name.startswith(".") and (inner := name.split(".")[1]).isidentifier():
        found = _attribute(inner)
    else:
        try:
            found = operations()[name].func
        except (ImportError, AttributeError):  # a library is not installed, or too old
            return ""
    lines = (inspect.getdoc(found) or "").strip().splitlines()
    return lines[0].strip() if lines else ""


def _attribute(name: str) -> Callable[..., Any] | None:
    """The method or property of that name of what a step is mostly given: an array, or a text."""
    import numpy as np
    import xarray as xr

    for kind in (xr.DataArray, xr.Dataset, np.ndarray, str, dict):
        if found := getattr(kind, name, None):
            return found  # type: ignore[no-any-return]
    return None
