"""Metric values on record read line by line: what columns of them are compared with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from whence.base.escape import decode
from whence.store import Store, layout
from whence.store.files import read_all
from whence.store.line import Chain, parse
from whence.store.metric import journals_of


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
    """The metric values of a run, in the order in which each of its writers wrote them."""
    mark = b'"run":"' + os.fsencode(run) + b'"'
    seen: set[tuple[str, int]] = set()
    for name in journals_of(store, run):
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
