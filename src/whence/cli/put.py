"""`whence put`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.completion import run_names
from whence.cli.option import common, parameters


@click.command(name="put")
@click.argument("run", shell_complete=run_names)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=str), metavar="FILE...")
@click.option(
    "--category",
    type=click.Choice(["code", "input", "output"]),
    default="output",
    show_default=True,
    help="What they are to the run.",
)
@click.option("--type", "media_type", metavar="TYPE", help="Their media type, like text/plain.")
@click.option("--name", help="The artifact's name; for one file.")
@click.option("--preserve-path", is_flag=True, help="Keep the paths given in the names.")
@click.option(
    "--reference", is_flag=True, help="Note path, size and digest, and leave the content there."
)
@click.option(
    "--meta",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="What else is to be known of them; dots nest, values are read as YAML.",
)
@common
def command(
    run: str,
    files: tuple[str, ...],
    category: str,
    media_type: str | None,
    name: str | None,
    preserve_path: bool,
    reference: bool,
    pairs: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Save files, and all files in folders, as artifacts of a run on record.

    RUN is its id, a part of it, or its name; it may have ended long ago.
    """
    from whence.app import PutRequest, Workspace, put_artifacts
    from whence.artifacts import Label, Manner

    label = Label(category, media_type, parameters(pairs))
    manner = Manner(label, "reference" if reference else "copy", preserve_path)
    with render.transfer("saving") as progress:
        saved = put_artifacts(
            Workspace.open(store).store, run, PutRequest(files, manner, name), progress
        )
    if as_json:
        render.as_json([artifact.as_dict() for artifact in saved])
    else:
        size = render.size(sum(artifact.size for artifact in saved))
        click.echo(f"saved {len(saved)} {'file' if len(saved) == 1 else 'files'}, {size}")
