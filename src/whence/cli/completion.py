"""`whence completion`, and what commands offer when Tab is pressed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click
from click.shell_completion import CompletionItem

from whence.cli import render

_WHERE = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc",
    "fish": "~/.config/fish/completions/whence.fish",
}


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(_WHERE)))
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
def command(shell: str, as_json: bool) -> None:
    """Print what makes a shell complete commands, options, run ids, names and tags.

    For bash put [bold]eval "$(whence completion bash)"[/] into ~/.bashrc, for zsh the like into
    ~/.zshrc; for fish write it to ~/.config/fish/completions/whence.fish.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    script = found(click.Command("whence"), {}, "whence", "_WHENCE_COMPLETE").source()
    if as_json:
        render.as_json({"shell": shell, "file": _WHERE[shell], "script": script})
    else:
        click.echo(script)


def run_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The runs whose id or name begins with what was typed."""
    from whence.app.completion import complete_runs

    deleted = bool(ctx.params.get("undo"))
    found = complete_runs(_store(ctx), incomplete, deleted=deleted)
    return [CompletionItem(value, help=told) for value, told in found]


def run_names_or_tags(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Runs, and once one is named the tags too."""
    found = run_names(ctx, param, incomplete)
    if not ctx.params.get(str(param.name)):
        return found
    return [*tags(ctx, param, incomplete), *found]


def tags(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The tags that begin with what was typed."""
    from whence.app.completion import complete_tags

    return [CompletionItem(tag, help="tag") for tag in complete_tags(_store(ctx), incomplete)]


def _store(ctx: Any) -> Path | None:
    given = ctx.params.get("store")
    return None if given is None else Path(given)
