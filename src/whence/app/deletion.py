"""Delete records, and bring them back."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from whence.app.workspace import Workspace
from whence.base.error import UserError
from whence.records import Query, Record, Records, UnknownRun, conditions_of
from whence.records.deletion import Loss, children_of, deleted_of, loss_of, resolve_deleted


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
    """Delete what was planned. The contents stay until `whence gc` collects them.

    Raises
    ------
    UserError
        If the last word on one of them is from more than a day ahead.
    """
    _journal(workspace, "delete", plan.records)


def deleted_runs(workspace: Workspace) -> list[Record]:
    """The deleted records, the newest first."""
    return deleted_of(Records(workspace.store).connection)


@dataclass(frozen=True, slots=True)
class Return:
    """What would be brought back.

    Attributes
    ----------
    records : tuple of Record
        The deleted records that would come back.
    left : int
        How many deleted runs that they started would stay deleted.
    """

    records: tuple[Record, ...]
    left: int


def plan_return(
    workspace: Workspace,
    runs: Sequence[str],
    filters: Sequence[str] = (),
    *,
    children: bool = False,
) -> Return:
    """Which deleted records are meant; nothing is done yet.

    Parameters
    ----------
    workspace : Workspace
        Where they were on record.
    runs : sequence of str
        Their ids, parts of them, or names; with `children` also of runs that are there. None
        means all that fit the filters.
    filters : sequence of str
        Filter strings, like ``metadata.mass > 3``, all of which must hold of them.
    children : bool
        Also the deleted runs that they started, as the points of a sweep.

    Raises
    ------
    UserError
        If none or several deleted runs fit one of them, or none fits the filters.
    """
    known = Records(workspace.store)
    roots = [_root(known, text, children).id for text in runs]
    if filters:
        roots = _fitting(workspace, filters, roots if runs else None)
    below = children_of(known.connection, roots, deleted=True)
    gone = {record.id: record for record in deleted_runs(workspace)}
    chosen = dict.fromkeys([*roots, *(below if children else ())])
    return Return(tuple(gone[run] for run in chosen if run in gone), 0 if children else len(below))


def _fitting(
    workspace: Workspace, filters: Sequence[str], among: Sequence[str] | None
) -> list[str]:
    """The ids of the deleted records that fit, or of those among some that do."""
    deleted = Records(workspace.store, deleted=True)
    any_there = bool(deleted.count(Query()))
    fit = [record.id for record in deleted.select(conditions_of(filters))[0]] if any_there else []
    found = fit if among is None else [run for run in among if run in set(fit)]
    if not found:
        raise UserError.of(
            "no-run-fits",
            f"no deleted run fits {' and '.join(map(repr, filters))}",
            mend="`whence list --deleted` shows them. What gc has collected is gone for good.",
        )
    return found


def _root(known: Records, text: str, children: bool) -> Record:
    try:
        return resolve_deleted(known.connection, text)
    except UserError as error:
        if not children or error.problems[0].code != "unknown-run":
            raise
        with contextlib.suppress(UnknownRun):  # it was brought back before, without its children
            return known.resolve(text)
        raise


def undelete(workspace: Workspace, plan: Return) -> list[Record]:
    """Bring back what was planned; gives the records.

    Raises
    ------
    UserError
        If the last word on one of them is from more than a day ahead.
    """
    _journal(workspace, "undelete", plan.records)
    return Records(workspace.store).of_ids(record.id for record in plan.records)


def _journal(workspace: Workspace, op: str, records: Sequence[Record]) -> None:
    writer = workspace.store.writer()
    for record in records:
        writer.append(op, record.id, {})
    writer.sync()
    wanted = op == "delete"
    rows = Records(workspace.store).connection.execute(
        "SELECT id FROM run WHERE (deleted > 0) != ? AND id IN (SELECT value FROM json_each(?))",
        (wanted, orjson.dumps([record.id for record in records]).decode()),
    )
    unmoved = {run for (run,) in rows}
    for record in records:
        if record.id in unmoved:
            raise UserError.of(
                "written-ahead",
                f"{record.name} ({record.id}) {'stays' if wanted else 'stays deleted'}: the last "
                "word on that is from more than a day ahead, so that this one comes before it",
                mend="A clock is or was wrong, here or there: set it right, and say it again when "
                "that time has come.",
            )
