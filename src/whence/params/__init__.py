"""Parameter dimensions, spaces, their points, and differences between parameters."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whence.params.difference import flatten, varied_and_constant
    from whence.params.dim import CoupledParamDim, ParamDim
    from whence.params.point import Point
    from whence.params.space import ParamSpace
    from whence.params.tag import yaml_tags

# Who lists records flattens parameters, and must not pay for the imports of spaces.
_HOME = {
    "CoupledParamDim": "dim",
    "ParamDim": "dim",
    "ParamSpace": "space",
    "Point": "point",
    "flatten": "difference",
    "varied_and_constant": "difference",
    "yaml_tags": "tag",
}

__all__ = [
    "CoupledParamDim",
    "ParamDim",
    "ParamSpace",
    "Point",
    "flatten",
    "varied_and_constant",
    "yaml_tags",
]


def __getattr__(name: str) -> Any:
    try:
        module = _HOME[name]
    except KeyError:
        raise AttributeError(f"module 'whence.params' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(f"whence.params.{module}"), name)
    globals()[name] = value
    return value
