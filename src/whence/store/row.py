"""A folded state as the rows that the index keeps of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from whence.store.field import TOLD, fields
from whence.store.fold import State
from whence.store.leaf import Cell, leaves
from whence.store.schema import RUN_COLUMNS

_NUMBERS = frozenset(("created", "started", "ended", "first", "last", "lc"))


class Rows(NamedTuple):
    """Everything of a run that can be looked for, without its key.

    A rebuild makes one for each run; a frozen dataclass takes twice as long to make.

    Attributes
    ----------
    run : tuple
        In the order of `RUN_COLUMNS`.
    tags : tuple of str
        Its tags.
    cells : dict of str to dict of str to (num, text)
        The leaves of its parameters (``param``) and metadata (``meta``), and what is told of it
        in words (``field``), and how its alerts stand, by name (``alert``).
    artifacts : tuple of tuple
        Category, name, digest, type, size, kept, path.
    """

    run: tuple[Any, ...]
    tags: tuple[str, ...]
    cells: dict[str, dict[str, Cell]]
    artifacts: tuple[tuple[Any, ...], ...]


def rows_of(state: State) -> Rows:
    """The rows of a state; a deleted run can be looked for by its id only."""
    values = tuple(map(state.get, RUN_COLUMNS))
    unfit = _unfit(tuple(map(type, values)))
    run = values if not unfit else tuple([None if i in unfit else v for i, v in enumerate(values)])
    if state["deleted"]:
        return Rows((*run[:-1], 2 if "final" in state else 1), (), {}, ())
    params, meta = state.get("params"), state["meta"]
    cells = {"param": leaves(params)} if type(params) is dict else {}
    if meta:
        cells["meta"] = leaves(meta)
    if not TOLD.isdisjoint(state):
        cells["field"] = fields(state)
    if state["alerts"]:
        cells["alert"] = _alerts(state["alerts"])
    return Rows(
        run,
        tuple(state["tags"]),
        cells,
        tuple([_artifact(item) for item in state["artifacts"]]),
    )


def _alerts(alerts: dict[str, dict[str, Any]]) -> dict[str, Cell]:
    """The status of each alert of the run; of several of a name, the critical one's."""
    found: dict[str, Cell] = {}
    for key, facts in alerts.items():
        name = _text(facts.get("name")) or key
        if facts.get("attached") is not False and found.get(name) != (None, "critical"):
            found[name] = None, _text(facts.get("status"))
    return found


@lru_cache(maxsize=512)
def _unfit(kinds: tuple[type, ...]) -> frozenset[int]:
    """The columns of ``run`` that cannot hold values of such types."""
    fit = {float, int, bool, type(None)}
    return frozenset(
        number
        for number, (name, kind) in enumerate(zip(RUN_COLUMNS, kinds, strict=True))
        if kind not in fit and (kind is not str or name in _NUMBERS)
    )


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
