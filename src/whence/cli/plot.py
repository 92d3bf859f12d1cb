"""`whence plot`."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from whence.cli import completion, render
from whence.cli.option import common


@click.command(name="plot")
@click.argument("plots", required=False, type=click.Path(path_type=Path), metavar="[PLOTS.yml]")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to load from; as whence.toml says if not given.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="EVAL.yml",
    help="The file with data_manager and plot_manager; as whence.toml says if not given.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.plots,
    help="Only the plots of this name or glob.",
)
@click.option("--again", is_flag=True, help="Compute and draw everything anew.")
@common
def command(
    plots: Path | None,
    data: Path | None,
    config: Path | None,
    only: tuple[str, ...],
    again: bool,
    store: Path | None,
    as_json: bool,
) -> None:
    """Draw the figures of a plot configuration, on record.

    PLOTS.yml is the one that whence.toml names, or plots.yml, if not given. The figures go into a
    new folder where eval.yml says, and each leads back to the runs it was made from: `whence trace
    FIGURE`. Nothing is computed twice: results are kept by the content they were made from.
    """
    from whence.app import EvaluationRequest, Workspace, check_request, evaluate

    wanted = EvaluationRequest(data=data, config=config, plots=plots, only=only, again=again)
    check_request(Workspace.find(store), wanted)
    workspace = Workspace.open_or_make(store, say=render.aside)
    with render.progress("plot", quiet=as_json) as move:
        result = evaluate(workspace, wanted, progress=move)
    if as_json:
        render.as_json(result.as_dict())
    else:
        for line in result.lines():
            click.echo(line)
    sys.exit(1 if result.failed else 0)
