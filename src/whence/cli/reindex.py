"""`whence reindex`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.option import common


@click.command(name="reindex")
@common
def command(store: Path | None, as_json: bool) -> None:
    """Build the index anew from the journals. It is only a shadow; nothing can be lost."""
    from whence.app import Workspace, reindex

    count = reindex(Workspace.open(store))
    if as_json:
        render.as_json({"runs": count})
    else:
        click.echo(f"Indexed {render.counted(count, 'run')}.")
