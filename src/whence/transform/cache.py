"""Caches of results, by the key of the node that made them."""

from __future__ import annotations

import copy
import io
import logging
import os
import pickle
import sqlite3
import sys
import threading
import time
import weakref
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from whence.base.clock import new_id
from whence.transform.codec import DamagedError, UnstorableError, freeze, thaw
from whence.transform.node import MISSING

LARGE = 1 << 20
_PENDING = 64 << 20
_SECONDS_BETWEEN_TOUCHES = 3600
_STALE = 24 * 3600

_log = logging.getLogger(__name__)


class Cache(Protocol):
    """Results of earlier evaluations. Safe to use from any thread.

    A cache never fails: what it cannot read is missing, what it cannot write is not kept. What it
    gives is the caller's own, and what it was given stays so: changing either changes no result.
    """

    def get(self, key: str) -> Any:
        """The value kept under a key, or `MISSING`."""

    def put(self, key: str, value: Any, seconds: float) -> bool:
        """Keep a value that took so long to compute; whether it is kept."""

    def flush(self) -> None:
        """Make what was put durable; called after every evaluation."""


class MemoryCache:
    """Keeps copies of the values of this process, the least recently used dropped first.

    Parameters
    ----------
    limit : int
        The most bytes to keep.
    """

    def __init__(self, limit: int = 256 << 20) -> None:
        self._limit = limit
        self._size = 0
        self._values: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Any:
        """The value kept under a key, or `MISSING`."""
        with self._lock:
            if key not in self._values:
                return MISSING
            self._values.move_to_end(key)
            value = self._values[key][0]
        return pickle.loads(value.data) if isinstance(value, _Plain) else _copied(value)

    def put(self, key: str, value: Any, seconds: float) -> bool:
        """Keep a value; False if it is too large, or cannot be copied."""
        if type(value) in _PLAIN:
            value = _Plain.of(value) or value
        size = _size(value)
        if size > self._limit:
            return False
        value = value if isinstance(value, _Plain) else _copied(value)
        if value is MISSING:
            return False
        with self._lock:
            self._size += size - self._values.pop(key, (None, 0))[1]
            self._values[key] = value, size
            while self._size > self._limit:
                self._size -= self._values.popitem(last=False)[1][1]
        return True

    def flush(self) -> None:
        """Nothing to do."""


_UNCHANGING = frozenset({type(None), bool, int, float, complex, str, bytes, range})


_PLAIN = frozenset({dict, list, tuple, set, frozenset, bytearray})


@dataclass(frozen=True, slots=True)
class _Plain:
    """Containers of Python's own that hold nothing else, as bytes: much sooner copied so."""

    data: bytes

    @classmethod
    def of(cls, value: Any) -> _Plain | None:
        """The value as bytes; None if an object of another kind is in it."""
        buffer = io.BytesIO()
        try:
            _PlainPickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
        except (_NotPlainError, RecursionError):
            return None
        return cls(buffer.getvalue())


class _NotPlainError(Exception):
    """Something is in a value that bytes might not give back as it is."""


class _PlainPickler(pickle.Pickler):
    """Takes nothing that would bring code of its own."""

    def reducer_override(self, _: Any) -> Any:
        """Refuse what is asked for: all but Python's own containers and numbers and texts."""
        raise _NotPlainError


def _size(value: Any) -> int:
    """About how many bytes a value takes, with all that containers hold."""
    if isinstance(value, _Plain):
        return len(value.data)
    size = int(getattr(value, "nbytes", 0)) or sys.getsizeof(value)
    todo, seen = [value], {id(value)}
    while todo:
        item = todo.pop()
        if not isinstance(item, dict | list | tuple | set | frozenset):
            continue
        for part in [*item.keys(), *item.values()] if isinstance(item, dict) else item:
            if id(part) not in seen:
                seen.add(id(part))
                size += int(getattr(part, "nbytes", 0)) or sys.getsizeof(part)
                todo.append(part)
    return size


def _copied(value: Any) -> Any:
    """A copy that shares nothing that could be changed; `MISSING` if there cannot be one."""
    if type(value) in _UNCHANGING:
        return value
    try:
        return copy.deepcopy(value)
    except Exception:  # objects of users and libraries refuse with whatever they like
        return MISSING


class TieredCache:
    """Several caches as one, the fastest first; what a later one finds, the earlier ones keep."""

    def __init__(self, *caches: Cache) -> None:
        self._caches = caches

    def get(self, key: str) -> Any:
        """The value kept under a key by any of them, or `MISSING`."""
        for i, cache in enumerate(self._caches):
            value = cache.get(key)
            if value is not MISSING:
                for earlier in self._caches[:i]:
                    earlier.put(key, value, 0.0)
                return value
        return MISSING

    def put(self, key: str, value: Any, seconds: float) -> bool:
        """Keep a value in all of them; whether the last, the most lasting one, does."""
        kept = False
        for cache in self._caches:
            kept = cache.put(key, value, seconds)
        return kept

    def flush(self) -> None:
        """Flush all of them."""
        for cache in self._caches:
            cache.flush()


class DiskCache:
    """Keeps values in a folder, exactly and without pickle.

    Small values share one SQLite file, written in one transaction per evaluation; each of the
    large ones is a file. Several processes may use one folder at once. It must be local.

    Parameters
    ----------
    folder : path
        Made when the first value is kept.
    limit : int
        The most bytes to keep; beyond it the least recently used values are dropped.
    """

    def __init__(self, folder: str | os.PathLike[str], limit: int = 2 << 30) -> None:
        self.folder = Path(folder)
        self._limit = limit
        self._pending: dict[str, tuple[bytes | None, int, int, float]] = {}
        self._pending_size = 0
        self._touched: set[str] = set()
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        # What came over with a fork is the parent's; to let go of it here would close it.
        self._inherited: list[sqlite3.Connection] = []

    def get(self, key: str) -> Any:
        """The value kept under a key, or `MISSING`."""
        with self._lock, _Surviving(f"read {key}"):
            data, checksum = self._found(key)
            if data is not None:
                if zlib.crc32(data) != checksum:
                    raise DamagedError
                return thaw(data)
        return MISSING

    def put(self, key: str, value: Any, seconds: float) -> bool:
        """Keep a value; False if it could not be given back exactly."""
        try:
            pieces = freeze(value)
        except UnstorableError:
            return False
        checksum = 0
        for piece in pieces:
            checksum = zlib.crc32(piece, checksum)
        size = sum(map(len, pieces))
        if size > self._limit:
            return False
        with self._lock, _Surviving(f"keep {key}"):
            data = b"".join(pieces) if size < LARGE else None
            if data is None:
                self._write_file(key, pieces)
            self._pending[key] = data, size, checksum, seconds
            self._pending_size += len(data or b"")
            if self._pending_size > _PENDING:
                self.flush()
            return True
        return False

    def flush(self) -> None:
        """Write small values and uses in one transaction, and drop what is beyond the limit."""
        with self._lock:
            pending, touched = self._pending, self._touched
            self._pending, self._touched, self._pending_size = {}, set(), 0
            if pending or touched:
                with _Surviving("write"):
                    self._write(pending, touched)
                    if pending:
                        self._prune()

    def close(self) -> None:
        """Flush and let go of the file."""
        self.flush()
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    def size(self) -> int:
        """How many bytes the kept values take."""
        total = 0
        with self._lock, _Surviving("measure"):
            if self._exists():
                (total,) = self._database().execute("SELECT total(size) FROM result").fetchone()
        return int(total)

    def _found(self, key: str) -> tuple[bytes | None, int]:
        waiting = self._pending.get(key)
        if waiting is not None:
            data, _, checksum, _ = waiting
            return (self._file(key).read_bytes() if data is None else data), checksum
        if not self._exists():
            return None, 0
        row = self._database().execute(
            "SELECT data, checksum, used FROM result WHERE key = ?", (key,)
        ).fetchone()  # fmt: skip
        if row is None:
            return None, 0
        if row[2] < time.time() - _SECONDS_BETWEEN_TOUCHES:
            self._touched.add(key)
        return (self._file(key).read_bytes() if row[0] is None else row[0]), row[1]

    def _file(self, key: str) -> Path:
        return self.folder / "large" / key[:2] / key[2:]

    def _write_file(self, key: str, pieces: Iterable[bytes]) -> None:
        path = self._file(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{new_id()}")
        try:
            with fresh.open("xb") as file:
                file.writelines(pieces)
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise

    def _exists(self) -> bool:
        return self._connection is not None or (self.folder / "results.sqlite").exists()

    def _database(self) -> sqlite3.Connection:
        if self._connection is None or self._pid != os.getpid():
            if self._connection is not None:
                self._inherited.append(self._connection)
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / "results.sqlite"
            try:
                self._connection = _opened(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                path.rename(path.with_name(f"damaged.{new_id()}"))
                self._connection = _opened(path)
            weakref.finalize(self, _close, self._connection, os.getpid())
            self._pid = os.getpid()
        return self._connection

    def _write(
        self, pending: dict[str, tuple[bytes | None, int, int, float]], touched: set[str]
    ) -> None:
        now = time.time()
        database = self._database()
        with database:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (key, size, checksum, seconds, now, data)
                    for key, (data, size, checksum, seconds) in pending.items()
                ],
            )
            database.executemany(
                "UPDATE result SET used = ? WHERE key = ?", [(now, key) for key in touched]
            )

    def _prune(self) -> None:
        database = self._database()
        (total,) = database.execute("SELECT total(size) FROM result").fetchone()
        if total <= self._limit:
            return
        dropped = []
        for key, size in database.execute("SELECT key, size FROM result ORDER BY used, rowid"):
            if total <= 0.9 * self._limit:
                break
            total -= size
            dropped.append((key,))
        with database:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("DELETE FROM result WHERE key = ?", dropped)
        for (key,) in dropped:
            self._file(key).unlink(missing_ok=True)
        self._sweep()

    def _sweep(self) -> None:
        """Remove files that no row knows: their writers died before the transaction."""
        database = self._database()
        old = time.time() - _STALE
        for path in (self.folder / "large").glob("??/*"):
            known = database.execute(
                "SELECT 1 FROM result WHERE key = ?", (path.parent.name + path.name,)
            ).fetchone()
            if known is None and path.stat().st_mtime < old:
                path.unlink(missing_ok=True)


def _close(connection: sqlite3.Connection, pid: int) -> None:
    if pid == os.getpid():
        connection.close()


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS result (key TEXT PRIMARY KEY, size INTEGER NOT NULL,"
            " checksum INTEGER NOT NULL, seconds REAL NOT NULL, used REAL NOT NULL, data BLOB)"
        )
    except BaseException:
        database.close()
        raise
    return database


class _Surviving:
    """Goes on without the cache where it fails: a result can always be computed."""

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, FileNotFoundError):
            return True  # another process dropped the value
        if isinstance(error, DamagedError):
            _log.warning("a cached result is damaged, it is computed again (%s)", self._what)
            return True
        if isinstance(error, (OSError, sqlite3.Error)):
            _log.warning("the cache of results could not %s: %s", self._what, error)
            return True
        return False
