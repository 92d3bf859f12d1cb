"""`whence merge`."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from whence.cli import render
from whence.cli.option import common


@click.command(name="merge")
@click.argument("other", type=click.Path(path_type=Path))
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be copied.")
@click.option(
    "--thorough",
    is_flag=True,
    help="Read every byte of what both stores have, and mend damage here from there.",
)
@common
def command(other: Path, dry_run: bool, thorough: bool, store: Path | None, as_json: bool) -> None:
    """Take over what the store OTHER has and this one has not: runs, metrics and content.

    OTHER is a project folder or its .whence folder, and is only read. Both stores may be written
    to meanwhile. Merging again adds nothing, and in which order stores are merged does not matter.

    `rsync -a --append-verify --exclude store.json OTHER/.whence/ .whence/` does the same.
    """
    from whence.app import Workspace, merge_store

    with render.progress("merging", quiet=as_json or dry_run) as move:
        merged = merge_store(
            Workspace.open(store), other, dry_run=dry_run, thorough=thorough, progress=move
        )
    problems = [*merged.conflicts, *merged.damaged]
    counts = {f"{kind}s": merged.count(kind) for kind in ("journal", "pack", "object", "claim")}
    if as_json:
        told = {
            "conflicts": [problem.as_dict() for problem in merged.conflicts],
            "damaged": [problem.as_dict() for problem in merged.damaged],
        }
        render.as_json({**counts, "size": merged.size, "dry_run": dry_run, **told})
    else:
        for problem in problems:
            click.echo(str(problem))
        if merged.copies:
            what = ", ".join(
                f"{count} {name[: -1 if count == 1 else None]}"
                for name, count in counts.items()
                if count
            )
            verb = "Would copy" if dry_run else "Copied"
            click.echo(f"{verb} {what} ({render.size(merged.size)}).")
        else:
            click.echo("There is nothing that this store has not.")
    sys.exit(1 if merged.damaged else 0)
