"""The parameters of many runs in one table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from whence.app.choice import chosen_runs, sorted_words
from whence.app.workspace import Workspace
from whence.base.error import UserError
from whence.base.escape import encode
from whence.records import Record
from whence.records.comparison import Mark, ParameterComparison

_NO_PARAMETERS = frozenset({"sweep", "evaluation"})


@dataclass(frozen=True, slots=True)
class Compared:
    """The parameters in which some runs differ.

    Attributes
    ----------
    records : tuple of Record
        The runs, one for each row.
    columns : tuple of str
        The parameters, by dotted key up to `depth` keys deep.
    rows : list of tuple
        Their values, or a `Mark` where there is none or it lies deeper.
    depth : int
        How deep the columns go.
    total : int
        How many runs there are that fit, with those that were left out.
    """

    records: tuple[Record, ...]
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    depth: int
    total: int

    @property
    def header(self) -> tuple[str, ...]:
        """The titles of the columns that `lines` fills."""
        return ("id", "name", *self.columns)

    def lines(self) -> list[tuple[str, ...]]:
        """One row of texts for each run."""
        return [
            (record.id, record.name, *map(cell, row))
            for record, row in zip(self.records, self.rows, strict=True)
        ]

    def as_dict(self) -> dict[str, Any]:
        """The table as `whence compare --json` tells it."""
        return {
            "depth": self.depth,
            "columns": list(self.columns),
            "runs": [
                {
                    "id": record.id,
                    "name": record.name,
                    "values": self._values(row),
                    "folded": [k for k, v in zip(self.columns, row, strict=True) if _deep(v)],
                }
                for record, row in zip(self.records, self.rows, strict=True)
            ],
            "total": self.total,
        }

    def as_csv(self) -> str:
        """The table as comma-separated values; what a run does not have is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        for record, row in zip(self.records, self.rows, strict=True):
            cells = ("" if value is Mark.ABSENT else cell(value) for value in row)
            writer.writerow((record.id, record.name, *cells))
        return text.getvalue()

    def _values(self, row: Sequence[Any]) -> dict[str, Any]:
        return {
            key: encode(value)
            for key, value in zip(self.columns, row, strict=True)
            if not isinstance(value, Mark)
        }


def compare_runs(
    workspace: Workspace,
    words: Sequence[str] = (),
    *,
    depth: int | None = 1,
    limit: int | None = None,
) -> Compared:
    """The parameters in which runs differ.

    Parameters
    ----------
    workspace : Workspace
        Where they are on record.
    words : sequence of str
        Runs, by id, part of an id or name; or filter strings. None means all runs that are no
        sweeps or evaluations.
    depth : int or None
        How many keys deep the columns go; None: as deep as there are differences.
    limit : int, optional
        Only so many runs, the first.

    Raises
    ------
    UserError
        If a word is neither, or nothing fits.
    """
    runs, filters = sorted_words(workspace, words)
    found = chosen_runs(workspace, runs, filters)
    if not runs:
        found = [record for record in found if record.kind not in _NO_PARAMETERS]
    if not found:
        raise UserError.of(
            "no-run-fits",
            f"no run fits {' and '.join(map(repr, words))}" if words else "no runs are on record",
            mend="`whence list` shows what is on record.",
        )
    shown = tuple(found if limit is None else found[:limit])
    comparison = ParameterComparison(shown)
    deep = comparison.depth if depth is None else depth
    columns, rows = comparison.table(deep)
    return Compared(shown, columns, rows, deep, len(found))


def cell(value: Any) -> str:
    """A value in a table: a text as it is, anything else as Python writes it."""
    return str(value) if isinstance(value, str) else repr(value)


def _deep(value: Any) -> bool:
    return value is Mark.FOLDED
