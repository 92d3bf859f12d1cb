"""`whence reason`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli.completion import run_names
from whence.cli.edit import say, where
from whence.cli.option import common


@click.command(name="reason")
@click.argument("runs", nargs=-1, metavar="RUN...", shell_complete=run_names)
@click.argument("text")
@click.option("--append", is_flag=True, help="Add it to the reason that is noted.")
@where
@common
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
    records = some_runs(workspace, runs, filters)
    say(edit_reason(workspace, records, text, append=append), "reason", as_json)
