"""`smttask.param_utils`."""

from whence.records import ParameterComparison, dfdiff

__all__ = ["ParameterComparison", "dfdiff"]
