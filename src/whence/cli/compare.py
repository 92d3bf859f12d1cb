"""`whence compare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from whence.cli import render
from whence.cli.completion import run_names
from whence.cli.option import common, limited

if TYPE_CHECKING:
    from whence.app import Compared

_SHOWN = 40
_WIDEST = 24


@click.command(name="compare")
@click.argument("words", nargs=-1, metavar="[RUN|FILTER]...", shell_complete=run_names)
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many keys deep the columns go (as deep as there are differences, if that fits).",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "csv", "json", "html"]),
    default="table",
    help="How to write it.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write it to a file.")  # fmt: skip
@limited(_SHOWN)
@common
def command(
    words: tuple[str, ...],
    depth: int | None,
    style: str,
    output: Path | None,
    limit: int | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """Compare the parameters of runs: those that differ, a column each.

    Runs are given by id, part of an id or name, or chosen by filters like 'metadata.mass > 3';
    if none are given, all are compared. A column that shows <+> differs further down: a greater
    --depth shows where.
    """
    from whence.app import Workspace, compare_runs

    style = "json" if as_json else style
    if limit is None and style == "table":
        limit = _SHOWN
    found = compare_runs(Workspace.open(store), words, depth=depth, limit=limit or None)
    if style == "table" and output is None:
        deepest = found.depth
        if depth is None and deepest > 1 and not _fits(found):
            found = compare_runs(Workspace.open(store), words, depth=1, limit=limit or None)
            note = f"What differs below <+> does not fit here; --depth {deepest} shows it all."
            click.echo(note, err=True)
        _table(found)
        return
    text = _TEXTS[style](found)
    if output is None:
        click.echo(text, nl=False)
    else:
        from whence.cli.page import write

        write(output, text)
        click.echo(f"Wrote {output}", err=True)


def _json(found: Compared) -> str:
    import orjson

    return orjson.dumps(found.as_dict(), option=orjson.OPT_INDENT_2).decode() + "\n"


def _csv(found: Compared) -> str:
    return found.as_csv()


def _plain(found: Compared) -> str:
    """The table whole, in columns of characters."""
    lines = [found.header, *found.lines()]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    told = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
    return "\n".join(told) + "\n"


def _html(found: Compared) -> str:
    from html import escape

    from whence.cli.page import document
    from whence.records.comparison import Mark

    head = "".join(f"<th>{escape(title)}</th>" for title in found.header)
    rows = []
    for line in found.lines():
        cells = (
            f'<td class="absent">{escape(text)}</td>' if text in set(Mark) else
            f"<td>{escape(text)}</td>"
            for text in line
        )  # fmt: skip
        rows.append(f"<tr>{''.join(cells)}</tr>")
    body = "\n".join(rows)
    table = f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
    return document(f"The parameters of {render.counted(len(found.records), 'run')}", table)


_TEXTS = {"json": _json, "csv": _csv, "html": _html, "table": _plain}


def _fits(found: Compared) -> bool:
    """Whether all columns have room in the terminal."""
    header, lines = _cells(found)
    return _fitting([header, *lines], 0, render.console().width) == len(header)


def _cells(found: Compared) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """The titles and the texts below them, without a column of names where there are none."""
    lines = [tuple(render.short(text, _WIDEST) for text in line) for line in found.lines()]
    if any(line[0] != line[1] for line in lines):
        return found.header, lines
    return (found.header[0], *found.header[2:]), [(line[0], *line[2:]) for line in lines]


def _table(found: Compared) -> None:
    """The table as far as the terminal is wide, and a note of what it leaves out."""
    from rich.table import Table

    if not found.columns:
        count = len(found.records)
        click.echo(
            f"{count} runs have the same parameters." if count > 1 else "There is one run only."
        )
        return
    screen = render.console()
    header, lines = _cells(found)
    fixed = len(header) - len(found.columns)
    count = _fitting([header, *lines], fixed, screen.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in header[:count]:
        table.add_column(render.escape(title), no_wrap=True)
    for line in lines:
        table.add_row(*map(render.escape, line[:count]))
    render.show(table)
    if (hidden := len(header) - count) > 0:
        told = "column more" if hidden == 1 else "columns more"
        click.echo(
            f"… and {hidden} {told} than fit here; --format csv, json or html tells them all."
        )
    if (left := found.total - len(found.records)) > 0:
        click.echo(f"… and {left} more runs; --limit 0 compares them all.")


def _fitting(lines: Sequence[Sequence[str]], fixed: int, width: int) -> int:
    """How many columns fit: the first ones always, and one parameter at least."""
    used, count = 0, 0
    for column in zip(*lines, strict=True):
        used += max(map(len, column)) + (2 if count else 0)
        if used > width and count > fixed:
            break
        count += 1
    return count
