"""`whence cat`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.completion import artifact_names, run_names
from whence.cli.option import common


@click.command(name="cat")
@click.argument("run", shell_complete=run_names)
@click.argument("name", shell_complete=artifact_names)
@click.option(
    "--category", type=click.Choice(["code", "input", "output"]), help="If several have that name."
)
@common
def command(run: str, name: str, category: str | None, store: Path | None, as_json: bool) -> None:
    """Write the content of an artifact to standard output, as it is.

    RUN is its id, a part of it, or its name; `whence artifacts RUN` lists what there is.
    With --json it is told as `text`, or as `base64` where it is no UTF-8.
    """
    from whence.app import Workspace, open_artifact

    with open_artifact(Workspace.open(store).store, run, name, category) as file:
        if as_json:
            render.as_json(_told(file.read()))
        else:
            shutil.copyfileobj(file, sys.stdout.buffer)


def _told(data: bytes) -> dict[str, str | int | None]:
    import base64

    try:
        return {"size": len(data), "text": data.decode(), "base64": None}
    except UnicodeDecodeError:
        return {"size": len(data), "text": None, "base64": base64.b64encode(data).decode()}
