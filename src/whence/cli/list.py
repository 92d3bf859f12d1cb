"""`whence list`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.cli import render
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.records import Record

_SHOWN = 40


@click.command(name="list")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Only the newest N (0: all; in a terminal {_SHOWN} if not given).",
)
@click.option("--status", metavar="STATUS", help="Only runs of this status, like failed or lost.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only runs with this tag.")
@click.option("--folder", metavar="/FOLDER", help="Only runs in this folder, like /my_simulation.")
@click.option(
    "--kind",
    type=click.Choice(["run", "sweep", "evaluation", "task"]),
    help="Only records of this kind.",
)
@common
def command(
    limit: int | None,
    status: str | None,
    tags: tuple[str, ...],
    folder: str | None,
    kind: str | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """List the runs on record, the newest first.

    The table shows of each run the parameters that differ among those listed.
    """
    from whence.app import Workspace, list_runs
    from whence.records import Selection

    chosen = Selection(status=status, tags=tags, folder=folder, kind=kind)
    if limit is None and not as_json:
        limit = _SHOWN
    found = list_runs(Workspace.open(store), chosen, limit or None)
    if as_json:
        render.as_json([record.summary() for record in found.records])
        return
    _table(found.records)
    if (hidden := found.total - len(found.records)) > 0:
        click.echo(f"… and {hidden} more; --limit 0 lists them all.")


def _table(records: Sequence[Record]) -> None:
    from rich.table import Table

    if not records:
        click.echo("No runs are on record that fit. `whence run -- COMMAND` records one.")
        return
    from whence.records import varied

    differing = varied(records)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "status", "name"):
        table.add_column(title, no_wrap=True)
    table.add_column("parameters", overflow="ellipsis", no_wrap=True)
    for title in ("took", "created"):
        table.add_column(title, justify="right", no_wrap=True)
    now = time.time()
    for record in records:
        told = record.summary()
        own = differing.get(record.id, {})
        table.add_row(
            record.id,
            render.status(record.status),
            record.name,
            " ".join(f"{key}={render.short(value, 24)}" for key, value in own.items()),
            render.duration(record.duration),
            render.ago(told["created"], now),
        )
    render.show(table)
