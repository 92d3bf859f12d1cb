"""The shadow of the journals: a database that answers fast and can be deleted at any time."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import re
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import orjson

from whence.base.clock import Clock
from whence.base.error import StoreError, UserError
from whence.base.problem import did_you_mean
from whence.store import layout, schema
from whence.store.cache import CacheFolder
from whence.store.content import Slice, reaches
from whence.store.files import Files, failed
from whence.store.fold import Line, State
from whence.store.load import Loader, StaleError, lines_of
from whence.store.order import LogicalClock
from whence.store.survey import Known, Survey, known, survey

T = TypeVar("T")

_BUSY = 60.0  # seconds to wait for another process that folds
_PASSING_EVERY = 1.0  # seconds after which ended journals are looked at again
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_LOST = ("SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")  # it may have been made anew
_TRIES = 4


class Index:
    """The folded state of a store, for one thread.

    A database that is of no use is not made anew in its place, where others have it open, but
    beside it, under the next number. Numbers only grow, and the highest counts.

    Parameters
    ----------
    root : Path
        The store folder.
    cache : CacheFolder
        Where the database lies.
    files : Files
        The way to the file system.
    clock, order : Clock, LogicalClock
        Tell the time, and are told the logical time that was seen.

    Attributes
    ----------
    path : Path
        The database; before it is open, the one that would be opened first.
    """

    def __init__(
        self, root: Path, cache: CacheFolder, files: Files, clock: Clock, order: LogicalClock
    ) -> None:
        self._root, self._cache, self._files = root, cache, files
        self._clock, self._order = clock, order
        self.path = self._numbered(0)
        self._db: sqlite3.Connection | None = None
        self._made = False
        self._known: tuple[int, Known] | None = None
        self._passed = -math.inf

    @property
    def connection(self) -> sqlite3.Connection:
        """The database, with the tables of `whence.store.schema`. Only read from it."""
        if self._db is None:
            self._db = self._connect()
            self._end = weakref.finalize(self, _close, self._db, os.getpid())
        return self._db

    def refresh(self) -> None:
        """Bring the index up to date with the journals; a damaged database is made anew.

        Raises
        ------
        StoreError
            If journals cannot be read, or the database cannot be written.
        """
        self._safely(self._refresh)

    def rebuild(self) -> None:
        """Throw the database away and fold all journals again."""
        self.close()
        self._safely(self._remake)

    def state(self, run: str) -> State:
        """The folded state of a thing on record.

        Raises
        ------
        UserError
            If there is none of that id.
        """
        rows = self._rows(
            "SELECT json FROM state JOIN run ON run.key = state.run WHERE id = ?", (run,)
        )
        if not rows:
            raise UserError.of(
                "unknown-run",
                f"the store has no run {run!r}",
                mend=did_you_mean(run, self.ids()) or "`whence list` shows all runs.",
            )
        state: State = orjson.loads(rows[0][0])
        return state

    def ids(self, kind: str | None = None) -> list[str]:
        """The ids of what is on record and not deleted, oldest first."""
        where, given = (" AND kind = ?", (kind,)) if kind else ("", ())
        rows = self._rows(f"SELECT id FROM run WHERE deleted = 0{where} ORDER BY id", given)
        return [row[0] for row in rows]

    def lines(self, run: str) -> list[Line]:
        """All lines of a thing on record, read back from the journals, in no order."""
        try:
            return self._safely(lambda: self._lines(run))
        except StoreError:  # gc may have folded a journal since
            self.refresh()
        return self._safely(lambda: self._lines(run))

    def _lines(self, run: str) -> list[Line]:
        row = self.connection.execute("SELECT key FROM run WHERE id = ?", (run,)).fetchone()
        if row is None:
            return []
        return lines_of(self.connection, self._files, self._root, row[0], run)

    def content(self, digest: str) -> Slice | None:
        """Where packed content lies, as far as folded; of several places one that is there."""
        places = self.contents(digest)
        for place in places[:-1]:
            if reaches(self._files, layout.packs(self._root) / place.pack, place):
                return place
        return places[-1] if places else None

    def contents(self, digest: str) -> list[Slice]:
        """All places where packed content lies, as far as folded."""
        rows = self._rows(
            "SELECT pack, offset, length FROM content WHERE digest = ? ORDER BY pack DESC",
            (digest,),
        )
        return [Slice(*row) for row in rows]

    def last_of(self, writer: str) -> float | None:
        """When a writer wrote its last line, in seconds since 1970."""
        (row,) = self._rows(
            "SELECT max(last) FROM (SELECT last FROM file WHERE writer = :writer "
            "UNION ALL SELECT last FROM folded WHERE writer = :writer)",
            {"writer": writer},
        )
        return None if row[0] is None else float(row[0])

    def metrics_files(self, writer: str) -> list[str]:
        """The files with metric points of a writer, under ``journals/``."""
        return self._metrics_files("= :writer", writer=writer)

    def untold_metrics(self) -> list[str]:
        """The files with metric points of which a line may be lost that tells whose they are.

        They are those of each writer whose lines are in a journal that is not as it was written,
        or has something after its last newline; mostly there are none.
        """
        return self._metrics_files(
            "IN (WITH RECURSIVE hurt (path, writer) AS ("
            "SELECT day || '/' || name, writer FROM file WHERE bad OR size > folded "
            "UNION SELECT folded.file, folded.writer FROM folded JOIN hurt ON into_ = hurt.path) "
            "SELECT writer FROM hurt)"
        )

    def _metrics_files(self, asked: str, **given: str) -> list[str]:
        rows = self._rows(
            "WITH RECURSIVE held (path) AS ("
            f"SELECT day || '/' || name FROM file WHERE writer {asked} "
            f"UNION SELECT into_ FROM folded WHERE writer {asked} "
            "UNION SELECT into_ FROM folded JOIN held ON folded.file = held.path) "
            "SELECT path FROM held JOIN file ON day = substr(path, 1, 10) "
            "AND name = substr(path, 12) WHERE path LIKE '%.metrics.jsonl' ORDER BY path",
            given,
        )
        return [path for (path,) in rows]

    def _rows(self, sql: str, given: tuple[str, ...] | dict[str, str]) -> list[Any]:
        return self._safely(lambda: self.connection.execute(sql, given).fetchall())

    def close(self) -> None:
        """Let go of the database; it is opened again when needed."""
        if self._db is not None:
            self._end()
            self._db = None
            self._made, self._known = False, None

    def _refresh(self) -> None:
        for _ in range(_TRIES):
            try:
                return self._follow()
            except StaleError:
                self._replace()
        raise StoreError.of(
            "index",
            f"the journals of {str(self._root)!r} are removed while they are read",
            mend="Try again when `whence gc` has ended.",
        )

    def _follow(self) -> None:
        db = self.connection
        now = self._clock()
        try:
            if not self._is_made(db):
                self._make(db, now)
            else:
                found = self._survey(db, now)
                if not found.idle and self._forget(db):  # another process may have folded it
                    found = self._survey(db, now)
                if found.gone:
                    raise StaleError
                if not found.idle:
                    self._known = None
                    db.execute("BEGIN IMMEDIATE")
                    self._load(db, found, now, empty=False)
                    db.execute("COMMIT")
        except BaseException:
            self._undo(db)
            raise
        told = self._known[1] if self._known else self._told(db)
        self._order.saw(told.lc, now)

    def _survey(self, db: sqlite3.Connection, now: float) -> Survey:
        passing = not 0 <= now - self._passed < _PASSING_EVERY
        if passing:
            self._passed = now
        return survey(db, self._told(db), self._files, self._root, now, passing)

    def _told(self, db: sqlite3.Connection) -> Known:
        """What the index said when it was last read: as long as that is on disk, it is right."""
        if self._known is None:
            self._known = _written(db), known(db)
        return self._known[1]

    def _forget(self, db: sqlite3.Connection) -> bool:
        """Whether another process wrote to the index since it was read; it is to be read again."""
        if self._known is None or self._known[0] == _written(db):
            return False
        self._known = None
        return True

    def _make(self, db: sqlite3.Connection, now: float) -> None:
        """Make the tables and fold everything, in one transaction that no other process sees."""
        for pragma in ("synchronous = OFF", "cache_size = -200000"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN EXCLUSIVE")
        if not self._is_made(db):  # else another process did while we waited
            for statement in schema.TABLES.split(";"):
                db.execute(statement)
            self._make_words(db)
            found = survey(db, known(db), self._files, self._root, now, passing=False)
            with _uncollected():
                self._load(db, found, now, empty=True)
            for statement in schema.INDEXES.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {schema.VERSION}")
        db.execute("COMMIT")
        self._settle(db)

    def _make_words(self, db: sqlite3.Connection) -> None:
        """Prepare full-text search, if this SQLite has it."""
        try:
            db.execute(schema.WORDS)
        except sqlite3.OperationalError as error:
            if "fts5" not in str(error):
                raise

    def _load(self, db: sqlite3.Connection, found: Survey, now: float, empty: bool) -> None:
        loader = Loader(db, self._files, self._root, now, empty)
        for file in found.grown:
            loader.grow(file)
        for day, name in found.new:
            loader.add(day, name)
        db.executemany("INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?, ?)", found.days)
        for name, value in (("lc", loader.lc), ("ahead", loader.ahead)):
            db.execute(
                "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) "
                "DO UPDATE SET value = max(value, excluded.value)",
                (name, value),
            )

    def _connect(self) -> sqlite3.Connection:
        while True:
            self.path = self._newest()
            try:
                return self._open()
            except (FileNotFoundError, sqlite3.OperationalError):
                if self.path.exists():
                    raise

    def _open(self) -> sqlite3.Connection:
        there = str(self.path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        db = sqlite3.connect(
            f"file:{there}?mode=rw",  # never bring back one that was removed just now
            uri=True,
            timeout=_BUSY,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            if self._is_made(db):
                self._settle(db)
            os.stat(self.path)  # only while it is there its log is the one that belongs to it
        except BaseException:
            self._made = False
            db.close()
            raise
        return db

    def _settle(self, db: sqlite3.Connection) -> None:
        """As readers and small changes want it."""
        mode = "WAL" if self._cache.local else "DELETE"
        if db.execute("PRAGMA journal_mode").fetchone()[0].upper() != mode:
            db.execute("PRAGMA busy_timeout = 1000")
            try:
                db.execute(f"PRAGMA journal_mode = {mode}")
            except sqlite3.OperationalError as error:
                # It does not always wait for others; any mode will do until next time.
                if not _name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                    raise
            db.execute(f"PRAGMA busy_timeout = {int(_BUSY * 1000)}")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA cache_size = -20000")
        db.execute(f"PRAGMA mmap_size = {1 << 28 if self._cache.local else 0}")

    def _is_made(self, db: sqlite3.Connection) -> bool:
        if not self._made:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            self._made = version == schema.VERSION
        return self._made

    def _undo(self, db: sqlite3.Connection) -> None:
        if db.in_transaction:
            db.execute("ROLLBACK")

    def _numbered(self, number: int) -> Path:
        return self._cache.path / f"index-{schema.VERSION}{f'.{number}' if number else ''}.sqlite"

    def _numbers(self) -> list[int]:
        """The numbers of the databases that are there."""
        form = re.compile(rf"index-{schema.VERSION}(?:\.([1-9]\d*))?\.sqlite")
        found = map(form.fullmatch, os.listdir(self._cache.path))
        return [int(match[1] or 0) for match in found if match]

    def _newest(self) -> Path:
        """The database that counts; an empty one if there is none."""
        try:
            path = self._numbered(max(self._numbers(), default=0))
            path.touch()
        except OSError as error:
            raise failed(error, "make the index in", self._cache.path) from error
        return path

    def _replace(self) -> None:
        """Have another database than that which was in use, unless another process made one."""
        self.close()
        numbers = self._numbers()
        if self._numbered(max(numbers, default=0)) == self.path:
            self._begin(numbers)

    def _remake(self) -> None:
        """Fold all journals into another database."""
        self._begin(self._numbers())
        self._refresh()

    def _begin(self, before: list[int]) -> None:
        """Begin another database; those before are removed once it is there."""
        self._numbered(max(before, default=0) + 1).touch()
        for number in before:
            for ending in ("", "-wal", "-shm", "-journal"):
                Path(f"{self._numbered(number)}{ending}").unlink(missing_ok=True)

    def _is_mended(self, error: sqlite3.DatabaseError) -> bool:
        """Whether something could be done about an error, so that a refresh may pass."""
        name = _name(error)
        if name.startswith(_LOST):
            self.close()
            return True
        if name == "SQLITE_ERROR" and self._db is not None:
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version != schema.VERSION:  # another process has begun it
                self._made = False
                return True
            rows = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if {table for (table,) in rows} >= schema.NAMES:
                return False
        elif not name.startswith(_DAMAGED):
            return False
        self._replace()
        return True

    def _safely(self, do: Callable[[], T]) -> T:
        """What `do` gives; if the database is damaged or gone, of another one."""
        try:
            tries = 0
            while True:
                try:
                    if tries:
                        self._refresh()
                    return do()
                except sqlite3.DatabaseError as error:
                    tries += 1
                    if tries == _TRIES or not self._is_mended(error):
                        raise
        except sqlite3.Error as error:
            raise StoreError.of(
                "index",
                f"the index {str(self.path)!r} cannot be used: {error}",
                mend="It can be deleted at any time. Set WHENCE_CACHE to a folder on a local disk "
                "with room to have it elsewhere.",
            ) from error
        except OSError as error:
            raise failed(error, "read the journals in", self._root) from error


def _written(db: sqlite3.Connection) -> int:
    """Another number once another connection has written to the database."""
    (version,) = db.execute("PRAGMA data_version").fetchone()
    return int(version)


def _close(db: sqlite3.Connection, owner: int) -> None:
    """Close a database, but not in a fork: it would drop the locks of the parent."""
    if os.getpid() == owner:
        db.close()


def _name(error: sqlite3.Error) -> str:
    """SQLite's name for an error; Python's own errors have none."""
    return getattr(error, "sqlite_errorname", "")


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the search for cycles away from so many objects at once; it took a sixth of the time."""
    busy = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if busy:
            gc.enable()
