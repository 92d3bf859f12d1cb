"""`whence init`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.option import in_json, in_store


@click.command(name="init")
@click.option("--shared", is_flag=True, help="Let everyone in the folder's group record here.")
@in_store("The project folder to make it in, or its .whence folder; this folder if not given.")
@in_json
def command(shared: bool, store: Path | None, as_json: bool) -> None:
    """Make a store in this project: the folder .whence, which holds every record.

    It need not be called: the first run makes a store at the top of the git repository, or here.
    """
    from whence.app import init_store

    made = init_store(store or Path.cwd(), shared=shared)
    if as_json:
        render.as_json({"store": str(made.store.root), "created": made.new})
    elif made.new:
        click.echo(f"Made the store {made.store.root}. `whence run -- COMMAND` records a program.")
    else:
        click.echo(f"There is a store already: {made.store.root}")
