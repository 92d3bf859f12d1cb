"""`whence tree`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.option import common


@click.command(name="tree")
@click.argument("data", required=False, type=click.Path(path_type=Path), metavar="[DATA]")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="EVAL.yml",
    help="The file with the load configuration; as whence.toml says if not given.",
)
@click.option("--full", is_flag=True, help="Print every member, not only the first and last.")
@common
def command(
    data: Path | None, config: Path | None, full: bool, store: Path | None, as_json: bool
) -> None:
    """Print the data of a sweep as one tree.

    DATA is the folder to load from; as whence.toml says if not given.
    """
    from whence.app import Workspace, load_tree, tree_as_dict

    workspace = Workspace.find(store)
    manager = load_tree(workspace, data=data, config=config)
    if as_json:
        render.as_json(tree_as_dict(manager))
    else:
        click.echo(manager.tree if full else manager.tree_condensed)
