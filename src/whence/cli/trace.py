"""`whence trace`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.cli import render
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.app import Trace


_MOST = 24  # lines of what it was made from


@click.command(name="trace")
@click.argument("file", type=click.Path(path_type=Path))
@common
def command(file: Path, store: Path | None, as_json: bool) -> None:
    """Tell whence a file came: the runs, parameters and code that made it.

    FILE is a figure, or any file that a run took in or put out, or a copy of one; its name and
    place do not matter. Of a folder, each file is told. Outside the project give --store.
    """
    from whence.app import Workspace, trace_file

    workspace = Workspace.find(store, near=file)
    with render.progress("read", quiet=as_json or not os.path.isdir(file)) as move:
        trace = trace_file(workspace, file, move)
    if as_json:
        render.as_json(trace.as_dict())
    else:
        _page(trace)
    sys.exit(0 if trace.known else 1)


def _page(trace: Trace) -> None:
    from rich.table import Table

    screen = render.console()
    screen.print(f"[bold]{render.escape(str(trace.file))}[/]  [dim]{trace.digest[:12]}[/]")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for title, text in trace.facts():
        table.add_row(title, render.escape(text))
    render.show(table)
    if trace.ancestry:
        lines = trace.ancestry.splitlines()
        screen.print("[dim]made from[/]")
        for line in lines[:_MOST]:
            screen.print(f"  {render.escape(line)}")
        if len(lines) > _MOST:
            screen.print(f"  [dim]… and {len(lines) - _MOST} more: `whence lineage` tells all[/]")
    if trace.files:
        screen.print("[dim]files[/]")
        for line in trace.listed(_MOST):
            screen.print(f"  {render.escape(line)}")
    for line in trace.warnings():
        screen.print(f"[bold yellow]{render.escape(line)}[/]")
