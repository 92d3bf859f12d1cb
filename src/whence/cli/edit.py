"""What the commands that edit records share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from whence.base.error import UserError
from whence.cli import render
from whence.cli.completion import filters, run_names
from whence.cli.option import common

if TYPE_CHECKING:
    from whence.app import Edited

F = TypeVar("F", bound=Callable[..., Any])

_NAMED = 3


def where(function: F) -> F:
    """The option that chooses runs by filters."""
    return click.option(
        "--where",
        "filters",
        multiple=True,
        metavar="FILTER",
        shell_complete=filters,
        help="Also, or only, runs that fit, like 'metadata.mass > 3' (see `whence list`).",
    )(function)


def noting(function: F) -> F:
    """What the commands that write a text about runs are told."""
    runs = click.argument("runs", nargs=-1, metavar="RUN...", shell_complete=run_names)
    return runs(click.argument("text")(where(common(function))))


def check_runs(runs: tuple[str, ...], filters: tuple[str, ...], example: str) -> None:
    """Refuse a text about no run; a single word may be meant as either.

    Raises
    ------
    UserError
        If no run and no filter was given.
    """
    if not runs and not filters:
        raise UserError.of(
            "no-run",
            "which runs, and what about them?",
            mend=f"Like: {example}; or choose the runs with --where FILTER.",
        )


def say(edited: Edited, field: str, as_json: bool) -> None:
    """Tell which records were changed."""
    if as_json:
        render.as_json(
            [
                {
                    "id": record.id,
                    "name": record.name,
                    field: list(record.tags) if field == "tags" else record.state.get(field),
                    "changed": record.id in edited.changed,
                }
                for record in edited.records
            ]
        )
        return
    count, same = len(edited.changed), len(edited.records) - len(edited.changed)
    runs = "1 run" if count == 1 else f"{count} runs"
    if 0 < count <= _NAMED:  # a name means the newest of its runs, which need not be the one meant
        changed = [record for record in edited.records if record.id in edited.changed]
        told = (r.id if r.name == r.id else f"{r.name} {r.id}" for r in changed)
        runs += f" ({', '.join(told)})"
    rest = f"; {same} {'was' if same == 1 else 'were'} so already" if same else ""
    click.echo(f"Changed the {field} of {runs}{rest}.")
