"""`whence get`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.completion import artifact_names, run_names
from whence.cli.option import common


@click.command(name="get")
@click.argument("run", shell_complete=run_names)
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=artifact_names)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("."),
    help="The folder to put them in; here if not given.",
)
@click.option(
    "--category", type=click.Choice(["code", "input", "output"]), help="Only those of one category."
)
@click.option("--startswith", metavar="TEXT", help="Only those whose names begin so.")
@click.option("--contains", metavar="TEXT", help="Only those whose names contain this.")
@click.option("--endswith", metavar="TEXT", help="Only those whose names end so.")
@common
def command(
    run: str,
    names: tuple[str, ...],
    folder: Path,
    category: str | None,
    startswith: str | None,
    contains: str | None,
    endswith: str | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """Get artifacts of a run as files: all, or those named.

    RUN is its id, a part of it, or its name; `whence artifacts RUN` lists what there is. Files that
    are there with the right content are not fetched again; others of the same names
    are replaced. Slashes in names make folders.
    """
    from whence.app import Choice, Workspace, fetch_artifacts

    choice = Choice(names, category, startswith, contains, endswith)
    with render.transfer("getting") as progress:
        files = fetch_artifacts(Workspace.open(store).store, run, choice, folder, progress)
    if as_json:
        render.as_json([file.as_dict() for file in files])
        return
    new = [file for file in files if file.status == "fetched"]
    size = render.size(sum(file.artifact.size for file in new))
    there = len(files) - len(new)
    also = f"; {there} {'was' if there == 1 else 'were'} there" if there else ""
    click.echo(f"got {len(new)} {'file' if len(new) == 1 else 'files'}, {size}{also}")
