"""Folds journals into the tables of the index, inside one transaction of the caller."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from whence.base.dotted import name_parts
from whence.store import layout
from whence.store.fact import folded_fits, pack_fits, seconds
from whence.store.files import Files, pieces
from whence.store.fold import Key, Line, State, fold, key_of
from whence.store.line import Chain, parse
from whence.store.order import is_ahead
from whence.store.row import Rows, rows_of
from whence.store.schema import RUN_COLUMNS, SPACES
from whence.store.survey import signed
from whence.store.version import load_versions, speaks_of_version

_PIECE = 8 << 20
_GAP = 1 << 16  # lines of a run that lie closer share a span
_TAIL = 32  # bytes; they hold a check, which is chained with everything before

_INSERT_RUN = f"INSERT OR REPLACE INTO run VALUES (?, ?{', ?' * len(RUN_COLUMNS)})"


class StaleError(Exception):
    """A journal is not the one that was folded: the index must be made anew."""


class Loader:
    """Brings lines into the tables.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction that allows writing.
    files : Files
        The way to the file system.
    root : Path
        The store folder.
    now : float
        Tells which lines lie too far ahead.
    empty : bool
        Whether the tables are empty, which saves looking up each run.
    """

    def __init__(
        self, connection: sqlite3.Connection, files: Files, root: Path, now: float, empty: bool
    ) -> None:
        self._db, self._files, self._root, self._now = connection, files, root, now
        self._empty = empty
        self._keys: dict[str, int] = {}
        (highest,) = connection.execute("SELECT max(key) FROM run").fetchone()
        self._next = (highest or 0) + 1
        self._names: dict[str, dict[str, int]] = {space: {} for space in SPACES}
        for key, space, name in connection.execute("SELECT id, space, name FROM name"):
            self._names[space][name] = key
        self._interned = sum(map(len, self._names.values()))
        self._words = bool(
            connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'word'").fetchone()
        )
        self.lc = self.ahead = 0

    def add(self, day: str, name: str) -> None:
        """Fold a file that was not seen before."""
        metrics = name.endswith(layout.METRICS)
        key = self._db.execute(
            "INSERT OR IGNORE INTO file (day, name, writer, size, folded, mtime, good, near, bad,"
            " tail, ended) VALUES (?, ?, ?, 0, 0, 0, 0, '[]', 0, x'', ?)",
            (day, name, layout.writer_of(name), metrics),
        )
        if key.rowcount and not metrics:  # else another process was quicker
            self.grow(int(key.lastrowid or 0))

    def grow(self, file: int) -> None:
        """Fold what a file has got since it was last folded.

        Raises
        ------
        StaleError
            If what was folded of it is there no more.
        """
        row = self._db.execute(
            "SELECT day, name, writer, folded, good, near, bad, cut, tail, ended, last, inode "
            "FROM file WHERE id = ?",
            (file,),
        ).fetchone()
        day, name, writer, folded, good, near, bad, cut, tail, ended, last, inode = row
        chain = Chain(good, tuple(orjson.loads(near)), bad, cut)
        try:
            fd = self._files.open(layout.journals(self._root) / day / name, os.O_RDONLY)
        except FileNotFoundError as error:
            raise StaleError from error
        try:
            status = self._files.stat(fd)
            if status.st_size < folded or (
                self._files.read(fd, len(tail), folded - len(tail)) != tail
            ):
                raise StaleError
            if bad and inode not in (0, signed(status.st_ino)):  # what was damaged may be whole
                raise StaleError
            batch = _Batch(file, writer, folded > 0)
            rest, offset = b"", folded
            while piece := self._files.read(fd, _PIECE, offset + len(rest)):
                data = rest + piece
                self._scan(batch, chain, data, offset)
                end = data.rfind(b"\n") + 1
                if end:
                    tail = (tail + data[max(0, end - _TAIL) : end])[-_TAIL:]
                rest, offset = data[end:], offset + end
                self._store(batch)
                batch.grown = True
        finally:
            self._files.close(fd)
        self._db.execute(
            "UPDATE file SET size = ?, folded = ?, mtime = ?, good = ?, near = ?, bad = ?, "
            "cut = ?, tail = ?, ended = ?, last = ?, inode = ? WHERE id = ?",
            (
                offset + len(rest),
                offset,
                status.st_mtime_ns,
                chain.good,
                orjson.dumps(chain.near).decode(),
                chain.bad,
                chain.cut,
                tail,
                batch.ended or ended,
                batch.last if last is None else max(last, batch.last or last),
                signed(status.st_ino),
                file,
            ),
        )

    def _scan(self, batch: _Batch, chain: Chain, data: bytes, base: int) -> None:
        """Sort the lines of a piece by the things they speak of."""
        writer = batch.writer
        for position, row in chain.lines(data):
            line = parse(row)
            try:
                if line is None:
                    raise TypeError
                key = key_of(line, writer)
            except (KeyError, TypeError, ValueError):
                chain.bad += 1
                continue
            time = line.get("t")
            if type(time) is float and (batch.last is None or time > batch.last):
                batch.last = time
            if key[0] > self.lc:
                if is_ahead(key[0], self._now):
                    self.ahead += 1
                else:
                    self.lc = key[0]
            of = line.get("of")
            if of.__class__ is str:
                if "/" in of and speaks_of_version(of, line.get("op")):
                    batch.versions.append((key, line))
                    continue
                batch.take(of, (key, line), base + position, len(row) + 1, chain.before)
                op = line.get("op")
                if op == "out" or op == "event":
                    batch.hear(of, op, line)
            elif line.get("op") == "pack":
                batch.contents.append(line)
            elif line.get("op") == "end":
                batch.ended = 1
            elif line.get("op") == "folded":
                batch.folded.append(line)

    def _store(self, batch: _Batch) -> None:
        """Write a batch into the tables."""
        known = self._known(batch.lines)
        spans: list[tuple[int, ...]] = []
        for of, places in batch.places.items():
            key = known.get(of)
            if key is None:
                key = known[of] = self._next
                self._next += 1
                self._keys[of] = -key  # negative: it has no rows yet
            elif batch.grown:
                self._join(key, batch.file, places)
            spans.extend([(key, batch.file, *place) for place in places])
        self._db.executemany("INSERT OR REPLACE INTO span VALUES (?, ?, ?, ?, ?)", spans)
        self._contents(batch.contents)
        self._folded(batch.folded)
        load_versions(self._db, batch.versions)
        self._fold(batch, known)
        if batch.said:
            self._say(batch, known)
        batch.flush()

    def _join(self, key: int, file: int, places: list[list[int]]) -> None:
        """Let the first new span go on with the last old one: a live run grows line by line."""
        row = self._db.execute(
            "SELECT start, stop, before FROM span WHERE run = ? AND file = ? "
            "ORDER BY start DESC LIMIT 1",
            (key, file),
        ).fetchone()
        if row is not None and places[0][0] - row[1] <= _GAP:
            places[0] = [row[0], places[0][1], row[2]]

    def _known(self, ids: Iterable[str]) -> dict[str, int]:
        """The keys of the things that have rows already."""
        if self._empty:
            return {of: self._keys[of] for of in ids if of in self._keys}
        found = {}
        for of in ids:
            row = self._db.execute("SELECT key FROM run WHERE id = ?", (of,)).fetchone()
            if row is not None:
                found[of] = row[0]
        return found

    def _fold(self, batch: _Batch, known: dict[str, int]) -> None:
        fresh: list[tuple[int, str, State]] = []
        changed: list[tuple[int, str, State, State]] = []
        for of, lines in batch.lines.items():
            key = known[of]
            if self._keys.get(of) == -key:
                fresh.append((key, of, fold(lines)))
                self._keys[of] = key
            else:
                before, after = self._go_on(key, of, lines)
                changed.append((key, of, before, after))
        self.insert(fresh)
        for key, of, before, after in changed:
            self._update(key, of, rows_of(before), after)

    def _go_on(self, key: int, of: str, lines: list[Line]) -> tuple[State, State]:
        """The states before and after more lines: folded on if they come last, else afresh."""
        (text,) = self._db.execute("SELECT json FROM state WHERE run = ?", (key,)).fetchone()
        state: State = orjson.loads(text)
        last: Key = tuple(state["key"])
        if min(line[0] for line in lines) > last:
            return state, fold(lines, state)
        return state, fold(lines_of(self._db, self._files, self._root, key, of))

    def insert(self, fresh: list[tuple[int, str, State]]) -> None:
        """Write rows of things that have none: by key, id and state."""
        runs, states, tags, params, artifacts = [], [], [], [], []
        for key, of, state in fresh:
            rows = rows_of(state)
            runs.append((key, of, *rows.run))
            states.append((key, orjson.dumps(state).decode()))
            tags.extend([(tag, key) for tag in rows.tags])
            for space, cells in rows.cells.items():
                names = self._names[space]
                if not names.keys() >= cells.keys():
                    for name in cells:
                        self._intern(space, name)
                params += [(key, names[name], *cell) for name, cell in cells.items()]
            artifacts.extend([(key, *item) for item in rows.artifacts])
        many = self._db.executemany
        many(_INSERT_RUN, runs)
        many("INSERT INTO state VALUES (?, ?)", states)
        many("INSERT INTO tag VALUES (?, ?)", tags)
        many("INSERT INTO param VALUES (?, ?, ?, ?)", params)
        many("INSERT OR REPLACE INTO artifact VALUES (?, ?, ?, ?, ?, ?, ?, ?)", artifacts)

    def _update(self, key: int, of: str, old: Rows, state: State) -> None:
        """Change what differs; a live run grows by a line at a time."""
        new = rows_of(state)
        db = self._db
        if new.run != old.run:
            db.execute(_INSERT_RUN, (key, of, *new.run))
        db.execute("UPDATE state SET json = ? WHERE run = ?", (orjson.dumps(state).decode(), key))
        db.executemany(
            "DELETE FROM tag WHERE tag = ? AND run = ?",
            [(tag, key) for tag in set(old.tags) - set(new.tags)],
        )
        db.executemany(
            "INSERT OR IGNORE INTO tag VALUES (?, ?)",
            [(tag, key) for tag in set(new.tags) - set(old.tags)],
        )
        if new.cells != old.cells:
            db.execute("DELETE FROM param WHERE run = ?", (key,))
            db.executemany(
                "INSERT INTO param VALUES (?, ?, ?, ?)",
                [
                    (key, self._intern(space, name), *cell)
                    for space, cells in new.cells.items()
                    for name, cell in cells.items()
                ],
            )
        if new.artifacts != old.artifacts:
            db.execute("DELETE FROM artifact WHERE run = ?", (key,))
            db.executemany(
                "INSERT OR REPLACE INTO artifact VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(key, *item) for item in new.artifacts],
            )

    def _contents(self, lines: list[dict[str, Any]]) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO content VALUES (?, ?, ?, ?)",
            [
                (line["digest"], line["pack"], line["offset"], line["length"])
                for line in lines
                if pack_fits(line)
            ],
        )

    def _folded(self, lines: list[dict[str, Any]]) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO folded VALUES (?, ?, ?, ?, ?)",
            [
                (file, into, layout.writer_of_path(file), line["size"], seconds(line.get("last")))
                for line in lines
                if folded_fits(line)
                for file in [line["file"]]
                for into in line["into"]
            ],
        )

    def _say(self, batch: _Batch, known: dict[str, int]) -> None:
        """Make the words of events and output findable; each line comes here once."""
        (last,) = self._db.execute("SELECT ifnull(max(id), 0) FROM said").fetchone()
        pieces = list(enumerate(batch.said.items(), last + 1))
        self._db.executemany(
            "INSERT INTO said VALUES (?, ?)", [(key, known[of]) for key, (of, _) in pieces]
        )
        if self._words:
            self._db.executemany(
                "INSERT INTO word (rowid, text) VALUES (?, ?)",
                [(key, "".join(texts)) for key, (_, texts) in pieces],
            )

    def _intern(self, space: str, name: str) -> int:
        number = self._names[space].get(name)
        if number is None:
            self._interned += 1
            number = self._names[space][name] = self._interned
            short = short_name(name)
            self._db.execute("INSERT INTO name VALUES (?, ?, ?, ?)", (number, space, name, short))
        return number


class _Batch:
    """Lines of one file that wait to be stored, by the thing they speak of."""

    __slots__ = (
        "contents",
        "ended",
        "file",
        "folded",
        "grown",
        "last",
        "lines",
        "places",
        "said",
        "versions",
        "writer",
    )

    def __init__(self, file: int, writer: str, grown: bool) -> None:
        self.file, self.writer, self.grown = file, writer, grown
        self.ended = 0
        self.last: float | None = None
        self.flush()

    def flush(self) -> None:
        self.lines: dict[str, list[Line]] = {}
        self.places: dict[str, list[list[int]]] = {}
        self.said: dict[str, list[str]] = {}
        self.contents: list[dict[str, Any]] = []
        self.folded: list[dict[str, Any]] = []
        self.versions: list[Line] = []

    def take(self, of: str, line: Line, position: int, size: int, before: int) -> None:
        lines = self.lines.get(of)
        if lines is None:
            self.lines[of] = [line]
            self.places[of] = [[position, position + size, before]]
            return
        lines.append(line)
        place = self.places[of][-1]
        if position - place[1] <= _GAP:
            place[1] = position + size
        else:
            self.places[of].append([position, position + size, before])

    def hear(self, of: str, op: str, line: dict[str, Any]) -> None:
        """Keep what was logged or printed; output comes in pieces that may end inside a word."""
        text = line.get("text" if op == "out" else "message")
        if type(text) is str:
            self.said.setdefault(of, []).append(text if op == "out" else f"\n{text}\n")


def short_name(name: str) -> str:
    """The plain text of a dotted name without its ``inputs`` levels, by which tasks nest.

    Names that differ in quotation marks and brackets alone have the same.
    """
    if '"' in name or "[" in name:
        parts = [str(getattr(part, "text", part)) for part in name_parts(name)]
        # Lone surrogates cannot be kept.
        parts = [part.encode(errors="backslashreplace").decode() for part in parts]
    elif "inputs" in name:
        parts = name.split(".")
    else:
        return name
    return ".".join(part for part in parts if part != "inputs") or name


def lines_of(
    connection: sqlite3.Connection, files: Files, root: Path, key: int, of: str
) -> list[Line]:
    """All lines of one thing, read back from the journals, in no order."""
    spans = connection.execute(
        "SELECT day, file.name, writer, start, stop, before FROM span "
        "JOIN file ON file.id = span.file WHERE run = ? ORDER BY file, start",
        (key,),
    ).fetchall()
    mark = b'"of":' + orjson.dumps(of)
    found: list[Line] = []
    for day, name, writer, start, stop, before in spans:
        fd = files.open(layout.journals(root) / day / name, os.O_RDONLY)
        try:
            data = read_span(files, fd, start, stop)
        finally:
            files.close(fd)
        for _, row in Chain(before).lines(data):
            if mark in row:
                line = parse(row)
                if line is not None and line.get("of") == of:
                    with contextlib.suppress(KeyError, TypeError, ValueError):  # as in the fold
                        found.append((key_of(line, writer), line))
    return found


def read_span(files: Files, fd: int, start: int, stop: int) -> bytes:
    """The bytes from `start` to `stop`, as far as they are there."""
    return b"".join(pieces(files, fd, start, stop))
