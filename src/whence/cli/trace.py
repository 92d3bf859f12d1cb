"""`whence trace`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
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
    place do not matter. Outside the project give --store.
    """
    from whence.app import Workspace, trace_file

    trace = trace_file(Workspace.find(store, near=file), file)
    if as_json:
        render.as_json(trace.as_dict())
    else:
        _page(trace)
    sys.exit(0 if trace.known else 1)


def _page(trace: Trace) -> None:
    from rich.markup import escape
    from rich.table import Table

    screen = render.console()
    screen.print(f"[bold]{escape(str(trace.file))}[/]  [dim]{trace.digest[:12]}[/]")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for title, text in _facts(trace):
        table.add_row(title, escape(text))
    render.show(table)
    if trace.ancestry:
        lines = trace.ancestry.splitlines()
        screen.print("[dim]made from[/]")
        for line in lines[:_MOST]:
            screen.print(f"  {escape(line)}")
        if len(lines) > _MOST:
            screen.print(f"  [dim]… and {len(lines) - _MOST} more: `whence lineage` tells all[/]")
    for line in trace.warnings():
        screen.print(f"[bold yellow]{escape(line)}[/]")


def _facts(trace: Trace) -> Iterator[tuple[str, str]]:
    yield "is", trace.what()
    if trace.evaluation:
        yield "evaluation", trace.evaluation
    if trace.plot:
        yield "plot", trace.plot_line()
    if trace.runs:
        first, last = trace.runs[0], trace.runs[-1]
        count = len(trace.runs)
        yield "runs", first if count == 1 else f"{count}: {first} … {last}"
    for title, values in (("varied", trace.varied), ("constant", trace.constant)):
        for key, value in values.items():
            told = _values(value) if values is trace.varied else render.short(value)
            yield title, f"{key} = {told}"
            title = ""
    if trace.code:
        commit = trace.code.get("commit")
        dirty = " with changes" if trace.code.get("dirty") else ""
        at = f"commit {commit[:12]}{dirty}, " if commit else ""
        yield "code", f"{at}digest {(trace.code.get('digest') or '–')[:12]}"
    if trace.environment:
        yield "environment", f"Python {trace.environment['python']}"
    for title, command in (("made by", trace.made_by), ("repeat with", trace.command)):
        if command:
            yield title, command


def _values(values: object) -> str:
    items = list(values) if isinstance(values, (list, tuple)) else [values]
    told = [render.short(item, 20) for item in items]
    if len(told) > 12:
        told = [*told[:6], "…", *told[-2:]]
    return f"{', '.join(told)}  ({len(items)} values)" if len(items) > 1 else told[0]
