"""A folded state as the rows that the index keeps of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from whence.store.field import fields
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
    cells : dict of str to dict of str to (num, text)
        The leaves of its parameters (``param``) and metadata (``meta``), and what is told of it
        in words (``field``).
    artifacts : tuple of tuple
        Category, name, digest, type, size, kept, path.
    """

    run: tuple[Any, ...]
    tags: tuple[str, ...]
    cells: dict[str, dict[str, Cell]]
    artifacts: tuple[tuple[Any, ...], ...]


def rows_of(state: State) -> Rows:
    """The rows of a state; a deleted run can be looked for by its id only."""
    run = tuple([_cell(name, state.get(name)) for name in RUN_COLUMNS])
    if state["deleted"]:
        return Rows((*run[:-1], 2 if "final" in state else 1), (), {}, ())
    params, meta = state.get("params"), state["meta"]
    cells = {"param": leaves(params)} if type(params) is dict else {}
    if meta:
        cells["meta"] = leaves(meta)
    told = fields(state)
    if told:
        cells["field"] = told
    return Rows(
        run,
        tuple(state["tags"]),
        cells,
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
