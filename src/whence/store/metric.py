"""Metric values on record, read back."""

from __future__ import annotations

import os
from collections.abc import Iterable

from whence.store import layout
from whence.store.cache import cache_folder
from whence.store.columnar import ColumnarCopy
from whence.store.files import failed
from whence.store.index import Index
from whence.store.line import parse
from whence.store.store import Store
from whence.store.table import Table, once

_TAIL = 1 << 16  # bytes in which the last whole line is looked for


def tables(store: Store, run: str) -> list[Table]:
    """The metric values of a run as columns, each line counted once.

    Raises
    ------
    UserError
        If there is no such run.
    StoreError
        If journals cannot be read.
    """
    return tables_of_runs(store, [run])[run]


def tables_of_runs(store: Store, runs: Iterable[str]) -> dict[str, list[Table]]:
    """The metric values of some runs, by run, each journal read once for all of them.

    They come from the columnar copy in the cache; what journals have grown by is added to it.

    Raises
    ------
    UserError
        If there is no such run.
    StoreError
        If journals cannot be read.
    """
    index, cache = store.index(), cache_folder(store.root)
    journals = {run: _journals(index, run) for run in runs}
    wanted: dict[str, set[str]] = {}
    for run, names in journals.items():
        for name in names:
            wanted.setdefault(name, set()).add(run)
    found: dict[tuple[str, str], list[Table]] = {}
    for name, some in wanted.items():
        path = layout.journals(store.root) / name
        try:
            copy = ColumnarCopy(store.files, path, cache)
        except OSError as error:
            raise failed(error, "read", path) from error
        for table in copy.tables(some):
            found.setdefault((table.run, name), []).append(table)
    return {
        run: once([table for name in names for table in found.get((run, name), ())])
        for run, names in journals.items()
    }


def journals_of(store: Store, run: str) -> list[str]:
    """The files that hold values of a run; one that journals were folded into counts once."""
    return _journals(store.index(), run)


def last_point(store: Store, writer: str) -> float | None:
    """When a process logged its last metric values, in seconds since 1970; None if it has none.

    Times that were given with the values may be any: they count up to when the file was written.
    """
    for name in reversed(store.index().metrics_files(writer)):
        if layout.writer_of_path(name) != writer:
            continue  # what journals were folded into holds lines of others
        try:
            told, written = _end(store, name)
        except OSError:
            continue
        for row in reversed(told.splitlines()):
            line = parse(row)
            if line is not None and isinstance(line.get("t"), float):
                return min(float(line["t"]), written)
    return None


def _end(store: Store, name: str) -> tuple[bytes, float]:
    """The last lines of a file, and when it was written."""
    fd = store.files.open(layout.journals(store.root) / name, os.O_RDONLY)
    try:
        facts = store.files.stat(fd)
        begin = max(0, facts.st_size - _TAIL)
        return store.files.read(fd, _TAIL, begin), facts.st_mtime
    finally:
        store.files.close(fd)


def _journals(index: Index, run: str) -> list[str]:
    writers = index.state(run)["points"]
    return list(dict.fromkeys(name for one in writers for name in index.metrics_files(one)))
