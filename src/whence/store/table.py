"""Metric values as columns: what lines of one run with the same metrics turn into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from whence.base.error import UserError
from whence.base.escape import decode
from whence.store import frame
from whence.store.line import parse_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[Any]

NO_STEP = -(2**63)
"""Stands in `Table.step` for a line without a step."""

Key = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """The values that one writer logged for one run, of calls that gave the same metrics.

    Attributes
    ----------
    run, writer : str
        Whose they are.
    names : tuple of str
        The metrics, in the order in which the calls gave them.
    n : (row,) int64
        The line's number: with the writer, what tells a line from all others.
    step : (row,) int64
        The step, or `NO_STEP`.
    time, stamp : (row,) float64
        Seconds since the start of the run; seconds since 1970.
    values : tuple of (row,) float64, int64 or bool
        A column for each of `names`.
    """

    run: str
    writer: str
    names: tuple[str, ...]
    n: Column
    step: Column
    time: Column
    stamp: Column
    values: tuple[Column, ...]

    @property
    def key(self) -> Key:
        """What tables that can be joined have in common."""
        return self.run, self.writer, self.names

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in the order of the attributes."""
        return (self.n, self.step, self.time, self.stamp, *self.values)

    @classmethod
    def of(cls, key: Key, columns: Sequence[Column]) -> Table:
        """A table of that key from `columns`, in their order."""
        n, step, time, stamp, *values = columns
        return cls(*key, n, step, time, stamp, tuple(values))

    def take(self, rows: Column) -> Table:
        """Some of its rows."""
        return Table.of(self.key, [column[rows] for column in self.columns])


def join(tables: Iterable[Table]) -> list[Table]:
    """One table for each key, its rows in the order of the tables; always copied."""
    import numpy as np

    groups: dict[Key, list[Table]] = {}
    for table in tables:
        groups.setdefault(table.key, []).append(table)
    return [
        Table.of(
            key,
            [np.concatenate(parts) for parts in zip(*(t.columns for t in group), strict=True)],
        )
        for key, group in groups.items()
    ]


def once(tables: list[Table]) -> list[Table]:
    """The tables without the rows of lines that are there more than once, by writer and number.

    Copies come with merged stores: a line can be in the journal that it was written to, and in
    one that journals were folded into.
    """
    import numpy as np

    found: list[Table] = []
    for group in _by_writer(tables):
        if _apart(group):
            found += group
            continue
        numbers = np.concatenate([table.n for table in group])
        first = np.zeros(len(numbers), dtype=bool)
        first[np.unique(numbers, return_index=True)[1]] = True
        ends = np.cumsum([len(table.n) for table in group])
        for table, chosen in zip(group, np.split(first, ends[:-1]), strict=True):
            found.append(table.take(chosen))
    return [table for table in found if len(table.n)]


def _by_writer(tables: list[Table]) -> Iterable[list[Table]]:
    groups: dict[str, list[Table]] = {}
    for table in sorted(tables, key=lambda table: int(table.n[0])):
        groups.setdefault(table.writer, []).append(table)
    return groups.values()


def _apart(tables: list[Table]) -> bool:
    """Whether it is plain from the first and last numbers that no line is there twice."""
    import numpy as np

    if any(len(t.n) > 1 and not np.all(t.n[1:] > t.n[:-1]) for t in tables):
        return False
    ranges = sorted((int(table.n[0]), int(table.n[-1])) for table in tables)
    return all(before[1] < after[0] for before, after in pairwise(ranges))


def tables_of(lines: list[bytes], writer: str) -> list[Table]:
    """The metric values among the lines of a writer; other lines are passed over.

    Parameters
    ----------
    lines : list of bytes
        JSON objects that lack their closing brace, as those that a check was made of.
    writer : str
        Who wrote those that do not tell.
    """
    alike, others = frame.groups(lines)
    found = []
    for group in alike:
        told = frame.columns(group)
        if told is None:
            others += group
        else:
            run, names, cells = told
            found.append(_table((run, writer, names), cells))
    found += [_table(key, _cells(key, group)) for key, group in _groups(others, writer)]
    return [_in_order(table) for table in (join(found) if len(found) > 1 else found)]


def _in_order(table: Table) -> Table:
    """The rows in the order of their lines' numbers, which those of several frames are not in."""
    import numpy as np

    if np.all(table.n[1:] >= table.n[:-1]):
        return table
    return table.take(np.argsort(table.n, kind="stable"))


def _groups(lines: list[bytes], writer: str) -> Iterable[tuple[Key, list[dict[str, Any]]]]:
    groups: dict[Key, list[dict[str, Any]]] = {}
    for line in _plain(parse_all(lines)):
        key = line["run"], str(line.get("by", writer)), tuple(line["v"])
        groups.setdefault(key, []).append(line)
    return groups.items()


def _plain(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for line in lines:
        values = line.get("v")
        if type(values) is not dict or type(line.get("run")) is not str:
            continue
        if "$map" in values:
            try:
                yield {**line, "v": {str(name): item for name, item in decode(values).items()}}
            except (UserError, ValueError, TypeError, AttributeError):
                continue
        elif values:
            yield line


def _cells(key: Key, lines: list[dict[str, Any]]) -> list[list[Any]]:
    values = [line["v"] for line in lines]
    return [
        *([line.get(name) for line in lines] for name in "nswt"),
        *([value[name] for value in values] for name in key[2]),
    ]


def _table(key: Key, cells: list[list[Any]]) -> Table:
    n, step, time, stamp, *values = cells
    columns = [_whole(n), _whole(step), _real(time), _real(stamp), *map(_column, values)]
    return Table.of(key, columns)


def _whole(items: list[Any]) -> Column:
    import numpy as np

    try:
        return np.array(items, dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        fits = [item if type(item) is int and abs(item) < -NO_STEP else NO_STEP for item in items]
        return np.array(fits, dtype=np.int64)


def _real(items: list[Any]) -> Column:
    import numpy as np

    try:
        return np.array(items, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return np.array([_number(item) for item in items], dtype=np.float64)


def _column(items: list[Any]) -> Column:
    """Whole numbers and truth values stay what they are where all of a metric's are."""
    import numpy as np

    try:
        column = np.array(items)
    except ValueError:
        return _real(items)
    if column.dtype in (np.float64, np.int64, np.bool_) and column.ndim == 1:
        return column
    return _real([_number(item) for item in items])


def _number(item: Any) -> float:
    """A value that JSON has no word for; what is no number at all is missing."""
    try:
        return float(decode(item))
    except OverflowError:
        return float("inf") if decode(item) > 0 else float("-inf")
    except (TypeError, ValueError, UserError, KeyError):
        return float("nan")
