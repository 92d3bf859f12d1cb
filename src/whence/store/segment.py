"""Columns of metric values as a file of the cache: written once, then mapped into memory.

A file has a line that names the format, eight bytes that tell how long the header is, the header
(JSON, padded with blanks) and the columns, each aligned to eight bytes. It is not brought to the
disk: a host that died may have left the name without the bytes, so it counts only during the boot
of the machine that it was written in.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from whence.store.files import Files, write_all
from whence.store.line import Chain
from whence.store.process import boot_id
from whence.store.table import Table

if TYPE_CHECKING:
    from whence.store.table import Column

_MAGIC = b"whence columns 3\n".ljust(24)
_FIRST = len(_MAGIC) + 8  # where the header begins


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a journal was read, and what tells whether it is still the same one.

    Attributes
    ----------
    stop : int
        The offset after the last whole line.
    good, near, bad, cut : int, tuple of int, int, int
        The state of the `Chain` there.
    tail : str
        The last bytes before `stop`, in hexadecimal: a check, chained with all before it.
    hurt : tuple of (int, int, int)
        Stretches in which lines were skipped, each from where to where and the CRC-32 of what is
        there: where it is something else now, the journal was mended.
    """

    stop: int = 0
    good: int = 0
    near: tuple[int, ...] = ()
    bad: int = 0
    cut: int = 0
    tail: str = ""
    hurt: tuple[tuple[int, int, int], ...] = ()

    def chain(self) -> Chain:
        """What goes on reading there."""
        return Chain(self.good, self.near, self.bad, self.cut)


@dataclass(frozen=True, slots=True)
class Segment:
    """The metric values of a stretch of a journal, in a file.

    Attributes
    ----------
    path : Path
        The file, named for the stretch.
    mark : Mark
        The journal at the end of the stretch.
    size : int
        Bytes of the file.
    """

    path: Path
    mark: Mark
    size: int
    _data: mmap.mmap | bytes = field(repr=False)
    _tables: list[list[Any]] = field(repr=False)
    _base: int = field(repr=False)

    def runs(self) -> set[str]:
        """The runs it has tables of."""
        return {row[0] for row in self._tables}

    def tables(self, runs: Container[str] | None = None) -> list[Table]:
        """Its tables, of these runs if given; they cannot be written to."""
        return [self._table(row) for row in self._tables if runs is None or row[0] in runs]

    def _table(self, row: list[Any]) -> Table:
        import numpy as np

        run, writer, names, count, kinds, offset = row
        columns: list[Column] = []
        for kind in kinds:
            columns.append(np.frombuffer(self._data, kind, count, self._base + offset))
            offset += _padded(columns[-1].nbytes)
        return Table.of((run, writer, tuple(names)), columns)


def read(files: Files, path: Path, mapped: bool) -> Segment | None:
    """A file of columns; None if it is damaged, of another version, or from before a boot.

    Parameters
    ----------
    files : Files
        The way to the file system.
    path : Path
        The file.
    mapped : bool
        Whether the file system is one to map files of into memory.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    fd = files.open(path, os.O_RDONLY)
    try:
        size = files.stat(fd).st_size
        if size < _FIRST:
            return None
        data = mmap.mmap(fd, size, prot=mmap.PROT_READ) if mapped else files.read(fd, size, 0)
    finally:
        files.close(fd)
    base = _FIRST + int.from_bytes(data[len(_MAGIC) : _FIRST], "little")
    if data[: len(_MAGIC)] != _MAGIC or base > size:
        return None
    try:
        header = orjson.loads(data[_FIRST:base])
        if header["boot"] != boot_id() or header["size"] != size - base or len(data) != size:
            return None
        stop, good, near, bad, cut, tail, hurt = header["mark"]
        mark = Mark(stop, good, tuple(near), bad, cut, tail, tuple(map(tuple, hurt)))
        rows = header["tables"]
    except (ValueError, KeyError, TypeError):
        return None
    return Segment(path, mark, size, data, rows, base)


def write(files: Files, path: Path, mark: Mark, tables: Sequence[Table]) -> None:
    """Make a file of columns; whoever looks sees all of it or nothing.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    rows: list[Any] = []
    pieces: list[memoryview] = []
    offset = 0
    for table in tables:
        columns = table.columns
        rows.append([*table.key, len(table.n), [column.dtype.str for column in columns], offset])
        for column in columns:
            pieces += [column.data.cast("B"), memoryview(bytes(-column.nbytes % 8))]
            offset += _padded(column.nbytes)
    facts = {
        "boot": boot_id(),
        "size": offset,
        "mark": [mark.stop, mark.good, mark.near, mark.bad, mark.cut, mark.tail, mark.hurt],
        "tables": rows,
    }
    header = orjson.dumps(facts)
    header += b" " * (-len(header) % 8)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        fd = files.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        try:
            write_all(files, fd, _MAGIC + len(header).to_bytes(8, "little") + header)
            for piece in pieces:
                write_all(files, fd, piece)
        finally:
            files.close(fd)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _padded(size: int) -> int:
    return size + -size % 8
