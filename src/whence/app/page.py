"""Which of the things found are wanted: in which order, from which on, and how many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from whence.base.error import UserError
from whence.base.problem import did_you_mean

T = TypeVar("T")
Columns = Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what is found.

    Attributes
    ----------
    start : int or None
        How many of the first are left out; none if None.
    count : int or None
        At most so many; all if None.
    columns : sequence of (str, bool), optional
        What to sort by, the first first, and whether downward.

    Raises
    ------
    UserError
        If one of them is not that.
    """

    start: int | None = None
    count: int | None = None
    columns: Columns | None = None

    def __post_init__(self) -> None:
        for what, value in (("start_index", self.start), ("count_limit", self.count)):
            if value is not None and (type(value) is not int or value < 0):
                raise UserError.of(
                    f"bad-{what.partition('_')[0]}",
                    f"{what} is a whole number from 0 up, or None, not {value!r}",
                )
        if self.columns is not None and not all(map(_is_column, _several(self.columns))):
            raise UserError.of(
                "bad-order",
                f"sort_by_columns cannot be {self.columns!r}",
                mend="Give pairs of a column and whether to sort downward: [('created', True)].",
            )

    def of(
        self, found: Iterable[T], columns: Sequence[str], value: Callable[[T, str], Any]
    ) -> list[T]:
        """That part of what is found; what lacks a column comes last, whichever way.

        Parameters
        ----------
        found : iterable
            All.
        columns : sequence of str
            What may be sorted by; ``metadata.`` stands for all that begins so.
        value : callable
            Gives one thing's value for a column, or None.

        Raises
        ------
        UserError
            If there is no such column.
        """
        several = list(found)
        for name, down in reversed(self.columns or ()):
            _check(name, columns)
            some = [one for one in several if value(one, name) is not None]
            rest = [one for one in several if value(one, name) is None]
            some.sort(key=lambda one, name=name: _key(value(one, name)), reverse=down)  # type: ignore[misc]
            several = [*some, *rest]
        start = self.start or 0
        return several[start : None if self.count is None else start + self.count]


def _check(name: str, columns: Sequence[str]) -> None:
    spaces = tuple(column for column in columns if column.endswith("."))
    if name not in columns and not (spaces and name.startswith(spaces)):
        raise UserError.of(
            "unknown-field",
            f"there is no column {name!r} to sort by",
            mend=did_you_mean(name, columns) or f"Sort by one of: {', '.join(columns)}.",
        )


def _key(value: Any) -> tuple[bool, Any]:
    """Numbers first, then all else as text."""
    return (False, value) if isinstance(value, int | float) else (True, str(value))


def _several(columns: Any) -> list[Any]:
    return list(columns) if isinstance(columns, list | tuple) else [columns]


def _is_column(column: Any) -> bool:
    pair = isinstance(column, list | tuple) and len(column) == 2
    return pair and isinstance(column[0], str) and isinstance(column[1], bool)
