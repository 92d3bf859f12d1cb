"""Steps from runs to contents and back, each answered for all of a generation at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from whence.base.digest import digest_bytes

EMPTY = digest_bytes(b"")
"""The content of every empty file: sharing it says nothing of where anything came from."""

Row = tuple[int, str, str, str]
"""Run key, category, name of the artifact in the run, digest."""
Narrow = Callable[[Sequence[int], set[str], list[Any]], list[Any]]

_FROM = "FROM json_each(?) AS f CROSS JOIN artifact AS a ON"
_OF_RUN = f"SELECT a.run, a.category, a.name, a.digest, a.type, a.size {_FROM} a.run = f.value"
_OF_CONTENT = f"SELECT a.run, a.category, a.name, a.digest {_FROM} a.digest = f.value"
_FACTS = (
    "SELECT a.digest, max(a.type), max(a.size), "
    "ifnull(max(CASE a.category WHEN 'output' THEN a.name END), min(a.name)) "
    f"{_FROM} a.digest = f.value GROUP BY a.digest"
)
# What a figure's recipe tells is told of the figure.
_RECIPE = " AND a.type IS NOT 'application/vnd.whence.recipe+json'"
# The names of files that git does not track are known with the code, and nothing comes from them.
_LIST = " AND NOT (a.category = 'code' AND a.name = 'git.untracked')"
_IN, _OUT = " AND a.category IN ('code', 'input')", " AND a.category = 'output'"

TAKEN, PUT = _OF_RUN + _IN + _LIST, _OF_RUN + _OUT + _RECIPE
TAKERS, MAKERS = _OF_CONTENT + _IN, _OF_CONTENT + _OUT


@dataclass(slots=True)
class Kin:
    """What a walk found.

    Attributes
    ----------
    links : dict
        Every link once, in the order found.
    runs : dict
        Run key: how many generations it is away, negative upstream.
    contents : dict
        Digest: how many generations the nearest run is away that it was reached from.
    facts : dict
        Digest: media type and size.
    names : dict
        Digest: what it is called, of those that the walk began with and no link tells of.
    """

    links: dict[Row, None] = field(default_factory=dict)
    runs: dict[int, int] = field(default_factory=dict)
    contents: dict[str, int] = field(default_factory=dict)
    facts: dict[str, tuple[str | None, int | None]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def walk(
    connection: sqlite3.Connection,
    start: tuple[Iterable[int], Iterable[str]],
    up: int | None,
    down: int | None,
    narrow: Narrow | None = None,
) -> Kin:
    """What the runs and contents came from, and what was made from them.

    Parameters
    ----------
    connection : sqlite3.Connection
        The index.
    start : pair
        Run keys, and digests.
    up, down : int or None
        How many generations of runs to go; None goes to the end. Each run that is found upstream
        comes with what it took in, downstream with what it put out.
    narrow : callable, optional
        Given the newly found runs upstream, the contents by which they were reached and the rows
        of what they took in, gives the rows that count.
    """
    kin = Kin()
    runs, contents = list(start[0]), list(start[1])
    kin.runs.update(dict.fromkeys(runs, 0))
    kin.contents.update(dict.fromkeys(contents, 0))
    if up is None or up >= 0:
        _go(connection, kin, (runs, contents), (TAKEN, MAKERS), (-1, up), narrow)
    if down is None or down >= 0:
        _go(connection, kin, (runs, contents), (PUT, TAKERS), (1, down), None)
    unknown = [digest for digest in kin.contents if digest not in kin.facts]
    if unknown:  # those that the walk began with
        found = _ask(connection, _FACTS, unknown)
        for digest, media, size, name in found:
            kin.facts[digest], kin.names[digest] = (media, size), name
    return kin


def _go(
    connection: sqlite3.Connection,
    kin: Kin,
    start: tuple[list[int], list[str]],
    steps: tuple[str, str],
    course: tuple[int, int | None],
    narrow: Narrow | None,
) -> None:
    of_runs, of_contents = steps
    sign, depth = course
    runs, pending = start[0], list(start[1])  # the way back begins with the same
    seen_runs, seen = set(runs), set(pending)
    through = set(pending)
    links, facts, generation = kin.links, kin.facts, 0
    while True:
        if runs:
            rows = _ask(connection, of_runs, runs)
            if narrow is not None:
                rows = narrow(runs, through, rows)
            for run, category, name, digest, media, size in rows:
                links[run, category, name, digest] = None
                if digest not in seen:
                    seen.add(digest)
                    kin.contents.setdefault(digest, sign * generation)
                    if digest != EMPTY:
                        pending.append(digest)
                if digest not in facts:
                    facts[digest] = (media, size)
        if not pending or generation == depth:
            return
        generation += 1
        found = _ask(connection, of_contents, pending)
        links.update(dict.fromkeys(found))
        runs = list({row[0] for row in found} - seen_runs)
        through, pending = set(pending), []
        seen_runs.update(runs)
        for run in runs:
            kin.runs.setdefault(run, sign * generation)


def _ask(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> list[Any]:
    return connection.execute(sql, (orjson.dumps(values).decode(),)).fetchall()
