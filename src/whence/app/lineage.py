"""Tell what a run or a file came from, and what was made from it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from whence.app.trace import digests_below
from whence.app.workspace import Workspace
from whence.base.error import UserError
from whence.records import Lineage, Records, UnknownRun, identity, is_digest, left_at
from whence.records.kinship import EMPTY
from whence.records.neighbour import mend
from whence.store import Store

_SHORTEST = 6  # digits of a digest


def lineage_of(
    workspace: Workspace,
    things: tuple[Any, ...],
    *,
    up: int | None = None,
    down: int | None = None,
) -> Lineage:
    """The lineage of runs, artifacts, files and digests.

    Parameters
    ----------
    workspace : Workspace
    things : tuple
        For each: a path of a file or folder, a run id or a part of one, a run's name,
        ``RUN:ARTIFACT``, a digest or its first six digits or more; or a run, a record or an
        artifact.
    up, down : int, optional
        How many generations of runs; all if not given, none if -1.

    Raises
    ------
    UserError
        If a thing is not on record.
    """
    store = workspace.store
    records = Records(store)
    roots = [root for thing in things for root in _roots(workspace, records, thing)]
    roots += _points(records, roots)
    return Lineage(records, roots, up=up, down=down, content=store.get)


def lineage(
    *things: Any,
    store: str | os.PathLike[str] | Store | None = None,
) -> Lineage:
    """What runs and files came from, and what was made from them, as a graph.

    Parameters
    ----------
    *things : Run, Record, Artifact, str or path-like
        A file, whatever its name and place now; a run, its id, a part of that, or its name;
        ``"RUN:ARTIFACT"``; or a digest.
    store : path-like or Store, optional
        The store to look in; that of a live run, else found from the working directory and from
        the file upward, if not given.

    Returns
    -------
    Lineage
        With `Lineage.upstream`, `Lineage.downstream` and `Lineage.path`, each again a lineage,
        that can be had as a networkx graph, a table, JSON, PROV-JSON, Mermaid, Graphviz, text
        or an interactive page. In a notebook it shows itself.

    Raises
    ------
    UserError
        If one of them is not on record.

    Examples
    --------
    >>> import whence
    >>> found = whence.lineage("closest.npy")  # doctest: +SKIP
    >>> found.upstream(depth=2).dataframe()  # doctest: +SKIP
    """
    if store is None:
        own = [thing.store for thing in things if isinstance(getattr(thing, "store", None), Store)]
        store = own[0] if own else None
    if isinstance(store, Store):
        return lineage_of(Workspace(store.project, store), things)
    files = [Path(thing) for thing in things if isinstance(thing, (str, os.PathLike))]
    near = next((path for path in files if os.path.exists(path)), None)
    return lineage_of(Workspace.find(Path(store) if store else None, near=near), things)


def _roots(workspace: Workspace, records: Records, thing: Any) -> list[str]:
    """The run or content that is meant; of a folder that is no run's, what it has on record."""
    path = Path(thing) if isinstance(thing, (str, os.PathLike)) else None
    if (
        path is None
        or not os.path.isdir(path)
        or (isinstance(thing, str) and _is_run(records, thing))
    ):
        return [_root(workspace, records, thing)]
    own = _of_folder(workspace, records, path)
    if own is not None:
        return [own]
    digests = dict.fromkeys(digests_below(workspace, path).values())
    held = [digest for digest in digests if digest != EMPTY and _is_held(records, digest)]
    if not held:
        raise UserError.of(
            "not-on-record",
            f"no run on record had {str(path)!r} for its folder, or any file in it",
            mend="Name a file, or a run.",
        )
    return held


def _points(records: Records, roots: list[str]) -> list[str]:
    """The points of those that are sweeps, also those that an earlier one in the folder did."""
    rows = records.connection.execute(
        "SELECT DISTINCT point.id FROM json_each(?) AS one "
        "JOIN run AS meant ON meant.id = one.value "
        "JOIN run AS sweep ON sweep.id = meant.id OR sweep.dir = meant.dir "
        "JOIN run AS point ON point.parent = sweep.id "
        "WHERE meant.kind = 'sweep' AND sweep.kind = 'sweep' AND NOT point.deleted "
        "ORDER BY point.id",
        (orjson.dumps(roots).decode(),),
    ).fetchall()
    return [str(row[0]) for row in rows]


def _of_folder(workspace: Workspace, records: Records, path: Path) -> str | None:
    """The newest run whose own folder it is."""
    row = records.connection.execute(
        "SELECT id FROM run WHERE dir = ? AND NOT deleted ORDER BY created DESC LIMIT 1",
        (workspace.relative(path),),
    ).fetchone()
    return None if row is None else str(row[0])


def _root(workspace: Workspace, records: Records, thing: Any) -> str:
    if isinstance(thing, os.PathLike):
        return _of_path(workspace, records, Path(thing))
    if not isinstance(thing, str):
        return _on_record(records, identity(thing))
    if is_digest(thing):
        return _on_record(records, thing)
    path = Path(thing)
    if os.path.isfile(path):
        return _of_path(workspace, records, path)
    try:
        return records.resolve(thing).id
    except UnknownRun as error:
        found = _by_digits(records, thing) or _of_run(records, thing)
        if found is None:
            if error.problems[0].code != "unknown-run":
                raise
            raise UserError.of(
                "not-on-record",
                f"no file, run or content on record fits {thing!r}",
                mend=f"{mend(records.connection, thing)} `whence show RUN` shows its files.",
            ) from None
        return found


def _is_run(records: Records, text: str) -> bool:
    return records.find(text) is not None


def _of_path(workspace: Workspace, records: Records, path: Path) -> str:
    place = workspace.relative(path)
    if not os.path.isfile(path):
        raise UserError.of("no-such-file", f"there is no file {str(path)!r}", mend="Give a file.")
    digest = workspace.store.digest_of(path)
    if _is_held(records, digest):
        return digest
    recipe = _recipe(path)
    if recipe is not None and _is_held(records, recipe):
        return recipe
    left = left_at(records.connection, [place]).get(place)
    raise UserError.of(
        "not-on-record",
        f"{str(path)!r} is not as any run on record put it out or took it in",
        mend=f"It was changed since run {left.run} left it there; the lineage of what that was: "
        f"`whence lineage {left.digest[:12]}`."
        if left
        else "Is it in another store? Then give --store.",
    )


def _recipe(path: Path) -> str | None:
    from whence.plot import read_recipe

    recipe = read_recipe(path)
    return None if recipe is None else str(recipe.as_dict()["digest"])


def _on_record(records: Records, name: str) -> str:
    if is_digest(name) and not _is_held(records, name):
        raise UserError.of("not-on-record", f"no run on record has content {name[:12]}…")
    if not is_digest(name):
        records.get(name)
    return name


def _is_held(records: Records, digest: str) -> bool:
    row = records.connection.execute(
        "SELECT 1 FROM artifact WHERE digest = ? LIMIT 1", (digest,)
    ).fetchone()
    return row is not None


def _by_digits(records: Records, text: str) -> str | None:
    if len(text) < _SHORTEST or text.strip("0123456789abcdef"):
        return None
    rows = records.connection.execute(
        "SELECT DISTINCT digest FROM artifact WHERE digest >= ? AND digest < ? LIMIT 2",
        (text, f"{text}g"),
    ).fetchall()
    if len(rows) > 1:
        raise UserError.of(
            "ambiguous-digest", f"several contents begin with {text}", mend="Give more digits."
        )
    return str(rows[0][0]) if rows else None


def _of_run(records: Records, text: str) -> str | None:
    """The content of an artifact given as ``RUN:ARTIFACT``."""
    run, colon, name = text.partition(":")
    if not (run and colon and name):
        return None
    record = records.resolve(run)
    for category in ("output", "input", "code"):
        for artifact in record.of_category(category):
            if artifact.name == name:
                return artifact.digest
    raise UserError.of(
        "unknown-artifact",
        f"run {record.id} has no artifact {name!r}",
        mend=f"`whence show {record.id}` lists them.",
    )
