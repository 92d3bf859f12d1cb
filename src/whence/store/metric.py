"""Metric values on record, read back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from whence.base.escape import decode
from whence.store import layout
from whence.store.cache import cache_folder
from whence.store.columnar import ColumnarCopy
from whence.store.files import failed, read_all
from whence.store.line import Chain, parse
from whence.store.store import Store
from whence.store.table import Table, once


@dataclass(frozen=True, slots=True)
class Point:
    """Values of some metrics at one time.

    Attributes
    ----------
    step : int or None
        Which step it was.
    time, stamp : float
        Seconds since the start of the run; seconds since 1970.
    values : dict of str to number
        Names and values.
    """

    step: int | None
    time: float
    stamp: float
    values: dict[str, Any]


def points(store: Store, run: str) -> Iterator[Point]:
    """The metric values of a run, in the order in which each of its writers wrote them.

    `tables` gives them faster.
    """
    mark = b'"run":"' + os.fsencode(run) + b'"'
    seen: set[tuple[str, int]] = set()
    for name in _journals(store, run):
        data = read_all(store.files, layout.journals(store.root) / name)
        for _, row in Chain().lines(data):
            line = parse(row) if mark in row else None
            if line is None or line.get("run") != run or "v" not in line:
                continue
            key = line.get("by", layout.writer_of_path(name)), line["n"]
            if key not in seen:  # merged stores can bring copies
                seen.add(key)
                line = decode(line)
                yield Point(line["s"], line["w"], line["t"], line["v"])


def tables(store: Store, run: str) -> list[Table]:
    """The metric values of a run as columns, each line counted once.

    They come from the columnar copy in the cache; what journals have grown by is added to it.

    Raises
    ------
    UserError
        If there is no such run.
    StoreError
        If journals cannot be read.
    """
    cache = cache_folder(store.root)
    found: list[Table] = []
    for name in _journals(store, run):
        path = layout.journals(store.root) / name
        try:
            found += ColumnarCopy(store.files, path, cache).tables(run)
        except OSError as error:
            raise failed(error, "read", path) from error
    return once(found)


def _journals(store: Store, run: str) -> list[str]:
    """The files that hold values of a run; one that journals were folded into counts once."""
    index = store.index()
    writers = index.state(run)["points"]
    return list(dict.fromkeys(name for one in writers for name in index.metrics_files(one)))
