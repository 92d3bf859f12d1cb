"""`whence list`."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import completion, render
from whence.cli.option import common, limited

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from whence.app import Listed, Listing, Workspace
    from whence.app.metric import MetricColumns
    from whence.records import Record

_SHOWN = 40
_USUAL = ("id", "status", "name", "parameters", "took", "created")
_PAUSE = 2.0
_RIGHT = ("took", "created", "started", "ended", "duration")
_GIVE_WAY = ("name", "parameters")  # where a terminal is narrow, the last one first
_LEAST = 10
_FEW = 4  # parameters shown of the only run
_LONGEST = 120  # characters of parameters where nothing else limits them


def _columns(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return completion.columns(_READ, ctx, incomplete)


@click.command(name="list")
@click.argument("filters", nargs=-1, metavar="[FILTER]...", shell_complete=completion.filters)
@limited(_SHOWN)
@click.option(
    "--status",
    metavar="STATUS",
    shell_complete=completion.statuses,
    help="Only runs of this status, like failed or lost.",
)
@completion.tag_option("Only runs with this tag.")
@click.option(
    "--folder",
    metavar="/FOLDER",
    shell_complete=completion.folders,
    help="Only runs in this folder, like /my_simulation.",
)
@click.option(
    "--kind",
    type=click.Choice(["run", "sweep", "evaluation", "task"]),
    help="Only records of this kind.",
)
@click.option(
    "--sort",
    metavar="FIELDS",
    shell_complete=_columns,
    help="Sort by fields or parameters, with commas between; -name for downward.",
)
@click.option(
    "--columns",
    metavar="NAMES",
    shell_complete=_columns,
    help="Show these: fields, params.NAME, metadata.NAME, metrics.NAME (its last value; "
    "metrics.NAME.min, .max, .average); +NAMES adds to the usual ones.",
)
@click.option(
    "--deleted",
    is_flag=True,
    help="List deleted runs instead, which `whence delete --undo` brings back.",
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
    deleted: bool,
    watch: bool,
    store: Path | None,
    as_json: bool,
) -> None:
    """List the runs on record, the newest first.

    The table shows of each run the parameters that differ among those listed. A FILTER is a
    condition like 'metadata.x > 3', 'params.model.mu <= 0.5', 'has tag.melt', 'created < 2d',
    'status != completed' or 'name contains test'; all of them must hold. A single word is a tag, a
    status, or a part of an id or a name. Dates, as in 'created == 2026-11-21', are in local time,
    while all that is shown is in UTC; a time may name its zone: 'created >= 2026-11-21T00:00Z'.
    """
    from whence.app import Listing, Workspace, list_runs
    from whence.app.record import columns_of

    if limit is None and not as_json:
        limit = _SHOWN
    asked = Listing(filters, status, tags, folder, kind, _parts(sort), limit or None, deleted)
    workspace = Workspace.open(store)
    shown: Sequence[str] = _USUAL
    if columns is not None:
        added = columns.startswith("+")
        told = _parts(columns.removeprefix("+"))
        names = columns_of(workspace, told, _READ, deleted=deleted)
        shown = (*_USUAL, *names) if added else names
    if watch and not as_json:
        _watch(workspace, asked, shown)
        return
    found = list_runs(workspace, asked)
    measured = _measured(workspace, found, shown)
    for hint in measured.hints if measured else ():
        click.echo(hint, err=True)
    if as_json:
        render.as_json([_plain(record, measured) for record in found.records])
        for hint in found.hints:
            click.echo(hint, err=True)
        return
    _print(found, shown, asked, measured)


def _measured(workspace: Workspace, found: Listed, columns: Sequence[str]) -> MetricColumns | None:
    """The metrics that columns ask for."""
    from whence.app.record import METRIC

    asked = [name.removeprefix(METRIC) for name in columns if name.startswith(METRIC)]
    if not asked:
        return None
    from whence.app.metric import metric_columns  # which takes numpy

    return metric_columns(workspace.store, found.records, asked)


def _plain(record: Record, measured: MetricColumns | None) -> dict[str, Any]:
    if measured is None:
        return record.summary()
    from whence.app.metric import digest_as_dict

    told = {name: digest_as_dict(one) for name, one in measured.digests[record.id].items()}
    return {**record.summary(), "metrics": told}


def _parts(text: str | None) -> tuple[str, ...]:
    """What stands between commas, but for those in the quotation marks of a name."""
    parts = re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^,])+', text or "")
    return tuple(part.strip() for part in parts if part.strip())


def _print(
    found: Listed, columns: Sequence[str], asked: Listing, measured: MetricColumns | None
) -> None:
    for hint in found.hints:
        click.echo(hint)
    if not found.records:
        click.echo(_nothing(asked))
        return
    sheet = _sheet(found.records, columns, measured)
    for line in _lines(sheet, render.is_coloured()):
        render.say(line)
    if (hidden := found.total - len(found.records)) > 0:
        click.echo(f"… and {hidden} more; --limit 0 lists them all.")


def _nothing(asked: Listing) -> str:
    if asked.deleted:
        return (
            f"No deleted run{' fits all that was asked for' if asked.narrows else 's are there'}."
        )
    if asked.narrows:
        return "No run fits all that was asked for. `whence list` without filters shows all runs."
    return "No runs are on record. `whence run -- COMMAND` records one."


def _watch(workspace: Workspace, asked: Listing, columns: Sequence[str]) -> None:
    """Show the table anew until Ctrl-C, as much of it as the terminal has room for."""
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from whence.app import list_runs

    screen = render.console()
    with Live(console=screen, auto_refresh=False) as live:
        while True:
            room = max(screen.height - 3, 1)
            found = list_runs(workspace, replace(asked, limit=min(asked.limit or room, room)))
            sheet = _sheet(found.records, columns, _measured(workspace, found, columns))
            lines = _lines(sheet, coloured=not screen.no_color)
            table = Text.from_ansi("\n".join(lines), no_wrap=True, overflow="ignore")
            live.update(Group(table, _beneath(found)), refresh=True)
            time.sleep(_PAUSE)


def _beneath(found: Listed) -> str:
    """What is said under a table that is shown anew again and again."""
    counts = Counter(record.status for record in found.records)
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    hidden = found.total - len(found.records)
    more = f"; and {hidden} more" if hidden > 0 else ""
    return f"[dim]{told or 'no run fits'}{more}; Ctrl-C ends[/]"


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What a table shows: the columns, and cells that fit into their widths."""

    columns: Sequence[str]
    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]


def _sheet(
    records: Sequence[Record], columns: Sequence[str], measured: MetricColumns | None
) -> _Sheet:
    """The cells; only parameters and names give way to a narrow terminal."""
    from whence.records import varied

    differing = varied(records) if "parameters" in columns else {}
    if columns[: len(_USUAL)] == _USUAL and not any(differing.values()):
        columns = tuple(name for name in columns if name != "parameters")
    kinds = Counter(record.kind for record in records)
    told = {
        record.id: _told(differing.get(record.id, {}), kinds[record.kind] == 1)
        for record in records
    }
    now = time.time()
    metrics = measured.values if measured else {}
    rows = [
        [
            render.plain(_cell(record, name, told[record.id], now, metrics.get(record.id, {})))
            for name in columns
        ]
        for record in records
    ]
    titles = [re.sub(r"^(params|metadata|metrics)\.", "", name) for name in columns]
    widths = render.widths([titles, *rows], [columns.index(n) for n in _GIVE_WAY if n in columns],
                           _LEAST)  # fmt: skip
    cut = [[*map(_shortened, columns, row, widths)] for row in (titles, *rows)]
    return _Sheet(columns, cut[0], cut[1:], widths)


def _shortened(column: str, text: str, width: int) -> str:
    """A cell that fits; of the name of a point the end tells it from the others."""
    if column == "name" and "/" in text and len(text) > width:
        return "…" + text[len(text) - width + 1 :]
    return render.short(text, width)


def _lines(sheet: _Sheet, coloured: bool) -> Iterator[str]:
    """The table as text: without rich, whose own take as long as all the rest."""
    for number, row in enumerate((sheet.titles, *sheet.rows)):
        cells = [
            text.rjust(width)
            if name in _RIGHT or name.startswith("metrics.")
            else text.ljust(width)
            for name, text, width in zip(sheet.columns, row, sheet.widths, strict=True)
        ]
        if coloured:
            styles = ["" if number else "bold"] * len(cells)
            if number and "status" in sheet.columns:
                place = sheet.columns.index("status")
                styles[place] = render.STATUS_STYLE.get(row[place], "")
            cells = [*map(render.painted, cells, styles)]
        yield "  ".join(cells).replace("\n", " ").rstrip()


def _told(values: dict[str, Any], alone: bool) -> str:
    """Parameters in a line; of the only run of its kind, of which none differ, the first few."""
    parts = [f"{key}={render.short(value, 24)}" for key, value in values.items()]
    if alone and len(parts) > _FEW:
        parts = [*parts[:_FEW], "…"]
    return render.short(" ".join(parts), _LONGEST)


def _cell(record: Record, name: str, told: str, now: float, metrics: Mapping[str, float]) -> str:
    if name == "parameters":
        return told
    if name in ("created", "started", "ended"):
        return render.ago(record.summary()[name], now)
    if name in _READ:
        return _READ[name](record)
    space, _, key = name.partition(".")
    if space == "metrics":
        return "–" if metrics.get(key) is None else render.number(metrics[key])
    return _value(record.parameters if space == "params" else record.metadata, key)


def _value(held: Any, key: str) -> str:
    from whence.records import get_task_param

    value = get_task_param(held, key, None)
    return "–" if value is None else render.short(value, 40)


_READ: dict[str, Callable[[Record], str]] = {
    "id": lambda record: record.id,
    "label": lambda record: record.label,
    "status": lambda record: record.status,
    "name": lambda record: ("★ " if "starred" in record.tags else "") + record.name,
    "parameters": lambda record: "",
    "took": lambda record: render.duration(record.duration),
    "duration": lambda record: render.duration(record.duration),
    "created": lambda record: "",
    "started": lambda record: "",
    "ended": lambda record: "",
    "kind": lambda record: record.kind,
    "folder": lambda record: record.folder,
    "tags": lambda record: render.tags(record.tags),
    "reason": lambda record: render.short(" ".join(record.reason), 60),
    "outcome": lambda record: render.short(record.outcome, 60),
    "user": lambda record: record.user or "–",
    "host": lambda record: record.state.get("host") or "–",
    "version": lambda record: record.version[:12],
    "main_file": lambda record: record.main_file,
}
