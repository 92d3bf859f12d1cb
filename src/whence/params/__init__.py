"""Parameter dimensions, spaces, their points, and differences between parameters."""

from whence.params.difference import flatten, varied_and_constant
from whence.params.dim import CoupledParamDim, ParamDim
from whence.params.point import Point
from whence.params.space import ParamSpace
from whence.params.tag import yaml_tags

__all__ = [
    "CoupledParamDim",
    "ParamDim",
    "ParamSpace",
    "Point",
    "flatten",
    "varied_and_constant",
    "yaml_tags",
]
