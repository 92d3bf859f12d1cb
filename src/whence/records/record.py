"""The durable account of one run."""

from __future__ import annotations

import datetime as dt
import functools
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from whence.base.clock import utc_text
from whence.base.error import UserError
from whence.base.escape import readable
from whence.records.artifact import Artifact, Category
from whence.records.parameter_set import ParameterSet
from whence.records.task_parameter import get_task_param
from whence.store import words

if TYPE_CHECKING:
    from whence.records.contrast import RecordDifference
    from whence.records.edit import Mode
    from whence.records.metric import Metrics
    from whence.records.surrounding import (
        DataKey,
        DataStore,
        Dependency,
        Executable,
        LaunchMode,
        Platform,
        Repository,
    )
    from whence.records.view import RecordStoreView
    from whence.store import Store

ENDED = frozenset({"completed", "failed", "terminated"})


class Record:
    """One run as the store knows it; equal to another record of the same run.

    Parameters
    ----------
    state : mapping or str
        The folded lines of the run (see ``docs/store-format.md``), escape-encoded; as JSON text it
        is read when it is first looked into, for of many records only a few ever are.
    lost : bool
        Whether the process that ran it is gone without having ended it.
    store : Store, optional
        Where it is on record: what is not in the state is read from there.
    heard : float, optional
        When the process of a lost run was last heard of, in seconds since 1970-01-01 UTC.
    """

    __slots__ = ("_state", "heard", "lost", "store")

    def __init__(
        self,
        state: Mapping[str, Any] | str,
        lost: bool = False,
        store: Store | None = None,
        heard: float | None = None,
    ) -> None:
        self._state = state
        self.lost = lost
        self.heard = heard
        self.store = store

    @property
    def state(self) -> Mapping[str, Any]:
        """The folded lines of the run, escape-encoded."""
        state = self._state
        if isinstance(state, str):
            state = self._state = orjson.loads(state)
        return state

    def __repr__(self) -> str:
        name = f" {self.name}" if self.name != self.id else ""
        return f"<Record {self.id}{name} {self.status}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def id(self) -> str:
        """The run id."""
        return str(self.state["id"])

    @property
    def name(self) -> str:
        """The name, or the id where none was given."""
        return str(readable(self.state.get("name")) or self.id)

    @property
    def kind(self) -> str:
        """``run``, ``sweep``, ``evaluation`` or ``task``."""
        return self.state.get("kind") or "run"

    @property
    def status(self) -> str:
        """``created``, ``running``, ``completed``, ``failed``, ``terminated`` or ``lost``."""
        status = self.state.get("status") or "created"
        return "lost" if self.lost and status not in ENDED else status

    @property
    def folder(self) -> str:
        """The folder that groups it with other runs, like ``/my_simulation``."""
        return str(readable(self.state.get("folder")) or "/")

    @property
    def label(self) -> str:
        """The id, or the label that the record had where it was imported from."""
        state = self.state
        return words(state, "label") if "label" in state else str(state["id"])

    @property
    def parameters(self) -> ParameterSet:
        """What was given to it, nested, with the types it was given in.

        A dotted name like ``model.mu`` finds what lies deeper.
        """
        return ParameterSet(_mapping(self.state.get("params")))

    @property
    def metadata(self) -> dict[str, Any]:
        """What was noted about it, by key."""
        return _mapping(self.state.get("meta"))

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags, sorted."""
        return tuple(self.state.get("tags") or ())

    @property
    def created(self) -> float | None:
        """When it was put on record, in seconds since 1970-01-01 UTC."""
        return self.state.get("created")

    @property
    def started(self) -> float | None:
        """When it started."""
        return self.state.get("started")

    @property
    def ended(self) -> float | None:
        """When it ended, or None while it runs or if it is lost."""
        return self.state.get("ended")

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; of a lost run, to the last sign of life of its process."""
        state = self.state
        start, end = state.get("started"), state.get("ended")
        if end is None and self.lost:
            end = self.heard
        return None if start is None or end is None else max(end - start, 0.0)

    @property
    def timestamp(self) -> dt.datetime | None:
        """When it was put on record, in local time, with its zone."""
        created = self.created
        return None if created is None else dt.datetime.fromtimestamp(created).astimezone()

    @property
    def reason(self) -> tuple[str, ...]:
        """Why it was run, as said when it was started or later."""
        reason = self.state.get("reason") or ()
        return (reason,) if isinstance(reason, str) else tuple(map(str, reason))

    @property
    def outcome(self) -> str:
        """What came of it: comments, or the error that ended it."""
        return words(self.state, "outcome")

    @property
    def user(self) -> str | None:
        """Who ran it."""
        return self.state.get("user")

    @property
    def version(self) -> str:
        """The commit of its code; empty if that was in no repository."""
        return words(self.state, "version")

    @property
    def main_file(self) -> str:
        """The file or program that was run."""
        return words(self.state, "main_file")

    @property
    def script_arguments(self) -> str:
        """What followed it on the command line."""
        return words(self.state, "script_arguments")

    @property
    def command_line(self) -> str:
        """What was typed, or what makes it again; empty if that is not known."""
        told = readable(self.state.get("repeat") or self.state.get("command") or "")
        return told if isinstance(told, str) else shlex.join(map(str, told))

    @property
    def script_content(self) -> str:
        """The text of its main file as it ran; empty if that is not on record."""
        kept = (one for one in self.of_category("code") if one.name == self.main_file)
        found = next(kept, None)
        if self.store is None or found is None:
            return ""
        return self.store.get(found.digest).decode("utf-8", "replace")

    @property
    def task_name(self) -> str:
        """The task that it is a call of; empty if it is none."""
        return words(self.state, "task_name")

    @property
    def outputpaths(self) -> tuple[str, ...]:
        """Where the files lay that it put out, from the project folder or absolute."""
        return tuple(self.path_of(item) for item in self.of_category("output"))

    @property
    def resultpaths(self) -> tuple[str, ...]:
        """Files that hold what it put out, absolute: where they lay, else those of the store."""
        from whence.records.content import result_paths

        return result_paths(self)

    def get_output(self, name: str = "", data_types: type | Iterable[type] | None = None) -> Any:
        """What an output holds, read from where it is kept; nothing is computed or unpickled.

        Parameters
        ----------
        name : str
            The output's name, that of its file with or without the ending, or a part of its path
            that no other output has; needless if there is one output.
        data_types : type or iterable of type, optional
            What it may be; the first that fits is given. ``bytes`` gives it as it lies there, and
            a model of pydantic validates what was read.

        Raises
        ------
        UserError
            If no output or several are called so, or it is none of the types.
        StoreError
            If its content is neither in the store nor where it lay.
        """
        from whence.records.content import output

        return output(self, name, data_types)

    @property
    def task_type(self) -> Callable[..., Any]:
        """The task that it was a call of, as it is now: its module is imported.

        Raises
        ------
        UserError
            If it was of no task, or that cannot be imported any more.
        """
        from whence.records.call import task_type

        return task_type(self)

    @property
    def task(self) -> functools.partial[Any]:
        """The call with the recorded arguments; calling it runs it, or gives what is kept.

        Raises
        ------
        UserError
            If it was of no task, that is gone, or it takes other arguments by now.
        """
        from whence.records.call import task

        return task(self)

    @property
    def task_code(self) -> str:
        """The source of the task as it ran, or of its file; empty if that is not on record."""
        from whence.records.call import task_code

        return task_code(self)

    @property
    def executable(self) -> Executable | None:
        """The program that ran: its path, version, name and options."""
        from whence.records import surrounding

        return surrounding.executable(self)

    @property
    def repository(self) -> Repository | None:
        """Where its code is under version control; None where it is not."""
        from whence.records import surrounding

        return surrounding.repository(self)

    @property
    def diff(self) -> str:
        """How its code differed from the commit; empty if it did not."""
        from whence.records import surrounding

        return surrounding.changes(self)

    @property
    def input_data(self) -> tuple[DataKey, ...]:
        """The files that went in: path, digest, creation and metadata of each."""
        from whence.records import surrounding

        return surrounding.data(self, "input")

    @property
    def output_data(self) -> tuple[DataKey, ...]:
        """The files that came out: path, digest, creation and metadata of each."""
        from whence.records import surrounding

        return surrounding.data(self, "output")

    @property
    def launch_mode(self) -> LaunchMode | None:
        """How it was started: ``serial``, ``distributed``, or by which batch system."""
        from whence.records import surrounding

        return surrounding.launch_mode(self)

    @property
    def datastore(self) -> DataStore | None:
        """Where the paths of what came out start."""
        from whence.records import surrounding

        return surrounding.datastore(self)

    @property
    def input_datastore(self) -> DataStore | None:
        """Where the paths of what went in start."""
        from whence.records import surrounding

        return surrounding.datastore(self, "input_datastore")

    @property
    def on_changed(self) -> str:
        """What was done about code that was not committed: ``store-diff``, or as imported."""
        from whence.records import surrounding

        return surrounding.on_changed(self)

    @property
    def repeats(self) -> str | None:
        """The id or label of the record that it repeats; None if it repeats none."""
        from whence.records import surrounding

        return surrounding.repeats(self)

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """The packages that it could import: name, version and source of each."""
        from whence.records import surrounding

        return surrounding.dependencies(self)

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The machines that it ran on."""
        from whence.records import surrounding

        return surrounding.platforms(self)

    def describe(self) -> str:
        """The record as text, a field to a line."""
        from whence.records.description import describe

        return describe(self)

    def difference(self, other: Record) -> RecordDifference:
        """In what another record differs from this one, as `whence diff` tells it.

        It is true if anything differs that makes other results; printed, it tells what.
        """
        from whence.records.contrast import RecordDifference

        return RecordDifference(self, other)

    @property
    def stdout_stderr(self) -> str:
        """What it printed."""
        if self.store is None or not self.state.get("out"):
            return ""
        lines = self.store.lines(self.id, ("out",))
        return "".join(str(line.get("text", "")) for line in lines)

    @property
    def metrics(self) -> Metrics:
        """The values that it logged, as they are now: ``metrics.frame()``, ``metrics["energy"]``.

        Raises
        ------
        UserError
            If the record is of no store.
        """
        from whence.records.metric import Metrics

        if self.store is None:
            raise UserError.of("no-store", f"the record {self.id} is of no store")
        return Metrics(self.store, self.id)

    @property
    def events(self) -> tuple[dict[str, Any], ...]:
        """What it logged as text, in order: ``timestamp``, ``level`` and ``message`` of each."""
        if self.store is None or not self.state.get("events"):
            return ()
        return tuple(
            {
                "timestamp": dt.datetime.fromtimestamp(float(line["at"])).astimezone(),
                "level": str(line.get("level") or "info"),
                "message": str(readable(line.get("message", ""))),
            }
            for line in self.store.lines(self.id, ("event",))
        )

    @property
    def alerts(self) -> dict[str, str]:
        """Its alerts by name, each with how it stands: ``ok`` or ``critical``."""
        told = readable(self.state.get("alerts") or {})
        return {
            str(facts.get("name", name)): str(facts.get("status"))
            for name, facts in told.items()
            if isinstance(facts, dict)
        }

    def get_param(self, name: str | Iterable[str], *default: Any) -> Any:
        """The parameter of a dotted name, as `get_task_param` gives it."""
        return get_task_param(self.parameters, name, *default)

    def add_tag(self, tag: str | Iterable[str]) -> Record:
        """Put a tag, or several, on it."""
        return self._edited(lambda view: view.add_tag(tag))

    def remove_tag(self, tag: str | Iterable[str]) -> Record:
        """Take a tag, or several, off it."""
        return self._edited(lambda view: view.remove_tag(tag))

    def add_comment(self, comment: str, replace: bool = False) -> Record:
        """Add a text to its outcome, unless it says so already."""
        return self._edited(lambda view: view.add_comment(comment, replace))

    def update_reason(self, reason: Any = None, mode: Mode = "prepend") -> Record:
        """Change its reason; see `RecordStoreView.update_reason`."""
        return self._edited(lambda view: view.update_reason(reason, mode))

    def invalidate(self, undo: bool = False) -> Record:
        """Have its work done again when it is asked for next; see `RecordStoreView.invalidate`."""
        return self._edited(lambda view: view.invalidate(undo))

    def _edited(self, change: Callable[[RecordStoreView], object]) -> Record:
        """The record itself, after an edit; it is as it is now."""
        from whence.records.view import RecordStoreView

        view = RecordStoreView([self])
        change(view)
        (now,) = view
        self._state, self.lost, self.heard = now.state, now.lost, now.heard
        return self

    def path_of(self, item: Artifact) -> str:
        """Where an artifact of it lay, from the project folder or absolute; else its name."""
        path, folder = item.path, self.state.get("dir")
        if path is None:
            return item.name
        inside = isinstance(folder, str) and path.startswith("./")
        return f"{folder}{path[1:]}" if inside else path

    def _repr_html_(self) -> str:
        from whence.records.html import card

        return card(self)

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """What it took in and put out, in the order in which it did."""
        return tuple(Artifact.of(fact) for fact in self.state.get("artifacts") or ())

    def of_category(self, category: Category) -> tuple[Artifact, ...]:
        """The artifacts of one category."""
        return tuple(item for item in self.artifacts if item.category == category)

    def summary(self) -> dict[str, Any]:
        """The record in short, as `whence list --json` tells it."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "status": self.status,
            "parameters": self.state.get("params") or {},
            "tags": list(self.tags),
            "folder": self.folder,
            "created": _text(self.created),
            "started": _text(self.started),
            "ended": _text(self.ended),
            "duration": self.duration,
        }

    def as_dict(self) -> dict[str, Any]:
        """The whole record as plain data, as `whence show --json` tells it."""
        state = self.state
        told = {key: state.get(key) for key in _WHOLE}
        return {
            **self.summary(),
            "metadata": state.get("meta") or {},
            **told,
            "reason": list(self.reason),
            "outcome": self.outcome or None,
            "artifacts": [item.as_dict() for item in self.artifacts],
            "events": state.get("events", 0),
            "last": _text(state.get("last")),
        }


# Fields of the state that the whole record tells as they are.
_WHOLE = (
    "description",
    "user",
    "host",
    "cwd",
    "dir",
    "command",
    "repeat",
    "parent",
    "point",
    "call",
    "code",
    "environment",
    "process",
    "exit",
    "error",
    "recipe",
    "plot",
)


def value_of(record: Record, name: str, default: Any) -> Any:
    """The parameter of a dotted name, else the metadata, as filters find them by that name."""
    value = get_task_param(record.parameters, name, _MISSING)
    if value is not _MISSING:
        return value
    space, _, key = name.partition(".")
    if key and space in ("params", "parameters"):
        value = get_task_param(record.parameters, key, _MISSING)
    elif key and space == "metadata":
        value = get_task_param(record.metadata, key, _MISSING)
    return get_task_param(record.metadata, name, default) if value is _MISSING else value


_MISSING = object()
_LOGGED = frozenset({"metrics", "events", "alerts"})
_DERIVED = frozenset(
    ["resultpaths", "task", "task_type", "task_code", "executable", "repository", "diff",
     "input_data", "output_data", "launch_mode", "datastore", "input_datastore", "on_changed",
     "repeats", "dependencies", "platforms"]
)  # fmt: skip
"""What is found out about a record, and may be read from files: by these names parameters go on
to be meant where records are sorted, split and summed up."""


def _mapping(data: Any) -> dict[str, Any]:
    """What a mapping was given as; one that cannot be decoded is left as it is written."""
    told = readable(data or {})
    return told if isinstance(told, dict) else dict(data)


def states_of(records: Sequence[Record]) -> list[Mapping[str, Any]]:
    """The state of each record, without a call for each that was looked into before."""
    return [known if type(known := record._state) is dict else record.state for record in records]


def labels_of(states: Iterable[Mapping[str, Any]]) -> list[str]:
    """The labels of the records that have these states."""
    return [words(one, "label") if "label" in one else one["id"] for one in states]


def is_field(name: str) -> bool:
    """Whether records have a field of that name; what they can do and what they logged is none."""
    if not isinstance(name, str) or name in _LOGGED or name in _DERIVED or name.startswith("_"):
        return False
    return not callable(getattr(Record, name, id))


def _text(seconds: float | None) -> str | None:
    return None if seconds is None else utc_text(seconds)
