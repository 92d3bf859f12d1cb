"""`whence serve`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli.option import common


@click.command(name="serve")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8377,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@common
def command(port: int, store: Path | None, as_json: bool) -> None:
    """Serve what is on record as a JSON API, to this machine only, for reading.

    There are no pages and no tokens yet; /openapi.json describes the API.
    """
    from whence.app import Workspace
    from whence.server import serve

    serve(Workspace.open(store), port, click.echo)
