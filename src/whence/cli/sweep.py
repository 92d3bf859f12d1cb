"""`whence sweep`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.cli import completion, render
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.sweep import SweepResult, SweepStatus


@click.command(name="sweep")
@click.argument("space", type=click.Path(path_type=Path), metavar="SPACE.yml")
@click.option("--name", help="What to call the sweep; the space file's name if not given.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the points' folders go; runs/NAME in the project if not given.",
)
@click.option(
    "-j",
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many points run side by side; as many as there are cores if not given.",
)
@completion.tag_option("A tag for every run.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="PATH",
    help="A file or folder that every point reads; an edit of it makes the points run again.",
)
@click.option(
    "--variable",
    "variables",
    multiple=True,
    metavar="NAME",
    help="An environment variable that matters; another value makes the points run again.",
)
@click.option("--again", is_flag=True, help="Run also the points that are done.")
@click.option(
    "--point",
    type=click.IntRange(min=0),
    metavar="N",
    help="Run one point only, counted from 0: for the tasks of a job array.",
)
@click.option("--status", is_flag=True, help="Tell which points are done, running or missing.")
@click.option("--dry-run", is_flag=True, help="Tell which points would run, and why; run none.")
@click.argument("target", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
@common
def command(
    space: Path,
    name: str | None,
    out: Path | None,
    workers: int | None,
    tags: tuple[str, ...],
    inputs: tuple[str, ...],
    variables: tuple[str, ...],
    again: bool,
    point: int | None,
    status: bool,
    dry_run: bool,
    target: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Run a program for every point of a parameter space, side by side, each on record.

    In the command {rate} or {model.rate} stands for a parameter of the point, {out} for its own
    folder, {params_file} for a YAML file of its parameters, {state} for its number. A single word
    FILE.py:FUNCTION is a Python function, called with the folder and the parameters.

        whence sweep space.yml -- ./solver --rate {model.rate} --seed {seed} --out {out}

    Points that a completed run has done with the same parameters, code and inputs are not run
    again; killed half way, the same command goes on where it was.

    In a job array of 30 points, with --array=0-29, each task runs one:

        whence sweep space.yml --point $SLURM_ARRAY_TASK_ID -- ./solver --out {out}
    """
    from whence.app import SweepRequest, Workspace, run_sweep, status_of_sweep, sweep_as_dict

    wanted = SweepRequest(
        space=space,
        target=target,
        name=name,
        out=out,
        workers=workers,
        tags=tags,
        inputs=inputs,
        variables=variables,
        again=again,
    )
    workspace = Workspace.open_or_make(store, say=render.aside)
    if status or dry_run:
        standing = status_of_sweep(workspace, wanted)
        if as_json:
            render.as_json(standing.as_dict())
        elif dry_run:
            _tell_plan(standing)
        else:
            _tell_status(standing)
        return
    from whence.runs.process import Interrupted

    try:
        with render.progress("sweep", quiet=as_json) as move:
            result = run_sweep(workspace, wanted, point=point, progress=move)
    except Interrupted as ended:
        without = " without --again" if again else ""  # which would run all of them anew
        render.aside(f"terminated: {ended.run}; the same command{without} goes on where it was")
        sys.exit(130)
    if as_json:
        render.as_json(sweep_as_dict(result))
    else:
        _tell(result)
    sys.exit(1 if result.failed or result.left else 0)


def _tell(result: SweepResult) -> None:

    from whence.app import failures, reasons

    failed = len(result.failed) - len(result.aborted)
    counts = [f"{len(result.done) + len(result.failed)} run"]
    if failed:
        counts.append(f"[bold red]{failed} of them failed[/]")
    if result.aborted:
        counts.append(f"[yellow]{len(result.aborted)} of them ended by the abort[/]")
    if result.skipped:
        counts.append(f"{len(result.skipped)} done before")
    if result.left:
        counts.append(f"{result.left} not run")
    ended = "[yellow]aborted[/]: " if result.aborted or result.left else ""
    screen = render.console()
    for why in reasons(result):
        screen.print(why, markup=False)
    screen.print(f"{ended}{', '.join(counts)}; output in {render.escape(str(result.out))}")
    for points, message, run in failures(result):
        look = f"  (whence show {run})" if run else ""
        screen.print(f"  [red]{points}[/]: {render.escape(message)}{look}")


def _tell_status(standing: SweepStatus) -> None:
    from whence.sweep import ranges

    screen = render.console()
    for word, count in standing.counts.items():
        which = ranges(point.index for point in standing.points if point.status == word)
        screen.print(f"{count:>6} {_WORDS.get(word, word)}  [dim]points[/] {which}")
    for point in [p for p in standing.points if p.status == "failed"][:5]:
        shown = f"  point {point.index} (state {point.state}): {point.message}  (run {point.run})"
        screen.print(shown, markup=False)
    _tell_restored(standing)
    if standing.to_run:
        which = ranges(point.index for point in standing.to_run)
        screen.print(f"to run: the same command, or a job array with --array={which}")


def _tell_plan(standing: SweepStatus) -> None:

    screen = render.console()
    for point in standing.to_run:
        varied = ", ".join(f"{key}={value}" for key, value in point.coords.items())
        why = f"  ({point.message})" if point.message else ""
        line = f"would run point {point.index} (state {point.state}): {varied}{why}"
        screen.print(line, markup=False)
    _tell_restored(standing)
    others = len(standing.points) - len(standing.to_run)
    told = f"{len(standing.to_run)} would run, {others} would not"
    screen.print(f"{told}; output in {render.escape(str(standing.out))}")


def _tell_restored(standing: SweepStatus) -> None:
    """Name the points that are done, and whose output is missing or was edited."""
    found = [point for point in standing.points if point.status == "done" and point.message]
    for point in found[:5]:
        line = f"  point {point.index} (state {point.state}): {point.message}"
        render.console().print(line, markup=False)
    if len(found) > 5:
        render.console().print(f"  and {len(found) - 5} more points like that")


_WORDS = {
    "done": "[green]done[/]",
    "running": "[bold blue]running[/]",
    "failed": "[bold red]failed[/]",
    "terminated": "[yellow]terminated[/]",
    "lost": "[bold magenta]lost[/]",
}
