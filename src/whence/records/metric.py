"""The metric values of a run, by metric or as a table with a row for each call that logged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.base.escape import readable
from whence.base.problem import did_you_mean
from whence.store import NO_STEP, Store, Table, tables, tables_of_runs, untold_runs

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from whence.records.record import Record

    Column = NDArray[Any]


OWN = "resources/"
"""What the names of metrics begin with that whence itself measures while a run goes on."""


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one metric, in the order in which they were logged.

    Attributes
    ----------
    name : str
        The metric.
    step : (call,) int64, or float64 with NaN where a call gave no step
        The step of each value; counted from 0 if no call gave one.
    time, timestamp : (call,) float64 [s]
        Since the start of the run; since 1970-01-01 UTC.
    value : (call,) float64, int64 or bool
        The values, in `unit`.
    unit : str or None
        What was told with `Run.set_metric_units`.
    """

    name: str
    step: Column
    time: Column
    timestamp: Column
    value: Column
    unit: str | None = None

    def __len__(self) -> int:
        return len(self.value)

    def digest(self) -> Digest:
        """The values in short."""
        import numpy as np

        numbers = self.value[~np.isnan(self.value)]
        low = high = mean = np.nan
        if len(numbers):
            with np.errstate(over="ignore", invalid="ignore"):  # infinities have no mean
                low, high, mean = map(float, (numbers.min(), numbers.max(), numbers.mean()))
        step = self.step[-1]
        return Digest(
            count=len(self),
            min=low,
            max=high,
            average=mean,
            last=self.value[-1].item(),
            step=None if np.isnan(step) else int(step),
            timestamp=float(self.timestamp[-1]),
            unit=self.unit,
        )


@dataclass(frozen=True, slots=True)
class Digest:
    """A metric in short: over all values that are numbers.

    Attributes
    ----------
    count : int
        How many values there are, NaN included.
    min, max, average : float
        NaN if there is no number.
    last : float, int or bool
        The value logged last.
    step : int or None
        Its step.
    timestamp : float [s]
        Its time, since 1970-01-01 UTC.
    unit : str or None
        The unit of the values.
    """

    count: int
    min: float
    max: float
    average: float
    last: float
    step: int | None
    timestamp: float
    unit: str | None = None


def measured_runs(store: Store, records: Iterable[Record]) -> list[str]:
    """The ids of those runs that have metric values, found without reading them."""
    untold = untold_runs(store)
    return [one.id for one in records if one.state.get("points") or one.id in untold]


class Metrics:
    """The metric values of one run, read when this is made.

    Parameters
    ----------
    store : Store
        Where it is on record.
    run : str
        The run id.

    Raises
    ------
    UserError
        If there is no such run.

    Examples
    --------
    >>> metrics = Metrics(store, run)  # doctest: +SKIP
    >>> metrics.names  # doctest: +SKIP
    ('energy', 'pressure')
    >>> metrics.frame(["energy"]).plot(x="time")  # doctest: +SKIP
    """

    def __init__(self, store: Store, run: str) -> None:
        self._fill(run, tables(store, run), store.index().state(run))

    @classmethod
    def of(cls, store: Store, runs: Iterable[str]) -> dict[str, Metrics]:
        """The metric values of some runs, by run, read in one go.

        Raises
        ------
        UserError
            If there is no such run.
        """
        found: dict[str, Metrics] = {}
        held, index = tables_of_runs(store, runs), store.index()
        for run, own in held.items():
            found[run] = cls.__new__(cls)
            found[run]._fill(run, own, index.state(run))
        return found

    def _fill(self, run: str, held: list[Table], state: Mapping[str, Any]) -> None:
        self._run, self._tables = run, held
        self._facts: Mapping[str, Any] = state.get("metrics") or {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The metrics that have values, in the order in which they were first logged."""
        ordered = sorted(self._tables, key=lambda table: float(table.stamp[0]))
        return tuple(dict.fromkeys(name for table in ordered for name in table.names))

    @property
    def arrays(self) -> tuple[str, ...]:
        """The metrics of which arrays were logged, which `Client.get_tensor_metric` gives."""
        return tuple(name for name, facts in self._facts.items() if facts.get("tensors"))

    def __repr__(self) -> str:
        return f"<Metrics of {self._run}: {', '.join(self.names) or 'none'}>"

    def __getitem__(self, name: str) -> Series:
        return self.series(name)

    def unit(self, name: str) -> str | None:
        """The unit of a metric, if it was told."""
        unit: str | None = readable((self._facts.get(name) or {}).get("units"))
        return unit

    def series(self, name: str) -> Series:
        """The values of one metric.

        Raises
        ------
        UserError
            If it has none.
        """
        import numpy as np

        columns = _Rows(self._holding([name]))
        step, time, timestamp = columns.frame()
        if np.all(np.isnan(step)):
            step = np.arange(len(step))
        return Series(name, step, time, timestamp, columns.of(name), self.unit(name))

    def frame(self, names: Iterable[str] | None = None) -> pd.DataFrame:
        """A table with columns ``step``, ``time``, ``timestamp`` and one for each metric.

        There is a row for each call that logged any of the metrics; where it did not log all of
        them, the others are NaN. Units are in ``attrs["units"]``.

        Parameters
        ----------
        names : iterable of str, optional
            The metrics; if not given, all but those of resources, which are measured at
            instants of their own.

        Raises
        ------
        UserError
            If a metric has no values.
        """
        import pandas as pd

        given = (name for name in self.names if not name.startswith(OWN))
        wanted = tuple(dict.fromkeys(given if names is None else names))
        rows = _Rows(self._holding(wanted))
        columns = dict(zip(("step", "time", "timestamp"), rows.frame(), strict=True))
        taken = columns.keys() & set(wanted)
        if taken:  # a metric may be called `time`
            columns = {f"call.{key}" if key in taken else key: columns[key] for key in columns}
        frame = pd.DataFrame(columns | {name: rows.of(name) for name in wanted}, copy=False)
        frame.attrs["units"] = {name: unit for name in wanted if (unit := self.unit(name))}
        return frame

    def digest(self, name: str) -> Digest:
        """A metric in short.

        Raises
        ------
        UserError
            If it has no values.
        """
        return self.series(name).digest()

    def _holding(self, names: Iterable[str]) -> list[Table]:
        wanted = set(names)
        missing = sorted(wanted - set(self.names))
        if missing and missing[0] in self.arrays:
            raise only_arrays(missing[0], self._run)
        if missing:
            raise UserError.of(
                "unknown-metric",
                f"the run has no metric {missing[0]!r}",
                mend=did_you_mean(missing[0], self.names) or self._known(),
            )
        return [table for table in self._tables if not wanted.isdisjoint(table.names)]

    def _known(self) -> str:
        return f"It has {', '.join(self.names)}." if self.names else "It has none at all."


def only_arrays(name: str, run: str) -> UserError:
    """The error of a metric that has arrays where single values are asked for."""
    return UserError.of(
        "unknown-metric",
        f"the metric {name!r} has arrays, and no single values",
        mend=f"`Client().get_tensor_metric({run!r}, {name!r})` gives them, over their steps.",
    )


class _Rows:
    """Tables laid one below the other, each writer's rows in the order of its calls."""

    def __init__(self, held: list[Table]) -> None:
        self._tables = held
        self._order = _order(held)

    def frame(self) -> tuple[Column, Column, Column]:
        """The columns step, time and timestamp."""
        import numpy as np

        step = self._laid([table.step for table in self._tables])
        if len(step) and step.min() == NO_STEP:
            step = np.where(step == NO_STEP, np.nan, step)
        time = self._laid([table.time for table in self._tables])
        return step, time, self._laid([table.stamp for table in self._tables])

    def of(self, name: str) -> Column:
        """The values of a metric; NaN in the rows of calls without it."""
        import numpy as np

        columns = [
            table.values[table.names.index(name)]
            if name in table.names
            else np.full(len(table.n), np.nan)
            for table in self._tables
        ]
        return self._laid(columns)

    def _laid(self, columns: list[Column]) -> Column:
        import numpy as np

        if not columns:
            return np.empty(0)
        column = np.concatenate(columns)
        return column if self._order is None else column[self._order]


def _order(held: list[Table]) -> Column | None:
    """How to sort the rows; None if they are in order.

    By number within a writer. Where several processes logged for one run, by time.
    """
    import numpy as np

    if len(held) < 2:
        return None
    numbers = np.concatenate([table.n for table in held])
    if len({table.writer for table in held}) == 1:
        return None if np.all(numbers[1:] > numbers[:-1]) else np.argsort(numbers)
    stamps = np.concatenate([table.stamp for table in held])
    ranks = {name: rank for rank, name in enumerate(sorted({table.writer for table in held}))}
    writers = np.concatenate([np.full(len(table.n), ranks[table.writer]) for table in held])
    return np.lexsort((numbers, writers, stamps))
