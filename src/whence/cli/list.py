"""`whence list`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.cli import render
from whence.cli.option import common

if TYPE_CHECKING:
    from rich.table import Table

    from whence.app import Listed, Listing
    from whence.records import Record

_SHOWN = 40
_USUAL = ("id", "status", "name", "parameters", "took", "created")
_PAUSE = 2.0
_RIGHT = ("took", "created", "started", "ended", "duration")


@click.command(name="list")
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Only the first N (0: all; in a terminal {_SHOWN} if not given).",
)
@click.option("--status", metavar="STATUS", help="Only runs of this status, like failed or lost.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only runs with this tag.")
@click.option("--folder", metavar="/FOLDER", help="Only runs in this folder, like /my_simulation.")
@click.option(
    "--kind",
    type=click.Choice(["run", "sweep", "evaluation", "task"]),
    help="Only records of this kind.",
)
@click.option(
    "--sort",
    metavar="FIELDS",
    help="Sort by fields or parameters, with commas between; -name for downward.",
)
@click.option(
    "--columns",
    metavar="NAMES",
    help="Show these: fields, params.NAME, metadata.NAME; +NAMES adds to the usual ones.",
)
@click.option("--watch", is_flag=True, help=f"Go on, and show every {_PAUSE:.0f} s how it is.")
@common
def command(
    filters: tuple[str, ...],
    limit: int | None,
    status: str | None,
    tags: tuple[str, ...],
    folder: str | None,
    kind: str | None,
    sort: str | None,
    columns: str | None,
    watch: bool,
    store: Path | None,
    as_json: bool,
) -> None:
    """List the runs on record, the newest first.

    The table shows of each run the parameters that differ among those listed. A FILTER is a
    condition like 'metadata.x > 3', 'params.model.mu <= 0.5', 'has tag.melt', 'created < 2d',
    'status != completed' or 'name contains test'; all of them must hold.
    """
    from whence.app import Listing, Workspace, list_runs

    if limit is None and not as_json:
        limit = _SHOWN
    asked = Listing(filters, status, tags, folder, kind, _parts(sort), limit or None)
    shown = _columns(columns)
    workspace = Workspace.open(store)
    if watch and not as_json:
        _watch(lambda: list_runs(workspace, asked), shown)
        return
    found = list_runs(workspace, asked)
    if as_json:
        render.as_json([record.summary() for record in found.records])
        return
    _print(found, shown, asked)


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _columns(text: str | None) -> tuple[str, ...]:
    if text is None:
        return _USUAL
    added = text.startswith("+")
    names = _parts(text.removeprefix("+"))
    for name in names:
        if name not in _READ and not name.startswith(("params.", "metadata.")):
            raise UserError.of(
                "unknown-column",
                f"there is no column {name!r}",
                mend=did_you_mean(name, _READ)
                or f"There are {', '.join(_READ)}, params.NAME and metadata.NAME.",
            )
    return (*_USUAL, *names) if added else names


def _print(found: Listed, columns: Sequence[str], asked: Listing) -> None:
    if not found.records:
        fit = " that fit" if asked != replace(asked, filters=(), status=None, tags=()) else ""
        click.echo(f"No runs are on record{fit}. `whence run -- COMMAND` records one.")
        return
    render.show(_table(found.records, columns))
    if (hidden := found.total - len(found.records)) > 0:
        click.echo(f"… and {hidden} more; --limit 0 lists them all.")


def _watch(ask: Callable[[], Listed], columns: Sequence[str]) -> None:
    """Show the table anew until Ctrl-C."""
    from rich.live import Live

    screen = render.console()
    with Live(console=screen, auto_refresh=False, screen=False) as live:
        while True:
            live.update(_table(ask().records, columns), refresh=True)
            time.sleep(_PAUSE)


def _table(records: Sequence[Record], columns: Sequence[str]) -> Table:
    from rich.table import Table

    from whence.records import varied

    differing = varied(records) if "parameters" in columns else {}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(
            name.removeprefix("params.").removeprefix("metadata."),
            justify="right" if name in _RIGHT else "left",
            no_wrap=True,
            overflow="ellipsis" if name == "parameters" else "fold",
        )
    now = time.time()
    for record in records:
        table.add_row(*(_cell(record, name, differing, now) for name in columns))
    return table


def _cell(record: Record, name: str, differing: dict[str, dict[str, Any]], now: float) -> str:
    from rich.markup import escape

    if name == "parameters":
        own = differing.get(record.id, {})
        text = " ".join(f"{key}={render.short(value, 24)}" for key, value in own.items())
    elif name == "status":
        return render.status(record.status)
    elif name in ("created", "started", "ended"):
        text = render.ago(record.summary()[name], now)
    elif name in _READ:
        text = _READ[name](record)
    else:
        space, _, key = name.partition(".")
        held = record.parameters if space == "params" else record.metadata
        text = _value(held, key)
    return escape(text)


def _value(held: Any, key: str) -> str:
    from whence.records import get_task_param

    value = get_task_param(held, key, None)
    return "–" if value is None else render.short(value, 40)


_READ: dict[str, Callable[[Record], str]] = {
    "id": lambda record: record.id,
    "label": lambda record: record.label,
    "status": lambda record: record.status,
    "name": lambda record: record.name,
    "parameters": lambda record: "",
    "took": lambda record: render.duration(record.duration),
    "duration": lambda record: render.duration(record.duration),
    "created": lambda record: "",
    "started": lambda record: "",
    "ended": lambda record: "",
    "kind": lambda record: record.kind,
    "folder": lambda record: record.folder,
    "tags": lambda record: " ".join(record.tags),
    "reason": lambda record: render.short(" ".join(record.reason), 60),
    "outcome": lambda record: render.short(record.outcome, 60),
    "user": lambda record: record.user or "–",
    "host": lambda record: record.state.get("host") or "–",
    "version": lambda record: record.version[:12],
    "main_file": lambda record: record.main_file,
}
