"""Versions of artifacts in collections: what journals say of them, as rows of the index.

A version is a thing of its own, whose id tells all that makes it unique:
``<collection>/<artifact>/v<number>~<writer>``; what its aliases are is said of
``<collection>/<artifact>``. They are no runs, so they have no folded state, only these rows.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from whence.store.fact import is_count, seconds
from whence.store.fold import Key, Line

_VERSION = re.compile(r"([^/]+)/([^/]+)/v(0|[1-9][0-9]{0,17})~([0-9A-Za-z]+)")
_SERIES = re.compile(r"([^/]+)/([^/]+)")
_MARKS = {"delete": 1, "undelete": 0, "tombstone": 2}

_LATER = "(excluded.lc, excluded.by_, excluded.n) > (lc, by_, n)"
_EARLIER = "(excluded.lc, excluded.n) < (lc, n)"


class VersionRow(NamedTuple):
    """One version as the index knows it.

    `number` and `writer`, who claimed it, tell it from the others of its artifact. `twin` is empty
    for the first in the order of lines that has the number, and the writer for others. `deleted` is
    1 of a deletion that can be undone, 2 of one that is final.
    """

    collection: str
    artifact: str
    number: int
    twin: str
    deleted: int
    failed: int
    run: str | None
    digest: str
    writer: str


def version_id(collection: str, artifact: str, number: int, writer: str) -> str:
    """The id of a version.

    Examples
    --------
    >>> version_id("default", "net", 3, "20261121T021757abcdefg")
    'default/net/v3~20261121T021757abcdefg'
    """
    return f"{collection}/{artifact}/v{number}~{writer}"


def speaks_of_version(of: str, op: object) -> bool:
    """Whether a line is about a version or the aliases of an artifact, and not about a run."""
    if op == "alias":
        return _SERIES.fullmatch(of) is not None
    return (op == "version" or op in _MARKS) and _VERSION.fullmatch(of) is not None


def alias_fits(line: dict[str, Any]) -> bool:
    """Whether a line says where an alias points: to a version, or to none."""
    number = line.get("number")
    return type(line.get("alias")) is str and (number is None or is_count(number))


def load_versions(db: sqlite3.Connection, lines: Iterable[Line]) -> None:
    """Bring lines for which `speaks_of_version` holds into the tables."""
    for key, line in lines:
        op = line["op"]
        if op == "alias":
            _alias(db, key, line)
        elif op == "version":
            _version(db, key, line)
        else:
            match = _VERSION.fullmatch(line["of"])
            assert match is not None
            db.execute(
                "INSERT INTO gone VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "deleted = excluded.deleted, lc = excluded.lc, by_ = excluded.by_, n = excluded.n "
                f"WHERE deleted < 2 AND (excluded.deleted = 2 OR {_LATER})",
                (*_place(match), _MARKS[op], *key),
            )


def versions(
    db: sqlite3.Connection, collection: str | None = None, artifact: str | None = None
) -> list[VersionRow]:
    """All versions, those of a collection, or of one artifact: by name and number."""
    given = [(name, value) for name, value in (("collection", collection), ("artifact", artifact))]
    asked = [(name, value) for name, value in given if value is not None]
    where = " AND ".join(f"version.{name} = ?" for name, _ in asked) or "1"
    rows = db.execute(
        "SELECT collection, artifact, number, '', ifnull(deleted, 0), failed, run, digest, writer "
        "FROM version LEFT JOIN gone USING (collection, artifact, number, writer) "
        f"WHERE {where} ORDER BY collection, artifact, number, version.lc, writer",
        [value for _, value in asked],
    )
    found = list(map(VersionRow._make, rows))
    places = [row[:3] for row in found]
    if len(set(places)) < len(places):  # only where stores were merged
        for place in range(1, len(found)):
            if places[place] == places[place - 1]:
                found[place] = found[place]._replace(twin=found[place].writer)
    return found


def aliases(db: sqlite3.Connection, collection: str, artifact: str) -> dict[str, tuple[int, str]]:
    """The number and the writer of the version that each alias of an artifact points to."""
    rows = db.execute(
        "SELECT alias, number, writer FROM alias WHERE collection = ? AND artifact = ? "
        "AND number IS NOT NULL ORDER BY alias",
        (collection, artifact),
    )
    return {alias: (number, writer) for alias, number, writer in rows}


def _version(db: sqlite3.Connection, key: Key, line: dict[str, Any]) -> None:
    match = _VERSION.fullmatch(line["of"])
    assert match is not None
    run, digest = line.get("run"), line.get("digest")
    if type(digest) is not str:
        return
    run = run if type(run) is str else None
    told = run, digest, seconds(line.get("t")), line.get("failed") is True
    db.execute(
        "INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "run = excluded.run, digest = excluded.digest, at = excluded.at, "
        f"failed = excluded.failed, lc = excluded.lc, n = excluded.n WHERE {_EARLIER}",
        (*_place(match), *told, key[0], key[2]),
    )


def _alias(db: sqlite3.Connection, key: Key, line: dict[str, Any]) -> None:
    match = _SERIES.fullmatch(line["of"])
    assert match is not None
    if not alias_fits(line):
        return
    alias, number, writer = (line.get(name) for name in ("alias", "number", "writer"))
    db.execute(
        "INSERT INTO alias VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "number = excluded.number, writer = excluded.writer, lc = excluded.lc, "
        f"by_ = excluded.by_, n = excluded.n WHERE {_LATER}",
        (*match.groups(), alias, number, str(writer), *key),
    )


def _place(match: re.Match[str]) -> tuple[str, str, int, str]:
    collection, artifact, number, writer = match.groups()
    return collection, artifact, int(number), writer
