"""What is written of a run while it goes on: metadata, tags, metrics, events, output and files."""

from __future__ import annotations

import os
import time as clock
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from whence.artifacts import (
    Deposit,
    Label,
    Manner,
    Mode,
    Owner,
    Progress,
    place,
    preserved,
    save_all,
    save_directory,
    save_file,
    save_object,
)
from whence.base.clock import new_id
from whence.base.error import UserError
from whence.base.escape import encode
from whence.records import Category
from whence.runs.fact import ENDS, LEVELS, level_of, metadata_of, number_of, tags_of, text_of
from whence.runs.git import root_of
from whence.runs.metric import Meter, instant, is_time
from whence.runs.watch import Watch
from whence.store import Store

_NOTHING: Any = object()  # None is an object to save too


class Log:
    """What `Run` can do with a run that is on record; `Life` ends it, and `Run` itself begins it.

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
        self._put: set[str] = set()

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

    def _repr_html_(self) -> str:
        from html import escape

        from whence.records import Records
        from whence.records.html import card

        if self._id is None:
            return f"<code>{escape(repr(self))}</code>"
        return card(Records(self.store).get(self._id))

    @property
    def begun(self) -> bool:
        """Whether it is on record."""
        return self._id is not None

    def has_put(self, digest: str) -> bool:
        """Whether the content was saved here as an output."""
        return digest in self._put

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
        """Tell more of the folder that the run is in; `Client.get_folder` gives it back.

        Metadata are added to what this run told of the folder before; tags and description take
        the place of it.
        """
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
        meter = self._meter or self._metered()
        meter.log(metrics, step, time, timestamp)
        if self._watch is not None:
            self._watch.metrics(_at(timestamp), metrics)

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
        self._metered().grid(metric_name, axes_ticks, axes_labels)

    def set_metric_units(
        self,
        name: str,
        units: str,
        mks_unit: str | None = None,
        mks_conversion: float | None = None,
    ) -> None:
        """Tell the unit of a metric, as it is to be given back: ``"kJ/mol"``.

        Parameters
        ----------
        name, units : str
            The metric, and its unit.
        mks_unit : str, optional
            The unit of the same quantity in metres, kilograms and seconds; recorded, and nothing
            is converted.
        mks_conversion : float, optional
            How many of those are one of its own; recorded too.
        """
        facts: dict[str, Any] = {"units": text_of(units, "unit")}
        if mks_unit is not None:
            facts["mks_units"] = text_of(mks_unit, "unit")
        if mks_conversion is not None:
            facts["mks_conversion"] = number_of(mks_conversion, "conversion to the MKS unit")
        self._metered().describe(name, facts)

    def _metered(self) -> Meter:
        if self._meter is None:
            self._meter = Meter(self.store, self.id, self._started)
        return self._meter

    def log_event(
        self,
        message: str,
        level: str | datetime | None = None,
        timestamp: float | str | datetime | None = None,
        *,
        log_level: str | None = None,
    ) -> None:
        """Record a line of text.

        Parameters
        ----------
        message : str
            The text.
        level, log_level : str, optional
            ``debug``, ``info`` (if not given), ``warning``, ``error`` or ``critical``. A date and
            time in second place is the timestamp, as in Simvue's order.
        timestamp : float, str or datetime, optional
            Seconds since 1970-01-01 UTC, or a time (UTC if it tells no zone); now if not given.
        """
        if self.status in ENDS:
            self._refuse()
        word: Any = level or log_level
        if word not in LEVELS and is_time(level):  # Simvue's order: a time, then a level
            word, timestamp = timestamp or log_level, level
        at = _at(timestamp)
        text, word = text_of(message, "message"), level_of(word or "info")
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
        file_path: str | os.PathLike[str],
        category: Category = "output",
        file_type: str | None = None,
        preserve_path: bool = False,
        *,
        filetype: str | None = None,
        preserve_path_relative_to: str | os.PathLike[str] | None = None,
        snapshot: bool = False,
        reference: bool = False,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        mode: Mode | None = None,
        progress: Progress | None = None,
    ) -> str:
        """Put a file on record and give its digest.

        The same content is stored once, whoever saves it and however often.

        Parameters
        ----------
        file_path : path-like
            The file; of a symbolic link, the file that it leads to.
        category : str
            ``output``, ``input`` or ``code``.
        file_type, filetype : str, optional
            Its media type; told from its name if not given.
        preserve_path : bool
            Name it by its path from the working directory, not by its own name alone.
        preserve_path_relative_to : str, optional
            Name it by its path from here (``"cwd"``), from the root of the git checkout
            (``"git"``), or from a folder.
        snapshot : bool
            Keep the content as it is now. That is what happens anyway; it only rules out a
            reference.
        reference : bool
            Note path, size and digest, and leave the content where it lies: for what is too big
            to keep twice.
        name : str, optional
            Its name within the run.
        metadata : mapping, optional
            Whatever else is to be known about it.
        mode : str, optional
            ``copy`` (if not given), ``reference``, or ``auto``, which refers to big files where
            the file system cannot share their blocks.
        progress : callable, optional
            Called with bytes done, bytes in all and a note, if it takes over a second.

        Raises
        ------
        UserError
            If there is no such file, it cannot be read or changes all the while, or an argument
            cannot be; then nothing is recorded.

        Examples
        --------
        >>> run.save_file("in.lj", "input", "text/plain")  # doctest: +SKIP
        """
        kept = _kept(mode, reference, snapshot)
        if name is None and (preserve_path or preserve_path_relative_to is not None):
            name = preserved(os.fspath(file_path), _root(preserve_path_relative_to))
        kind = _given_once(file_type, filetype, "file_type", "filetype")
        deposit = Deposit(file_path, category, name, kind, metadata or {}, kept)
        return str(save_file(self._owner(category), deposit, progress)["digest"])

    def save_object(
        self,
        obj: Any = _NOTHING,
        category: Category = "output",
        name: str | None = None,
        allow_pickle: bool = False,
        metadata: Mapping[str, Any] | None = None,
        *,
        object: Any = _NOTHING,  # noqa: A002 - the documents' spelling
        file_type: str | None = None,
    ) -> str:
        """Put an object on record and give its digest; `Client.get_artifact` gives it back.

        Arrays of NumPy, tables of pandas, polars and Arrow, labelled arrays of xarray, tensors
        and state dicts of PyTorch, figures of Plotly, text, bytes and plain values come back
        exactly. A figure of matplotlib is kept as a picture and, where Plotly can convert it, as
        ``<name>.plotly.json`` beside it.

        Parameters
        ----------
        obj, object : object
            What to keep: two spellings of one thing.
        category : str
            ``output``, ``input`` or ``code``.
        name : str, optional
            Its name within the run; made from its class if not given.
        allow_pickle : bool
            Pickle what no format keeps exactly. Getting it back needs the same word, because a
            pickle can run any code.
        metadata : mapping, optional
            Whatever else is to be known about it.
        file_type : str, optional
            The media type to keep it as, where several would do: labelled arrays are NetCDF unless
            this is ``application/vnd.zarr+zip``.

        Raises
        ------
        UserError
            If no format keeps it exactly and it may not be pickled; then nothing is recorded.

        Examples
        --------
        >>> run.save_object(np.eye(3), "input", name="array")  # doctest: +SKIP
        """
        if (obj is _NOTHING) == (object is _NOTHING):
            raise UserError.of(
                "no-object", "save_object takes one object", mend="Give obj=... or object=..."
            )
        thing = object if obj is _NOTHING else obj
        label = Label(category, file_type, metadata or {})
        if name is None:
            name = f"{type(thing).__name__}_{new_id()[-7:]}"
        saved = save_object(self._owner(category), thing, name, label, allow_pickle=allow_pickle)
        return str(saved[0]["digest"])

    def save_directory(
        self,
        directory: str | os.PathLike[str],
        category: Category = "output",
        file_type: str | None = None,
        preserve_path: bool = False,
        *,
        filetype: str | None = None,
        reference: bool = False,
        metadata: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> dict[str, str]:
        """Put every file below a folder on record; gives their digests by name.

        Parameters
        ----------
        directory : path-like
            The folder. Links to files in it stand for those files; links to folders are not
            followed; sockets, pipes and devices have no content. What is left out is warned of,
            and the warnings are events of the run.
        category : str
            ``output``, ``input`` or ``code``, of all files.
        file_type, filetype : str, optional
            The media type of all files; told from their names if not given.
        preserve_path : bool
            Whether names begin with the folder's path (``system/controlDict``) or are paths
            from the folder.
        reference, metadata, progress
            As `save_file` takes them.

        Raises
        ------
        UserError
            If there is no such folder, or after the rest is saved, if files could not be read.

        Examples
        --------
        >>> run.save_directory("system", "input", preserve_path=True)  # doctest: +SKIP
        """
        kind = _given_once(file_type, filetype, "file_type", "filetype")
        manner = _manner(category, kind, metadata, reference, preserve_path)
        return _digests(save_directory(self._owner(category), directory, manner, progress))

    def save_all(
        self,
        items: Iterable[str | os.PathLike[str]],
        category: Category = "output",
        file_type: str | None = None,
        preserve_path: bool = False,
        *,
        filetype: str | None = None,
        reference: bool = False,
        metadata: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> dict[str, str]:
        """Put files and folders on record, as `save_file` and `save_directory` do each.

        Raises
        ------
        UserError
            After the rest is saved, if files could not be read or two would have one name.

        Examples
        --------
        >>> run.save_all(["file1", "directory1"], "input", preserve_path=True)  # doctest: +SKIP
        """
        kind = _given_once(file_type, filetype, "file_type", "filetype")
        manner = _manner(category, kind, metadata, reference, preserve_path)
        return _digests(save_all(self._owner(category), items, manner, progress))

    def _owner(self, category: Category) -> Owner:
        if self.status == "created" and category == "output":
            raise UserError.of(
                "run-not-started",
                f"the run {self.id} has not started, so it has no outputs yet",
                mend="Call run.set_status('running') first; inputs and code can be saved before.",
            )
        return Owner(self.store, self.id, self.dir, put=self._put)

    def _refuse(self) -> None:
        why = f": {self._why}" if self._why else ""
        raise UserError.of(
            "run-ended",
            f"the run {self._id} has ended as {self.status}{why}",
            mend="Tags and metadata can still be added; metrics and events need a new run.",
        )

    def _append(self, op: str, facts: Mapping[str, Any], *, sync: bool = False) -> None:
        self.store.writer().append(op, self.id, facts, sync=sync)


def _at(timestamp: float | str | datetime | None) -> float:
    return clock.time() if timestamp is None else instant(timestamp)


def _manner(
    category: Category,
    kind: str | None,
    metadata: Mapping[str, Any] | None,
    reference: bool,
    preserve_path: bool,
) -> Manner:
    """How the files of a folder are kept."""
    label = Label(category, kind, metadata or {})
    return Manner(label, _kept(None, reference, False), preserve_path)


def _digests(saved: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {str(facts["name"]): str(facts["digest"]) for facts in saved}


def _kept(mode: Mode | None, reference: bool, snapshot: bool) -> Mode:
    if reference and (snapshot or mode not in (None, "reference")):
        raise UserError.of(
            "given-twice",
            "a reference leaves the content where it lies, so it cannot be a copy too",
            mend="Leave out reference=True to keep the content as it is now.",
        )
    return "reference" if reference else mode or "copy"


def _root(relative_to: str | os.PathLike[str] | None) -> str | None:
    if relative_to == "git":
        root = root_of(Path.cwd())
        if root is None:
            raise UserError.of("no-git", f"{os.getcwd()!r} is in no git checkout")
        return str(root)
    if relative_to is None:
        return None
    return os.getcwd() if relative_to == "cwd" else os.fspath(relative_to)


def _given_once(one: str | None, other: str | None, name: str, same: str) -> str | None:
    if one is not None and other is not None and one != other:
        raise UserError.of(
            "given-twice", f"{name} and {same} are two spellings of one thing", mend="Give one."
        )
    return one if one is not None else other
