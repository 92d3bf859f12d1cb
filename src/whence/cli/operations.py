"""`whence operations`."""

from __future__ import annotations

import rich_click as click

from whence.cli import render


@click.command(name="operations")
@click.argument("text", required=False)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
def command(text: str | None, as_json: bool) -> None:
    """List the operations that transformations can use; with TEXT, those whose name has it."""
    from whence.app import operation_names

    names = [name for name in operation_names() if text is None or text in name]
    if as_json:
        render.as_json(names)
    else:
        from rich.columns import Columns

        render.console().print(Columns(names, column_first=True, padding=(0, 2)), markup=False)
