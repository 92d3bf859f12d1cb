"""One line of a journal: sealed with a check that is chained with the line before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import orjson

_SEAL = b',"crc":"%08x"}'
SEAL_LENGTH = 18
"""Bytes of a line, without its newline, from its check on."""


def seal(body: bytes, before: int) -> tuple[bytes, int]:
    """The whole line and its check, from a JSON object that lacks its closing brace.

    Parameters
    ----------
    body : bytes
        ``{"n":0,…`` without the last ``}``.
    before : int
        The check of the line before; 0 for the first line of a file.
    """
    check = crc32(body, before)
    return b'%b,"crc":"%08x"}\n' % (body, check), check


class Chain:
    """Follows the checks of one file, and tells whole lines from damaged ones.

    A line is good if its check, started with the check of the last good line, is the one written
    in it. Directly after a bad line the check written in that line, and the one computed for it,
    will also do, so that one flipped byte costs one line.

    A writer chains a line with the last one that it was able to write. So where a good line after
    bad ones is chained with the good line before them, no line between was ever acknowledged: they
    are what a write left that failed, and do not count as bad.

    Attributes
    ----------
    good : int
        The check of the last good line.
    before : int
        The check that the line given last is chained with.
    near : tuple of int
        What else the next line may be chained with.
    bad : int
        Lines skipped so far, without those of `torn`.
    cut : int
        How many of them are directly before the next line.
    torn : int
        Lines that a failed write has left and that nothing is lost by, as far as this object saw.
    """

    __slots__ = ("bad", "before", "cut", "good", "near", "torn")

    def __init__(
        self, good: int = 0, near: tuple[int, ...] = (), bad: int = 0, cut: int = 0
    ) -> None:
        self.good = good
        self.near = near
        self.bad = bad
        self.cut = cut
        self.torn = 0
        self.before = good

    def lines(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The good lines among the whole ones in `data`, each with its position.

        Bytes after the last newline are left for later.
        """
        position = 0
        rows = data.split(b"\n")
        rows.pop()
        for row in rows:
            size = len(row) - SEAL_LENGTH
            check = crc32(row[:size], self.good) if size > 0 else -1
            if size > 0 and row[size:] == _SEAL % check:
                self.before = self.good
                self.good = check
                if self.near:
                    self._forget()
                yield position, row
            elif self._forgive(row):
                yield position, row
            position += len(row) + 1

    def _forgive(self, row: bytes) -> bool:
        """Whether the row is good by what is known of the bad line before it."""
        if not row:  # written after a short write; says nothing
            return False
        body, tail = row[:-SEAL_LENGTH], row[-SEAL_LENGTH:]
        for before in self.near:
            check = crc32(body, before)
            if tail == _SEAL % check:
                self.before, self.good, self.near, self.cut = before, check, (), 0
                return True
        self.bad += 1
        self.cut += 1
        self.near = (crc32(body, self.good), *_written(tail))
        return False

    def _forget(self) -> None:
        """Let the bad lines just before a good one be left over: they were never acknowledged."""
        self.torn += self.cut
        self.bad -= self.cut
        self.near, self.cut = (), 0


def parse(row: bytes) -> dict[str, Any] | None:
    """The line as data, or None if it is not an object."""
    try:
        line = orjson.loads(row)
    except orjson.JSONDecodeError:
        return None
    return line if type(line) is dict else None


def parse_all(bodies: list[bytes]) -> list[dict[str, Any]]:
    """The lines that are objects as data, each given without its check and closing brace."""
    try:
        lines = orjson.loads(b"[" + b"},".join(bodies) + b"}]")
    except orjson.JSONDecodeError:
        lines = []
    if len(lines) == len(bodies) and set(map(type, lines)) == {dict}:
        return lines  # type: ignore[no-any-return]
    return [line for body in bodies if (line := parse(body + b"}")) is not None]


def _written(tail: bytes) -> tuple[int, ...]:
    try:
        return (int(tail[-10:-2], 16),)
    except ValueError:
        return ()
