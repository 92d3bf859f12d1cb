"""`whence doctor`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.cli import render
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.store import Health

_MARK = {"good": "[green]✓[/]", "note": "[yellow]![/]", "bad": "[bold red]✗[/]"}


@click.command(name="doctor")
@common
def command(store: Path | None, as_json: bool) -> None:
    """Tell what is wrong with the store, its file system and this machine, and how to mend it.

    Also tells where the index lies and why, and how many files and bytes the store has. The exit
    code is 1 if something does not work.
    """
    from whence.app import Workspace, examine_store

    workspace = Workspace.open(store)
    health = examine_store(workspace)
    if as_json:
        render.as_json({"store": str(workspace.store.root), "well": health.well, **asdict(health)})
    else:
        _tell(health)
    sys.exit(0 if health.well else 1)


def _tell(health: Health) -> None:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in health.findings:
        table.add_row(_MARK[finding.state], finding.name, render.escape(finding.told))
        if finding.mend:
            table.add_row("", "", f"[dim]{render.escape(finding.mend)}[/]")
    index = health.index
    told = f"{index['path']} ({index['why']}; {render.size(index['size'])})"
    table.add_row("", "index", render.escape(told))
    for kind, usage in health.usage.items():
        if usage.files:
            files = "file" if usage.files == 1 else "files"
            table.add_row("", kind, f"{usage.files} {files}, {render.size(usage.size)}")
    render.show(table)
