"""`whence reason`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli.edit import check_runs, noting, say


@click.command(name="reason")
@click.option("--append", is_flag=True, help="Add it to the reason that is noted.")
@noting
def command(
    runs: tuple[str, ...],
    text: str,
    append: bool,
    filters: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Say why runs were made: [bold]whence reason sim_12 "for figure 1"[/].

    It takes the place of the reason that is noted.
    """
    from whence.app import Workspace, edit_reason, some_runs

    workspace = Workspace.open(store)
    check_runs(runs, filters, 'whence reason sim_12 "for figure 1"')
    records = some_runs(workspace, runs, filters)
    say(edit_reason(workspace, records, text, append=append), "reason", as_json)
