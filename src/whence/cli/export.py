"""`whence export`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.base.error import UserError
from whence.cli import render
from whence.cli.completion import run_names
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.app import Workspace
    from whence.app.crate import CrateOptions


@click.command(name="export")
@click.argument("words", nargs=-1, metavar="[RUN|FILTER]...", shell_complete=run_names)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write to this file; else to standard output.")  # fmt: skip
@click.option("--with-content", is_flag=True, help="Also small files that they took in or put out.")
@click.option("--without-metrics", is_flag=True, help="Leave the metric values out.")
@click.option(
    "--ro-crate",
    is_flag=True,
    help="Write an RO-Crate instead: a zip with all files, as data repositories take. Needs -o.",
)
@click.option("--title", help="The title of the crate; the names of the runs if not given.")
@click.option("--description", help="What the crate is about.")
@click.option("--license", "licence", metavar="URL|SPDX", help="The licence of the crate.")
@click.option("--author", "authors", multiple=True, metavar="'NAME <URL>'",
              help="An author of the crate; the users who made the runs if not given.")  # fmt: skip
@common
def command(
    words: tuple[str, ...],
    output: Path | None,
    with_content: bool,
    without_metrics: bool,
    ro_crate: bool,
    title: str | None,
    description: str | None,
    licence: str | None,
    authors: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Write whole records as lines of JSON, which `whence import` reads into another store.

    Runs are given by id, part of an id or name, or chosen by filters like 'metadata.mass > 3';
    if none are given, all are written.
    """
    from whence.app import Workspace, export_records
    from whence.app.crate import CrateOptions
    from whence.app.exchange import ExportOptions
    from whence.store.replacement import replaced

    workspace = Workspace.open(store)
    if ro_crate:
        crate = CrateOptions(title, description, licence, authors)
        _crate(workspace, words, output, crate, as_json)
        return
    options = ExportOptions(content=with_content, metrics=not without_metrics)
    if output is None:
        if as_json:
            raise UserError.of(
                "no-output",
                "what export writes is JSON already, a record in each line",
                mend="With -o FILE, --json tells what was written.",
            )
        export_records(workspace, words, sys.stdout.buffer, options)
        return
    with replaced(output) as file, _progress(as_json) as move:
        told = export_records(workspace, words, file, options, move)
    size = output.stat().st_size
    if as_json:
        counts = {"records": told.records, "contents": told.contents, "skipped": told.skipped}
        render.as_json({"file": str(output), **counts, "bytes": size})
        return
    skipped = render.counted(told.skipped, "content was", "contents were")
    left = f"; {skipped} too big or not at hand" if told.skipped else ""
    records = render.counted(told.records, "record")
    contents = render.counted(told.contents, "content")
    click.echo(f"Wrote {records}, {contents} ({render.size(size)}) to {output}{left}")


def _progress(quiet: bool) -> AbstractContextManager[Callable[[int, int, str], None]]:
    return render.progress("Exporting", quiet=quiet or not sys.stderr.isatty())


def _crate(
    workspace: Workspace,
    words: tuple[str, ...],
    output: Path | None,
    options: CrateOptions,
    as_json: bool,
) -> None:
    from whence.app import write_crate

    if output is None:
        raise UserError.of("no-output", "where to?", mend="Give -o crate.zip.")
    with _progress(as_json) as move:
        told = write_crate(workspace, words, output, options, move)
    if as_json:
        render.as_json(told.as_dict())
        return
    for name in told.missing[:5]:
        click.echo(f"not at hand, so only told of: {name}", err=True)
    if told.missing[5:]:
        click.echo(f"… and {len(told.missing) - 5} more", err=True)
    runs, files = render.counted(told.runs, "run"), render.counted(told.files, "file")
    size = render.size(output.stat().st_size)
    click.echo(f"Wrote {runs}, {files} ({size}) to {output}")
