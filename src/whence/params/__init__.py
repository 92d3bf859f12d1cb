"""Parameter dimensions, spaces, their points, and differences between parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.base.lazy import lazily

if TYPE_CHECKING:
    from whence.params.difference import flatten, varied_and_constant
    from whence.params.dim import CoupledParamDim, ParamDim
    from whence.params.point import Point
    from whence.params.space import ParamSpace
    from whence.params.tag import yaml_tags

# Who lists records flattens parameters, and must not pay for the imports of spaces.
_HOMES = {
    "dim": ("CoupledParamDim", "ParamDim"),
    "space": ("ParamSpace",),
    "point": ("Point",),
    "difference": ("flatten", "varied_and_constant"),
    "tag": ("yaml_tags",),
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

__getattr__ = lazily(__name__, _HOMES)
