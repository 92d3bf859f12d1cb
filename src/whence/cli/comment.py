"""`whence comment`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.cli.edit import check_runs, noting, say


@click.command(name="comment")
@click.option("--replace", is_flag=True, help="Put it in the place of what is noted.")
@noting
def command(
    runs: tuple[str, ...],
    text: str,
    replace: bool,
    filters: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Note something about the outcome of runs: [bold]whence comment sim_12 "too hot"[/].

    It is added to what is noted already.
    """
    from whence.app import Workspace, edit_comment, some_runs

    workspace = Workspace.open(store)
    check_runs(runs, filters, 'whence comment sim_12 "too hot"')
    records = some_runs(workspace, runs, filters)
    say(edit_comment(workspace, records, text, replace=replace), "outcome", as_json)
