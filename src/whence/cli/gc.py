"""`whence gc`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import render
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.store import Collected


@click.command(name="gc")
@click.option("-y", "--yes", is_flag=True, help="Do it; otherwise it is only shown.")
@common
def command(yes: bool, store: Path | None, as_json: bool) -> None:
    """Set aside, fold and delete what the store need not keep. Shows it first; --yes does it.

    Content that no record has named for 14 days goes to the trash, and out of it a week later at
    the earliest. Journals and packs of writers that ended a week ago are folded into few files.
    The deletion of a run becomes final after 14 days. Others may record meanwhile.
    """
    from whence.app import Workspace, collect_garbage

    with render.progress("collecting", quiet=as_json or not yes) as move:
        done = collect_garbage(Workspace.open(store), act=yes, progress=move)
    if as_json:
        render.as_json({"done": yes, **_as_dict(done)})
    else:
        _tell(done, yes)
    sys.exit(1 if done.problems else 0)


def _as_dict(done: Collected) -> dict[str, Any]:
    plan = done.plan
    return {
        "final": plan.final,
        "aside": [place for place, _ in plan.aside],
        "back": [entry.place for entry in plan.back],
        "deleted": [entry.place for entry, _ in plan.gone],
        "freed": plan.freed,
        "packs": plan.packs,
        "journals": [file.name for file in plan.journals],
        "unfinished": plan.unfinished,
        "problems": [problem.as_dict() for problem in done.problems],
    }


def _tell(done: Collected, acted: bool) -> None:
    plan = done.plan
    aside = sum(size for _, size in plan.aside)
    away = f" to the trash ({render.size(aside)})"
    for count, one, several in (
        (len(plan.final), "deletion becomes final", "deletions become final"),
        (len(plan.aside), f"content goes{away}", f"contents go{away}"),
        (len(plan.back), *2 * ("back from the trash: a record names it again",)),
        (len(plan.gone), *2 * (f"deleted for good ({render.size(plan.freed)})",)),
        (len(plan.packs), "pack is folded", "packs are folded"),
        (len(plan.journals), "journal is folded", "journals are folded"),
        (len(plan.unfinished), "unfinished file is removed", "unfinished files are removed"),
    ):
        if count:
            click.echo(f"{count:>7} {one if count == 1 else several}")
    for problem in done.problems:
        click.echo(str(problem))
    if plan.idle:
        click.echo("There is nothing to do.")
    else:
        click.echo("Done." if acted else "Nothing was done. `whence gc --yes` does it.")
