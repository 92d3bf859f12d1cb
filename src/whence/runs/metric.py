"""What a run measures while it goes on: numbers, arrays, and what is told about them."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import itertools
import math
import operator
import time as clock
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.base.escape import encode
from whence.runs.fact import key_of
from whence.store import Store

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[Any]

_LARGEST = 2**63 - 1


class Meter:
    """Writes down the metric values of one run. Safe to use from any thread.

    Parameters
    ----------
    store : Store
        Where the run is on record.
    run : str
        The run id.
    started : float [s]
        When the run started, since 1970-01-01 UTC.
    first : int
        The step to count from.
    """

    __slots__ = ("_known", "_run", "_shapes", "_steps", "_store", "_ticks", "started")

    def __init__(self, store: Store, run: str, started: float, first: int = 0) -> None:
        self._store, self._run, self.started = store, run, started
        self._steps = itertools.count(first)
        self._known: set[str] = set()
        self._ticks: dict[str, tuple[int, ...]] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}

    def log(
        self,
        metrics: Mapping[str, Any],
        step: int | None = None,
        time: float | None = None,
        timestamp: float | str | dt.datetime | None = None,
    ) -> None:
        """Record the values of some metrics at one time; see `Run.log_metrics`."""
        # What follows up to the writer is the hot path: numbers, of metrics seen before.
        numbers, arrays = metrics, None
        try:
            plain = self._known.issuperset(metrics)
            for value in metrics.values():
                if value.__class__ is not float and value.__class__ is not int:
                    plain = False
                    break
        except (TypeError, AttributeError):  # it is no mapping
            plain = False
        if not plain:
            numbers, arrays = self._checked(metrics)
        stamp = clock.time() if timestamp is None else instant(timestamp)
        time = stamp - self.started if time is None else _seconds(time, "time")
        step = next(self._steps) if step is None else _whole(step)
        if arrays:
            self._put(arrays, {"s": step, "w": time, "at": stamp})
        if numbers:
            self._store.writer().metrics(self._run, step, time, stamp, numbers)

    def describe(self, name: str, facts: Mapping[str, Any]) -> None:
        """Record what is to be known of a metric, by key."""
        self._store.writer().append(
            "metric", self._run, {"name": key_of(name, "metric"), "f": dict(facts)}
        )

    def grid(
        self, name: str, ticks: Sequence[ArrayLike], labels: Sequence[str] | None = None
    ) -> None:
        """Record where the values of arrays lie; see `Run.assign_metric_to_grid`."""
        import numpy as np

        axes = [np.asarray(axis) for axis in ticks]
        titles = [f"axis_{i}" for i in range(len(axes))] if labels is None else list(labels)
        wrong = _wrong_grid(axes, titles)
        lengths = tuple(len(axis) for axis in axes if axis.ndim)
        shape = self._shapes.get(name, lengths)
        if wrong is None and shape != lengths:
            wrong = f"it has logged arrays of shape {shape}, and the ticks are {lengths}"
        if wrong is not None:
            raise UserError.of(
                "bad-grid",
                f"the metric {name!r} cannot have this grid: {wrong}",
                mend="Give a list of ticks and one label for each axis of the arrays.",
            )
        told = [
            {"label": label, "ticks": encode(axis, (name, label))}
            for label, axis in zip(titles, axes, strict=True)
        ]
        self.describe(name, {"axes": told})
        self._ticks[name] = lengths

    def _checked(self, metrics: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Array]]:
        """The numbers and the arrays, each looked at; nothing is recorded if one cannot be."""
        if not isinstance(metrics, Mapping):
            raise UserError.of(
                "not-metrics",
                f"metrics are given as a mapping of names to values, not as {_kind(metrics)}",
                mend='Write run.log_metrics({"loss": 0.25}).',
            )
        arrays = {
            key_of(name, "metric"): self._array(name, value)
            for name, value in metrics.items()
            if getattr(value, "ndim", 0) and hasattr(value, "shape")
        }
        numbers = {
            key_of(name, "metric"): _number(name, value)
            for name, value in metrics.items()
            if name not in arrays
        }
        self._known.update(numbers)
        return numbers, arrays

    def _array(self, name: str, value: Any) -> Array:
        import numpy as np

        array = np.asarray(value)
        if array.dtype.kind not in "biufc":
            raise UserError.of(
                "not-a-number",
                f"the metric {name!r} cannot take arrays of dtype {array.dtype}",
                mend="Give an array of numbers.",
            )
        ticks = self._ticks.get(name, array.shape)
        if ticks != array.shape:
            raise UserError.of(
                "off-grid",
                f"the metric {name!r} has a grid of {ticks} points, and the array has the "
                f"shape {array.shape}",
                mend="Assign another grid first, or log under another name.",
            )
        return array

    def _put(self, arrays: Mapping[str, Array], at: Mapping[str, Any]) -> None:
        """Keep arrays as content, and name each in a line, all in one write."""
        writer = self._store.writer()
        contents = {name: writer.put(_npy(array)) for name, array in arrays.items()}
        lines = [
            {
                "name": name,
                "digest": content.digest,
                "size": content.size,
                "kept": content.kept,
                "dtype": arrays[name].dtype.str,
                "shape": list(arrays[name].shape),
                **at,
            }
            for name, content in contents.items()
        ]
        writer.append_many("tensor", self._run, lines)
        self._shapes.update({name: array.shape for name, array in arrays.items()})


def _npy(array: Array) -> bytes:
    import numpy as np

    data = io.BytesIO()
    np.save(data, array, allow_pickle=False)
    return data.getvalue()


def _wrong_grid(axes: list[Array], labels: list[str]) -> str | None:
    if not axes:
        return "it has no axes"
    if any(axis.ndim != 1 or axis.dtype.kind not in "biufUM" for axis in axes):
        return "the ticks of an axis are a list of numbers, texts or times"
    if len(labels) != len(axes):
        return f"there are {len(axes)} axes and {len(labels)} labels"
    if not all(isinstance(label, str) and label.isprintable() and label for label in labels):
        return "a label is printable text"
    if len({*labels, "step", "time", "timestamp"}) != len(labels) + 3:
        return "labels differ from each other and from 'step', 'time' and 'timestamp'"
    return None


def _number(name: str, value: Any) -> float:
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return value if type(value) is bool else int(value)
    try:
        if getattr(value, "ndim", 0) == 0 and not isinstance(value, str | bytes | complex):
            exact = getattr(value, "item", value.__float__)()  # an integer of NumPy stays one
            return exact if isinstance(exact, int | float) else float(value)
    except (TypeError, ValueError, AttributeError):
        pass
    raise UserError.of(
        "not-a-number",
        f"the metric {name!r} cannot take {_kind(value)} values",
        mend="Give one real number, or a NumPy array of numbers.",
    )


def _whole(step: Any) -> int:
    if type(step) is int and -_LARGEST <= step <= _LARGEST:
        return step
    try:
        number = operator.index(step)
    except TypeError:
        number = _LARGEST + 1
    if abs(number) > _LARGEST:
        raise UserError.of(
            "bad-step", f"{step!r} is not a step", mend="Give a whole number below 2**63."
        )
    return number


def _seconds(value: Any, what: str) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    try:
        seconds = math.nan if isinstance(value, str | bytes) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise UserError.of(
            "bad-time", f"{value!r} is not a {what}", mend="Give a number of seconds."
        )
    return seconds


def instant(value: Any) -> float:
    """Seconds since 1970 of a number, a time, or text like ``2026-11-21T02:17:57.361412``."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = dt.datetime.fromisoformat(value)
    if isinstance(value, dt.datetime):
        return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).timestamp()
    return _seconds(value, "timestamp")


def is_time(value: Any) -> bool:
    """Whether a value is a date and time, or text like ``2026-11-21T02:17:57``; no number is."""
    if not isinstance(value, str):
        return isinstance(value, dt.datetime)
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    return type(value).__name__
