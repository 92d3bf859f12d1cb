"""Ids, names and tags that begin with what was typed. The shell waits: nothing slow is imported."""

from __future__ import annotations

from pathlib import Path

from whence.base.error import WhenceError
from whence.store import Store

_MOST = 50
_END = "\U0010ffff"


def complete_runs(
    store: Path | None, typed: str, *, deleted: bool = False
) -> list[tuple[str, str]]:
    """Run ids, then names, that begin with the text, the newest first, each with a description.

    Parameters
    ----------
    store : Path or None
        As the user gave it.
    typed : str
        The beginning; nothing of it is a pattern.
    deleted : bool
        Of the deleted runs instead.
    """
    rows = _query(
        store,
        "SELECT * FROM (SELECT id, name, status, created FROM run WHERE id >= ? AND id < ? "
        "AND deleted = ? ORDER BY id DESC LIMIT ?) ORDER BY created DESC",
        (typed, typed + _END, deleted, _MOST),
    )
    found = {run: f"{name or ''} {status or ''}".strip() for run, name, status, _ in rows}
    if typed:
        rows = _query(
            store,
            "SELECT name, max(id), count(*) FROM run WHERE name >= ? AND name < ? AND deleted = ? "
            "GROUP BY name HAVING count(*) = 1 ORDER BY max(id) DESC LIMIT ?",
            (typed, typed + _END, deleted, _MOST),
        )
        found |= {name: run for name, run, _ in rows}
    return list(found.items())


def complete_tags(store: Path | None, typed: str) -> list[str]:
    """The tags that begin with the text."""
    rows = _query(
        store,
        "SELECT DISTINCT tag FROM tag WHERE tag >= ? AND tag < ? ORDER BY tag LIMIT ?",
        (typed, typed + _END, _MOST),
    )
    return [tag for (tag,) in rows]


def _query(store: Path | None, text: str, values: tuple[object, ...]) -> list[tuple[str, ...]]:
    """The rows; none where there is no store or it cannot be read: completion says nothing."""
    try:
        there = Store.open(store) if store is not None else Store.find()
        return [] if there is None else there.index().connection.execute(text, values).fetchall()
    except WhenceError:
        return []
