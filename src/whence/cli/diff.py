"""`whence diff`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import render
from whence.cli.completion import run_names
from whence.cli.option import common

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from whence.app import Diff
    from whence.app.diff import FileChange, Files
    from whence.formats.difference import ArrayDifference
    from whence.records import Record
    from whence.records.difference import Change

_LINES = 40
_LONG = 200  # a JSON document may be one line
_ARRAYS = 12


@click.command(name="diff")
@click.argument("left", metavar="A", shell_complete=run_names)
@click.argument("right", metavar="B", shell_complete=run_names)
@click.option("--full", is_flag=True, help="Show every line and array that differs.")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page to this file."
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    default=10.0,
    metavar="S",
    help="Compare the numbers of one file for at most so long (10).",
)
@common
def command(
    left: str,
    right: str,
    full: bool,
    html: Path | None,
    seconds: float,
    store: Path | None,
    as_json: bool,
) -> None:
    """Tell in what two runs differ.

    Compared are parameters, code (line by line where the contents were kept), environment, inputs
    and outputs: by digest, and arrays and tables by their numbers. A and B are ids, parts of ids
    that no other run has, or names.
    """
    from whence.app import Workspace, diff_runs

    found = diff_runs(Workspace.open(store), left, right, seconds=seconds)
    if html is not None:
        from whence.cli.page import page

        names = f"{found.records.left.name} and {found.records.right.name}"
        page(html, f"In what {names} differ", _sections(found, full=True))
    if as_json:
        render.as_json(found.as_dict())
    elif html is not None:
        click.echo(f"Wrote {html}")
    else:
        _print(found, full)


def _print(found: Diff, full: bool) -> None:
    screen = render.console()
    for title, told, body in _sections(found, full):
        screen.print(f"[bold]{title:<12}[/] {told}" if title else told)
        for part in body:
            _show(screen, part)


def _show(screen: Console, part: RenderableType) -> None:
    """Print a part; where nobody looks at it, without blanks at the ends of lines."""
    if screen.is_terminal:
        screen.print(part)
        return
    with screen.capture() as text:
        screen.print(part)
    for line in text.get().splitlines():
        click.echo(line.rstrip())


def _sections(found: Diff, full: bool) -> Iterator[tuple[str, str, list[RenderableType]]]:
    """Title, one line in markup, and what is shown below it."""
    records, parameters = found.records, found.records.parameters
    yield "", f"[red]−[/] {_who(records.left)}", []
    yield "", f"[green]+[/] {_who(records.right)}", []
    same = f"{records.parameters_same} the same"
    count = len(parameters)
    told = f"{count} differ{'s' if count == 1 else ''}, {same}" if count else f"{same}"
    yield "parameters", told, _table(parameters)
    yield "code", _code(found), [*_table(records.version), *_files(found.code, full)]
    yield "environment", *_environment(found)
    for title, files in (("inputs", found.inputs), ("outputs", found.outputs)):
        yield title, _counted(files), _files(files, full)
    if records.metadata:
        yield "metadata", f"{len(records.metadata)} differ", _table(records.metadata)
    took = [render.duration(side.duration) for side in (records.left, records.right)]
    facts = [change for change in records.facts if change.key != "name"]
    yield "otherwise", f"took {took[0]} and {took[1]}", _table(facts)


def _who(record: Record) -> str:
    name = render.escape(record.name) + "  " if record.name != record.id else ""
    return f"{name}{record.id}  {render.status(record.status)}"


def _table(changes: Any) -> list[RenderableType]:
    if not changes:
        return []
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="red", overflow="fold")
    table.add_column(style="green", overflow="fold")
    for change in changes:
        table.add_row(Text(f"  {change.key}"), *(Text(_value(change, side)) for side in _SIDES))
    return [table]


_SIDES = ("left", "right")


def _value(change: Change, side: str) -> str:
    """A value so that what differs shows: texts without quotes, where they differ from numbers."""
    value, other = getattr(change, side), getattr(change, "right" if side == "left" else "left")
    text = value if isinstance(value, str) else repr(value)
    plain = isinstance(value, str) and isinstance(other, str)
    if isinstance(value, str) and not plain and type(value) is str:
        text = repr(value)
    kind = type(value).__name__
    if not plain and repr(value) == repr(other):
        text = f"{text} ({kind})"
    return render.short(render.plain(text), 200)


def _code(found: Diff) -> str:
    if not found.code.changed and not found.records.version:
        return "the same" if found.code.same else "none on record"
    return _counted(found.code)


def _counted(files: Files) -> str:
    if not files.changed:
        return f"{files.same} the same" if files.same else "none"
    return f"{len(files.changed)} differ, {files.same} the same"


def _environment(found: Diff) -> tuple[str, list[RenderableType]]:
    difference = found.records.environment
    if difference is None:
        return "not on record of both", []
    if difference.same:
        return "the same", []
    count = render.counted(len(difference.distributions), "distribution")
    changes = [*difference.facts, *difference.distributions]
    return f"{count} differ", _table(changes)


def _files(files: Files, full: bool) -> list[RenderableType]:
    from rich.text import Text

    found: list[RenderableType] = []
    for file in files.changed:
        found.append(Text.from_markup(f"  {_headline(file)}"))
        if file.text:
            found += _text(file.text, full)
        elif file.numbers:
            found += _numbers(file.numbers.arrays, full)
        if file.note:
            found.append(Text(f"    {file.note}", style="dim"))
    return found


def _headline(file: FileChange) -> str:
    left, right = file.pair.left, file.pair.right
    name = render.escape(file.pair.name)
    if left is None or right is None:
        only, style, sign = (right, "green", "+") if left is None else (left, "red", "−")
        size = f"  {render.size(only.size)}" if only and only.size else ""
        return f"[{style}]{sign} {name}{size}[/]"
    sizes = [render.size(side.size) for side in (left, right)]
    told = "" if not left.size + right.size else f"  {' → '.join(dict.fromkeys(sizes))}"
    if file.numbers and not file.numbers.arrays and not file.note:
        told += "  [dim]other bytes, the same numbers[/]"
    return f"{name}{told}  [dim]{left.digest[:12]} → {right.digest[:12]}[/]"


def _text(lines: tuple[str, ...], full: bool) -> list[RenderableType]:
    from rich.text import Text

    styles = {"+": "green", "-": "red", "@": "cyan"}
    body = lines[2:]  # without the names
    shown = body if full else body[:_LINES]
    found: list[RenderableType] = [
        Text(f"    {one if full else render.short(one, _LONG)}", styles.get(one[:1], "dim"))
        for one in map(render.plain, shown)
    ]
    if len(shown) < len(body):
        hidden = len(body) - len(shown)
        found.append(Text(f"    … {hidden} more lines; --full shows them", "dim"))
    return found


def _numbers(arrays: tuple[ArrayDifference, ...], full: bool) -> list[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    from whence.records.sibling import natural

    arrays = tuple(sorted(arrays, key=lambda one: natural(one.name)))
    shown = arrays if full else arrays[:_ARRAYS]
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(overflow="fold")
    for one in shown:
        kinds = [str(kind) for kind in (one.left, one.right) if kind is not None]
        table.add_row(Text(f"    {one.name}"), Text(" → ".join(dict.fromkeys(kinds))), _apart(one))
    found: list[RenderableType] = [table]
    if len(shown) < len(arrays):
        hidden = len(arrays) - len(shown)
        found.append(Text(f"    … {hidden} more arrays; --full shows them", "dim"))
    return found


def _apart(one: ArrayDifference) -> str:
    """How two arrays differ, in a sentence."""
    if one.left is None or one.right is None:
        return "[green]only in the second[/]" if one.left is None else "[red]only in the first[/]"
    if one.left.shape != one.right.shape:
        return "another shape"
    told = f"{one.differing} of {one.values} differ"
    if not one.differing:
        told = "the same values" if one.whole else f"the first {one.values} are the same"
    if one.largest is not None:
        place = f" at {list(one.at)}" if one.at else ""
        told += f", by at most {one.largest:.3g}{place} (relative {one.relative:.2g})"
    if one.missing:
        told += f"; {one.missing} NaN on one side"
    return told + ("" if one.whole else "; the rest was not compared, the time was up")
