"""How many records there are, and how their times and durations are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.records.record import Record

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

FIELDS = ("timestamp", "duration")
SURROGATE = "surrogate"
"""The tag of records that were made to link outputs whose own records are missing."""

_UNITS = ((300.0, 1.0, "s"), (10_800.0, 60.0, "min"), (259_200.0, 3600.0, "hours"))
_DAY = (86_400.0, "days")


@dataclass(frozen=True, slots=True)
class _Values:
    """What is counted: numbers, what they are in, and how a time is made of one."""

    numbers: np.ndarray[Any, Any]
    unit: str


def counts(count: int) -> pd.DataFrame:
    """How many records a view has, as a table of one row."""
    import pandas as pd

    return pd.DataFrame({"No. records": [count]}, index=pd.Index(["all records"], name="RSView"))


def histograms(records: Sequence[Record]) -> Mapping[str, pd.DataFrame]:
    """For each field, how many records lie between which edges."""
    return {field: histogram(records, field) for field in FIELDS}


def histogram(records: Sequence[Record], field: str) -> pd.DataFrame:
    """How many records lie between which edges of a field.

    Surrogate records, and those without such a value, are not counted.

    Returns
    -------
    pandas.DataFrame
        A row for each bin, with its ``left`` and ``right`` edge and its ``count``; edges are times
        in UTC, or lengths of time, whose ``attrs["unit"]`` suits the longest.
    """
    import numpy as np
    import pandas as pd

    values = _values(records, field)
    bins: Any = "auto" if values.numbers.size else np.zeros(1)
    found, edges = np.histogram(values.numbers, bins=bins)
    told = pd.to_datetime(edges, unit="s", utc=True) if field == "timestamp" else pd.Index(edges)
    frame = pd.DataFrame({"left": told[:-1], "right": told[1:], "count": found})
    frame.attrs["unit"] = values.unit
    return frame


def draw(records: Sequence[Record], field: str) -> Figure:
    """The histogram of a field as a figure of matplotlib."""
    from matplotlib import figure as drawing

    frame = histogram(records, field)
    figure = drawing.Figure(figsize=(7, 2.5), layout="constrained")
    axes = figure.subplots()
    if len(frame):
        axes.bar(frame["left"], frame["count"], frame["right"] - frame["left"], align="edge")
    axes.set(xlabel=f"{field} [{frame.attrs['unit']}]", ylabel="records", title=field)
    return figure


def _values(records: Sequence[Record], field: str) -> _Values:
    import numpy as np

    if field not in FIELDS:
        raise UserError.of(
            "unknown-field",
            f"there is no histogram of {field!r}",
            mend=did_you_mean(str(field), FIELDS) or f"There are those of {' and '.join(FIELDS)}.",
        )
    counted = [record for record in records if SURROGATE not in record.tags]
    told = (one.created if field == "timestamp" else one.duration for one in counted)
    numbers = np.array([one for one in told if one is not None], dtype=float)
    if field == "timestamp":
        return _Values(numbers, "UTC")
    longest = numbers.max(initial=0.0)
    scale, unit = next(((s, name) for most, s, name in _UNITS if longest < most), _DAY)
    return _Values(numbers / scale, unit)
