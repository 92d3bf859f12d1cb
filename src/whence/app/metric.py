"""The metric values of runs: side by side as a dictionary, a table or a figure, and in short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from whence.base.clock import utc_text
from whence.base.error import UserError
from whence.base.escape import encode
from whence.base.problem import did_you_mean
from whence.records import Record
from whence.records.metric import OWN, Digest, Metrics, measured_runs, only_arrays
from whence.records.thin import thinned
from whence.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Column = NDArray[Any]

AXES = ("step", "time", "timestamp")
STATISTICS = ("average", "min", "max")
FIGURES = ("last", "min", "max", "average", "count", "step")
_LEGEND = 12  # curves that a legend can name
_LINE = 40  # points of a metric's course in short


@dataclass(frozen=True, slots=True)
class MetricRequest:
    """Which values to get, and how.

    Attributes
    ----------
    names : tuple of str
        The metrics.
    xaxis : str
        What they are given over: ``step``, ``time`` (seconds since the start of the run) or
        ``timestamp``.
    use_run_names : bool
        Whether runs are called by their names; one that several have is followed by the id.
    aggregate : bool
        Whether to give the average, least and greatest value over the runs, for each `x`.
    max_points : int, optional
        Thin each series out to so many points, and keep its extremes.

    Raises
    ------
    UserError
        If there is no such axis, no metric is asked for, or the rest does not fit together.
    """

    names: tuple[str, ...]
    xaxis: str = "step"
    use_run_names: bool = False
    aggregate: bool = False
    max_points: int | None = None

    def __post_init__(self) -> None:
        if not self.names:
            raise UserError.of("no-metric", "no metric is asked for", mend="Name at least one.")
        if self.xaxis not in AXES:
            raise UserError.of(
                "unknown-axis",
                f"metrics cannot be given over {self.xaxis!r}",
                mend=did_you_mean(self.xaxis, AXES) or f"Use one of {', '.join(AXES)}.",
            )
        if self.aggregate and self.xaxis == "timestamp":
            raise UserError.of(
                "no-common-axis",
                "runs have no instants in common to aggregate at",
                mend="Use xaxis='step' or xaxis='time'.",
            )
        if self.max_points is not None and self.max_points < 1:
            raise UserError.of("bad-count", f"max_points is {self.max_points}; give 1 or more")


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of one run; `x` rises, and each value of it comes once.

    Attributes
    ----------
    x : (point,) int64 or float64
        The axis asked for; instants in seconds since 1970-01-01 UTC.
    values : mapping of str to (point,) float64, int64 or bool
        ``value``; of an aggregate ``average``, ``min`` and ``max``.
    unit : str or None
        The unit of the values.
    """

    x: Column
    values: Mapping[str, Column]
    unit: str | None = None


Curves = dict[str, dict[str, Curve]]
"""Curves by metric and by what the run is called; an aggregate is called ``""``."""


def metric_names(store: Store, records: Iterable[Record]) -> list[str]:
    """The metrics that any of the runs has values of, in the order of the runs and of logging."""
    found = Metrics.of(store, [record.id for record in records])
    return list(dict.fromkeys(name for metrics in found.values() for name in metrics.names))


def metric_curves(store: Store, records: Sequence[Record], request: MetricRequest) -> Curves:
    """The values asked for.

    Raises
    ------
    UserError
        If none of the runs has a metric that is asked for.
    """
    metrics = Metrics.of(store, [record.id for record in records])
    labels = _labels(records, request.use_run_names)
    curves: Curves = {}
    for name in request.names:
        held = {
            labels[run]: _curve(one, name, request.xaxis)
            for run, one in metrics.items()
            if name in one.names
        }
        if not held:
            raise _unknown(name, metrics)
        if request.aggregate:
            held = {"": _aggregate(list(held.values()))}
        curves[name] = {label: _thin(curve, request.max_points) for label, curve in held.items()}
    return curves


def metric_dict(curves: Curves, xaxis: str) -> dict[str, dict[tuple[Any, str], Any]]:
    """``{metric: {(x, run): value}}``; of aggregates ``{metric: {(x, statistic): value}}``."""
    return {
        name: {
            (x, label or key): value
            for label, curve in held.items()
            for key, column in curve.values.items()
            for x, value in zip(_plain(curve.x, xaxis), column.tolist(), strict=True)
        }
        for name, held in curves.items()
    }


def metric_frame(curves: Curves, xaxis: str) -> pd.DataFrame:
    """A table with a column for each metric and the index (x, run), or (x, statistic).

    Where a run has a value of one metric and none of another at some `x`, that one is NaN. Units
    are in ``attrs["units"]``.
    """
    import pandas as pd

    labels = dict.fromkeys(label for held in curves.values() for label in held)
    aggregate = set(labels) == {""}
    parts: list[pd.DataFrame] = []
    keys: list[str] = []
    for label in STATISTICS if aggregate else labels:
        held = {
            name: (curve, curve.values[label if aggregate else "value"])
            for name, by_run in curves.items()
            if (curve := by_run.get("" if aggregate else label)) is not None
        }
        parts.append(_joined({name: (curve.x, column) for name, (curve, column) in held.items()}))
        keys += [label] * len(parts[-1])
    frame = pd.concat(parts)
    x = frame.index
    if xaxis == "timestamp":
        x = pd.to_datetime((x.to_numpy() * 1e6).round().astype("int64"), unit="us", utc=True)
    second = "statistic" if aggregate else "run"
    frame.index = pd.MultiIndex.from_arrays([x, keys], names=(xaxis, second))
    if len(parts) > 1:
        frame = frame.sort_index(level=0, sort_remaining=False, kind="stable")
    frame = frame[list(curves)]
    frame.attrs["units"] = {name: unit for name in curves if (unit := _unit(curves[name]))}
    return frame


def metric_figure(curves: Curves, xaxis: str) -> Figure:
    """A figure with a panel for each metric and a line for each run.

    An aggregate is a line for the average in a band from the least to the greatest value.
    """
    from whence.app.chart import Chart

    figure = Chart(figsize=(7.0, 1.2 + 2.4 * len(curves)), layout="constrained")
    panels = figure.subplots(len(curves), 1, sharex=True, squeeze=False)[:, 0]
    for panel, (name, held) in zip(panels, curves.items(), strict=True):
        for label, curve in held.items():
            _draw(panel, label, curve, xaxis)
        unit = _unit(held)
        panel.set_ylabel(f"{name} [{unit}]" if unit else name)
        if len(held) <= _LEGEND and set(held) != {""}:
            panel.legend(frameon=False)
    units = {"time": "time [s]", "timestamp": "time (UTC)"}
    panels[-1].set_xlabel(units.get(xaxis, xaxis))
    return figure


def _draw(panel: Axes, label: str, curve: Curve, xaxis: str) -> None:
    import numpy as np

    x = curve.x
    if xaxis == "timestamp":
        x = np.round(x * 1e6).astype("datetime64[us]")
    marker = "o" if len(x) == 1 else None  # a line of one point cannot be seen
    if "average" in curve.values:
        panel.plot(x, curve.values["average"], marker=marker)
        panel.fill_between(x, curve.values["min"], curve.values["max"], alpha=0.25, linewidth=0)
    else:
        panel.plot(x, curve.values["value"], label=label, marker=marker)


def _curve(metrics: Metrics, name: str, xaxis: str) -> Curve:
    import numpy as np

    series = metrics.series(name)
    x, value = getattr(series, xaxis), series.value
    there = ~np.isnan(x)
    if not there.all():
        x, value = x[there], value[there]
        if xaxis == "step":
            x = x.astype(np.int64)
    if len(x) > 1 and not np.all(x[1:] > x[:-1]):
        order = np.argsort(x, kind="stable")
        x, value = x[order], value[order]
        last = np.append(x[1:] != x[:-1], True)  # of several at one place, the one logged last
        x, value = x[last], value[last]
    return Curve(x, {"value": value}, series.unit)


def _aggregate(curves: Sequence[Curve]) -> Curve:
    """Average, least and greatest value at each `x` that any of the runs has."""
    import numpy as np
    import pandas as pd

    x = np.concatenate([curve.x for curve in curves])
    values = np.concatenate([curve.values["value"] for curve in curves]).astype(np.float64)
    groups = pd.Series(values).groupby(x)
    found = {"average": groups.mean(), "min": groups.min(), "max": groups.max()}
    columns = {key: column.to_numpy() for key, column in found.items()}
    return Curve(found["min"].index.to_numpy(), columns, curves[0].unit)


def _thin(curve: Curve, most: int | None) -> Curve:
    if most is None or len(curve.x) <= most:
        return curve
    ends = [curve.values.get(key) for key in ("min", "max")]
    low, high = (curve.values["value"] if end is None else end for end in ends)
    kept = thinned(low, high, most)
    return Curve(curve.x[kept], {key: v[kept] for key, v in curve.values.items()}, curve.unit)


def _joined(columns: Mapping[str, tuple[Column, Column]]) -> pd.DataFrame:
    """Metrics of one run by `x`; those logged together need no aligning."""
    import numpy as np
    import pandas as pd

    first = next(iter(columns.values()))[0]
    if all(np.array_equal(x, first) for x, _ in columns.values()):
        return pd.DataFrame({name: column for name, (_, column) in columns.items()}, index=first)
    series = [pd.Series(column, index=x, name=name) for name, (x, column) in columns.items()]
    return pd.concat(series, axis=1).sort_index()


def _labels(records: Sequence[Record], by_name: bool) -> dict[str, str]:
    if not by_name:
        return {record.id: record.id for record in records}
    shared = Counter(record.name for record in records)
    return {
        record.id: record.name if shared[record.name] == 1 else f"{record.name} {record.id}"
        for record in records
    }


def _plain(x: Column, xaxis: str) -> list[Any]:
    if xaxis == "timestamp":
        from datetime import UTC, datetime

        return [datetime.fromtimestamp(seconds, UTC) for seconds in x.tolist()]
    return list(x.tolist())


def _unit(held: Mapping[str, Curve]) -> str | None:
    return next((curve.unit for curve in held.values() if curve.unit), None)


def _unknown(name: str, metrics: Mapping[str, Metrics]) -> UserError:
    for run, one in metrics.items():
        if name in one.arrays:
            return only_arrays(name, run)
    known = list(dict.fromkeys(other for one in metrics.values() for other in one.names))
    where = "the run has" if len(metrics) == 1 else f"none of the {len(metrics)} runs has"
    how = f"no metric {name!r}" if len(metrics) == 1 else f"a metric {name!r}"
    mend = did_you_mean(name, known) or (
        f"There are {', '.join(known[:20])}." if known else "They logged none at all."
    )
    return UserError.of("unknown-metric", f"{where} {how}", mend=mend)


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of one run in short.

    Attributes
    ----------
    name : str
        The metric.
    digest : Digest or None
        Of its numbers, if it has any.
    line : tuple of float
        The course of its numbers: averages over stretches of equal length, NaN where none is.
    arrays : int
        How many arrays were logged.
    unit : str or None
        The unit of the values.
    """

    name: str
    digest: Digest | None
    line: tuple[float, ...]
    arrays: int
    unit: str | None

    def as_dict(self) -> dict[str, Any]:
        """It as `whence show --json` tells it."""
        told: dict[str, Any] = {"count": 0, "arrays": self.arrays, "unit": self.unit}
        return told if self.digest is None else told | digest_as_dict(self.digest)


def digest_as_dict(digest: Digest) -> dict[str, Any]:
    """A metric in short, as JSON tells it."""
    plain: dict[str, Any] = encode(asdict(digest) | {"timestamp": utc_text(digest.timestamp)})
    return plain


def measured(store: Store, record: Record) -> tuple[Measured, ...]:
    """The metrics of a run in short; those that whence measures by itself come last."""
    facts: Mapping[str, Any] = record.state.get("metrics") or {}
    if not facts and not measured_runs(store, [record]):
        return ()
    metrics = Metrics(store, record.id)
    arrays = {name: told["tensors"] for name, told in facts.items() if told.get("tensors")}
    names = sorted(dict.fromkeys([*metrics.names, *arrays]), key=lambda name: name.startswith(OWN))
    return tuple(_measured(metrics, name, arrays.get(name, 0)) for name in names)


def _measured(metrics: Metrics, name: str, arrays: int) -> Measured:
    unit = metrics.unit(name)
    if name not in metrics.names:
        return Measured(name, None, (), arrays, unit)
    series = metrics.series(name)
    return Measured(name, series.digest(), _line(series.value), arrays, unit)


@dataclass(frozen=True, slots=True)
class MetricColumns:
    """Metrics of some runs, one value of each.

    Attributes
    ----------
    values : mapping of str to mapping of str to float, int or bool
        By run id and by what was asked for; what a run has not is left out.
    digests : mapping of str to mapping of str to Digest
        By run id and metric, what the values are of.
    hints : tuple of str
        Sentences about metrics that none of the runs has.
    """

    values: Mapping[str, Mapping[str, float]]
    digests: Mapping[str, Mapping[str, Digest]]
    hints: tuple[str, ...] = ()


def metric_columns(store: Store, records: Sequence[Record], asked: Sequence[str]) -> MetricColumns:
    """The last values of metrics of runs, or with ``NAME.min`` and the like other figures of them.

    Parameters
    ----------
    store : Store
        Where they are on record.
    records : sequence of Record
        The runs; the values of each are read.
    asked : sequence of str
        Metrics, each alone or followed by one of `FIGURES`.
    """
    values: dict[str, dict[str, float]] = {record.id: {} for record in records}
    digests: dict[str, dict[str, Digest]] = {record.id: {} for record in records}
    known: dict[str, None] = {}
    some = measured_runs(store, records) if asked else []
    for run, metrics in Metrics.of(store, some).items():
        known |= dict.fromkeys(metrics.names)
        for text in asked:
            name, figure = _figure(text, metrics.names)
            if name not in metrics.names:
                continue
            if name not in digests[run]:
                digests[run][name] = metrics.digest(name)
            values[run][text] = getattr(digests[run][name], figure)
    unheard = [text for text in asked if not any(text in told for told in values.values())]
    hints = [
        " ".join(
            filter(
                None,
                (f"No run listed has numbers of a metric {text!r}.", did_you_mean(text, known)),
            )
        )
        for text in unheard
    ]
    return MetricColumns(values, digests, tuple(hints if records else ()))


def _figure(text: str, names: Sequence[str]) -> tuple[str, str]:
    """The metric and the figure of it that a text means; a metric may have dots in its name."""
    name, _, figure = text.rpartition(".")
    return (text, "last") if text in names or figure not in FIGURES else (name, figure)


def _line(values: Column) -> tuple[float, ...]:
    import numpy as np

    values = values.astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    parts = np.array_split(values, min(_LINE, len(values)))
    counts = [np.count_nonzero(~np.isnan(part)) for part in parts]
    # Divided first: the sum of huge values would be infinite.
    return tuple(
        float(np.nansum(part / count)) if count else np.nan
        for part, count in zip(parts, counts, strict=True)
    )
