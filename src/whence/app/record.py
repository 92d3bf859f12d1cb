"""List and show what is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from whence.app.workspace import Workspace
from whence.params import flatten
from whence.records import Order, Query, Record, Records, conditions_of
from whence.records.condition import Status, Tag, Text

if TYPE_CHECKING:
    from whence.app.metric import Measured


@dataclass(frozen=True, slots=True)
class Listed:
    """Records that fit, and how many there are of them in all."""

    records: Sequence[Record]
    total: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What to list: the records that fit everything that is given.

    Attributes
    ----------
    filters : tuple of str
        Filter strings, like ``metadata.x > 3`` or ``has tag.melt``.
    status, folder, kind : str or None
        Only records of that status, in that folder, of that kind.
    tags : tuple of str
        Only records that have all of these.
    sort : tuple of str
        Fields or parameters to sort by, with ``-`` before them downward.
    limit : int or None
        At most so many.
    """

    filters: tuple[str, ...] = ()
    status: str | None = None
    tags: tuple[str, ...] = ()
    folder: str | None = None
    kind: str | None = None
    sort: tuple[str, ...] = ()
    limit: int | None = None

    def query(self) -> Query:
        """The same as a query."""
        parts = [conditions_of(self.filters), *map(Tag, self.tags)]
        if self.status is not None:
            parts.append(Status(self.status))
        if self.folder is not None:
            parts.append(Text("folder", "below", self.folder))
        if self.kind is not None:
            parts.append(Text("kind", "is", self.kind))
        query = Query().where(*parts)
        if self.sort:
            query = query.sorted(map(Order.of, self.sort))
        return query if self.limit is None else query.limited(self.limit)


@dataclass(frozen=True, slots=True)
class Shown:
    """A record with what it refers to."""

    record: Record
    output: str
    environment: str | None
    metrics: tuple[Measured, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by dotted key."""
        return flatten(self.record.parameters)

    def as_dict(self) -> dict[str, Any]:
        """The record as `whence show --json` tells it."""
        metrics = {item.name: item.as_dict() for item in self.metrics}
        return {**self.record.as_dict(), "metrics": metrics, "output": self.output}


def list_runs(workspace: Workspace, asked: Listing) -> Listed:
    """The records that fit, the newest first if nothing else is asked.

    Raises
    ------
    UserError
        If a filter or an order is none; all of them are told at once.
    """
    records = Records(workspace.store)
    query = asked.query()
    found = list(records.iterate(query))
    full = query.limit is not None and len(found) == query.limit
    return Listed(found, records.count(replace(query, limit=None)) if full else len(found))


def show_run(workspace: Workspace, text: str) -> Shown:
    """The record that an id, a part of one, or a name means.

    Raises
    ------
    UserError
        If none or several fit.
    """
    from whence.app.metric import measured  # a list of runs needs none of it

    store = workspace.store
    record = Records(store).resolve(text)
    pieces = store.lines(record.id, ("out",)) if record.state.get("out") else ()
    output = "".join(str(line.get("text", "")) for line in pieces)
    digest = record.state.get("environment")
    environment = None
    if digest:
        known = orjson.loads(store.get(digest))
        count = len(known.get("distributions") or ())
        environment = f"Python {known.get('python')}, {count} distributions"
    return Shown(record, output, environment, measured(store, record))
