"""What has changed among the journals since the index was last brought up to date."""

from __future__ import annotations

import os
import random
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

from whence.store import layout
from whence.store.files import Files

_SETTLED = 60.0  # seconds by this clock after which a folder's times tell of every change in it
_OLD = 86400.0  # seconds that lie beyond what the clocks of a reader and a file server differ by
_PASSING = 50  # ended journals to look at each time
_FEW = 1000  # journals of a day; of more, those put in place of others are only met in passing
_FILES = "SELECT id, day, name, size, mtime, inode FROM file"


@dataclass(slots=True)
class Survey:
    """What there is to fold.

    Attributes
    ----------
    new : list of (day, name)
        Files not seen before.
    grown : list of int
        Ids of files that have other sizes or times than before.
    days : list of (name, mtime, ctime, since, names)
        Day folders to remember the listing of.
    gone : bool
        Whether a file that was folded is there no more.
    """

    new: list[tuple[str, str]] = field(default_factory=list)
    grown: list[int] = field(default_factory=list)
    days: list[tuple[str, int, int, float | None, int]] = field(default_factory=list)
    gone: bool = False

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.new or self.grown or self.days or self.gone)


@dataclass(frozen=True, slots=True)
class Known:
    """What the index says, for a survey; as long as nobody writes to it, it need not be read again.

    Attributes
    ----------
    days : dict of str to (mtime, ctime, since, names)
        The day folders; ``since`` is when these times were first seen, None once they tell of
        every change.
    unended : list of (id, day, name, size, mtime, inode)
        The journals without a closing line.
    files : int
        The highest id of a journal.
    lc : int
        The highest logical time.
    """

    days: dict[str, tuple[int, int, float | None, int]]
    unended: list[tuple[Any, ...]]
    files: int
    lc: int


def known(connection: sqlite3.Connection) -> Known:
    """What the index says now."""
    days = {name: tuple(rest) for name, *rest in connection.execute("SELECT * FROM day")}
    unended = connection.execute(f"{_FILES} WHERE ended = 0").fetchall()
    lc, files = connection.execute(
        "SELECT (SELECT max(value) FROM fact WHERE name = 'lc'), (SELECT max(id) FROM file)"
    ).fetchone()
    return Known(days, unended, files or 0, lc or 0)


def survey(
    connection: sqlite3.Connection, told: Known, files: Files, root: Path, now: float, passing: bool
) -> Survey:
    """Look at the day folders and at every journal without a closing line.

    Nobody appends to the others. If `passing`, a few of them are looked at, each time others.
    """
    found = Survey()
    # As text: making a path of its own for each took longer than asking the system about it.
    folder = f"{root}/{layout.JOURNALS}"
    _look_at_days(found, connection, told, files, folder, now)
    rows = told.unended
    if passing:
        begin = random.randint(0, max(0, told.files - _PASSING))
        rows = (
            rows
            + connection.execute(
                f"{_FILES} WHERE ended = 1 AND inode != 0 AND id > ? ORDER BY id LIMIT ?",
                (begin, _PASSING),
            ).fetchall()
        )
    for row in rows:
        _look_at(found, files, folder, *row)
    return found


def _look_at(
    found: Survey, files: Files, folder: str, key: int, day: str, name: str, *before: int
) -> None:
    status = _status(files, f"{folder}/{day}/{name}")
    if status is None:
        found.gone = True
    elif (status.st_size, status.st_mtime_ns, signed(status.st_ino)) != before:
        found.grown.append(key)


def _look_at_days(
    found: Survey,
    connection: sqlite3.Connection,
    told: Known,
    files: Files,
    folder: str,
    now: float,
) -> None:
    try:
        days = sorted(files.list(folder))
    except FileNotFoundError:
        days = []
    found.gone = any(not files.has(f"{folder}/{day}") for day in told.days.keys() - set(days))
    for day in days:
        try:
            status = files.stat(f"{folder}/{day}")
        except OSError:
            continue
        times = status.st_mtime_ns, status.st_ctime_ns
        mtime, ctime, since, before = told.days.get(day, (None, None, None, None))
        same = (mtime, ctime) == times
        if same and since is None:
            continue
        try:
            names = files.list(f"{folder}/{day}")
        except NotADirectoryError:
            continue
        check = crc32(os.fsencode("/".join(names)))
        if not same or before != check:
            _look_in(found, connection, files, folder, day, set(names))
        first = now if not same or since is None or now < since else since
        # Two times of one clock are compared: that of the file server may be minutes off.
        settled = now - first >= _SETTLED or now - status.st_mtime >= _OLD
        if not same or settled or first != since:
            found.days.append((day, *times, None if settled else first, check))


def _look_in(
    found: Survey,
    connection: sqlite3.Connection,
    files: Files,
    folder: str,
    day: str,
    there: set[str],
) -> None:
    """Compare the names in a day folder with those that were seen."""
    # One text of all names: so many rows would take ten times as long.
    (text,) = connection.execute(
        "SELECT group_concat(name, '/') FROM file WHERE day = ?", (day,)
    ).fetchone()
    seen = set(text.split("/")) if text else set()
    new = [name for name in there - seen if name.endswith(layout.MAIN)]
    found.new.extend((day, name) for name in sorted(new))
    # A network file system may list a folder as it was half a minute ago.
    found.gone = found.gone or any(
        _status(files, f"{folder}/{day}/{name}") is None for name in seen - there
    )
    if len(seen) <= _FEW:
        _look_for_others(found, connection, files, folder, day)


def _look_for_others(
    found: Survey, connection: sqlite3.Connection, files: Files, folder: str, day: str
) -> None:
    """See whether another file has the name of an ended journal."""
    there = files.inodes(f"{folder}/{day}")
    rows = connection.execute(
        "SELECT name, id, inode FROM file WHERE day = ? AND ended = 1 AND inode != 0", (day,)
    )
    for name, key, inode in rows.fetchall():
        if name in there and signed(there[name]) != inode:
            status = _status(files, f"{folder}/{day}/{name}")
            if status is not None and signed(status.st_ino) != inode:
                found.grown.append(key)


def signed(number: int) -> int:
    """As SQLite can keep it: inodes of some file systems use all 64 bits."""
    return number - 2**64 if number >= 2**63 else number


def _status(files: Files, path: str) -> os.stat_result | None:
    """Open first: network file systems ask the server then, and only then."""
    try:
        fd = files.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return files.stat(fd)
    finally:
        files.close(fd)
