"""A writer's journal: a series of append-only files, one ``write`` per line."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import orjson

from whence.base.clock import Clock, utc_day
from whence.base.error import UserError
from whence.base.escape import JSON, encode
from whence.store import layout
from whence.store.files import Files
from whence.store.order import LogicalClock
from whence.store.part import Part

_FRAME = frozenset(("n", "lc", "t", "op", "of", "by", "crc"))


class Journal:
    """Appends lines to one file after the other. Safe to use from any thread.

    A new file begins at a new UTC day and after `layout.LIMIT` bytes; the first one with the
    first line. When a call raises, its line does not count, every line before it stands, and the
    next call works as soon as the file system does.

    Parameters
    ----------
    files : Files
        The way to the file system.
    path : callable
        Where a part belongs, by day and number.
    head : callable
        The facts of a part's first line, by number.
    clock, order : Clock, LogicalClock
        Time for people; order for the fold.
    """

    def __init__(
        self,
        files: Files,
        path: Callable[[str, int], Path],
        head: Callable[[int], Mapping[str, JSON]],
        clock: Clock,
        order: LogicalClock,
    ) -> None:
        self._files, self._path, self._head = files, path, head
        self._clock, self._order = clock, order
        self._lock = threading.Lock()
        self._part: Part | None = None
        self._n = self._number = 0
        self._midnight = 0.0

    def append(self, op: str, of: str, facts: Mapping[str, JSON]) -> None:
        """Write one line; the system has it when this returns.

        Raises
        ------
        StoreError
            If it could not be written whole.
        UserError
            If the facts are not plain JSON, or use a name of the frame.
        """
        if not _FRAME.isdisjoint(facts):
            _refuse(facts)
        with self._lock:
            now = self._clock()
            part = self._part
            if part is None or part.unsettled or now >= self._midnight or part.size >= layout.LIMIT:
                part = self._ready(now)
            part.put(self._body(part.n, now, op, of, facts))

    def append_many(self, op: str, of: str, many: Sequence[Mapping[str, JSON]]) -> None:
        """Write a line for each of the facts, as `append` does, in one go.

        Raises
        ------
        StoreError
            If not all could be written whole: the first of them may count.
        UserError
            If facts are not plain JSON, or use a name of the frame; then nothing is written.
        """
        for facts in many:
            if not _FRAME.isdisjoint(facts):
                _refuse(facts)
        with self._lock:
            now = self._clock()
            part = self._ready(now)
            n = part.n
            part.put_many([self._body(n + i, now, op, of, facts) for i, facts in enumerate(many)])

    def point(
        self, run: str, step: int | None, time: float, stamp: float, values: Mapping[str, Any]
    ) -> None:
        """Write one line of metric values, by as short a way as Python has."""
        with self._lock:
            part = self._part
            now = self._clock()
            if part is None or part.unsettled or now >= self._midnight or part.size >= layout.LIMIT:
                part = self._ready(now)
            line = {"n": part.n, "run": run, "s": step, "w": time, "t": stamp, "v": values}
            try:
                plain = math.isfinite(sum(values.values()))  # orjson writes NaN as null
                body = orjson.dumps(line if plain else encode(line))
            except (TypeError, OverflowError):
                body = orjson.dumps(encode(line))
            part.put(body[:-1])

    def carry(self, body: bytes) -> Path:
        """Write a line of another writer, without its closing brace; gives the file it is in."""
        with self._lock:
            now = self._clock()
            part = self._ready(now)
            part.put(body)
            return part.path

    def sync(self) -> None:
        """Have all lines survive the death of the host.

        Raises
        ------
        StoreError
            If the file system could not promise it.
        """
        with self._lock:
            part = self._part
            if part is not None and part.doubtful:
                part.restore()
        if part is not None:  # lines may be written meanwhile
            part.sync()

    def restore(self) -> bool:
        """Write the file back whole if its name has gone to another one; tells whether it had.

        Raises
        ------
        StoreError
            If that could not be done.
        """
        with self._lock:
            return self._part is not None and self._part.restore()

    def close(self) -> None:
        """Write the closing line and give the file back; a later line begins a new one."""
        with self._lock:
            if self._part is not None:
                self._part.settle()
                part, self._part = self._part, None
                self._n = part.n + 1
                self._end(part, None)

    def abandon(self) -> None:
        """Give the file back without a word: it is the one of the process forked from."""
        if self._part is not None:
            self._part.abandon()
            self._part = None

    def _ready(self, now: float) -> Part:
        """The part to write to, which knows what is in it."""
        part = self._part
        if part is not None and part.unsettled:
            part.settle()
        if part is None or now >= self._midnight or part.size >= layout.LIMIT:
            part = self._turn(now)
        return part

    def _turn(self, now: float) -> Part:
        """Begin the next part, then end the one before."""
        before = self._part
        n = before.n + 1 if before is not None else self._n
        number = self._number
        self._number += 1  # whatever goes wrong may leave a file behind: its name is taken
        part = Part(self._files, self._path(utc_day(now), number), n)
        try:
            part.put(self._body(part.n, now, "head", "", self._head(number)))
        except BaseException:
            part.discard()
            raise
        self._part = part
        self._midnight = (now // 86400 + 1) * 86400
        if before is not None:
            self._end(before, number)
        return part

    def _end(self, part: Part, following: int | None) -> None:
        try:
            facts = {"count": part.count, "sha256": part.digest(), "next": following}
            part.put(self._body(part.n, self._clock(), "end", "", facts))
            part.restore()
            part.sync()
        finally:
            part.close()

    def _body(self, n: int, now: float, op: str, of: str, facts: Mapping[str, JSON]) -> bytes:
        """A line without its closing brace."""
        lc, t = self._order.tick(now), int(now * 1e6) / 1e6
        try:
            if of:
                line = {"n": n, "lc": lc, "t": t, "op": op, "of": of, **facts}
            else:
                line = {"n": n, "lc": lc, "t": t, "op": op, **facts}
            return orjson.dumps(line)[:-1]
        except TypeError as error:
            raise UserError.of(
                "not-encodable",
                f"the facts of {op!r} are not plain JSON: {error}",
                mend="Encode them with whence.base.escape.encode first.",
            ) from error


def _refuse(facts: Mapping[str, JSON]) -> NoReturn:
    taken = ", ".join(sorted(_FRAME.intersection(facts)))
    raise UserError.of("reserved-fact", f"a line cannot have facts named {taken}")
