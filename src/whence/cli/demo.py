"""`whence demo`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.option import common


@click.command(name="demo")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@common
def command(folder: Path, store: Path | None, as_json: bool) -> None:
    """Make a small project in DIR and run it, from a parameter space to a figure.

    It sweeps two toy models over 10 seeds and 3 step sizes, prints the data as a tree, draws
    figures, and asks one of them whence it came. Interrupted, the same command goes on.
    """
    from whence.app import run_demo

    def say(text: str = "") -> None:
        if not as_json:
            click.echo(text)

    result = run_demo(
        folder, store=store, say=say, progress=lambda title: render.progress(title, quiet=as_json)
    )
    if as_json:
        render.as_json(result.as_dict())
