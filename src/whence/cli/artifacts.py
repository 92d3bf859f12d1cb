"""`whence artifacts`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.completion import run_names
from whence.cli.option import common


@click.command(name="artifacts")
@click.argument("run", shell_complete=run_names)
@click.option(
    "--category", type=click.Choice(["code", "input", "output"]), help="Only those of one category."
)
@common
def command(run: str, category: str | None, store: Path | None, as_json: bool) -> None:
    """List what a run took in and put out.

    RUN is its id, a part of it, or its name. `whence get` and `whence cat` give the contents.
    """
    from whence.app import Choice, Workspace, list_artifacts

    found = list_artifacts(Workspace.open(store).store, run, Choice(category=category))
    if as_json:
        render.as_json([artifact.as_dict() for artifact in found])
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("name", "category", "type"):
        table.add_column(title, overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("digest", style="dim", no_wrap=True)
    for item in found:
        kept = "  (where it lies)" if item.kept == "reference" else ""
        table.add_row(
            render.escape(render.printable(item.name)),
            item.category,
            render.escape(item.type),
            render.size(item.size),
            item.digest[:12] + kept,
        )
    render.show(table)
