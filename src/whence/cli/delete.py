"""`whence delete`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.base.error import UserError
from whence.cli import render
from whence.cli.completion import run_names
from whence.cli.edit import where
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.app import Deletion, Return, Workspace
    from whence.records import Record

_SHOWN = 20


@click.command(name="delete")
@click.argument("runs", nargs=-1, metavar="RUN...", shell_complete=run_names)
@click.option("--children", is_flag=True, help="Also the runs that they started, like a sweep's.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would go, or come back.")
@click.option(
    "--undo", is_flag=True, is_eager=True, help="Bring runs back; alone it lists the deleted ones."
)
@where
@common
def command(
    runs: tuple[str, ...],
    children: bool,
    yes: bool,
    dry_run: bool,
    undo: bool,
    filters: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Delete runs from the record, after showing what would go.

    Nothing outside of the store is touched. `whence delete --undo RUN` brings a run back as long
    as `whence gc` has not collected it; `whence list --deleted` finds them, by the filters that
    --where takes too.
    """
    from whence.app import Workspace, delete, plan_deletion, plan_return, some_runs

    workspace = Workspace.open(store)
    if undo and not (runs or filters):
        _list_deleted(workspace, as_json)
        return
    if undo:
        back = plan_return(workspace, runs, filters, children=children)
        _bring_back(workspace, back, dry_run, as_json)
        return
    plan = plan_deletion(workspace, some_runs(workspace, runs, filters), children=children)
    if not as_json:
        _preview(plan)
    gone = not dry_run and (yes or _agreed(plan, as_json))
    if gone:
        delete(workspace, plan)
    if as_json:
        render.as_json({**plan.as_dict(), "deleted": gone})
    elif gone:
        click.echo("Deleted. `whence delete --undo RUN` brings a run back until gc collects it.")
    elif not dry_run:
        click.echo("Nothing was deleted.")


def _agreed(plan: Deletion, as_json: bool) -> bool:
    if as_json or not sys.stdin.isatty():
        raise UserError.of(
            "not-agreed",
            f"{render.counted(len(plan.records), 'run')} would be deleted, "
            "and there is no terminal to ask in",
            mend="--yes deletes without asking; --dry-run only shows what would go.",
        )
    return click.confirm("Delete?", default=False)


def _preview(plan: Deletion) -> None:
    _table(plan.records[:_SHOWN])
    if len(plan.records) > _SHOWN:
        click.echo(f"… and {len(plan.records) - _SHOWN} more")
    loss, count = plan.loss, len(plan.records)
    click.echo(
        f"{'This run' if count == 1 else f'These {count} runs'} would go, and "
        f"{render.counted(loss.contents, 'content')} that no other run holds "
        f"({render.size(loss.size)})."
    )
    if loss.files:
        files = render.counted(loss.files, "file")
        click.echo(f"What lies outside of the store ({files}) stays where it is.")
    if plan.left:
        left = render.counted(plan.left, "run")
        click.echo(f"What they started stays ({left}); --children deletes that too.")


def _bring_back(workspace: Workspace, plan: Return, dry_run: bool, as_json: bool) -> None:
    from whence.app import undelete

    back = plan.records if dry_run else undelete(workspace, plan)
    if as_json:
        render.as_json([record.summary() for record in back])
        return
    _table(back[:_SHOWN])
    if len(back) > _SHOWN:
        click.echo(f"… and {len(back) - _SHOWN} more")
    count = render.counted(len(back), "run")
    click.echo(f"Would bring back {count}." if dry_run else f"Brought back {count}.")
    if plan.left:
        left = render.counted(plan.left, "run")
        click.echo(f"Deleted stays what they started ({left}); --children brings that back too.")


def _list_deleted(workspace: Workspace, as_json: bool) -> None:
    from whence.app import deleted_runs

    gone = deleted_runs(workspace)
    if as_json:
        render.as_json([record.summary() for record in gone])
    elif gone:
        _table(gone)
    else:
        click.echo("No deleted runs are on record.")


def _table(records: Sequence[Record]) -> None:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    now = time.time()
    for record in records:
        created = render.ago(record.summary()["created"], now)
        table.add_row(record.id, render.status(record.status), render.escape(record.name), created)
    render.show(table)
