"""What is on record, found through the index."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.params import flatten, varied_and_constant
from whence.records.record import ENDED, Record
from whence.store import Store, is_alive

# Statuses are called otherwise in smttask.
STATUS = {
    "initialized": "created",
    "finished": "completed",
    "crashed": "failed",
    "killed": "terminated",
    **{word: word for word in ("created", "running", "completed", "failed", "terminated", "lost")},
}
_STATE = "SELECT state.json FROM run JOIN state ON state.run = run.key"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records to list: those that fit everything that is given.

    Raises
    ------
    UserError
        If the status is none.
    """

    status: str | None = None
    tags: tuple[str, ...] = ()
    folder: str | None = None
    kind: str | None = None

    def __post_init__(self) -> None:
        if self.status is not None and self.status.strip("_") not in STATUS:
            raise UserError.of(
                "unknown-status",
                f"there is no status {self.status!r}",
                mend=did_you_mean(self.status, STATUS) or f"Known are: {', '.join(STATUS)}.",
            )

    @property
    def wanted(self) -> str | None:
        """The status by its own name."""
        return None if self.status is None else STATUS[self.status.strip("_")]

    def sql(self) -> tuple[str, list[Any]]:
        """The condition on rows of ``run``, and its values.

        The status is only narrowed down: whether a run is lost is not in the index.
        """
        parts, values = ["NOT run.deleted"], list[Any]()
        for tag in self.tags:
            parts.append("run.key IN (SELECT run FROM tag WHERE tag = ?)")
            values.append(tag)
        if self.folder is not None:
            folder = "/" + self.folder.strip("/")
            parts.append("(run.folder = ? OR run.folder GLOB ?)")
            values += [folder, f"{_quoted(folder.rstrip('/'))}/*"]
        if self.kind is not None:
            parts.append("run.kind = ?")
            values.append(self.kind)
        if self.wanted in ENDED:
            parts.append("run.status = ?")
            values.append(self.wanted)
        elif self.wanted is not None:
            parts.append("run.status IN ('created', 'running')")
        return " AND ".join(parts), values


class Records:
    """The records of a store.

    Parameters
    ----------
    store : Store
        The store; its index is brought up to date once, when this is made.
    """

    def __init__(self, store: Store) -> None:
        self._index = store.index()
        self._last: dict[str, float | None] = {}

    @property
    def connection(self) -> sqlite3.Connection:
        """The index."""
        return self._index.connection

    def get(self, run: str) -> Record:
        """The record of that id.

        Raises
        ------
        UserError
            If there is none.
        """
        return self._record(self._index.state(run))

    def find(self, run: str) -> Record | None:
        """The record of that id, or None."""
        row = self.connection.execute(f"{_STATE} WHERE run.id = ?", (run,)).fetchone()
        return self._record(orjson.loads(row[0])) if row else None

    def resolve(self, text: str) -> Record:
        """The record that an id, a part of one that no other has, or a name means.

        Raises
        ------
        UserError
            If none or several fit.
        """
        for condition, value in (
            ("id = ?", text),
            ("name = ?", text),
            ("id GLOB ?", f"*{_quoted(text)}*"),
            ("name GLOB ?", f"*/{_quoted(text)}"),
        ):
            rows = self.connection.execute(
                f"SELECT id, name FROM run WHERE {condition} AND NOT deleted "
                "ORDER BY created DESC, id DESC LIMIT 6",
                (value,),
            ).fetchall()
            if len(rows) == 1:
                return self.get(rows[0][0])
            if rows:
                shown = "\n".join(f"  {run}  {name or ''}" for run, name in rows[:5])
                raise UserError.of(
                    "ambiguous-run",
                    f"several runs fit {text!r}",
                    mend=f"Give more of the id. The newest are:\n{shown}",
                )
        raise UserError.of(
            "unknown-run", f"no run fits {text!r}", mend="`whence list` shows the runs on record."
        )

    def select(self, chosen: Selection, limit: int | None = None) -> tuple[list[Record], int]:
        """The newest records that fit, and how many fit in all."""
        condition, values = chosen.sql()
        loose = chosen.wanted is not None and chosen.wanted not in ENDED
        rows = self.connection.execute(
            f"{_STATE} WHERE {condition} ORDER BY run.created DESC, run.id DESC LIMIT ?",
            [*values, -1 if limit is None or loose else limit],
        )
        records = [self._record(orjson.loads(row[0])) for row in rows]
        if loose:
            records = [record for record in records if record.status == chosen.wanted]
            return records[:limit], len(records)
        if limit is None or len(records) < limit:
            return records, len(records)
        (total,) = self.connection.execute(
            f"SELECT count(*) FROM run WHERE {condition}", values
        ).fetchone()
        return records, total

    def of_ids(self, runs: Iterable[str]) -> list[Record]:
        """The records of these ids, in that order; unknown ones are left out."""
        return [record for run in runs if (record := self.find(run)) is not None]

    def _record(self, state: Mapping[str, Any]) -> Record:
        if state.get("status") in ENDED:
            return Record(state)
        writer = state.get("writer")
        if writer not in self._last:
            self._last[str(writer)] = self._index.last_of(str(writer))
        heard = max(filter(None, (self._last.get(str(writer)), state.get("last"))), default=None)
        return Record(state, lost=is_alive(state.get("process"), heard, time.time()) is False)


def varied(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """For each record id, the values of the parameters that differ among the records."""
    kinds = {record.kind for record in records}
    told: dict[str, dict[str, Any]] = {}
    for kind in kinds - {"sweep", "evaluation"}:
        same = [record for record in records if record.kind == kind]
        flat = {record.id: flatten(record.parameters) for record in same}
        names = varied_and_constant(record.parameters for record in same)[0] if same[1:] else None
        for run, leaves in flat.items():
            told[run] = {k: v for k, v in leaves.items() if names is None or k in names}
    return told


def _quoted(text: str) -> str:
    """The text as it stands in a GLOB pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
