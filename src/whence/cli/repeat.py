"""`whence repeat`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.cli import render
from whence.cli.completion import run_names
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.app import Repeat
    from whence.app.diff import FileChange

_SHOWN = 20


@click.command(name="repeat")
@click.argument("run", shell_complete=run_names)
@click.option("--quiet", is_flag=True, help="Record what it prints, but do not show it.")
@common
def command(run: str, quiet: bool, store: Path | None, as_json: bool) -> None:
    """Run a record again from what is on record of it, and say whether the same comes out.

    Its code is laid out in a temporary folder: the recorded commit with the stored changes, or
    the stored files of code; then its inputs. It runs there with the same command and parameters,
    as a new run linked to the old one. Exit code 1 means that the outcome differs.

    RUN is its id, any part of the id that no other run has, or its name; of several runs of
    that name it is the newest.
    """
    from whence.app import Workspace, repeat_run

    found = repeat_run(Workspace.open(store), run, quiet=quiet or as_json)
    if as_json:
        render.as_json(found.as_dict())
    else:
        _tell(found)
    sys.exit(0 if found.agrees else 1)


def _tell(found: Repeat) -> None:

    screen = render.console()
    screen.print(f"{found.old.id} was run again as {found.new.id}: ", end="")
    screen.print(render.status(found.new.status))
    if found.why:
        screen.print(f"  [red]{render.escape(found.why)}[/]")
    for note in found.notes:
        screen.print(f"  [yellow]note[/]: {render.escape(note)}")
    environment = found.diff.records.environment
    if environment is not None and not environment.same:
        screen.print("  [yellow]note[/]: the environment is another (`whence diff` tells more)")
    added, removed = found.inputs
    if added or removed:
        told = (
            f"{render.counted(len(added), 'input')} not read before, {len(removed)} not read again"
        )
        screen.print(f"  [yellow]note[/]: it read other data: {told}")
    outputs = found.diff.outputs
    for change in outputs.changed[:_SHOWN]:
        pair = change.pair
        if pair.left is None or pair.right is None:
            how = "was not there before" if pair.left is None else "did not come out again"
            screen.print(f"  [red]{render.escape(pair.name)}[/] {how}")
            continue
        told = render.escape(_numbers(change))
        screen.print(f"  [red]{render.escape(pair.name)}[/] differs{told}")
    total = outputs.same + len(outputs.changed)
    if not total:
        screen.print("no outputs are on record to compare")
    else:
        screen.print(f"{outputs.same} of {total} outputs agree by digest")


def _numbers(change: FileChange) -> str:
    arrays = change.numbers.arrays if change.numbers is not None else ()
    told = [
        f"{array.name or 'the array'} by up to {array.largest:g} ({array.differing} of "
        f"{array.values} values)"
        for array in arrays
        if array.largest is not None
    ]
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return (": " + "; ".join(told[:3]) + more) if told else ""
