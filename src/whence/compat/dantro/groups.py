"""`dantro.groups`."""

from whence.tree import (
    IndexedDataGroup,
    LabelledDataGroup,
    OrderedDataGroup,
    ParamSpaceGroup,
    ParamSpaceStateGroup,
    TimeSeriesGroup,
)

__all__ = [
    "IndexedDataGroup",
    "LabelledDataGroup",
    "OrderedDataGroup",
    "ParamSpaceGroup",
    "ParamSpaceStateGroup",
    "TimeSeriesGroup",
]
