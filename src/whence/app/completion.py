"""Ids, names and tags that begin with what was typed.

The shell waits meanwhile: only what reads the index is imported.
"""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from whence.base.clock import system_clock
from whence.base.error import WhenceError
from whence.store import layout
from whence.store.cache import cache_folder
from whence.store.files import Files
from whence.store.index import Index
from whence.store.order import LogicalClock

_MOST = 50
_MANY = 1000
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
    index = _index(store)
    if index is None:
        return []
    span = typed, typed + _END, deleted, _MOST
    rows = index.connection.execute(
        "SELECT * FROM (SELECT id, name, status, created FROM run WHERE id >= ? AND id < ? "
        "AND deleted = ? ORDER BY id DESC LIMIT ?) ORDER BY created DESC",
        span,
    )
    found = {run: f"{name or ''} {status or ''}".strip() for run, name, status, _ in rows}
    if typed:
        found |= _names(index, typed, deleted)
    return list(found.items())


def _names(index: Index, typed: str, deleted: bool) -> dict[str, str]:
    """Names that only one run has, the newest first, with its id."""
    query = "SELECT name, id, created FROM run WHERE name >= ? AND name < ? AND deleted = ? "
    values = typed, typed + _END, deleted
    rows = index.connection.execute(query + "LIMIT ?", (*values, _MANY)).fetchall()
    if len(rows) == _MANY:  # sorting them all would take longer than looking at the newest
        rows = index.connection.execute(
            f"{query.replace('FROM run', 'FROM run INDEXED BY run_created')}"
            "ORDER BY created DESC LIMIT ?",
            (*values, _MOST),
        ).fetchall()
    rows.sort(key=lambda row: row[2] or 0, reverse=True)
    found = {}
    for name, run, _ in rows[:_MOST]:
        (count,) = index.connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM run WHERE name = ? AND deleted = ? LIMIT 2)",
            (name, deleted),
        ).fetchone()
        if count == 1:
            found[name] = run
    return found


def complete_tags(store: Path | None, typed: str) -> list[str]:
    """The tags that begin with the text."""
    index = _index(store)
    if index is None:
        return []
    rows = index.connection.execute(
        "SELECT DISTINCT tag FROM tag WHERE tag >= ? AND tag < ? ORDER BY tag LIMIT ?",
        (typed, typed + _END, _MOST),
    )
    return [tag for (tag,) in rows]


def _index(store: Path | None) -> Index | None:
    """The index, up to date; None where there is no store that can be read."""
    try:
        root = _root(store)
        if (
            root is None
            or orjson.loads((root / "store.json").read_bytes())["format"] > layout.FORMAT
        ):
            return None
        index = Index(root, cache_folder(root), Files(), system_clock, LogicalClock())
        index.refresh()
    except (WhenceError, OSError, ValueError, KeyError, TypeError):
        return None  # the command itself will tell what is wrong
    return index


def _root(store: Path | None) -> Path | None:
    """The store folder, found as `whence.store.Store` finds it, without all that a store needs."""
    here = Path(os.getcwd())
    named = os.environ.get("WHENCE_STORE")
    folders = [store] if store else [here, *here.parents, *([Path(named)] if named else ())]
    for folder in folders:
        for root in (folder / layout.FOLDER, folder):
            if (root / "store.json").is_file():
                return Path(os.path.realpath(root))
    return None
