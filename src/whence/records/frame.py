"""Records as one wide table. Imported only when one is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from whence.params import flatten
from whence.records.comparison_frame import exact
from whence.records.record import Record

_FIELDS = ("name", "kind", "status", "folder", "timestamp", "duration", "reason", "outcome",
           "tags", "version", "main_file", "script_arguments", "user")  # fmt: skip


def wide(
    records: Sequence[Record],
    include: Iterable[str] | None = None,
    exclude: Iterable[str] = (),
    field_types: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """One row for each record, one column for each field, parameter and metadata."""
    rows = [_row(record) for record in records]
    names = list(dict.fromkeys(name for row in rows for name in row))
    wanted, unwanted = None if include is None else _words(include), _words(exclude)
    kept = [
        name
        for name in names
        if (wanted is None or _named(name, wanted)) and not _named(name, unwanted)
    ]
    columns = {name: _column(name, [row.get(name) for row in rows]) for name in kept}
    frame = pd.DataFrame(columns, index=range(len(rows)))
    frame.index = pd.Index([record.label for record in records], dtype=object, name="label")
    for name, kind in (field_types or {}).items():
        if name in frame:
            frame[name] = frame[name].astype(kind)
    return frame


def _row(record: Record) -> dict[str, Any]:
    row = {name: getattr(record, name) for name in _FIELDS}
    row["reason"] = "\n".join(record.reason)
    row["version"] = record.version[:8]
    row.update((f"params.{key}", value) for key, value in flatten(record.parameters).items())
    row.update((f"metadata.{key}", value) for key, value in flatten(record.metadata).items())
    return row


def _column(name: str, cells: list[Any]) -> pd.Series[Any]:
    if name == "duration":
        return pd.Series(pd.to_timedelta(pd.Series(cells, dtype=float), unit="s"))
    if name == "timestamp":
        return pd.Series(pd.to_datetime(pd.Series(cells, dtype=object), utc=True))
    return exact(cells)


def _words(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _named(name: str, names: Sequence[str]) -> bool:
    """Whether a column, or the parameter or metadata in it, is one of those or lies below one."""
    return any(
        name == whole or name.startswith(f"{whole}.")
        for one in names
        for whole in (one, f"params.{one}", f"metadata.{one}")
    )
