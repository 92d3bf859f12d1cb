"""Ask running runs to end, wherever their processes are."""

from __future__ import annotations

import time
from collections.abc import Sequence

from whence.base.error import UserError
from whence.records import Record, Records
from whence.store import Store, this_process, user_name


def abort_runs(store: Store, records: Sequence[Record], reason: str | None) -> list[Record]:
    """Ask for the end of runs; gives those that were asked.

    Each process looks every few seconds whether it is asked to end; its run becomes
    ``terminated``, with the reason. A sweep that a job array runs has no process of its own: its
    running points are asked.

    Parameters
    ----------
    store : Store
        Where they are on record.
    records : sequence of Record
        The runs.
    reason : str, optional
        Why.

    Raises
    ------
    UserError
        If one of them is not running, or the reason is no text; then none is asked.
    """
    if reason is not None and not isinstance(reason, str):
        raise UserError.of("bad-text", f"the reason must be text, not {reason!r}")
    reason = (reason or "").strip() or "asked to end"
    targets: dict[str, Record] = {}
    for record in records:
        if record.status != "running":
            raise UserError.of(
                "not-running",
                f"{record.name} ({record.id}) is not running: it is {record.status}",
                mend="Its process is gone." if record.status == "lost" else None,
            )
        targets.update((one.id, one) for one in _processes(store, record))
    process = this_process()
    who = {"user": user_name(), "host": process["host"], "at": time.time()}
    writer = store.writer()
    for run in targets:
        message = f"asked to end by {who['user']} on {who['host']}: {reason}"
        facts = {"level": "warning", "message": message, "at": who["at"]}
        store.ask_to_end(run, {"reason": reason, **who})
        writer.append("event", run, facts)
    writer.sync()
    return list(targets.values())


def _processes(store: Store, record: Record) -> list[Record]:
    """The runs that have a process: itself, or the points of a sweep that has none."""
    if record.kind != "sweep" or record.state.get("process"):
        return [record]
    records = Records(store)
    rows = records.connection.execute(
        "SELECT id FROM run WHERE parent = ? AND status = 'running' AND NOT deleted", (record.id,)
    )
    points = records.of_ids(run for (run,) in rows.fetchall())
    return [point for point in points if point.status == "running"]
