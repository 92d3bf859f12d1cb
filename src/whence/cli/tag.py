"""`whence tag`."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from whence.base.error import UserError
from whence.cli.completion import run_names_or_tags, tags
from whence.cli.edit import say, where
from whence.cli.option import common


@click.command(name="tag")
@click.argument("words", nargs=-1, metavar="RUN... [TAG]", shell_complete=run_names_or_tags)
@click.option(
    "-a", "--add", multiple=True, metavar="TAG", shell_complete=tags, help="Give this tag."
)
@click.option(
    "-r", "--remove", multiple=True, metavar="TAG", shell_complete=tags, help="Take this tag away."
)
@where
@common
def command(
    words: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    filters: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Give tags to runs, or take them away.

    Without --add and --remove the last word is the tag to give:
    [bold]whence tag sim_12 sim_13 figure1[/]. Several runs are ids, parts of ids or names; or all
    that fit --where.
    """
    from whence.app import Workspace, edit_tags, some_runs

    runs = words
    if not add and not remove:
        if len(words) + len(filters) < 2 or not words:
            raise UserError.of(
                "no-tag", "which tag for which run?", mend="Like: whence tag sim_12 figure1"
            )
        runs, add = words[:-1], words[-1:]
    workspace = Workspace.open(store)
    say(edit_tags(workspace, some_runs(workspace, runs, filters), add, remove), "tags", as_json)
