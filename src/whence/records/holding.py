"""Which runs put a content out, which took it in, and which left a file at a place."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import orjson

from whence.records.artifact import Category

_BATCH = 500  # SQLite before 3.32 allows 999 values in a statement


@dataclass(frozen=True, slots=True)
class Holding:
    """One run's hold on one content.

    Attributes
    ----------
    run : str
        The run id.
    kind : str
        What the run is: ``run``, ``sweep``, ``evaluation``, ``task``.
    category : {"code", "input", "output"}
    name : str
        The artifact's name in the run.
    digest : str
    path : str or None
        Where the file lay, from the project folder or absolute.
    created : float
        When the run was put on record.
    """

    run: str
    kind: str
    category: Category
    name: str
    digest: str
    path: str | None
    created: float


_COLUMNS = "run.id, run.kind, a.category, a.name, a.digest, a.path, run.dir, run.created"
_OF = f"SELECT {_COLUMNS} FROM artifact AS a JOIN run ON run.key = a.run WHERE a.digest IN"
# Of files in a run's own folder, and of those anywhere else, as the index has them.
_IN_DIR = (
    f"SELECT json_extract(one.value, '$[0]'), {_COLUMNS} FROM json_each(?) AS one "
    "CROSS JOIN run ON run.dir = json_extract(one.value, '$[1]') CROSS JOIN artifact AS a "
    "ON a.run = run.key AND a.category = 'output' AND a.path = json_extract(one.value, '$[2]')"
)
_AT = (
    f"SELECT one.value, {_COLUMNS} FROM json_each(?) AS one CROSS JOIN artifact AS a "
    "ON a.path = one.value AND a.category = 'output' AND substr(a.path, 1, 2) <> './' "
    "CROSS JOIN run ON run.key = a.run"
)


def holdings(connection: sqlite3.Connection, digests: Iterable[str]) -> list[Holding]:
    """Every hold on the contents, the oldest run first."""
    found: list[Holding] = []
    for batch in _batches(digests):
        marks = ",".join("?" * len(batch))
        rows = connection.execute(f"{_OF} ({marks})", batch)
        found += map(_holding, rows)
    return sorted(found, key=lambda held: (held.created, held.run))


def left_at(
    connection: sqlite3.Connection, paths: Iterable[str], before: float | None = None
) -> dict[str, Holding]:
    """For each path, the newest run on record to have put out a file there.

    Parameters
    ----------
    connection : sqlite3.Connection
        The index.
    paths : iterable of str
        From the project folder, or absolute.
    before : float, optional
        Runs made later come last: only where there is no other. Clocks may disagree.
    """
    limit = float("inf") if before is None else before
    whole = list(paths)
    placed = [(path, *place) for path in whole for place in _places(path)]
    found: dict[str, Holding] = {}
    for query, asked in ((_IN_DIR, placed), (_AT, whole)):
        for path, *row in connection.execute(query, (orjson.dumps(asked).decode(),)):
            held, known = _holding(tuple(row)), found.get(path)
            if known is None or _age(held, limit) < _age(known, limit):
                found[path] = held
    return found


def _places(path: str) -> Iterator[tuple[str, str]]:
    """The folders that a path lies in, each with the path from there."""
    for at, letter in enumerate(path):
        if letter == "/":
            yield path[:at] or "/", f"./{path[at + 1 :]}"
    if not path.startswith("/"):
        yield ".", f"./{path}"


def _age(held: Holding, limit: float) -> tuple[bool, float]:
    """Less of what is newer, but for what is newer than the limit."""
    return held.created > limit, -held.created


def nearest(held: Sequence[Holding], path: str) -> Holding:
    """The hold whose path ends most like this one, so that moved folders are told apart.

    Among equals it is the newest.
    """
    return max(held, key=lambda item: (_alike(item.path or item.name, path), item.created))


def _alike(one: str, other: str) -> int:
    """How many names two paths share at their ends."""
    ends = (reversed(PurePosixPath(path).parts) for path in (one, other))
    pairs = zip(*ends, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _holding(row: tuple[str, str, Category, str, str, str | None, str | None, float]) -> Holding:
    run, kind, category, name, digest, path, folder, created = row
    if path is not None and folder is not None and path.startswith("./"):
        path = str(PurePosixPath(folder) / path)
    return Holding(run, kind or "run", category, name, digest, path, created or 0.0)


def _batches(values: Iterable[str]) -> Iterator[list[str]]:
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), _BATCH):
        yield distinct[start : start + _BATCH]
