"""Tell whence a file came."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from whence.app.workspace import Progress, Workspace
from whence.base.digest import digest_file
from whence.base.error import UserError, WhenceError
from whence.plot import read_recipe
from whence.records import Lineage, Records, Trace, Tracer, is_digest
from whence.records.folder import trace_of_folder
from whence.records.outline import ancestry, generations
from whence.store import Store


def _quiet(done: int, total: int, note: str) -> None:
    """Show nothing of how far it is."""


def trace_file(workspace: Workspace, file: Path, progress: Progress = _quiet) -> Trace:
    """The trace of a file: by its digest, else by the recipe it carries; or of a folder.

    Raises
    ------
    UserError
        If there is no such file.
    """
    if os.path.isdir(file):  # of a path, also where it cannot be one
        return _trace_folder(workspace, file, progress)
    if not os.path.isfile(file):
        raise UserError.of(
            "no-such-file", f"{str(file)!r} does not exist", mend="Give a file or folder."
        )
    digest = digest_file(file)
    recipe = read_recipe(file)
    told = recipe.as_dict() if recipe else None
    if workspace.held is None:
        return Tracer.from_recipe(file, digest, told)
    return _trace(workspace, file, digest, told)


def _trace_folder(workspace: Workspace, folder: Path, progress: Progress) -> Trace:
    """The trace of all files below a folder; hidden folders, like the store, are left out."""
    store = workspace.store
    digests = digests_below(workspace, folder, progress)
    records = Records(store)
    tracer = Tracer(records, lambda path: _digest_now(workspace, path), store.get)
    found = trace_of_folder(records, tracer, folder, digests)
    above = Lineage(records, found.runs, down=-1, content=store.get)
    return replace(found, generations=generations(above))


def digests_below(
    workspace: Workspace, folder: Path, progress: Progress = _quiet
) -> dict[str, str]:
    """The digest of each file below a folder, by its place; what cannot be read is left out."""
    files = sorted(_below(folder))
    digests = {}
    for number, file in enumerate(files, 1):
        if (digest := _digest_now(workspace, str(file.absolute()))) is not None:
            digests[workspace.relative(file)] = digest
        progress(number, len(files), file.name)
    return digests


def _below(folder: Path) -> Iterator[Path]:
    """The files below a folder; hidden folders, like the store, and broken links are left out."""
    for inner, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (path for path in (Path(inner, name) for name in files) if path.is_file())


def trace_digest(workspace: Workspace, digest: str) -> Trace:
    """The trace of the content of a digest.

    Raises
    ------
    UserError
        If it is none.
    """
    if not is_digest(digest):
        raise UserError.of(
            "bad-digest", f"{digest[:80]!r} is no digest", mend="Give all 64 digits of a SHA-256."
        )
    return _trace(workspace, Path(digest), digest, None)


def _trace(
    workspace: Workspace, file: Path, digest: str, recipe: Mapping[str, Any] | None
) -> Trace:
    """The trace, with the generations above to the first inputs."""
    store = workspace.store
    records = Records(store)
    tracer = Tracer(records, lambda path: _digest_now(workspace, path), store.get)
    found = tracer.trace(file, digest, recipe, workspace.relative(file))
    if found.found_by not in ("digest", "recipe"):
        return found
    root = digest if found.found_by == "digest" or recipe is None else str(recipe["digest"])
    above = Lineage(records, [root], down=-1, content=store.get)
    return replace(found, generations=generations(above), ancestry=ancestry(above))


def trace(file: str | os.PathLike[str], store: str | os.PathLike[str] | Store | None = None) -> Any:
    """Tell whence a file came, as the command ``whence trace`` does.

    Parameters
    ----------
    file : path-like
        A figure, or any file that a run took in or put out, or a copy of one; or a folder of such
        files.
    store : path-like or Store, optional
        The store to look in; found from the working directory and from the file upward if not
        given.

    Returns
    -------
    Trace
        ``.runs``, ``.varied``, ``.constant``, ``.code``, … and ``.as_dict()``.

    Examples
    --------
    >>> import whence
    >>> whence.trace("mean_random_walk.png").runs  # doctest: +SKIP
    ['20261121T021757abcdefg', ...]
    """
    path = Path(file)
    if isinstance(store, Store):
        return trace_file(Workspace(store.project, store), path)
    return trace_file(Workspace.find(Path(store) if store else None, near=path), path)


def _digest_now(workspace: Workspace, path: str) -> str | None:
    try:
        return workspace.store.digest_of(workspace.project / path)
    except (OSError, WhenceError):
        return None
