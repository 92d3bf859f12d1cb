"""Whole records as rows of JSON, to go to another store."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from whence.base.error import WhenceError
from whence.base.escape import encode
from whence.records.record import Record
from whence.store import Store
from whence.store.metric import tables
from whence.store.replacement import replaced
from whence.store.table import NO_STEP, Table

FORMAT = 1


def write_records(store: Store, records: Iterable[Record], file: str | os.PathLike[str]) -> str:
    """Write records with their environments to a file that `whence import` reads; gives its path.

    Raises
    ------
    UserError
        If it cannot be written; an older file of that name stays then.
    """
    path, environments = Path(file), set()
    with replaced(path) as out:
        for record in records:
            environment = record.state.get("environment")
            if environment and environment not in environments:
                environments.add(environment)
                with suppress(WhenceError):  # a record is one without it, too
                    out.write(_line(content_row(environment, store.get(environment))))
            out.write(_line(record_row(store, record)))
    return str(path)


def _line(row: dict[str, Any]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def record_row(store: Store, record: Record, *, metrics: bool = True) -> dict[str, Any]:
    """A record: what is told of it, its journal lines and, if wanted, its metric values."""
    return {
        "whence": FORMAT,
        "id": record.id,
        "record": record.as_dict(),
        "lines": journal_lines(store, record.id),
        "metrics": [_columns(table) for table in tables(store, record.id)] if metrics else [],
    }


def content_row(digest: str, data: bytes) -> dict[str, Any]:
    """A content."""
    return {"whence": FORMAT, "content": digest, "base64": base64.b64encode(data).decode()}


def journal_lines(store: Store, run: str) -> list[dict[str, Any]]:
    """The lines of a run in order, each once, with the writer that it is by."""
    found = dict(store.index().lines(run))
    return [
        {"by": key[1], **{name: value for name, value in line.items() if name not in ("by", "crc")}}
        for key, line in sorted(found.items())
    ]


def _columns(table: Table) -> dict[str, Any]:
    steps = [None if step == NO_STEP else step for step in table.step.tolist()]
    return {
        "by": table.writer,
        "names": list(table.names),
        "n": table.n.tolist(),
        "step": steps,
        "time": encode(table.time.tolist()),
        "at": encode(table.stamp.tolist()),
        "values": [encode(column.tolist()) for column in table.values],
    }
