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
        The day folders, and under an empty name the folder of them; ``since`` is when these times
        were first seen, None once they tell of every change.
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
    # As text: making a path of its own for each took longer than asking the system about it.
    look = _Look(connection, told, files, f"{root}/{layout.JOURNALS}", now)
    look.at_days()
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
        look.at_journal(*row)
    return look.found


@dataclass(slots=True)
class _Look:
    """One look at the folder of journals, beside what the index says of it."""

    connection: sqlite3.Connection
    told: Known
    files: Files
    folder: str
    now: float
    found: Survey = field(default_factory=Survey)

    def at_days(self) -> None:
        try:
            listed = self._listed("", self.files.stat(self.folder))
        except FileNotFoundError:
            listed = []
        days = self.told.days.keys() - {""}
        if listed is not None:
            lost = days.difference(listed)
            self.found.gone = any(not self.files.has(f"{self.folder}/{day}") for day in lost)
            days = set(listed)
        looked = [self._at_day(day) for day in days]
        if not all(looked):
            # One may be there the next time: what was listed does not tell of every day.
            self.found.days = [row for row in self.found.days if row[0]]

    def _at_day(self, day: str) -> bool:
        """Whether it could be looked at."""
        try:
            status = self.files.stat(f"{self.folder}/{day}")
        except OSError:
            return False
        try:
            names = self._listed(day, status)
        except NotADirectoryError:
            return True
        if names is not None:
            self._in_day(day, set(names))
        return True

    def _listed(self, day: str, status: os.stat_result) -> list[str] | None:
        """The names in the folder of a day, or in that of all days; None where none is new."""
        times = status.st_mtime_ns, status.st_ctime_ns
        mtime, ctime, since, before = self.told.days.get(day, (None, None, None, None))
        same = (mtime, ctime) == times
        if same and since is None:
            return None
        names = self.files.list(f"{self.folder}/{day}")
        check = crc32(os.fsencode("/".join(names)))
        first = self.now if not same or since is None or self.now < since else since
        # Two times of one clock are compared: that of the file server may be minutes off.
        settled = self.now - first >= _SETTLED or self.now - status.st_mtime >= _OLD
        if not same or settled or first != since:
            self.found.days.append((day, *times, None if settled else first, check))
        return names if not same or before != check else None

    def _in_day(self, day: str, there: set[str]) -> None:
        """Compare the names in a day folder with those that were seen."""
        # One text of all names: so many rows would take ten times as long.
        (text,) = self.connection.execute(
            "SELECT group_concat(name, '/') FROM file WHERE day = ?", (day,)
        ).fetchone()
        seen = set(text.split("/")) if text else set()
        new = [name for name in there - seen if layout.is_journal(name)]
        self.found.new.extend((day, name) for name in sorted(new))
        # A network file system may list a folder as it was half a minute ago.
        self.found.gone = self.found.gone or any(
            self._status(f"{day}/{name}") is None for name in seen - there
        )
        if len(seen) <= _FEW:
            self._at_others(day)

    def _at_others(self, day: str) -> None:
        """See whether another file has the name of an ended journal."""
        there = self.files.inodes(f"{self.folder}/{day}")
        rows = self.connection.execute(
            "SELECT name, id, inode FROM file WHERE day = ? AND ended = 1 AND inode != 0", (day,)
        )
        for name, key, inode in rows.fetchall():
            if name in there and signed(there[name]) != inode:
                status = self._status(f"{day}/{name}")
                if status is not None and signed(status.st_ino) != inode:
                    self.found.grown.append(key)

    def at_journal(self, key: int, day: str, name: str, *before: int) -> None:
        status = self._status(f"{day}/{name}")
        if status is None:
            self.found.gone = True
        elif (status.st_size, status.st_mtime_ns, signed(status.st_ino)) != before:
            self.found.grown.append(key)

    def _status(self, path: str) -> os.stat_result | None:
        """Open first: network file systems ask the server then, and only then."""
        try:
            fd = self.files.open(f"{self.folder}/{path}", os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            return self.files.stat(fd)
        finally:
            self.files.close(fd)


def signed(number: int) -> int:
    """As SQLite can keep it: inodes of some file systems use all 64 bits."""
    return number - 2**64 if number >= 2**63 else number
