"""Delete records, and bring them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from whence.app.workspace import Workspace
from whence.base.error import UserError
from whence.records import Record, Records
from whence.records.deletion import Loss, children_of, deleted, loss_of, resolve_deleted


@dataclass(frozen=True, slots=True)
class Deletion:
    """What would be deleted.

    Attributes
    ----------
    records : tuple of Record
        The records that would go.
    left : int
        How many runs that they started would stay.
    loss : Loss
        What no other run holds.
    """

    records: tuple[Record, ...]
    left: int
    loss: Loss

    def as_dict(self) -> dict[str, Any]:
        """The deletion as `whence delete --json` tells it."""
        return {
            "runs": [record.id for record in self.records],
            "children_left": self.left,
            "contents": self.loss.contents,
            "bytes": self.loss.size,
            "files_outside": self.loss.files,
        }


def plan_deletion(
    workspace: Workspace, records: Sequence[Record], *, children: bool = False
) -> Deletion:
    """What deleting these records would take away; nothing is done yet.

    Parameters
    ----------
    workspace : Workspace
        Where they are on record.
    records : sequence of Record
        The records.
    children : bool
        Also the runs that they started, as the points of a sweep.

    Raises
    ------
    UserError
        If one of them is still running.
    """
    known = Records(workspace.store)
    ids = [record.id for record in records]
    below = children_of(known.connection, ids)
    chosen = [*records, *known.of_ids(below)] if children else list(records)
    running = [record for record in chosen if record.status == "running"]
    if running:
        more = f" and {len(running) - 1} more" if len(running) > 1 else ""
        raise UserError.of(
            "run-running",
            f"{running[0].name} ({running[0].id}){more} is still running",
            mend="End it first; a run whose process is gone counts as lost, and can be deleted.",
        )
    loss = loss_of(known.connection, [record.id for record in chosen])
    return Deletion(tuple(chosen), 0 if children else len(below), loss)


def delete(workspace: Workspace, plan: Deletion) -> None:
    """Delete what was planned. The contents stay until `whence gc` collects them."""
    _journal(workspace, "delete", plan.records)


def deleted_runs(workspace: Workspace) -> list[Record]:
    """The deleted records, the newest first."""
    return deleted(Records(workspace.store).connection)


def undelete(workspace: Workspace, runs: Sequence[str]) -> list[Record]:
    """Bring deleted records back.

    Parameters
    ----------
    workspace : Workspace
        Where they were on record.
    runs : sequence of str
        Their ids, parts of them, or names.

    Raises
    ------
    UserError
        If none or several deleted runs fit one of them; then nothing is brought back.
    """
    connection = Records(workspace.store).connection
    found = [resolve_deleted(connection, text) for text in runs]
    _journal(workspace, "undelete", found)
    return Records(workspace.store).of_ids(record.id for record in found)


def _journal(workspace: Workspace, op: str, records: Sequence[Record]) -> None:
    writer = workspace.store.writer()
    for record in records:
        writer.append(op, record.id, {})
    writer.sync()
