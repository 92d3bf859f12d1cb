"""Results that are not to be used again in place of the same work."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from whence.records.reader import Records
from whence.records.record import Record
from whence.store import Store


def invalidate(store: Store, records: Iterable[Record], undo: bool = False) -> None:
    """Have what records did be done again when it is asked for next; or be used again, if undone.

    The call key moves to the field ``invalid``, where nobody looks for it: of these records and
    of all others that have one of their keys, for any of them would be used in their place.
    """
    writer, given = store.writer(), list(records)
    if undo:
        for record in given:
            key = record.state.get("invalid")
            if key is not None:
                writer.append("set", record.id, {"f": {"call": key, "invalid": None}})
        return
    for record in _alike(store, given):
        told = {"call": None, "invalid": record.state["call"]}
        writer.append("set", record.id, {"f": told})


def _alike(store: Store, records: Iterable[Record]) -> list[Record]:
    """The records that have the call keys of these, with these."""
    keys = {record.state["call"] for record in records if record.state.get("call")}
    found = Records(store)
    rows = found.connection.execute(
        "SELECT run.id FROM json_each(?) AS one CROSS JOIN run ON run.call = one.value",
        (orjson.dumps(sorted(keys)).decode(),),
    ).fetchall()
    return [one for one in found.of_ids(run for (run,) in rows) if one.state.get("call")]
