"""`whence abort`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.completion import unended_runs
from whence.cli.edit import where
from whence.cli.option import common


@click.command(name="abort")
@click.argument("runs", nargs=-1, metavar="RUN...", shell_complete=unended_runs)
@click.option("--reason", default="", metavar="TEXT", help="Why; it goes on record.")
@where
@common
def command(
    runs: tuple[str, ...], reason: str, filters: tuple[str, ...], store: Path | None, as_json: bool
) -> None:
    """Ask runs to end, on whatever machine they are: [bold]whence abort sim_12[/].

    Their processes look every few seconds. Programs that `whence run` started are ended, of a
    sweep the points that run; a Python script ends its run at once, and is told by the next thing
    it logs.
    """
    from whence.app import Workspace, abort_runs, some_runs

    workspace = Workspace.open(store)
    asked = abort_runs(workspace.store, some_runs(workspace, runs, filters), reason)
    if as_json:
        render.as_json([{"id": one.id, "name": one.name} for one in asked])
        return
    count = "1 run" if len(asked) == 1 else f"{len(asked)} runs"
    click.echo(f"Asked {count} to end, which takes a few seconds; `whence list` shows it.")
