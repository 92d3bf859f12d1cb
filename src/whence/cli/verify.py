"""`whence verify`."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.option import common


@click.command(name="verify")
@common
def command(store: Path | None, as_json: bool) -> None:
    """Check every byte of the store: journals by their checks, content by its digest.

    The exit code is 1 if anything is damaged. Content that has not arrived yet (a copy of a store
    made while it was written) is told, and is no damage.
    """
    from whence.app import Workspace, verify_store

    report = verify_store(Workspace.open(store))
    problems = [*report.corrupt, *report.incomplete]
    counts = {
        name: getattr(report, name)
        for name in ("journals", "lines", "objects", "packed", "ahead", "unknown", "torn")
    }
    if as_json:
        told = {
            "corrupt": [problem.as_dict() for problem in report.corrupt],
            "incomplete": [problem.as_dict() for problem in report.incomplete],
            "unended": report.unended,
        }
        render.as_json({"sound": report.sound, **counts, **told})
    else:
        for problem in problems:
            click.echo(str(problem))
        click.echo(
            f"{render.counted(report.lines, 'line')} in "
            f"{render.counted(report.journals, 'journal')}, "
            f"{render.counted(report.objects, 'object')}, "
            f"{render.counted(report.packed, 'packed content')}: "
            + ("all is as it was written." if report.sound else f"{len(report.corrupt)} damaged.")
        )
        if report.unended:
            click.echo(
                f"{render.counted(len(report.unended), 'journal has', 'journals have')} "
                "no closing line: their writers live, "
                "or were killed."
            )
        if report.torn:
            click.echo(
                f"{render.counted(report.torn, 'line was', 'lines were')} cut short when a write "
                "failed, and refused: nothing is lost."
            )
        if report.unknown:
            click.echo(
                f"{render.counted(report.unknown, 'line is', 'lines are')} of kinds that this "
                "version does not know; kept for the one that does."
            )
        if report.ahead:
            click.echo(
                f"{render.counted(report.ahead, 'line says', 'lines say')} to be from more than a "
                "day ahead: a clock is or was wrong, here or there."
            )
    sys.exit(0 if report.sound else 1)
