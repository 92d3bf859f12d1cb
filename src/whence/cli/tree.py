"""`whence tree`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.base.error import UserError
from whence.cli import render
from whence.cli.completion import run_names_or
from whence.cli.option import common


@click.command(name="tree")
@click.argument("data", required=False, metavar="[FOLDER|RUN]", shell_complete=run_names_or("dir"))
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="EVAL.yml",
    help="The file with the load configuration; as whence.toml says if not given.",
)
@click.option("--guess", is_flag=True, help="Load files by their endings, whatever eval.yml says.")
@click.option("--full", is_flag=True, help="Print every member, not only the first and last.")
@click.option(
    "--write",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="EVAL.yml",
    help="Write the load configuration to a new file, to be edited.",
)
@common
def command(
    data: str | None,
    config: Path | None,
    guess: bool,
    full: bool,
    write: Path | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """Print the data of a sweep or run as one tree.

    Without FOLDER or RUN it is the folder that whence.toml names, else that of the newest sweep.
    The load configuration, eval.yml, says what is loaded and where it goes, for every sweep of the
    project. Without one, and for single runs, files are loaded by their endings.
    """
    from whence.app import Workspace, carry_out, loading, tree_as_dict, write_loading

    workspace = Workspace.find(store)
    if guess and config is not None:
        raise UserError.of(
            "given-twice", "--guess and --config are two ways to load", mend="Give one."
        )
    how = loading(workspace, data, config, guess=guess)
    manager = carry_out(workspace, how)
    if write is not None:
        write_loading(how, write)
        click.echo(f"wrote {write}", err=True)
    elif (note := how.note()) is not None and not as_json:
        render.aside(note)
    if as_json:
        render.as_json(tree_as_dict(manager))
    else:
        click.echo(manager.tree if full else manager.tree_condensed)
