"""The output that a completed run left: whether it is still there, and putting it back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.base.clock import new_id
from whence.base.escape import decode
from whence.store import Store
from whence.sweep.history import State, folder_of


@dataclass(frozen=True, slots=True)
class Output:
    """One output file of a run.

    Attributes
    ----------
    place : str
        Its path below the run's own folder.
    digest : str
        What its content was.
    """

    place: str
    digest: str


def outputs(state: State) -> tuple[Output, ...]:
    """The output files in a run's own folder."""
    return tuple(Output(str(decode(fact["path"]))[2:], fact["digest"]) for fact in _facts(state))


def damage(store: Store, state: State, folder: Path) -> dict[Output, str]:
    """What is wrong with the output in a folder: ``missing`` or ``changed``, by file."""
    wrong = {}
    for output in outputs(state):
        path = folder / output.place
        if not path.is_file():
            wrong[output] = "missing"
        elif store.digest_of(path) != output.digest:
            wrong[output] = "changed"
    return wrong


def can_restore(store: Store, state: State, output: Output, folder: Path) -> bool:
    """Whether the content is in the store, or still lies in the run's other folder."""
    return store.has(output.digest) or _elsewhere(store, state, output, folder) is not None


def restore(store: Store, state: State, output: Output, folder: Path, aside: Path) -> Path | None:
    """Put an output file back; gives where below `aside` what lay in its place is now.

    Raises
    ------
    WhenceError
        If the store cannot give its content.
    """
    path = folder / output.place
    moved = move_aside(path, aside / output.place) if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{new_id()}")
    other = _elsewhere(store, state, output, folder)
    try:
        with open(partial, "wb") as target:
            if other is not None:
                with open(other, "rb") as source:
                    shutil.copyfileobj(source, target)
            else:
                with store.open_content(output.digest) as source:
                    shutil.copyfileobj(source, target)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return moved


def move_aside(path: Path, to: Path) -> Path:
    """Move a file or folder to a place where nothing is; gives that place."""
    while to.exists():
        to = to.with_name(f"{to.name}-{new_id()}")
    to.parent.mkdir(parents=True, exist_ok=True)
    os.rename(path, to)
    return to


def _facts(state: State) -> Iterator[dict[str, Any]]:
    for fact in state.get("artifacts") or ():
        place = str(decode(fact.get("path") or ""))
        if fact.get("category") == "output" and place.startswith("./"):
            yield fact


def _elsewhere(store: Store, state: State, output: Output, folder: Path) -> Path | None:
    """The same content in the folder of a run that did the same work for another sweep."""
    home = folder_of(state, store.project)
    if home is None or home == folder:
        return None
    path = home / output.place
    return path if path.is_file() and store.digest_of(path) == output.digest else None
