"""The files and folders that words and parameters name, by their content."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from whence.artifacts import place
from whence.base.digest import digest_value
from whence.base.error import WhenceError
from whence.base.escape import decode
from whence.formats import media_type_of
from whence.records import Artifact

DigestOf = Callable[[Path], str]

MOST_FILES = 10_000
"""A folder with more files is known by their sizes and times."""

MOST_SEEN = 100_000
"""A folder that holds more is known by what lies directly in it."""

_LONGEST = 4096  # characters; no path is longer
_LEFT_OUT = frozenset({".whence", ".git", "__pycache__"})


def named_inputs(
    values: Iterable[Any],
    folder: Path,
    project: Path,
    digest_of: DigestOf,
    leave: Container[str] = (),
    memory: dict[str, tuple[str, str] | None] | None = None,
) -> dict[str, str]:
    """The digests of what values name and is there, by place.

    Folders outside of the project do not count, for places of scratch files are named like them.
    What cannot be looked at names nothing; a file that cannot be read goes by size and time.

    Parameters
    ----------
    values : iterable
        Words of a command, or values of parameters: paths, and texts like ``in.dat`` or
        ``--input=in.dat``; of lists each item. Anything else names nothing.
    folder : Path
        Where relative paths start.
    project : Path
        The project's folder: what lies in it goes by the path from there.
    digest_of : callable
        Gives the digest of a file.
    leave : container of str
        Places that do not count.
    memory : dict, optional
        Keeps what was found by path, for many calls in a row.
    """
    memory = {} if memory is None else memory
    found: dict[str, str] = {}
    for path in _paths(values):
        if path not in memory:
            memory[path] = _looked_at(folder / path, project, digest_of)
        named = memory[path]
        if named is not None and named[0] not in leave:
            found[named[0]] = named[1]
    return found


def files_read(state: Mapping[str, Any]) -> list[Artifact]:
    """The files that the run of a state took in where they lie, beside those of its call key.

    Parameters
    ----------
    state : mapping
        The run as its journal lines tell it.
    """
    facts = [fact for fact in state.get("artifacts") or () if fact.get("category") == "input"]
    named = decode(state.get("inputs") or {}) if facts else ()
    found = [Artifact.of(decode(fact)) for fact in facts if fact.get("path")]
    # What lies in the run's own folder goes where the run goes.
    beside = [each for each in found if each.path not in named]
    return [each for each in beside if not str(each.path).startswith("./")]


def input_files(named: Mapping[str, str], project: Path) -> Iterator[Artifact]:
    """The files among the inputs of a call key, for the record; folders have no content.

    Parameters
    ----------
    named : mapping of str to str
        Digests by place.
    project : Path
        Where places start.
    """
    for name, digest in named.items():
        path = project / name
        if path.is_file() and os.access(path, os.R_OK):
            kept = (media_type_of(path), digest, path.stat().st_size, "reference", name)
            yield Artifact(name, "input", *kept)


def changed_inputs(
    read: Iterable[Artifact],
    project: Path,
    digest_of: DigestOf,
    memory: dict[str, str | None] | None = None,
) -> tuple[str, ...]:
    """The files that are others than when a run took them in, by place.

    Those that are gone are none of them: that data were cleared away, or lay in a temporary file,
    makes no other result of what was made from them.

    Parameters
    ----------
    read : iterable of Artifact
        What the run took in.
    project : Path
        Where places start.
    digest_of : callable
        Gives the digest of a file.
    memory : dict, optional
        Keeps the digests of files as they are now by place, for many runs in a row.
    """
    memory = {} if memory is None else memory
    changed = {}
    for name, digest in ((str(each.path), each.digest) for each in read):
        if name not in memory:
            memory[name] = _digest_now(project / name, digest_of)
        if memory[name] not in (None, digest):
            changed[name] = True
    return tuple(changed)


def _digest_now(path: Path, digest_of: DigestOf) -> str | None:
    """The digest of a file; None if it is gone, empty if it cannot be read."""
    try:
        return digest_of(path) if path.is_file() else None
    except (OSError, WhenceError):  # it is being written, or may not be read
        return ""


def _looked_at(path: Path, project: Path, digest_of: DigestOf) -> tuple[str, str] | None:
    if not os.path.exists(path):  # unlike `Path.exists` it never raises: any text may come here
        return None
    whole, top = Path(os.path.realpath(path)), Path(os.path.realpath(project))
    name = place(whole, (top,))
    if os.path.isfile(whole):
        return name, digest_input(whole, digest_of)
    inside = whole.is_relative_to(top) or Path(os.path.abspath(path)).is_relative_to(top)
    if os.path.isdir(whole) and inside and not top.is_relative_to(whole):  # with store and output
        return name, digest_folder(whole, digest_of)
    return None


def digest_input(path: Path, digest_of: DigestOf) -> str:
    """The digest of a file or folder; of what cannot be read, that of its size and time."""
    if os.path.isdir(path):
        return digest_folder(path, digest_of)
    try:
        return digest_of(path)
    except (OSError, WhenceError):
        return digest_value(["unreadable", _seen(str(path))])


def digest_folder(folder: Path, digest_of: DigestOf) -> str:
    """The digest of a folder: of the paths in it and the content of all its files.

    With more than `MOST_FILES` files, their sizes and times stand for their content; with more
    than `MOST_SEEN` files and folders, what lies directly in it stands for all.
    """
    files, whole = _files(folder)
    told: Mapping[str, Any]
    if whole and len(files) <= MOST_FILES:
        told = {name: digest_input(folder / name, digest_of) for name in files}
    else:
        told = {name: _seen(os.path.join(folder, name)) for name in files}
    return digest_value(["folder", told])


def _seen(path: str) -> list[int]:
    try:
        stat = os.stat(path)
    except OSError:  # it was removed meanwhile
        return []
    return [stat.st_size, stat.st_mtime_ns]


def _files(folder: Path) -> tuple[list[str], bool]:
    """The files in a folder and below; beyond `MOST_SEEN` what lies directly in it, and False."""
    found: list[str] = []
    top: list[str] = []
    seen = 0
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        top = top or sorted([*folders, *names])
        seen += len(folders) + len(names)
        if seen > MOST_SEEN:
            return top, False
        paths = (os.path.join(here, name) for name in names)
        found += [os.path.relpath(path, folder) for path in paths if os.path.isfile(path)]
    return sorted(found), True


def _paths(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _paths(value)
        elif isinstance(value, PurePath):
            yield str(value)
        elif isinstance(value, str) and 0 < len(value) < _LONGEST and value.isprintable():
            yield value
            head, _, tail = value.partition("=")
            if head.startswith("-") and tail:
                yield tail
