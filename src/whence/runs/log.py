"""What is written of a run while it goes on: metadata, tags, metrics, events, output and files."""

from __future__ import annotations

import os
import time as clock
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from whence.artifacts import Deposit, facts_of, place
from whence.artifacts.deposit import Mode
from whence.base.error import UserError
from whence.base.escape import encode
from whence.records import Category
from whence.runs.fact import ENDS, level_of, metadata_of, tags_of, text_of
from whence.runs.metric import Meter, instant
from whence.runs.watch import Watch
from whence.store import Store


class Log:
    """What `Run` can do with a run that is on record; `Run` itself begins and ends it.

    Parameters
    ----------
    store : Store
        Where it is on record.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.name: str | None = None
        self.dir: Path | None = None
        self.status: str | None = None
        self._id: str | None = None
        self._started = 0.0
        self._tags: set[str] = set()
        self._meter: Meter | None = None
        self._watch: Watch | None = None
        self._why = ""

    @property
    def id(self) -> str:
        """The run id.

        Raises
        ------
        UserError
            If the run has not begun.
        """
        if self._id is None:
            raise UserError.of(
                "run-not-begun", "this run has not begun", mend="Call run.init(...) first."
            )
        return self._id

    @property
    def started(self) -> float:
        """When it started, in seconds since 1970-01-01 UTC."""
        return self._started

    @property
    def ended(self) -> bool:
        """Whether it has ended, as far as this process knows."""
        return self.status in ENDS

    def set_folder_details(
        self,
        metadata: Mapping[str, Any] | None = None,
        tags: Iterable[str] | None = None,
        description: str | None = None,
    ) -> None:
        """Tell more of the folder that the run is in."""
        told = {
            "metadata": metadata_of(metadata) or None,
            "tags": tags_of(tags) or None,
            "description": text_of(description, "description"),
        }
        given = {f"folder_{key}": value for key, value in told.items() if value is not None}
        if given:
            self._append("set", {"f": given})

    def set_dir(self, folder: str | os.PathLike[str]) -> None:
        """Tell the run's own folder."""
        self.dir = Path(os.path.abspath(folder))
        self._append("set", {"f": {"dir": encode(place(self.dir, (self.store.project,)))}})

    def update_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Add to the metadata; a key given again takes the new value."""
        self._append("meta", {"m": metadata_of(metadata)})

    def update_tags(self, tags: Iterable[str]) -> None:
        """Add tags."""
        words = tags_of(tags)
        self._append("tags", {"add": words, "remove": []})
        self._tags.update(words)

    def set_tags(self, tags: Iterable[str]) -> None:
        """Put these tags in the place of those that this run was given here."""
        words = tags_of(tags)
        self._append("tags", {"add": words, "remove": sorted(self._tags - set(words))})
        self._tags = set(words)

    def log_metrics(
        self,
        metrics: Mapping[str, Any],
        step: int | None = None,
        time: float | None = None,
        timestamp: float | str | datetime | None = None,
    ) -> None:
        """Record the values of some metrics at one time.

        Parameters
        ----------
        metrics : mapping of str to float or array
            Real numbers, NaN and infinities included; arrays of numbers of any shape are kept
            whole (see `assign_metric_to_grid`).
        step : int, optional
            Counted from 0 over the calls if not given.
        time : float, optional
            Seconds since the run started, by its clock; the real ones if not given.
        timestamp : float, str or datetime, optional
            Seconds since 1970-01-01 UTC, or a time (UTC if it tells no zone); now if not given.

        Raises
        ------
        UserError
            If a value cannot be taken; it names the metric, and nothing of the call is recorded.

        Examples
        --------
        >>> run.log_metrics({"energy": -3.2, "field": np.zeros((64, 64))})  # doctest: +SKIP
        """
        if self.status in ENDS:
            self._refuse()
        self._gauge().log(metrics, step, time, timestamp)
        if self._watch is not None:
            self._watch.metrics(instant(timestamp or clock.time()), metrics)

    def assign_metric_to_grid(
        self,
        metric_name: str,
        axes_ticks: Sequence[Any],
        axes_labels: Sequence[str] | None = None,
    ) -> None:
        """Tell where the values of an array metric lie.

        Parameters
        ----------
        metric_name : str
            The metric.
        axes_ticks : sequence of arrays
            For each axis of the arrays, the coordinate of each of its points.
        axes_labels : sequence of str, optional
            The names of the axes; ``axis_0``, ``axis_1``, … if not given.

        Raises
        ------
        UserError
            If ticks and labels do not fit each other, or the arrays logged before.

        Examples
        --------
        >>> run.assign_metric_to_grid("field", [x, y], ["x", "y"])  # doctest: +SKIP
        """
        self._gauge().grid(metric_name, axes_ticks, axes_labels)

    def set_metric_units(self, name: str, units: str) -> None:
        """Tell the unit of a metric, as it is to be given back: ``"kJ/mol"``."""
        self._gauge().describe(name, {"units": text_of(units, "unit")})

    def _gauge(self) -> Meter:
        if self._meter is None:
            self._meter = Meter(self.store, self.id, self._started)
        return self._meter

    def log_event(
        self,
        message: str,
        level: str | None = None,
        timestamp: float | None = None,
        *,
        log_level: str | None = None,
    ) -> None:
        """Record a line of text.

        Parameters
        ----------
        message : str
            The text.
        level, log_level : str, optional
            ``debug``, ``info`` (if not given), ``warning``, ``error`` or ``critical``.
        timestamp : float, optional
            Seconds since 1970-01-01 UTC; now if not given.
        """
        if self.status in ENDS:
            self._refuse()
        at = clock.time() if timestamp is None else timestamp
        text, word = text_of(message, "message"), level_of(level or log_level or "info")
        self._append("event", {"level": word, "message": text, "at": at})
        if self._watch is not None:
            self._watch.event(at, message)

    def log_output(self, stream: str, text: str, *, process: str | None = None) -> None:
        """Record a piece of what was printed to ``out`` or ``err``, by a process of that name."""
        facts = {"stream": stream, "text": encode(text), "at": clock.time()}
        self._append("out", facts if process is None else {**facts, "process": process})

    def log_progress(self, fraction: float) -> None:
        """Record how far the run is, from 0 to 1."""
        if not 0.0 <= fraction <= 1.0:
            raise UserError.of("bad-progress", f"the progress {fraction!r} is not from 0 to 1")
        self._append("set", {"f": {"progress": float(fraction)}})

    def save_file(
        self,
        path: str | os.PathLike[str],
        category: Category = "output",
        file_type: str | None = None,
        *,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        mode: Mode = "auto",
    ) -> str:
        """Put a file on record and give its digest.

        Parameters
        ----------
        path : path-like
            The file.
        category : str
            ``output``, ``input`` or ``code``.
        file_type : str, optional
            Its media type; told from its name if not given.
        name : str, optional
            Its name within the run; the file's own name if not given.
        metadata : mapping, optional
            Whatever else is to be known about it.
        mode : str
            ``copy`` keeps the bytes in the store; ``reference`` the digest only, for what is too
            big to keep twice; ``auto`` decides by size.

        Raises
        ------
        UserError
            If there is no such file, or an argument cannot be.
        """
        deposit = Deposit(path, category, name, file_type, metadata or {}, mode)
        facts = facts_of(self.store, deposit, self.dir)
        self._append("artifact", facts)
        return str(facts["digest"])

    def _refuse(self) -> None:
        why = f": {self._why}" if self._why else ""
        raise UserError.of(
            "run-ended",
            f"the run {self._id} has ended as {self.status}{why}",
            mend="Tags and metadata can still be added; metrics and events need a new run.",
        )

    def _append(self, op: str, facts: Mapping[str, Any], *, sync: bool = False) -> None:
        self.store.writer().append(op, self.id, facts, sync=sync)
