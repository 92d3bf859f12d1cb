"""List and show what is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from whence.app.workspace import Workspace
from whence.params import flatten
from whence.records import Record, Records, Selection


@dataclass(frozen=True, slots=True)
class Listed:
    """Records that fit, and how many there are of them in all."""

    records: Sequence[Record]
    total: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A record with what it refers to."""

    record: Record
    output: str
    environment: str | None

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters by dotted key."""
        return flatten(self.record.parameters)

    def as_dict(self) -> dict[str, Any]:
        """The record as `whence show --json` tells it."""
        return {**self.record.as_dict(), "output": self.output}


def list_runs(workspace: Workspace, chosen: Selection, limit: int | None = None) -> Listed:
    """The newest records that fit."""
    records = Records(workspace.store)
    return Listed(*records.select(chosen, limit))


def show_run(workspace: Workspace, text: str) -> Shown:
    """The record that an id, a part of one, or a name means.

    Raises
    ------
    UserError
        If none or several fit.
    """
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
    return Shown(record, output, environment)
