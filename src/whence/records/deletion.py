"""What deleting records would take away, and what was deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from whence.base.error import UserError
from whence.records.neighbour import near_run
from whence.records.reader import readings
from whence.records.record import Record
from whence.records.sql import texts


@dataclass(frozen=True, slots=True)
class Loss:
    """What goes when some runs are deleted.

    Attributes
    ----------
    contents : int
        How many contents in the store are named by no other run.
    size : int
        Their bytes.
    files : int
        How many files that lie outside of the store nothing will be known of any more.
    """

    contents: int
    size: int
    files: int


def loss_of(connection: sqlite3.Connection, runs: Sequence[str]) -> Loss:
    """What only these runs hold."""
    rows = connection.execute(
        "WITH gone AS (SELECT key FROM run WHERE id IN (SELECT value FROM json_each(?))), "
        "held AS (SELECT digest, max(size) AS size, min(kept = 'reference') AS outside "
        "FROM artifact WHERE run IN gone GROUP BY digest) "
        "SELECT outside, count(*), total(size) FROM held WHERE NOT EXISTS (SELECT 1 FROM artifact "
        "WHERE artifact.digest = held.digest AND artifact.run NOT IN gone) GROUP BY outside",
        (texts(runs),),
    )
    found = {bool(outside): (count, int(size)) for outside, count, size in rows}
    contents, size = found.get(False, (0, 0))
    return Loss(contents, size, found.get(True, (0, 0))[0])


def children_of(
    connection: sqlite3.Connection, runs: Sequence[str], *, deleted: bool = False
) -> list[str]:
    """The ids of what these runs started, and of what those did: on record, or deleted."""
    which = "run.deleted = 1" if deleted else "NOT run.deleted"
    rows = connection.execute(
        "WITH RECURSIVE below(id) AS (SELECT value FROM json_each(?) UNION "
        f"SELECT run.id FROM run JOIN below ON run.parent = below.id WHERE {which}) "
        "SELECT id FROM below ORDER BY id",
        (texts(runs),),
    )
    given = set(runs)
    return [run for (run,) in rows if run not in given]


def deleted_of(connection: sqlite3.Connection) -> list[Record]:
    """The deleted records, the newest first."""
    rows = connection.execute(
        "SELECT json FROM state JOIN run ON run.key = state.run WHERE run.deleted = 1 "
        "ORDER BY run.id DESC"
    )
    return [Record(orjson.loads(text)) for (text,) in rows]


def resolve_deleted(connection: sqlite3.Connection, text: str) -> Record:
    """The deleted record that an id, a part of one, a label or a name means.

    Raises
    ------
    UserError
        If none or several fit.
    """
    found: list[tuple[Any, ...]] = []
    for reading, value, _ in readings(text):
        found = connection.execute(
            "SELECT id, name, json FROM run JOIN state ON state.run = run.key "
            f"WHERE deleted = 1 AND {reading} ORDER BY id DESC LIMIT 6",
            (value,),
        ).fetchall()
        if len(found) == 1:
            return Record(orjson.loads(found[0][2]))
        if found:
            break
    if found:
        shown = "\n".join(f"  {run}  {name or ''}" for run, name, _ in found[:5])
        raise UserError.of(
            "ambiguous-run",
            f"several deleted runs fit {text!r}",
            mend=f"Give more of the id. The newest are:\n{shown}",
        )
    near = near_run(connection, text, deleted=True)
    told = "`whence list --deleted` shows them. What gc has collected is gone for good."
    raise UserError.of(
        "unknown-run",
        f"no deleted run fits {text!r}",
        mend=f"{near} {told}" if near else told,
    )
