"""`whence sweep`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.cli import render
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.sweep import SweepResult


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
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag for every run.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="FILE",
    help="A file that every point reads; an edit of it makes the points run again.",
)
@click.option("--again", is_flag=True, help="Run also the points that are done.")
@click.argument("target", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
@common
def command(
    space: Path,
    name: str | None,
    out: Path | None,
    workers: int | None,
    tags: tuple[str, ...],
    inputs: tuple[str, ...],
    again: bool,
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
    """
    from whence.app import SweepRequest, Workspace, run_sweep, sweep_as_dict

    wanted = SweepRequest(
        space=space,
        target=target,
        name=name,
        out=out,
        workers=workers,
        tags=tags,
        inputs=inputs,
        again=again,
    )
    workspace = Workspace.open_or_make(store, say=_say)
    with render.progress("sweep", quiet=as_json) as move:
        result = run_sweep(workspace, wanted, progress=move)
    if as_json:
        render.as_json(sweep_as_dict(result))
    else:
        _tell(result)
    sys.exit(1 if result.failed else 0)


def _tell(result: SweepResult) -> None:
    counts = [f"{len(result.done)} run"]
    if result.skipped:
        counts.append(f"{len(result.skipped)} done before")
    if result.failed:
        counts.append(f"[bold red]{len(result.failed)} failed[/]")
    screen = render.console()
    from whence.app import reasons

    for why in reasons(result):
        screen.print(why, markup=False)
    screen.print(f"{', '.join(counts)}; output in {result.out}")
    for state, message in list(result.failed.items())[:5]:
        screen.print(f"  [red]point {state}[/]: {message}  (whence show {result.runs[state]})")


def _say(text: str) -> None:
    click.echo(f"whence: {text}", err=True)
