"""What is in a folder that is to be saved, and what of it cannot be."""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Iterator
from dataclasses import dataclass, field

from whence.base.problem import Problem

_KINDS = (
    (modes.S_ISSOCK, "a socket"),
    (modes.S_ISFIFO, "a pipe"),
    (modes.S_ISBLK, "a device"),
    (modes.S_ISCHR, "a device"),
)


@dataclass(slots=True)
class Survey:
    """The files below a folder, in order of their paths.

    Attributes
    ----------
    files : list of (str, str)
        The path of each file, and its path from the folder.
    links : dict of str to str
        Where those of them lead that are symbolic links, by their path from the folder.
    size : int
        Bytes of all files.
    skipped : list of str
        What has no content to save, and why, in words.
    problems : list of Problem
        What should have been saved and cannot be.
    """

    files: list[tuple[str, str]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    size: int = 0
    skipped: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def survey(folder: str, *, measure: bool = True) -> Survey:
    """Look at everything below a folder, without opening any file.

    Without `measure` the size is left out, which spares asking for that of each file.

    A symbolic link to a file stands for that file. One to a folder is not followed, because it
    may lead anywhere, back up too; that is told in `Survey.skipped`, as are sockets, pipes,
    devices, and a store. A link to nothing, and a folder that may not be read, are problems.
    """
    found = Survey()
    _look(folder, found, measure)
    return found


def _look(folder: str, found: Survey, measure: bool) -> None:
    todo = [(folder, "")]
    while todo:
        path, name = todo.pop()
        try:
            with os.scandir(path) as entries:
                inner = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            found.problems.append(_unreadable(path, error))
            continue
        folders = list(_sort(inner, name, found, measure))
        todo += reversed(folders)
    found.files.sort(key=lambda pair: pair[1].split("/"))


def _sort(
    entries: list[os.DirEntry[str]], below: str, found: Survey, measure: bool
) -> Iterator[tuple[str, str]]:
    """Note the files; give the folders."""
    for entry in entries:
        name = f"{below}/{entry.name}" if below else entry.name
        try:
            if entry.is_dir(follow_symlinks=False):
                if os.path.isfile(os.path.join(entry.path, "store.json")):
                    found.skipped.append(f"{entry.path} is a store")
                else:
                    yield entry.path, name
                continue
            if not measure and entry.is_file(follow_symlinks=False):
                found.files.append((entry.path, name))
                continue
            status = entry.stat()
        except OSError as error:
            found.problems.append(_unreadable(entry.path, error))
            continue
        if modes.S_ISREG(status.st_mode):
            found.files.append((entry.path, name))
            found.size += status.st_size
            if entry.is_symlink():
                found.links[name] = os.readlink(entry.path)
        elif modes.S_ISDIR(status.st_mode):
            found.skipped.append(f"{entry.path} is a link to the folder {os.readlink(entry.path)}")
        else:
            kind = next((word for is_, word in _KINDS if is_(status.st_mode)), "no file")
            found.skipped.append(f"{entry.path} is {kind}")


def _unreadable(path: str, error: OSError) -> Problem:
    if os.path.islink(path) and not os.path.exists(path):
        return Problem(
            "broken-link",
            f"{path!r} is a link to {os.readlink(path)!r}, which is not there",
            None,
            "Remove the link, or bring back what it leads to.",
        )
    return Problem("unreadable-file", f"{path!r} cannot be read: {error.strerror or error}")
