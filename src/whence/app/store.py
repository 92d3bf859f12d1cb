"""Make, check and mend a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from whence.app.config import Config
from whence.app.shell import ALIAS, namesake
from whence.app.workspace import Progress, Workspace
from whence.base.error import UserError
from whence.store import Collected, Finding, Health, Merged, Report, Store, collect, examine, merge


@dataclass(frozen=True, slots=True)
class Made:
    """A store, and whether it was made just now."""

    store: Store
    new: bool


def init_store(folder: Path, *, shared: bool = False) -> Made:
    """The store of a project folder, made if it has none."""
    root = folder if folder.name == ".whence" else folder / ".whence"
    if (root / "store.json").exists():
        return Made(Store.open(root), new=False)
    return Made(Store.create(root, shared=shared), new=True)


def verify_store(workspace: Workspace) -> Report:
    """What is whole in the store and what is not."""
    return workspace.store.verify()


def reindex(workspace: Workspace) -> int:
    """Build the index anew; gives the number of runs in it."""
    index = workspace.store.index()
    index.rebuild()
    return len(index.ids())


def merge_store(
    workspace: Workspace, other: Path, *, dry_run: bool, thorough: bool, progress: Progress
) -> Merged:
    """Take over what another store has, or say what would be copied.

    Raises
    ------
    UserError
        If there is no other store in that place.
    """
    try:
        theirs = Store.open(other)
    except UserError as error:
        if error.problems[0].code != "no-store":
            raise
        raise UserError.of(
            "no-store",
            f"there is no store in {str(other)!r} to merge",
            mend="Give the folder of the other project, or its .whence folder.",
        ) from None
    return merge(workspace.store, theirs, dry_run=dry_run, thorough=thorough, watch=progress)


def collect_garbage(workspace: Workspace, *, act: bool, progress: Progress) -> Collected:
    """Set aside, fold and delete what the store need not keep, or say what that would be."""
    return collect(workspace.store, act=act, watch=progress)


def examine_store(workspace: Workspace) -> Health:
    """What is wrong with the store, its file system, this machine and what files say of runs."""
    health = examine(workspace.store)
    return replace(health, findings=(*health.findings, *_defaults(workspace), *_shell()))


def _defaults(workspace: Workspace) -> Iterator[Finding]:
    """The files that say what runs begun here are given, or what is wrong with them."""
    from whence.runs.default import Defaults  # slow to come by, and most commands do without

    try:
        files = Defaults.found().files
        Config.read(workspace.project)
    except UserError as error:
        for problem in error.problems:
            told = f"{problem.where}: {problem.message}"
            yield Finding("settings", "bad", told, problem.mend)
    else:
        if files:
            yield Finding("settings", "good", ", ".join(map(str, files)))


def _shell() -> Iterator[Finding]:
    """What to do where the shell has a command of that name itself."""
    name = namesake()
    if name is not None:
        told = f"{name} has a builtin command of the name whence"
        mend = f"`{ALIAS}` at the end of ~/.{name}rc puts this one before it."
        yield Finding("shell", "note", told, mend)
