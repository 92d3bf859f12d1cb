"""The columnar copy of metrics journals: each line is parsed once on a machine.

The copy of a journal is a folder of segments that follow one another. A reader parses what the
journal has grown by since, and keeps that as one more segment, joined with the last ones as long
as they are not much bigger: so a journal of `n` bytes that is read while it grows has a number of
segments that goes with the logarithm of `n`. Readers need no lock: a segment is never changed, and
one that others overlap is used or not as a whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from zlib import crc32

from whence.store import segment
from whence.store.cache import CacheFolder
from whence.store.files import Files
from whence.store.layout import writer_of
from whence.store.line import SEAL_LENGTH, Chain
from whence.store.load import read_span
from whence.store.segment import Mark, Segment
from whence.store.table import Table, join, tables_of

_PIECE = 1 << 18  # what is made of it stays in the processor's cache
_TAIL = 32
_SEALS = re.compile(rb',"crc":"[0-9a-f]{8}"}\n')
_TRIES = 5
_WATCHED = 100  # stretches of damage that are looked at again; a file that is mended is another


class ColumnarCopy:
    """The columns of one metrics journal, brought up to date when it is made.

    Parameters
    ----------
    files : Files
        The way to the file system.
    journal : Path
        The journal.
    cache : CacheFolder
        The cache of the store.

    Attributes
    ----------
    bad : int
        Lines that were skipped because they are not as they were written; not those that were
        never acknowledged.

    Raises
    ------
    OSError
        If the journal cannot be read. A cache that cannot be written is done without.
    """

    def __init__(self, files: Files, journal: Path, cache: CacheFolder) -> None:
        self._files, self._mapped = files, cache.local
        self._folder = cache.path / "metrics" / journal.parent.name / journal.name
        self._writer = writer_of(journal.name)
        self._segments: list[Segment] = []
        self._fresh: list[Table] = []
        fd = files.open(journal, os.O_RDONLY)
        try:
            self._update(fd)
        finally:
            files.close(fd)

    def tables(self, runs: Container[str]) -> list[Table]:
        """The values of some runs."""
        kept = [table for part in self._segments for table in part.tables(runs)]
        return kept + [table for table in self._fresh if table.run in runs]

    def runs(self) -> set[str]:
        """The runs that it has values of."""
        return {table.run for table in self._fresh}.union(*(part.runs() for part in self._segments))

    def _update(self, fd: int) -> None:
        for _ in range(_TRIES):
            try:
                self._segments = self._kept()
                break
            except FileNotFoundError:  # another reader has joined some of them
                self._segments = []
        mark = self._segments[-1].mark if self._segments else Mark()
        if not self._agrees(fd, mark):
            self._discard(self._names())
            self._segments, mark = [], Mark()
        self.bad = mark.bad
        if self._files.stat(fd).st_size > mark.stop:
            self._grow(fd, mark)

    def _agrees(self, fd: int, mark: Mark) -> bool:
        """Whether the journal is the one that was read, and what was damaged in it still is."""
        tail = bytes.fromhex(mark.tail)
        return self._files.read(fd, len(tail), mark.stop - len(tail)) == tail and all(
            crc32(read_span(self._files, fd, start, stop)) == check
            for start, stop, check in mark.hurt
        )

    def _kept(self) -> list[Segment]:
        """The segments that follow one another from the journal's first byte on."""
        longest: dict[int, int] = {}
        for start, stop in self._names():
            longest[start] = max(stop, longest.get(start, 0))
        found: list[Segment] = []
        place = 0
        while place in longest:
            path = self._path(place, longest[place])
            part = segment.read(self._files, path, self._mapped)
            if part is None:
                path.unlink(missing_ok=True)
                break
            found.append(part)
            place = part.mark.stop
        return found

    def _grow(self, fd: int, mark: Mark) -> None:
        after, tables = _parse(self._files, fd, mark, self._writer)
        if after.stop == mark.stop:
            return
        self.bad = after.bad
        start, size = mark.stop, sum(column.nbytes for t in tables for column in t.columns)
        kept = list(self._segments)
        while kept and kept[-1].size < 2 * size + 4096:
            last = kept.pop()
            tables = join([*last.tables(), *tables])
            start = kept[-1].mark.stop if kept else 0
            size += last.size
        self._segments, self._fresh = kept, tables
        try:
            self._files.make(self._folder)
            segment.write(self._files, self._path(start, after.stop), after, tables)
            self._discard(
                (begin, end)
                for begin, end in self._names()
                if start <= begin and end <= after.stop and (begin, end) != (start, after.stop)
            )
        except OSError:
            return

    def _names(self) -> list[tuple[int, int]]:
        try:
            names = os.listdir(self._folder)
        except OSError:
            return []
        found = [name.split("-") for name in names if re.fullmatch("[0-9]+-[0-9]+", name)]
        return [(int(start), int(stop)) for start, stop in found]

    def _path(self, start: int, stop: int) -> Path:
        return self._folder / f"{start}-{stop}"

    def _discard(self, stretches: Iterable[tuple[int, int]]) -> None:
        for start, stop in stretches:
            self._path(start, stop).unlink(missing_ok=True)


def _parse(files: Files, fd: int, mark: Mark, writer: str) -> tuple[Mark, list[Table]]:
    """The values after a mark, and the mark after them."""
    chain, offset, tail = mark.chain(), mark.stop, bytes.fromhex(mark.tail)
    tables: list[Table] = []
    hurt = list(mark.hurt)
    rest = b""
    while piece := files.read(fd, max(_PIECE, len(rest)), offset + len(rest)):
        rest += piece
        end = rest.rfind(b"\n") + 1
        if not end:
            continue
        data, rest = rest[:end], rest[end:]
        lines, gaps = _lines(chain, data)
        tables += tables_of(lines, writer)
        hurt += [(offset + i, offset + k, crc32(data[i:k])) for i, k in gaps]
        tail = (tail + data[-_TAIL:])[-_TAIL:]
        offset += end
    watched = tuple(hurt[:_WATCHED])
    after = Mark(offset, chain.good, chain.near, chain.bad, chain.cut, tail.hex(), watched)
    return after, join(tables)


def _lines(chain: Chain, data: bytes) -> tuple[list[bytes], Sequence[tuple[int, int]]]:
    """The good lines among whole ones, without their seals, and the stretches between them.

    A check is the one of all bodies before it too. So if all lines have a seal and the last is
    that of all of them together, they are good; else each is looked at by itself.
    """
    bodies = _SEALS.split(data)
    if not chain.near and not bodies.pop():
        check = crc32(b"".join(bodies), chain.good)
        if b"%08x" % check == data[-11:-3]:
            chain.good = check
            return bodies, ()
    found, gaps, end = [], [], 0
    for position, row in chain.lines(data):
        if position > end:
            gaps.append((end, position))
        end = position + len(row) + 1
        found.append(row[:-SEAL_LENGTH])
    return found, gaps + [(end, len(data))] * (end < len(data))
