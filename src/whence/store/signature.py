"""Digests of files remembered by what the system says of them, so each is read once."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from whence.base.clock import Clock
from whence.store.content import YOUNG, hash_file, settled, unreadable
from whence.store.files import Files
from whence.store.survey import signed

_TABLE = """CREATE TABLE IF NOT EXISTS signature (
    device INTEGER, inode INTEGER, size INTEGER, mtime INTEGER, ctime INTEGER, digest TEXT,
    PRIMARY KEY (device, inode)) WITHOUT ROWID"""


class Signatures:
    """Digests by device, inode, size and times. Safe to use from any thread.

    Losing them costs only time, so trouble with the database is met by reading the file.

    Parameters
    ----------
    folder : Path
        The cache folder.
    files : Files
        The way to the file system.
    clock : Clock
        Tells how young a change is.
    """

    def __init__(self, folder: Path, files: Files, clock: Clock) -> None:
        self._path = folder / "signatures.sqlite"
        self._files, self._clock = files, clock

    def digest_of(self, path: str | os.PathLike[str]) -> str:
        """The digest of the file's content as it is now.

        Raises
        ------
        UserError
            If it is not a file that can be read, or changes all the while.
        """
        file = Path(path)
        try:
            before = self._files.stat(file)
            signature = _signature(before)
            found = self._look_up(signature)
            if found is not None:
                return found
            digest = settled(lambda: hash_file(self._files, file), file).digest
            young = self._clock() - max(before.st_mtime, before.st_ctime) < YOUNG
            if not young and _signature(self._files.stat(file)) == signature:
                self._remember(signature, digest)
        except OSError as error:
            raise unreadable(error, file) from error
        return digest

    def known(self, paths: Iterable[Path]) -> dict[Path, str]:
        """The digests that are remembered of files as they are now; no file is read."""
        found: dict[Path, str] = {}
        with contextlib.suppress(sqlite3.Error), _Connection(self._path) as connection:
            for path in paths:
                with contextlib.suppress(OSError):  # it is gone
                    digest = _remembered(connection, _signature(self._files.stat(path)))
                    if digest is not None:
                        found[path] = digest
        return found

    def _look_up(self, signature: tuple[int, ...]) -> str | None:
        try:
            with _Connection(self._path) as connection:
                return _remembered(connection, signature)
        except sqlite3.Error:
            return None

    def _remember(self, signature: tuple[int, ...], digest: str) -> None:
        try:
            with _Connection(self._path) as connection:
                connection.execute(_TABLE)
                connection.execute(
                    "INSERT OR REPLACE INTO signature VALUES (?, ?, ?, ?, ?, ?)",
                    (*signature, digest),
                )
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:  # the file is damaged
            self._path.unlink(missing_ok=True)


class _Connection:
    """A short-lived connection that is closed in the end, which sqlite3's own is not."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=2.0, isolation_level=None)

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._connection.execute("PRAGMA synchronous = OFF")
        except sqlite3.Error:
            self._connection.close()
            raise
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _remembered(connection: sqlite3.Connection, signature: tuple[int, ...]) -> str | None:
    row = connection.execute(
        "SELECT digest FROM signature WHERE device = ? AND inode = ? AND size = ? "
        "AND mtime = ? AND ctime = ?",
        signature,
    ).fetchone()
    return None if row is None else str(row[0])


def _signature(status: os.stat_result) -> tuple[int, ...]:
    return (
        signed(status.st_dev),
        signed(status.st_ino),
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
