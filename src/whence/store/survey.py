"""What has changed among the journals since the index was last brought up to date."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from whence.store import layout
from whence.store.files import Files

_SETTLED = 60.0  # seconds after which a folder's times tell of every change in it


@dataclass(slots=True)
class Survey:
    """What there is to fold.

    Attributes
    ----------
    new : list of (day, name)
        Files not seen before.
    grown : list of int
        Ids of files that have other sizes or times than before.
    days : list of (name, mtime, ctime, listed)
        Day folders to remember the listing of.
    gone : bool
        Whether a file that was folded is there no more.
    """

    new: list[tuple[str, str]] = field(default_factory=list)
    grown: list[int] = field(default_factory=list)
    days: list[tuple[str, int, int, float]] = field(default_factory=list)
    gone: bool = False

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.new or self.grown or self.days or self.gone)


def survey(connection: sqlite3.Connection, files: Files, root: Path, now: float) -> Survey:
    """Look at the day folders and at every journal without a closing line."""
    found = Survey()
    _look_at_days(found, connection, files, layout.journals(root), now)
    rows = connection.execute("SELECT id, day, name, size, mtime FROM file WHERE ended = 0")
    for key, day, name, size, mtime in rows.fetchall():
        status = _status(files, layout.journals(root) / day / name)
        if status is None:
            found.gone = True
        elif (status.st_size, status.st_mtime_ns) != (size, mtime):
            found.grown.append(key)
    return found


def _look_at_days(
    found: Survey, connection: sqlite3.Connection, files: Files, folder: Path, now: float
) -> None:
    known = {
        name: (mtime, ctime, listed)
        for name, mtime, ctime, listed in connection.execute("SELECT * FROM day")
    }
    try:
        days = sorted(files.list(folder))
    except FileNotFoundError:
        days = []
    found.gone = any(not (folder / day).is_dir() for day in known.keys() - set(days))
    for day in days:
        try:
            status = files.stat(folder / day)
        except OSError:
            continue
        times = status.st_mtime_ns, status.st_ctime_ns
        mtime, ctime, listed = known.get(day, (None, None, 0.0))
        if (mtime, ctime) == times and listed - status.st_mtime >= _SETTLED:
            continue
        try:
            there = {name for name in files.list(folder / day) if name.endswith(layout.MAIN)}
        except NotADirectoryError:
            continue
        seen = {
            name for (name,) in connection.execute("SELECT name FROM file WHERE day = ?", (day,))
        }
        found.new.extend((day, name) for name in sorted(there - seen))
        # A network file system may list a folder as it was half a minute ago.
        found.gone = found.gone or any(
            _status(files, folder / day / name) is None for name in seen - there
        )
        if (mtime, ctime) != times or now - status.st_mtime >= _SETTLED:
            found.days.append((day, *times, now))


def _status(files: Files, path: Path) -> os.stat_result | None:
    """Open first: network file systems ask the server then, and only then."""
    try:
        fd = files.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return files.stat(fd)
    finally:
        files.close(fd)
