"""Metric values on record, read back."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator

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

    They come from the columnar copy in the cache; what journals have grown by is added to it. Of
    lines that had to be left out the logger ``whence.store`` tells.

    Raises
    ------
    UserError
        If there is no such run.
    StoreError
        If journals cannot be read.
    """
    index = store.index()
    untold = index.untold_metrics()
    journals = {run: _journals(index, run, untold) for run in runs}
    wanted: dict[str, set[str]] = {}
    for run, names in journals.items():
        for name in names:
            wanted.setdefault(name, set()).add(run)
    found: dict[tuple[str, str], list[Table]] = {}
    for name, copy in _copies(store, wanted):
        if copy.bad:
            _tell(name, copy.bad)
        for table in copy.tables(wanted[name]):
            found.setdefault((table.run, name), []).append(table)
    return {
        run: once([table for name in names for table in found.get((run, name), ())])
        for run, names in journals.items()
    }


def untold_runs(store: Store) -> set[str]:
    """The runs with values in files of which a line may be lost that tells whose they are.

    Raises
    ------
    StoreError
        If journals cannot be read.
    """
    copies = _copies(store, store.index().untold_metrics())
    return {run for _, copy in copies for run in copy.runs()}


def journals_of(store: Store, run: str) -> list[str]:
    """The files to look for values of a run in; one that journals were folded into counts once."""
    index = store.index()
    return _journals(index, run, index.untold_metrics())


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


def _journals(index: Index, run: str, untold: Iterable[str]) -> list[str]:
    told = (name for one in index.state(run)["points"] for name in index.metrics_files(one))
    return list(dict.fromkeys([*told, *untold]))


def _tell(name: str, bad: int) -> None:
    logging.getLogger("whence.store").warning(
        "left out %s of metric values in %s: not as written (`whence verify` tells where)",
        "a line" if bad == 1 else f"{bad} lines",
        f"{layout.JOURNALS}/{name}",
    )


def _copies(store: Store, names: Iterable[str]) -> Iterator[tuple[str, ColumnarCopy]]:
    """The columns of metrics journals, with their names under ``journals/``."""
    cache = cache_folder(store.root)
    for name in names:
        path = layout.journals(store.root) / name
        try:
            yield name, ColumnarCopy(store.files, path, cache)
        except OSError as error:
            raise failed(error, "read", path) from error
