"""`whence show`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.base.escape import readable
from whence.base.excerpt import plain
from whence.cli import render
from whence.cli.completion import run_names
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.app import Shown
    from whence.records import Record

_ERROR = ("type", "message", "traceback")
_METRICS = 12  # metrics on the page of a run
_FILES = 24  # files on it, of each category


@click.command(name="show")
@click.argument("run", shell_complete=run_names)
@click.option("--output", "whole_output", is_flag=True, help="Print all the run printed, alone.")
@click.option("--metrics", "only_metrics", is_flag=True, help="Print a table of its metrics.")
@common
def command(
    run: str, whole_output: bool, only_metrics: bool, store: Path | None, as_json: bool
) -> None:
    """Show one run: what went in, what came out.

    RUN is its id, any part of the id that no other run has, or its name; of several runs of
    that name it is the newest.
    """
    from whence.app import Workspace, show_run

    shown = show_run(Workspace.open(store), run)
    if as_json:
        render.as_json(shown.as_dict())
    elif whole_output:
        click.echo(shown.output, nl=False)
    elif only_metrics:
        _metric_table(shown)
    else:
        _page(shown)


def _page(shown: Shown) -> None:
    from rich.table import Table

    record = shown.record
    screen = render.console()
    name, status = render.escape(record.name), render.status(record.status)
    screen.print(f"[bold]{name}[/]  {status}  {record.id}")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for title, text in _facts(shown):
        table.add_row(render.escape(title), render.escape(text))
    render.show(table)
    _artifact_lines(record)
    _metric_lines(shown)
    for name, facts in shown.alerts.items():
        alert = f"{facts.get('name') or name}  {facts.get('status', '')}"
        screen.print(f"[dim]alert[/]  {render.escape(alert)}")
    _event_lines(shown)
    if shown.output:
        lines = [plain(line) for line in shown.output.removesuffix("\n").split("\n")]
        count = render.counted(len(lines), "line") + (", the last of them" if lines[8:] else "")
        screen.print(f"[dim]printed {count}:[/]")
        for line in lines[-8:]:
            screen.print(f"  {render.escape(line)}")
    error = record.state.get("error")
    if error:
        told = {name: str(readable(error.get(name) or "")) for name in _ERROR}
        kind, message = render.escape(told["type"]), render.escape(told["message"])
        screen.print(f"[bold red]{kind}[/]: {message}")
        for line in told["traceback"].splitlines():
            screen.print(f"  [dim]{render.escape(line)}[/]")


def _artifact_lines(record: Record) -> None:
    """The first of what it took in and put out, of each category."""
    screen, artifacts = render.console(), record.artifacts
    for title, category in (("in", "input"), ("code", "code"), ("out", "output")):
        found = [item for item in artifacts if item.category == category]
        for item in found[:_FILES]:
            kept = "" if item.kept != "reference" else "  (where it lies)"
            screen.print(
                f"[dim]{title:>4}[/]  {render.escape(item.name)}  {render.size(item.size)}"
                f"  [dim]{item.digest[:12]}{kept}[/]"
            )
        if (more := len(found) - _FILES) > 0:
            screen.print(f"      [dim]and {more} more: whence artifacts {record.id}[/]")


def _metric_lines(shown: Shown) -> None:
    """The course of the first metrics, with how they ended."""
    from rich.table import Table

    from whence.base.excerpt import measure
    from whence.records.metric import OWN

    table = Table(box=None, show_header=False, pad_edge=False)
    own = [item for item in shown.metrics if item.name.startswith(OWN)]
    logged = [item for item in shown.metrics if item not in own]
    for item in logged[:_METRICS]:
        if item.digest is None:
            arrays = measure(_arrays(item.arrays), item.unit)
            table.add_row(render.escape(item.name), render.escape(arrays), "")
            continue
        digest = item.digest
        several = digest.count > 1
        span = f"{render.number(digest.min)} to {render.number(digest.max)}, " if several else ""
        table.add_row(
            render.escape(item.name),
            f"[cyan]{render.spark(item.line)}[/]" if several else "",
            f"{render.escape(measure(render.number(digest.last), item.unit))}  "
            f"[dim]{span}{render.counted(digest.count, 'value')}[/]",
        )
    if logged:
        render.show(table)
    if len(logged) > _METRICS:
        render.console().print(f"[dim]and {len(logged) - _METRICS} more: --metrics[/]")
    if own:
        told = render.counted(len(own), "metric") + " of the resources it used"
        render.console().print(f"[dim]and {told}: --metrics[/]")


def _event_lines(shown: Shown) -> None:
    """What the run said last."""
    if not shown.events:
        return
    screen = render.console()
    count = int(shown.record.state.get("events") or 0)
    rest = ", the last of them" if count > len(shown.events) else ""
    screen.print(f"[dim]logged {render.counted(count, 'event')}{rest}:[/]")
    for event in shown.events:
        level, message = str(event.get("level") or "info"), str(event.get("message", ""))
        screen.print(f"  [dim]{render.escape(level)}[/]  {render.escape(message)}")


def _arrays(count: int) -> str:
    return render.counted(count, "array")


def _metric_table(shown: Shown) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("metric", no_wrap=True)
    for title in ("count", "last", "step", "min", "max", "average"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("unit")
    for item in shown.metrics:
        cells = [_arrays(item.arrays), "", "", "", "", ""]
        if item.digest is not None:
            told = item.digest
            step = "" if told.step is None else str(told.step)
            numbers = [render.number(x) for x in (told.last, told.min, told.max, told.average)]
            cells = [str(told.count), numbers[0], step, *numbers[1:]]
        table.add_row(render.escape(item.name), *cells, render.escape(item.unit or ""))
    if shown.metrics:
        render.show(table)
    else:
        click.echo("no metrics were logged", err=True)


def _facts(shown: Shown) -> Iterator[tuple[str, str]]:
    from whence.params import flatten

    record, state = shown.record, shown.record.state
    told = record.summary()
    yield "folder", record.folder
    if record.tags:
        yield "tags", render.tags(record.tags)
    if state.get("description"):
        yield "about", str(readable(state["description"]))
    for title, lines in (
        ("reason", record.reason),
        ("outcome", str(state.get("outcome") or "").splitlines()),
    ):
        for line in lines:
            yield title, line
            title = ""
    for key, value in shown.parameters.items():
        yield key, render.short(value, 200)
    for key, value in flatten(record.metadata).items():
        yield f"metadata.{key}", render.short(value, 200)
    when = render.moment(told["created"], time.time())
    yield "created", f"{when}, by {state.get('user')} on {state.get('host')}"
    yield "took", render.duration(record.duration)
    if state.get("repeats"):
        yield "repeat of", str(state["repeats"])
    if state.get("command"):
        yield "command", " ".join(str(readable(word)) for word in state["command"])
    if state.get("exit") is not None:
        yield "exit", str(state["exit"])
    code = state.get("code") or {}
    if code.get("commit") or code.get("digest"):
        commit = (code.get("commit") or "no commit")[:12]
        dirty = " with changes" if code.get("dirty") else ""
        yield "code", f"{commit}{dirty}, digest {(code.get('digest') or '–')[:12]}"
    if shown.environment:
        yield "environment", shown.environment
    if state.get("dir"):
        yield "data in", str(state["dir"])
