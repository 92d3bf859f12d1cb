"""`whence lineage`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.cli import render
from whence.cli.completion import run_names_or
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.records import Lineage


@click.command(name="lineage")
@click.argument(
    "things",
    nargs=-1,
    required=True,
    metavar="FILE|RUN|DIGEST...",
    shell_complete=run_names_or("file"),
)
@click.option(
    "--up", type=click.IntRange(min=0), metavar="N", help="Only N generations of runs upstream."
)
@click.option(
    "--down", type=click.IntRange(min=0), metavar="N", help="Only N generations downstream."
)
@click.option(
    "--all", "every", is_flag=True, help="Show each of many equal siblings, not all as one."
)
@click.option("--mermaid", "form", flag_value="mermaid", help="Print a Mermaid flowchart.")
@click.option("--dot", "form", flag_value="dot", help="Print a graph for Graphviz.")
@click.option("--prov", "form", flag_value="prov", help="Print W3C PROV-JSON.")
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one interactive page that needs no network.",
)
@common
def command(
    things: tuple[str, ...],
    up: int | None,
    down: int | None,
    every: bool,
    form: str | None,
    page: Path | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """Tell what a file or run came from, and what was made from it, to the first inputs.

    Give a file, whatever its name and place now, or a folder; a run's id, a part of it, or its
    name; RUN:ARTIFACT; or a digest or its first digits.
    With --up or --down alone, only that side is shown.
    """
    from whence.app import Workspace, lineage_of

    near = next((path for path in map(Path, things) if os.path.exists(path)), None)
    if up is not None and down is None:
        down = -1
    elif down is not None and up is None:
        up = -1
    found = lineage_of(Workspace.find(store, near=near), things, up=up, down=down)
    if page is not None:
        from whence.cli.page import write

        write(page, found.html())
        click.echo(f"wrote {page}", err=True)
    if as_json:
        render.as_json(found.as_dict())
    elif form is not None or page is None:
        _print(found, form, every)


def _print(found: Lineage, form: str | None, every: bool) -> None:
    if form == "prov":
        render.as_json(found.prov())
    elif form is None:
        click.echo(found.text(collapse=not every))
    else:
        click.echo(getattr(found, form)(collapse=not every), nl=False)
