"""Make, check and mend a store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from whence.app.workspace import Workspace
from whence.store import Report, Store


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
