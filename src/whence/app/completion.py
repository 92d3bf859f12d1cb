"""Ids, names, tags and other words on record that begin with what was typed.

The shell waits meanwhile: only what reads the index is imported.
"""

from __future__ import annotations

import itertools
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
_FILES = 200  # of a run
_ENDED = "('completed', 'failed', 'terminated')"
_PREFIXES = {"params.": ("param",), "metadata.": ("meta",), "": ("param", "meta")}
_END = "\U0010ffff"


def complete_runs(
    store: Path | None, typed: str, *, deleted: bool = False, unended: bool = False
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
    unended : bool
        Only of runs that have not ended.
    """
    index = _index(store)
    if index is None:
        return []
    if unended:
        return _unended(index, typed)
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
    """Names, the newest first, each with the id of the run that it means: the newest so called.

    Of deleted runs only a name that one alone has means any.
    """
    query = "SELECT name, id, created FROM run WHERE name >= ? AND name < ? AND deleted = ? "
    values = typed, typed + _END, deleted
    rows = index.connection.execute(query + "LIMIT ?", (*values, _MANY)).fetchall()
    if len(rows) == _MANY:  # sorting them all would take longer than looking at the newest
        rows = index.connection.execute(
            f"{query.replace('FROM run', 'FROM run INDEXED BY run_created')}"
            "ORDER BY created DESC, id DESC LIMIT ?",
            (*values, _MANY),
        ).fetchall()
    rows.sort(key=lambda row: (row[2] or 0, row[1]), reverse=True)
    newest: dict[str, str] = {}
    for name, run, _ in rows:
        newest.setdefault(name, run)
    found = {}
    for name, run in itertools.islice(newest.items(), _MOST):
        (count,) = index.connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM run WHERE name = ? AND deleted = ? LIMIT 2)",
            (name, deleted),
        ).fetchone()
        if count == 1:
            found[name] = run
        elif not deleted:
            found[name] = f"{run}, the newest of several"
    return found


def _unended(index: Index, typed: str) -> list[tuple[str, str]]:
    """The ids, then the names, of runs that have not ended; they are few."""
    rows = index.connection.execute(
        f"SELECT id, name, status FROM run WHERE (status IS NULL OR status NOT IN {_ENDED}) "
        "AND NOT deleted ORDER BY created DESC LIMIT ?",
        (_MANY,),
    ).fetchall()
    ids = [(run, f"{name or ''} {status or ''}".strip()) for run, name, status in rows]
    names = [(name, run) for run, name, _ in rows if name and typed]
    return [pair for pair in (*ids, *names) if pair[0].startswith(typed)][:_MOST]


def complete_tags(store: Path | None, typed: str) -> list[str]:
    """The tags that begin with the text."""
    return _distinct(store, "tag", "FROM tag WHERE tag", typed)


def complete_folders(store: Path | None, typed: str) -> list[str]:
    """The folders of runs that begin with the text."""
    return _distinct(store, "folder", "FROM run WHERE NOT deleted AND folder", typed)


def complete_names(store: Path | None, typed: str) -> list[str]:
    """The names of parameters and metadata that begin with the text.

    Where they are typed as ``params.NAME`` or ``metadata.NAME`` they are given so, too. What
    sweeps have below the tags of their dimensions is left out.
    """
    prefix = next(prefix for prefix in _PREFIXES if typed.startswith(prefix))
    spaces = ", ".join(map(repr, _PREFIXES[prefix]))
    of_space = f"FROM name WHERE space IN ({spaces}) AND NOT instr(short, '!') AND short"
    found = _distinct(store, "short", of_space, typed.removeprefix(prefix))
    return [f"{prefix}{name}" for name in found]


def _distinct(store: Path | None, what: str, source: str, typed: str) -> list[str]:
    index = _index(store)
    if index is None:
        return []
    rows = index.connection.execute(
        f"SELECT DISTINCT {what} {source} >= ? AND {what} < ? ORDER BY {what} LIMIT ?",
        (typed, typed + _END, _MOST),
    )
    return [value for (value,) in rows]


def complete_artifacts(store: Path | None, run: str, typed: str) -> list[tuple[str, str]]:
    """The artifacts of a run whose names begin with the text, each with its category.

    Parameters
    ----------
    store : Path or None
        As the user gave it.
    run : str
        An id, a part of one or a name, as `whence.records.Records.resolve` takes it.
    typed : str
        The beginning.
    """
    from whence.records.reader import Records
    from whence.store import Store

    try:
        found = Store.open(store) if store else Store.find()
        artifacts = () if found is None else Records(found).resolve(run).artifacts
    except WhenceError:
        return []  # as where there is no store
    fit = ((item.name, str(item.category)) for item in artifacts if item.name.startswith(typed))
    return sorted(dict(fit).items())[:_FILES]


def complete_plots(file: Path | None, typed: str) -> list[str]:
    """The plots of a configuration, or of that of the project, that begin with the text."""
    from whence.app.tree import read_yaml
    from whence.app.workspace import Workspace

    try:
        workspace = Workspace.find(None)
        plots = read_yaml(workspace.path(file, workspace.config.plots, "plots")).value
    except WhenceError:
        return []
    names = map(str, plots if isinstance(plots, dict) else ())
    return [name for name in names if name.startswith(typed)]


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
