"""Tables of pandas that change no value. Imported only when a frame is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

_DTYPES: dict[type, str] = {int: "int64", float: "float64", bool: "bool"}


class ComparisonFrame(pd.DataFrame):
    """A DataFrame that is displayed with up to `maxcols` columns, whatever pandas' options say."""

    _metadata = ["maxcols"]  # noqa: RUF012  (pandas' name for attributes that selections keep)
    maxcols: int | None = None

    @property
    def _constructor(self) -> type[ComparisonFrame]:
        return ComparisonFrame

    def __repr__(self) -> str:
        with pd.option_context("display.max_columns", self.maxcols):
            return super().__repr__()

    def _repr_html_(self) -> str | None:
        with pd.option_context("display.max_columns", self.maxcols):
            html: str | None = super()._repr_html_()  # type: ignore[misc]
            return html


def exact(cells: Sequence[Any]) -> pd.Series[Any]:
    """The cells as a column: numbers and booleans if all are of one type, else the objects."""
    kinds = {type(cell) for cell in cells}
    dtype = _DTYPES.get(kinds.pop()) if len(kinds) == 1 else None
    if dtype:
        try:
            return pd.Series(np.array(cells, dtype=dtype))
        except OverflowError:
            pass
    return pd.Series(np.fromiter(cells, dtype=object, count=len(cells)), dtype=object)


def frame_of(
    columns: Sequence[str], cells: Sequence[Sequence[Any]], index: pd.Index
) -> ComparisonFrame:
    """One column of the frame for each name; names may be there twice."""
    by_number = {i: exact(column) for i, column in enumerate(cells)}
    frame = ComparisonFrame(by_number, index=range(len(index)))
    frame.index = index
    frame.columns = pd.Index(list(columns), dtype=object)
    return frame
