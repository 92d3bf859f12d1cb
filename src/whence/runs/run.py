"""The live run: what one execution puts on record while it goes on."""

from __future__ import annotations

import os
import time as clock
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from whence.artifacts import Deposit, facts_of, place
from whence.artifacts.deposit import Mode
from whence.base.clock import new_id
from whence.base.error import UserError
from whence.base.escape import encode
from whence.base.problem import did_you_mean
from whence.records import Category
from whence.runs.capture import code_artifacts, code_facts, main_code, surroundings
from whence.runs.code import Code, edited_since
from whence.runs.machine import process_start
from whence.runs.metric import Meter
from whence.store import Store

ENDS = {
    "completed": "completed",
    "failed": "failed",
    "terminated": "terminated",
    "finished": "completed",
    "crashed": "failed",
    "killed": "terminated",
}
_LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run comes from, told by what starts it: a sweep, a task, a command line.

    Attributes
    ----------
    id : str, optional
        The run id, where it had to be known before the run.
    kind : str
        ``run``, ``sweep``, ``evaluation`` or ``task``.
    parent : str, optional
        The id of the run that started this one.
    dir : Path, optional
        The run's own folder.
    code : mapping, optional
        The ``code`` field (see `whence.runs.code_facts`), where it was gathered already.
    artifacts : tuple of mapping
        Facts of artifact lines for files that are in the store already.
    facts : mapping
        Further fields as they are written: ``point``, ``call``, ``target``, ``inputs``,
        ``command``, ``repeat``, ``recipe``, ``plot``.
    """

    id: str | None = None
    kind: str = "run"
    parent: str | None = None
    dir: Path | None = None
    code: Mapping[str, Any] | None = None
    artifacts: tuple[Mapping[str, Any], ...] = ()
    facts: Mapping[str, Any] | None = None


class Run:
    """One execution on record.

    Every call writes before it returns: what it acknowledged survives the death of the process.
    A call that raises has recorded nothing and harms nothing.

    Parameters
    ----------
    store : Store or path-like, optional
        A store, a project folder or its ``.whence``; if not given, the one found upward from the
        working directory, or a new one.

    Examples
    --------
    >>> with Run(store) as run:  # doctest: +SKIP
    ...     run.init("melt", parameters={"T": 1.2, "rho": 0.8}, tags=["first try"])
    ...     for step in range(100):
    ...         run.log_metrics({"energy": -1.0 / (step + 1)})
    ...     run.save_file("trajectory.nc")
    """

    def __init__(self, store: Store | str | os.PathLike[str] | None = None) -> None:
        if store is None:
            store = Store.find_or_create(Path.cwd())
        self.store = store if isinstance(store, Store) else Store.open(Path(store))
        self.name: str | None = None
        self.dir: Path | None = None
        self.status: str | None = None
        self._id: str | None = None
        self._tags: set[str] = set()
        self._meter: Meter | None = None
        self._started = 0.0

    def __repr__(self) -> str:
        return f"<Run {self._id or 'not begun'} {self.name or ''} {self.status or ''}>"

    @property
    def id(self) -> str:
        """The run id.

        Raises
        ------
        UserError
            If `init` was not called.
        """
        if self._id is None:
            raise UserError.of(
                "run-not-begun", "this run has not begun", mend="Call run.init(...) first."
            )
        return self._id

    def init(
        self,
        name: str | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Iterable[str] = (),
        folder: str = "/",
        description: str | None = None,
        running: bool = True,
        origin: Origin | None = None,
    ) -> Self:
        """Put the run on record and start it.

        Parameters
        ----------
        name : str, optional
            Any text. Names need not be unique; ids are.
        parameters, params : mapping, optional
            What the run was given, nested as you like: two spellings of one thing.
        metadata : mapping, optional
            What else is to be known.
        tags : iterable of str
            Words to find it by.
        folder : str
            Groups runs, like ``/melt/first``.
        description : str, optional
            Text for people.
        running : bool
            Whether it starts now; else it is ``created`` until `set_status` says more.
        origin : Origin, optional
            Who started it, where that is not the user's own script.

        Returns
        -------
        Run
            The run itself.

        Raises
        ------
        UserError
            If it has begun already, or a value cannot be recorded; then nothing is recorded.
        """
        if self._id is not None:
            raise UserError.of(
                "run-begun", f"this run has begun already as {self._id}", mend="Make another Run()."
            )
        origin = origin or Origin()
        if parameters is not None and params is not None:
            raise UserError.of(
                "given-twice",
                "parameters and params are two spellings of one thing",
                mend="Give only one.",
            )
        given = parameters if parameters is not None else params
        now = clock.time()
        facts = {
            "kind": origin.kind,
            "name": _text(name, "name"),
            "folder": _folder(folder),
            "description": _text(description, "description"),
            "status": "running" if running else "created",
            "params": encode(dict(given or {}), ("parameters",)),
            "created": now,
            "started": now if running else None,
            "parent": origin.parent or os.environ.get("WHENCE_RUN"),
            **(origin.facts or {}),
        }
        noted, words = _metadata(metadata), _tags(tags)
        self._begin(origin, facts, noted, words)
        self.name, self.status, self._started = name, facts["status"], now
        return self

    def _begin(
        self, origin: Origin, facts: dict[str, Any], noted: dict[str, Any], words: list[str]
    ) -> None:
        artifacts = list(origin.artifacts)
        code = Code()
        if origin.code is None:
            code = main_code(self.store.project)
            facts["code"] = code_facts(code, code.base if code.files else Path.cwd())
            artifacts += code_artifacts(self.store, code)
        else:
            facts["code"] = origin.code
        if origin.dir is not None:
            self.dir = Path(os.path.abspath(origin.dir))
            facts["dir"] = encode(place(self.dir, (self.store.project,)))
        facts |= surroundings(self.store)
        self._id = origin.id or new_id()
        told = {key: value for key, value in facts.items() if value is not None}
        self._append("set", {"f": told})
        if noted:
            self._append("meta", {"m": noted})
        if words:
            self._append("tags", {"add": words, "remove": []})
            self._tags.update(words)
        for artifact in artifacts:
            self._append("artifact", artifact)
        self.warn_edited(code)

    def warn_edited(self, code: Code) -> None:
        """Note the files of code that were edited after this process may have read them."""
        for name in edited_since(code, process_start()) if code.files else ():
            message = f"{name} was edited after this process began: what ran may be older"
            facts = {"level": "warning", "message": encode(message), "at": clock.time()}
            self._append("event", facts)

    def update_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Add to the metadata; a key given again takes the new value."""
        self._append("meta", {"m": _metadata(metadata)})

    def update_tags(self, tags: Iterable[str]) -> None:
        """Add tags."""
        words = _tags(tags)
        self._append("tags", {"add": words, "remove": []})
        self._tags.update(words)

    def set_tags(self, tags: Iterable[str]) -> None:
        """Put these tags in the place of those that this run was given here."""
        words = _tags(tags)
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
        self._gauge().describe(name, {"units": _text(units, "unit")})

    def _gauge(self) -> Meter:
        if self._meter is None:
            self._meter = Meter(self.store, self.id, self._started)
        return self._meter

    def log_event(self, message: str, level: str = "info", timestamp: float | None = None) -> None:
        """Record a line of text.

        Parameters
        ----------
        message : str
            The text.
        level : str
            ``debug``, ``info``, ``warning``, ``error`` or ``critical``.
        timestamp : float, optional
            Seconds since 1970-01-01 UTC; now if not given.
        """
        if self.status in ENDS:
            self._refuse()
        if level.lower() not in _LEVELS:
            raise UserError.of(
                "unknown-level",
                f"there is no level {level!r}",
                mend=did_you_mean(level.lower(), _LEVELS) or f"Use one of {', '.join(_LEVELS)}.",
            )
        at = clock.time() if timestamp is None else timestamp
        text = _text(message, "message")
        self._append("event", {"level": level.lower(), "message": text, "at": at})

    def log_output(self, stream: str, text: str) -> None:
        """Record a piece of what was printed to ``out`` or ``err``."""
        self._append("out", {"stream": stream, "text": encode(text), "at": clock.time()})

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

    def set_status(self, status: str) -> None:
        """Say how the run stands: ``running``, ``completed``, ``failed`` or ``terminated``."""
        if status == "running":
            self._started = clock.time()
            self._meter = None
            self._append("set", {"f": {"status": status, "started": self._started}}, sync=True)
            self.status = status
            return
        if status not in ENDS:
            raise UserError.of(
                "unknown-status",
                f"there is no status {status!r} to set",
                mend=did_you_mean(status, ENDS)
                or "Use 'running', 'completed', 'failed' or 'terminated'.",
            )
        self.end(ENDS[status], {})

    def fail(self, error: BaseException) -> None:
        """End the run with what was raised: ``terminated`` by Ctrl-C, else ``failed``."""
        if isinstance(error, SystemExit) and error.code in (None, 0):
            self.end("completed", {})
            return
        told: dict[str, Any] = {"error": error_facts(error)}
        if isinstance(error, SystemExit):
            told["exit"] = error.code if isinstance(error.code, int) else 1
        self.end("terminated" if isinstance(error, KeyboardInterrupt) else "failed", told)

    def close(self, facts: Mapping[str, Any] | None = None) -> None:
        """End the run as completed, unless it has ended already.

        Parameters
        ----------
        facts : mapping, optional
            Further fields that are known only now, as they are written.
        """
        if self._id is not None and self.status not in ENDS:
            self.end("completed", facts or {})

    def end(self, status: str, facts: Mapping[str, Any]) -> None:
        """End the run with a status and further fields, as they are written."""
        told = {"status": status, "ended": clock.time(), **facts}
        self._append("set", {"f": told}, sync=True)
        self.status = status

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._id is None or self.status in ENDS:
            return
        if error is None:
            self.close()
        else:
            self.fail(error)

    def _refuse(self) -> None:
        raise UserError.of(
            "run-ended",
            f"the run {self._id} has ended as {self.status}",
            mend="Tags and metadata can still be added; metrics and events need a new run.",
        )

    def _append(self, op: str, facts: Mapping[str, Any], *, sync: bool = False) -> None:
        self.store.writer().append(op, self.id, facts, sync=sync)


def error_facts(error: BaseException) -> dict[str, Any]:
    """What was raised, as the ``error`` field of a run: type, message and traceback."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ != "builtins":
        name = f"{kind.__module__}.{name}"
    try:
        message = str(error)
    except Exception as broken:
        message = f"(its message could not be told: {broken!r})"
    try:
        text = "".join(traceback.format_exception(error))
    except Exception:
        text = "".join(traceback.format_tb(error.__traceback__)) + name
    return {"type": encode(name), "message": encode(message), "traceback": encode(text)}


def _metadata(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        _key(key, "metadata"): encode(value, ("metadata", str(key)))
        for key, value in (metadata or {}).items()
    }


def _key(key: Any, of: str) -> str:
    if isinstance(key, str) and key and key.isprintable() and key[:1] != "$":
        return str(key)
    raise UserError.of(
        "bad-key",
        f"{key!r} cannot name a {of} value",
        mend="Use printable text that does not begin with '$'.",
    )


def _tags(tags: Iterable[str]) -> list[str]:
    words = [tags] if isinstance(tags, str) else list(tags)
    for word in words:
        if not (isinstance(word, str) and word.strip() and word.isprintable()):
            raise UserError.of("bad-tag", f"{word!r} cannot be a tag", mend="Use printable text.")
    return [str(word) for word in dict.fromkeys(words)]


def _folder(folder: str) -> str:
    if not (isinstance(folder, str) and folder.startswith("/") and folder.isprintable()):
        raise UserError.of(
            "bad-folder",
            f"{folder!r} cannot be a folder of runs",
            mend="Give one that begins with '/', like '/melt/first'.",
        )
    return "/" + folder.strip("/")


def _text(value: str | None, of: str) -> Any:
    if value is None or isinstance(value, str):
        return encode(value)
    raise UserError.of("bad-text", f"the {of} must be text, not {value!r}")
