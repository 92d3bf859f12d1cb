"""`paramspace`, as whence has it."""

from whence.params import CoupledParamDim, ParamDim, ParamSpace

__all__ = ["CoupledParamDim", "ParamDim", "ParamSpace"]
