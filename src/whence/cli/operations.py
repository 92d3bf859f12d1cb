"""`whence operations`."""

from __future__ import annotations

import sys

import rich_click as click

from whence.cli import render
from whence.cli.option import in_json


@click.command(name="operations")
@click.argument("text", required=False)
@in_json
def command(text: str | None, as_json: bool) -> None:
    """List the operations that transformations can use; with TEXT, those whose name has it.

    The exit code is 1 if none has.
    """
    from whence.app.operation import operation_names

    names = operation_names(text)
    if as_json:
        render.as_json(names)
    elif names:
        _lines(names)
    else:
        from whence.base.problem import did_you_mean

        near = did_you_mean(str(text), operation_names())
        told = f"No operation has {text!r} in its name. {near or '`whence operations` lists all.'}"
        click.echo(told, err=True)
    sys.exit(0 if names else 1)


def _lines(names: list[str]) -> None:
    from whence.app.operation import operation_line

    screen = render.console()
    widest = max(map(len, names))
    for name in names:
        line = f"{name:<{widest}}  {operation_line(name)}".rstrip()
        click.echo(render.short(line, screen.width))
