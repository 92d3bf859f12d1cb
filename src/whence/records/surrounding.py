"""What surrounded a run: its program, code, data, machine and packages, in Sumatra's words.

Of a record that was imported from Sumatra this is what Sumatra had; of any other, what whence
captured. What neither tells is empty.
"""

from __future__ import annotations

import datetime as dt
import mimetypes
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from whence.base.escape import readable
from whence.records.artifact import Artifact, Category
from whence.records.environment import environment_of
from whence.records.record import Record

Facts = Mapping[str, Any]
_FILES = "FileSystemDataStore"
_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class Executable:
    """The program that ran: where it lies, its version and name, and its options."""

    path: str
    version: str = ""
    name: str = ""
    options: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """Where the code is under version control.

    Attributes
    ----------
    type : str
        ``git``, or what Sumatra called it, like ``GitRepository``.
    url : str
        The working copy.
    upstream : str
        Where that came from.
    """

    type: str
    url: str
    upstream: str = ""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A file that went in or came out.

    Attributes
    ----------
    path : str
        From the root of the data store, or absolute.
    digest : str
        SHA-256 of the content; of what Sumatra recorded, SHA-1.
    creation : datetime or None
        When it was made, where that is known.
    metadata : mapping
        ``mimetype``, ``encoding`` and ``size`` in bytes.
    """

    path: str
    digest: str
    creation: dt.datetime | None = None
    metadata: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DataStore:
    """Where the paths of data start: the kind of place, and its root folder."""

    type: str
    root: str


@dataclass(frozen=True, slots=True)
class LaunchMode:
    """How it was started, and the facts of the job by system.

    Attributes
    ----------
    type : str
        ``serial``, ``distributed`` (MPI), ``slurm-mpi``, a batch system, or what Sumatra called it.
    parameters : mapping
    """

    type: str
    parameters: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dependency:
    """A package that the run could import; `source` is where it came from, but for an index."""

    name: str
    path: str = ""
    version: str = ""
    diff: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Platform:
    """A machine that it ran on."""

    architecture_bits: str = ""
    architecture_linkage: str = ""
    machine: str = ""
    network_name: str = ""
    ip_addr: str = ""
    processor: str = ""
    release: str = ""
    system_name: str = ""
    version: str = ""


def executable(record: Record) -> Executable | None:
    """The program that ran; None if that is not on record."""
    known = imported(record)
    if known is not None:
        return _made(Executable, known.get("executable"))
    told = readable(record.state.get("command") or [])
    words = [str(word) for word in told] if isinstance(told, list | tuple) else []
    name = os.path.basename(words[0]) if words else ""
    started = isinstance(record.state.get("target"), list)
    if name and (started or not name.startswith("python")):
        return Executable(words[0], name=name)  # its version is not that of the Python that asked
    version = _inner(record, "system", "pythonversion")
    if not words and not version:
        return None
    found = _environment(record).get("executable") if not words else words[0]
    return Executable(str(found or "python"), version, "Python")


def repository(record: Record) -> Repository | None:
    """Where the code is under version control; None if it is not, or that is not on record."""
    known = imported(record)
    if known is not None:
        return _made(Repository, known.get("repository"))
    if not _inner(record, "code", "commit"):
        return None
    upstream = _text(readable(record.state.get("remote")))
    return Repository("git", _project(record), upstream)


def changes(record: Record) -> str:
    """How the code differed from the commit, as a diff; empty if it did not."""
    for one in (record, _parent(record)):
        for item in one.of_category("code") if one is not None else ():
            if item.name == "git.diff" and record.store is not None:
                return record.store.get(item.digest).decode("utf-8", "replace")
    return ""


def data(record: Record, category: Category) -> tuple[DataKey, ...]:
    """What it took in or put out."""
    return tuple(_key(record, item) for item in record.of_category(category))


def launch_mode(record: Record) -> LaunchMode | None:
    """How it was started."""
    known = imported(record)
    if known is not None:
        told = known.get("launch_mode")
        kind = told.get("type") if isinstance(told, Mapping) else told
        return LaunchMode(_text(kind), _mapping(_of(told, "parameters"))) if kind else None
    job = _mapping(readable(record.state.get("job")))
    if "mpi" in job:
        return LaunchMode("slurm-mpi" if "slurm" in job else "distributed", job)
    return LaunchMode(next(iter(job), "serial"), job)


def datastore(record: Record, name: str = "datastore") -> DataStore | None:
    """Where the paths of its data start; `name` may be ``input_datastore``."""
    known = imported(record)
    if known is None:
        return DataStore(_FILES, _project(record))
    told = known.get(name)
    kind, root = _of(told, "type"), _of(_of(told, "parameters"), "root") or _of(told, "root")
    return DataStore(_text(kind), _text(root)) if kind else None


def on_changed(record: Record) -> str:
    """What is done with code that is not committed; whence keeps how it differs."""
    known = imported(record)
    return "store-diff" if known is None else _text(known.get("on_changed"))


def repeats(record: Record) -> str | None:
    """The id or label of the record that it repeats."""
    known = imported(record)
    told = record.state.get("repeats") if known is None else known.get("repeats")
    return _text(told) or None


def dependencies(record: Record) -> tuple[Dependency, ...]:
    """The packages that it could import."""
    known = imported(record)
    if known is not None:
        return tuple(
            filter(None, (_made(Dependency, one) for one in _several(known, "dependencies")))
        )
    told = _environment(record)
    direct = _mapping(told.get("direct"))
    return tuple(
        Dependency(str(name), version=_text(version), source=_text(_of(direct.get(name), "url")))
        for name, version in _mapping(told.get("distributions")).items()
    )


def platforms(record: Record) -> tuple[Platform, ...]:
    """The machines that it ran on."""
    known = imported(record)
    if known is not None:
        return tuple(filter(None, (_made(Platform, one) for one in _several(known, "platforms"))))
    system = _mapping(readable(record.state.get("system")))
    if not system:
        return ()
    cpu, told = _mapping(system.get("cpu")), _mapping(system.get("platform"))
    return (
        Platform(
            machine=_text(cpu.get("arch")),
            network_name=_text(system.get("hostname")),
            processor=_text(cpu.get("processor")),
            release=_text(told.get("release")),
            system_name=_text(told.get("system")),
            version=_text(told.get("version")),
        ),
    )


def imported(record: Record) -> Facts | None:
    """What Sumatra had on record of it; None if it was not imported from there."""
    if _of(record.state.get("origin"), "from") != "sumatra":
        return None
    return _mapping(record.metadata.get("sumatra"))


def _key(record: Record, item: Artifact) -> DataKey:
    meta = _mapping(readable(dict(item.meta)))
    _, encoding = mimetypes.guess_type(item.path or item.name)
    facts = {"mimetype": item.type, "encoding": meta.get("encoding") or encoding, "size": item.size}
    digest = item.digest.removeprefix("sha1:")
    return DataKey(
        record.path_of(item),
        "" if digest.startswith("unknown:") else digest,
        _moment(meta.get("created")),
        facts,
    )


def _moment(text: Any) -> dt.datetime | None:
    try:
        when = dt.datetime.fromisoformat(_text(text))
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=dt.UTC)


def _made(kind: type[_Kind], told: Any) -> _Kind | None:
    """The facts that Sumatra wrote as one of ours; what it had no name for is left out."""
    if not isinstance(told, Mapping):
        return None
    fields = kind.__dataclass_fields__  # type: ignore[attr-defined]
    facts = {name: _text(told.get(name)) for name in fields}
    return kind(**facts) if any(facts.values()) else None


def _environment(record: Record) -> Facts:
    return environment_of(record) or {}


def _parent(record: Record) -> Record | None:
    """The sweep or run that it is part of, which holds the changes for all its points."""
    parent, store = record.state.get("parent"), record.store
    if not isinstance(parent, str) or store is None:
        return None
    from whence.records.reader import Records

    return next(iter(Records(store).of_ids([parent])), None)


def _project(record: Record) -> str:
    if record.store is not None:
        return str(record.store.project)
    return _text(readable(record.state.get("project")))


def _inner(record: Record, name: str, inner: str) -> str:
    return _text(_of(readable(record.state.get(name)), inner))


def _of(told: Any, name: str) -> Any:
    return told.get(name) if isinstance(told, Mapping) else None


def _several(known: Facts, name: str) -> Iterable[Any]:
    told = known.get(name)
    return told if isinstance(told, list | tuple) else ()


def _mapping(told: Any) -> Facts:
    return told if isinstance(told, Mapping) else {}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
