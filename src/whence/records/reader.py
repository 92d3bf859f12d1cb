"""What is on record, read through the index."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from whence.base.error import UserError
from whence.params import flatten, varied_and_constant
from whence.records.condition import Condition
from whence.records.name import Names
from whence.records.query import NEWEST_FIRST, Query
from whence.records.record import ENDED, Record
from whence.records.sql import ALL, checked
from whence.records.trial import Trial
from whence.store import Store, is_alive

_LABELLED = (
    "SELECT run FROM param WHERE text = ? AND name IN "
    "(SELECT id FROM name WHERE space = 'field' AND name = 'label')"
)
_STATE = "SELECT state.json FROM run JOIN state ON state.run = run.key"
_BATCHES = (32, 512)  # the first is small, as often only the first few are wanted


if TYPE_CHECKING:
    from whence.store import DeletedIndex, Index


class UnknownRun(UserError, KeyError):  # noqa: N818
    """There is no such run, or more than one; it is a `KeyError` too."""

    __str__ = UserError.__str__


class Records:
    """The records of a store.

    Parameters
    ----------
    store : Store
        The store; its index is brought up to date once, when this is made.
    deleted : bool
        Of the deleted records instead, as far as their deletion can be undone.
    """

    def __init__(self, store: Store, *, deleted: bool = False) -> None:
        self.store = store
        self._index: Index | DeletedIndex = store.index()
        if deleted:
            self._index = _deleted(store)
        self._last: dict[str, float | None] = {}
        self._points: dict[str, float | None] = {}
        self.names = Names(self._index.connection)

    @property
    def connection(self) -> sqlite3.Connection:
        """The index."""
        return self._index.connection

    @property
    def has_words(self) -> bool:
        """Whether there is full-text search."""
        row = self.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'word'").fetchone()
        return row is not None

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

    def resolve(self, text: str | Record) -> Record:
        """The record that an id, a part of one that no other has, a label or a name means.

        Of several runs of a name it is the newest. A record means itself, as it is now.

        Raises
        ------
        UnknownRun
            If none fits, or several ids do.
        """
        if isinstance(text, Record):
            text = text.id
        for reading, value, newest_wins in readings(text):
            rows = self.connection.execute(
                f"SELECT id, name FROM run WHERE {reading} AND NOT deleted "
                "ORDER BY created DESC, id DESC LIMIT 6",
                (value,),
            ).fetchall()
            if len(rows) == 1 or (rows and newest_wins):
                return self.get(rows[0][0])
            if rows:
                shown = "\n".join(f"  {run}  {name or ''}" for run, name in rows[:5])
                raise UnknownRun.of(
                    "ambiguous-run",
                    f"several runs fit {text!r}",
                    mend=f"Give more of the id. The newest are:\n{shown}",
                )
        from whence.records.neighbour import mend  # only where something is wrong

        mended = mend(self.connection, text)
        raise UnknownRun.of("unknown-run", f"no run fits {text!r}", mend=mended)

    def keys(self, query: Query) -> list[int]:
        """The keys of what a query shows, in its order."""
        if query.tests:
            kept = ((key, record) for key, record in self._keyed(query))
            return [key for key, _ in itertools.islice(kept, query.limit)]
        return [row[0] for row in self.connection.execute(*query.sql(self))]

    def iterate(self, query: Query) -> Iterator[Record]:
        """What a query shows, in its order, read as it is asked for."""
        return (record for _, record in itertools.islice(self._keyed(query), query.limit))

    def all(self, query: Query) -> list[Record]:
        """What a query shows, in its order, read at once."""
        if query.tests:
            return list(self.iterate(query))
        text, values = query.sql(
            self, "run.status, state.json", "CROSS JOIN state ON state.run = run.key"
        )
        store, ended, other = self.store, ENDED, self._of_text
        rows = self.connection.execute(text, values).fetchall()
        return [
            Record(state, False, store) if status in ended else other(status, state)
            for status, state in rows
        ]

    def count(self, query: Query) -> int:
        """How many records a query shows."""
        if query.tests:
            return len(self.keys(query))
        if query.limit is not None:
            text, values = query.sql(self, "1")
            (count,) = self.connection.execute(f"SELECT count(*) FROM ({text})", values).fetchone()
            return int(count)
        found = query.condition.sql(self)
        source, where, values = found.rows
        text = f"SELECT count(*) FROM {source} WHERE NOT run.deleted AND ({where})"
        if found == ALL:  # without looking at each
            text = "SELECT count(*) - (SELECT count(*) FROM run WHERE deleted) FROM run"
        (count,) = self.connection.execute(text, values).fetchone()
        return int(count)

    def select(self, condition: Condition, limit: int | None = None) -> tuple[list[Record], int]:
        """The newest records that fit, and how many fit in all."""
        query = Query().where(condition)
        records = self.all(Query(query.condition, query.tests, NEWEST_FIRST, limit))
        full = limit is not None and len(records) == limit
        return records, self.count(query) if full else len(records)

    def labels(self, query: Query) -> Iterable[tuple[str, str]]:
        """The id and the label of what a query shows, in its order."""
        if query.tests:
            return [(record.id, record.label) for record in self.iterate(query)]
        names = self.names.of("field", "label")
        if not names:
            runs = [run for (run,) in self.connection.execute(*query.sql(self, "run.id"))]
            return zip(runs, runs, strict=True)
        label = f"(SELECT text FROM param WHERE param.run = run.key AND param.name = {names[0]})"
        rows = self.connection.execute(*query.sql(self, f"run.id, ifnull({label}, run.id)"))
        return rows.fetchall()

    def of_ids(self, runs: Iterable[str]) -> list[Record]:
        """The records of these ids, in that order; unknown ones are left out."""
        wanted = list(runs)
        if len(wanted) == 1:
            record = self.find(wanted[0])
            return [] if record is None else [record]
        rows = self.connection.execute(
            "SELECT run.id, run.key FROM json_each(?) AS one CROSS JOIN run ON run.id = one.value",
            (orjson.dumps(wanted).decode(),),
        )
        keys = dict(rows.fetchall())
        return self.of_keys([keys[run] for run in wanted if run in keys])

    def of_keys(self, keys: Sequence[int]) -> list[Record]:
        """The records of these keys, in that order."""
        rows = self.connection.execute(
            "SELECT key, status FROM run WHERE key IN (SELECT value FROM json_each(?))",
            (orjson.dumps(keys).decode(),),
        )
        statuses = dict(rows.fetchall())
        known = [(key, statuses[key]) for key in keys if key in statuses]
        return [record for _, record in self._read(known)]

    def unended(self) -> dict[str, list[int]]:
        """The keys of the runs that never ended, by the status that each has now."""
        rows = self.connection.execute(
            "SELECT run.key, state.json FROM run JOIN state ON state.run = run.key WHERE NOT "
            "run.deleted AND (run.status IS NULL OR run.status NOT IN (?, ?, ?))",
            sorted(ENDED),
        )
        found: dict[str, list[int]] = {}
        for key, text in rows.fetchall():
            found.setdefault(self._record(orjson.loads(text)).status, []).append(key)
        return found

    def _keyed(self, query: Query) -> Iterator[tuple[int, Record]]:
        """What a query shows, whatever its limit, with the keys."""
        rows = self.connection.execute(*query.sql(self, "run.key, run.status")).fetchall()
        trials = [Trial(test) for test in query.tests]
        start, size = 0, _BATCHES[0]
        while start < len(rows):
            for key, record in self._read(rows[start : start + size]):
                if not trials or all(trial(record) for trial in trials):
                    yield key, record
            start, size = start + size, _BATCHES[1]
        for trial in trials:
            trial.tell()

    def _read(self, rows: Sequence[tuple[int, str | None]]) -> list[tuple[int, Record]]:
        """The records of keys with statuses."""
        texts = dict(
            self.connection.execute(
                "SELECT run, json FROM state WHERE run IN (SELECT value FROM json_each(?))",
                (orjson.dumps([key for key, _ in rows]).decode(),),
            ).fetchall()
        )
        record = self._of_text
        return [(key, record(status, texts[key])) for key, status in rows if key in texts]

    def _of_text(self, status: str | None, text: str) -> Record:
        """A record that is read when it is looked into, unless it might be lost."""
        if status in ENDED:
            return Record(text, False, self.store)
        return self._record(orjson.loads(text))

    def _record(self, state: Mapping[str, Any]) -> Record:
        if state.get("status") in ENDED:
            return Record(state, store=self.store)
        writer = str(state.get("writer"))
        if writer not in self._last:
            self._last[writer] = self._index.last_of(writer)
        heard = max(filter(None, (self._last[writer], state.get("heard"))), default=None)
        lost = is_alive(state.get("process"), heard, time.time()) is False
        if lost and (state.get("points") or self._untold):
            heard = max(filter(None, (heard, self._last_point(writer))), default=None)
        return Record(state, lost, self.store, heard)

    @cached_property
    def _untold(self) -> bool:
        """Whether there may be points that no line tells of."""
        return bool(self.store.index().untold_metrics())

    def _last_point(self, writer: str) -> float | None:
        if writer not in self._points:
            from whence.store import last_point  # few runs are lost

            self._points[writer] = last_point(self.store, writer)
        return self._points[writer]


def _deleted(store: Store) -> DeletedIndex:
    from whence.store import DeletedIndex  # what is on record is looked for without

    return DeletedIndex(store.index(), store.files, store.root)


def varied(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """For each record id, the values of the parameters that differ among the records.

    Only what can be compared is: runs of one kind that share parameters, or are joined by others
    that do. Of a run that is alone, all are told.
    """
    told: dict[str, dict[str, Any]] = {}
    for kind in dict.fromkeys(record.kind for record in records):
        if kind in ("sweep", "evaluation"):
            continue
        given = {one.id: one.parameters for one in records if one.kind == kind}
        leaves = {run: flatten(params) for run, params in given.items()}
        for family in _families(leaves):
            names = set(varied_and_constant(given[run] for run in family)[0])
            for run in family:
                kept = leaves[run].items()
                told[run] = {k: v for k, v in kept if k in names or len(family) == 1}
    return told


def _families(leaves: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Runs by id, those together that share names of parameters."""
    alike: dict[frozenset[str], list[str]] = {}
    for run, names in leaves.items():
        alike.setdefault(frozenset(names), []).append(run)
    families: list[tuple[set[str], list[str]]] = []
    for names, runs in alike.items():
        joined = (set(names), runs)
        apart = []
        for family in families:
            if joined[0].isdisjoint(family[0]):
                apart.append(family)
            else:
                joined = (joined[0] | family[0], [*family[1], *joined[1]])
        families = [*apart, joined]
    return [runs for _, runs in families]


def readings(text: str) -> tuple[tuple[str, str, bool], ...]:
    """What a text that names a run can mean, the likeliest first.

    Returns
    -------
    tuple of (str, str, bool)
        A condition on rows of ``run``, the value for its question mark, and whether of several
        runs the newest is meant.

    Raises
    ------
    UnknownRun
        If it names none.
    """
    try:
        pattern = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in checked(text))
    except UserError as error:
        raise UnknownRun(*error.problems) from None
    if not text.strip() or "\0" in text:
        raise UnknownRun.of(
            "unknown-run", f"{text!r} names no run", mend="Give an id, a part of one, or a name."
        )
    return (
        ("id = ?", text, False),
        (f"key IN ({_LABELLED})", text, False),
        ("name = ?", text, True),
        ("id GLOB ?", f"*{pattern}*", False),
        ("name GLOB ?", f"*/{pattern}", True),
    )
