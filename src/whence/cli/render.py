"""How answers look in a terminal: tables, colours, progress bars and JSON."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.base.excerpt import counted as counted
from whence.base.excerpt import printable as printable
from whence.base.excerpt import short as short
from whence.base.excerpt import size as size

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

STATUS_STYLE = {
    "created": "dim",
    "running": "bold blue",
    "completed": "green",
    "failed": "bold red",
    "terminated": "yellow",
    "lost": "bold magenta",
}

_FLAT = 1e-9  # a course that moves less, as a part of its values, is constant but for rounding
_BLOCKS = "▁▂▃▄▅▆▇█"


def aside(text: str) -> None:
    """Tell people something, beside what the command is asked for."""
    with suppress(OSError):  # standard error is full: what is done counts all the same
        click.echo(f"whence: {text}", err=True)


def as_json(value: Any) -> None:
    """Print plain data as JSON."""
    import orjson

    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
    click.echo(text.decode())


def is_seen() -> bool:
    """Whether the output is to have colours: it goes to a terminal, or they are asked for."""
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def is_coloured() -> bool:
    """Whether text for the terminal is to have colours; ``NO_COLOR`` says that it is not."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown")
    return is_seen() and not plain


def painted(text: str, style: str) -> str:
    """The text in a style like ``bold red``."""
    if not style:
        return text
    words = style.split()
    colour = next((word for word in words if word not in ("bold", "dim")), None)
    return click.style(text, fg=colour, bold="bold" in words or None, dim="dim" in words or None)


def say(line: str) -> None:
    """Print a line, with the colours it has."""
    click.echo(line, color=True)


def console() -> Console:
    """The terminal, or what stands in its place."""
    from rich.console import Console

    # A file or a pipe has no width to keep to.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 1000)


def show(table: Table) -> None:
    """Print a table; where nobody looks at it, without blanks at the ends of lines."""
    screen = console()
    if screen.is_terminal:
        screen.print(table, soft_wrap=table.width is not None)
        return
    with screen.capture() as text:
        screen.print(table, soft_wrap=table.width is not None)
    for line in text.get().splitlines():
        click.echo(line.rstrip())


def widths(rows: Sequence[Sequence[str]], give_way: Sequence[int], least: int) -> list[int]:
    """How wide the columns of a table may be, with two blanks between them.

    In a terminal the columns at `give_way` become narrower, the last of them first, none below
    `least`; the others are never cut.
    """
    found = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if not sys.stdout.isatty():
        return found
    over = sum(found) + 2 * (len(found) - 1) - shutil.get_terminal_size().columns
    for place in reversed(give_way):
        less = min(max(over, 0), max(found[place] - least, 0))
        found[place] -= less
        over -= less
    return found


def plain(text: str) -> str:
    """The text without what would move the cursor or change colours; its lines stay lines."""
    if text.isprintable():
        return text
    return "\n".join(map(printable, text.expandtabs().split("\n")))


def escape(text: str) -> str:
    """The text as rich markup that shows it as it is, but for what `plain` leaves out."""
    from rich.markup import escape as of_rich

    return of_rich(plain(text))


def tags(words: Sequence[str]) -> str:
    """Tags in a line; one that has blanks stands in quotation marks."""
    return " ".join(f'"{word}"' if " " in word else word for word in words)


def status(word: str) -> str:
    """A status in its colour, as rich markup."""
    style = STATUS_STYLE.get(word, "")
    return f"[{style}]{word}[/]" if style else word


def ago(text: str | None, now: float) -> str:
    """How long ago an instant was, in one unit: ``3 min ago``."""
    if text is None:
        return "–"
    seconds = now - datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    for length, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"


def moment(text: str | None, now: float) -> str:
    """An instant, and how long ago it was: ``2026-11-21 02:17:57 UTC, 3 min ago``."""
    return "–" if text is None else f"{text[:19].replace('T', ' ')} UTC, {ago(text, now)}"


def duration(seconds: float | None) -> str:
    """A length of time as people say it: ``0.21 s``, ``4 min 10 s``, ``2 h 05 min``."""
    from whence.records.period import spoken

    return "–" if seconds is None else spoken(seconds)


def number(value: float) -> str:
    """A number in at most seven figures."""
    return str(value) if isinstance(value, bool) else f"{value:.7g}"


def spark(values: Sequence[float]) -> str:
    """The course of some numbers in a line of blocks; a blank where there is none.

    Examples
    --------
    >>> spark([0, 1, 2, 3, float("nan"), 7])
    '▁▂▃▄ █'
    >>> spark([1.0, 1.0 + 1e-15])
    '▁▁'
    """
    there = [value for value in values if not math.isnan(value)]
    if not there:
        return " " * len(values)
    low, high = min(there) / 2, max(there) / 2  # by halves, which do not overflow
    moves = high - low > max(-low, high) * _FLAT
    span = high - low if moves else math.inf  # a constant lies on the ground
    top = len(_BLOCKS) - 1
    return "".join(
        " " if math.isnan(value) else _BLOCKS[round((value / 2 - low) / span * top)]
        for value in values
    )


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar on standard error; gives the callback ``(done, total, note)`` that moves it.

    Where standard error is no terminal, nothing is drawn and one line is written at the end.
    """
    if quiet:
        yield _still
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    screen = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description:<11}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
    )
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bars:
        task = bars.add_task(title, total=None, note="")

        def move(done: int, total: int, note: str = "") -> None:
            bars.update(task, completed=done, total=total, note=note)

        yield move
    finished = bars.tasks[0]
    if not screen.is_terminal and finished.total:
        screen.print(f"{title}: {finished.completed:.0f} of {finished.total or 0:.0f} done")


@contextmanager
def transfer(title: str) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar of bytes on standard error, from the first call of what this gives on."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    screen = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description:<8}"),
        BarColumn(bar_width=30),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
    )
    bars = Progress(*columns, console=screen, disable=not screen.is_terminal, transient=True)
    task = bars.add_task(title, total=None, note="")

    def move(done: int, total: int, note: str = "") -> None:
        bars.start()
        bars.update(task, completed=done, total=total, note=short(note, 30))

    try:
        yield move
    except KeyboardInterrupt:
        aside("broken off; the same command goes on where this one stopped")
        raise
    finally:
        bars.stop()


def _still(done: int, total: int, note: str = "") -> None:
    """Move nothing."""
