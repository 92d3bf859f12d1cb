"""`whence import`."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.option import common


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@common
def command(file: Path, store: Path | None, as_json: bool) -> None:
    """Read records that `whence export` wrote, or a JSON export of Sumatra (0.3 and later).

    The records keep their ids. Reading a file again adds nothing; reading a newer one adds what
    is new in it, and harms nothing that was edited here.
    """
    from whence.app import Workspace, import_records, incoming_records

    incoming = incoming_records(file)  # before a store is made for what cannot be read
    workspace = Workspace.open_or_make(store, say=render.aside)
    with render.progress("Importing", quiet=as_json or not sys.stderr.isatty()) as move:
        told = import_records(workspace, incoming, move)
    if as_json:
        render.as_json(told.as_dict())
        return
    counts = [
        (len(told.added), "new"),
        (len(told.grown), "brought up to date"),
        (len(told.same), "known already"),
    ]
    text = ", ".join(f"{count} {what}" for count, what in counts if count)
    click.echo(f"Records: {text or 'none'}; contents: {told.contents}.")
