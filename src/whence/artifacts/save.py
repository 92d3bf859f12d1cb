"""Save files, folders and objects as artifacts of a run.

Content is kept first and attached after, all of a call together: what a killed process leaves
behind is at worst content that no run names, which `whence gc` collects.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whence.artifacts.deposit import Deposit, Label, Mode, facts_of, told_path
from whence.artifacts.folder import Survey, survey
from whence.artifacts.meter import Meter, Progress
from whence.artifacts.name import checked_name, readable
from whence.artifacts.sink import Sink
from whence.base.error import UserError
from whence.base.escape import encode
from whence.base.problem import Problem
from whence.formats import converted, dump, formats, is_matplotlib, media_type_of, picture
from whence.store import Content, Store

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Owner:
    """The run that artifacts are saved for.

    Attributes
    ----------
    store : Store
        Where their content goes.
    run : str
        The run id.
    folder : Path or None
        The run's own folder.
    sink : Sink, optional
        Where they are written; the store's writer if not given.
    put : set of str, optional
        Takes the digests of outputs that are on record.
    """

    store: Store
    run: str
    folder: Path | None = None
    sink: Sink | None = None
    put: set[str] | None = None

    def attach(self, facts: Sequence[Facts]) -> None:
        """Put artifacts on record whose content is kept."""
        (self.sink or self.store.writer()).append_many("artifact", self.run, facts)
        if self.put is not None:
            self.put.update(told["digest"] for told in facts if told["category"] == "output")

    def warn(self, messages: Sequence[str]) -> None:
        """Put warnings on record."""
        now = time.time()
        (self.sink or self.store.writer()).append_many(
            "event",
            self.run,
            [{"level": "warning", "message": encode(text), "at": now} for text in messages],
        )


def save_file(owner: Owner, deposit: Deposit, progress: Progress | None = None) -> Facts:
    """Save a file; gives the facts of its artifact.

    Raises
    ------
    UserError
        If there is no such file, it changes all the while, or cannot be read, or its name could
        not be that of a file; then nothing is recorded.
    """
    if deposit.name is not None:
        checked_name(deposit.name)
    meter = Meter(progress, _size(deposit.path))
    facts = facts_of(owner.store, deposit, owner.folder, meter)
    owner.attach([facts])
    meter.close()
    return facts


def save_object(
    owner: Owner, obj: Any, name: str, label: Label, *, allow_pickle: bool = False
) -> list[Facts]:
    """Save an object; gives the facts of its artifact, and of others that come with it.

    The media type of the label, if it has one, says which format keeps it.

    A matplotlib figure is kept as a picture and, where Plotly can convert it, as an interactive
    figure beside it, called ``<name>.plotly.json``.

    Raises
    ------
    UserError
        If no format keeps the object exactly and it may not be pickled.
    """
    checked_name(name)
    writer = owner.store.writer()
    encode(dict(label.metadata), ("metadata",))  # refused before anything is written
    if not is_matplotlib(obj):
        dumped = dump(obj, media_type=label.media_type, allow_pickle=allow_pickle)
        label = replace(label, media_type=None)
        saved = [label.facts(name, writer.put(dumped.data), dumped.format.media_type)]
    else:
        if label.media_type not in (None, formats()["png"].media_type):
            told = f"a figure of matplotlib is kept as a PNG, not as {label.media_type}"
            raise UserError.of("not-kept", told, mend="Save it to a file, and save that.")
        interactive = converted(obj)
        beside = f"{name}.plotly.json" if interactive is not None else None
        drawn = replace(label, metadata={**label.metadata, "plotly": beside})
        saved = [drawn.facts(name, writer.put(picture(obj)), formats()["png"].media_type)]
        if beside is not None:
            dumped = dump(interactive)
            label = replace(label, media_type=None)
            saved.append(label.facts(beside, writer.put(dumped.data), dumped.format.media_type))
    owner.attach(saved)
    return saved


@dataclass(frozen=True, slots=True)
class Manner:
    """How files are saved and named.

    Attributes
    ----------
    label : Label
        What is told of each.
    mode : str
        How each is kept; see `Deposit`.
    preserve_path : bool
        Whether names begin with the path that was given.
    """

    label: Label
    mode: Mode = "copy"
    preserve_path: bool = False


def save_directory(
    owner: Owner,
    directory: str | os.PathLike[str],
    manner: Manner,
    progress: Progress | None = None,
) -> list[Facts]:
    """Save every file below a folder; see `save_all`."""
    if not os.path.isdir(directory):
        raise UserError.of(
            "no-such-folder",
            f"there is no folder {os.fspath(directory)!r} to put on record",
            mend="It is a file: save_file saves it." if os.path.isfile(directory) else None,
        )
    return save_all(owner, [directory], manner, progress)


def save_all(
    owner: Owner,
    items: Iterable[str | os.PathLike[str]],
    manner: Manner,
    progress: Progress | None = None,
) -> list[Facts]:
    """Save files, and every file below folders; gives the facts of all artifacts.

    All that can be saved is, even if something cannot. What has no content (sockets, pipes,
    devices) and links to folders are left out, with a warning that is on record too.

    Raises
    ------
    UserError
        After the rest is saved, if files could not be read; it names each.
    """
    encode(dict(manner.label.metadata), ("metadata",))  # refused before anything is written
    found = _gather([os.fspath(item) for item in items], manner, measure=progress is not None)
    meter = Meter(progress, found.size)
    contents = owner.store.writer().put_files((path for path, _ in found.files), manner.mode, meter)
    saved = list(_facts(owner, found, manner, contents))
    owner.attach(saved)
    meter.close()
    if found.skipped:
        told = [f"not saved: {text}" for text in found.skipped]
        owner.warn(told)
        for text in told:
            warnings.warn(text, stacklevel=4)
    if found.problems:
        raise UserError(*found.problems, *others("saved", len(saved)))
    return saved


def others(done: str, count: int) -> list[Problem]:
    """What is told after the problems of some files: the others were done, if there are any."""
    if not count:
        return []
    told = "the other file was" if count == 1 else f"the other {count} files were"
    return [Problem(f"partly-{done}", f"{told} {done}")]


def _gather(items: list[str], manner: Manner, *, measure: bool) -> Survey:
    """Everything below the items, by the names it shall have."""
    found = Survey()
    named: dict[str, str] = {}
    for item in items:
        folder = os.path.isdir(item)
        one = survey(os.path.abspath(item), measure=measure) if folder else _single(item)
        lead = preserved(item) if manner.preserve_path else None
        for path, name in one.files:
            whole = name if lead is None else f"{lead}/{name}" if folder else lead
            if whole in named and named[whole] != path:
                found.problems.append(_twice(whole, path, named[whole]))
                continue
            named[whole] = path
            found.files.append((path, whole))
            if name in one.links:
                found.links[whole] = one.links[name]
        found.size += one.size
        found.skipped += one.skipped
        found.problems += one.problems
    return found


def _single(path: str) -> Survey:
    if os.path.isfile(path):
        whole = os.path.abspath(path)
        return Survey([(whole, os.path.basename(whole))], size=_size(whole))
    told = f"there is no file or folder {path!r} to put on record"
    if os.path.lexists(path):
        told = f"{path!r} is no file with content, or leads nowhere"
    return Survey(problems=[Problem("no-such-file", told)])


def _twice(name: str, path: str, other: str) -> Problem:
    return Problem(
        "name-taken",
        f"{path!r} and {other!r} would both be called {name!r}",
        None,
        "preserve_path=True keeps their paths in their names.",
    )


def _facts(
    owner: Owner, found: Survey, manner: Manner, contents: Iterator[Content | UserError]
) -> Iterator[Facts]:
    types: dict[str, str] = {}
    fixed = manner.label.told
    for (path, name), content in zip(found.files, contents, strict=True):
        if isinstance(content, UserError):
            found.problems += content.problems
            continue
        _, dot, end = name.rpartition(".")
        if end not in types:
            types[end] = media_type_of(f"x{dot}{end}")
        told = fixed
        if name in found.links:
            link = {**manner.label.metadata, "link": readable(found.links[name])}
            told = replace(manner.label, metadata=link).told
        yield {
            "name": readable(name),
            "type": types[end],
            **told,
            "digest": content.digest,
            "size": content.size,
            "kept": content.kept,
            "path": told_path(path, owner.folder, owner.store.project),
        }


def preserved(path: str, root: str | None = None) -> str:
    """A path as an artifact's name: from `root`, or else from here or, elsewhere, from ``/``.

    Raises
    ------
    UserError
        If it does not lie below the root that is given.

    Examples
    --------
    >>> preserved("system/../group1/file1"), preserved("/data/x")
    ('group1/file1', 'data/x')
    """
    whole = os.path.abspath(path)
    base = os.path.abspath(root if root is not None else os.getcwd())
    inner = os.path.relpath(whole, base)
    if inner == ".":
        return os.path.basename(whole)
    if inner != ".." and not inner.startswith("../"):
        return readable(inner)
    if root is not None:
        raise UserError.of(
            "outside-root",
            f"{path!r} does not lie in {root!r}, so it has no path from there",
            mend="Give another preserve_path_relative_to, or a name=...",
        )
    return readable(whole.lstrip("/"))


def _size(path: str | os.PathLike[str]) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
