"""A folded state as the rows that the index keeps of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from whence.store.fold import State
from whence.store.leaf import Cell, leaves
from whence.store.schema import RUN_COLUMNS

_NUMBERS = frozenset(("created", "started", "ended", "first", "last", "lc"))


@dataclass(frozen=True, slots=True)
class Rows:
    """Everything of a run that can be looked for, without its key.

    Attributes
    ----------
    run : tuple
        In the order of `RUN_COLUMNS`.
    tags : tuple of str
        Its tags.
    params : dict of str to (num, text)
        The leaves of its parameters.
    artifacts : tuple of tuple
        Category, name, digest, type, size, kept, path.
    """

    run: tuple[Any, ...]
    tags: tuple[str, ...]
    params: dict[str, Cell]
    artifacts: tuple[tuple[Any, ...], ...]


def rows_of(state: State) -> Rows:
    """The rows of a state; a deleted run can be looked for by its id only."""
    run = tuple([_cell(name, state.get(name)) for name in RUN_COLUMNS])
    if state["deleted"]:
        return Rows(run, (), {}, ())
    params = state.get("params")
    return Rows(
        run,
        tuple(state["tags"]),
        leaves(params) if type(params) is dict else {},
        tuple(_artifact(item) for item in state["artifacts"]),
    )


def _cell(name: str, value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return None if name in _NUMBERS else value
    if kind is float or kind is int or kind is bool:
        return value
    return None


def _artifact(item: dict[str, Any]) -> tuple[Any, ...]:
    size = item.get("size")
    return (
        item["category"],
        item["name"],
        item["digest"],
        _text(item.get("type")),
        size if type(size) is int else None,
        _text(item.get("kept")),
        _text(item.get("path")),
    )


def _text(value: Any) -> str | None:
    return value if type(value) is str else None
