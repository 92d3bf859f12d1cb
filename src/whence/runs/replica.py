"""The code and inputs of a run, laid out again as they were, in a folder of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.base.error import UserError
from whence.base.escape import decode
from whence.base.problem import Problem
from whence.runs.git import LONG, root_of
from whence.runs.late import DIFF, UNTRACKED
from whence.store import Store


@dataclass(frozen=True, slots=True)
class Replica:
    """A folder that stands for the project as it was.

    Attributes
    ----------
    project : Path
        What the project's folder was.
    notes : tuple of str
        In what it is known to differ.
    """

    project: Path
    notes: tuple[str, ...] = ()

    def cwd(self, state: Mapping[str, Any], project: Path) -> Path:
        """Where the run is started: here if it was in its project or by its code, else there.

        A folder that is gone is stood in for by the project's.
        """
        place = Path(str(decode(state.get("cwd") or project)))
        within = _within(state, place, project)
        if within is None and place.is_dir():
            return place
        folder = self.project / (within or "")
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def project_of(state: Mapping[str, Any], project: Path) -> Path:
    """The folder of the project where the run was recorded; the store may have moved since."""
    return Path(str(decode(state["project"]))) if state.get("project") else project


def _within(state: Mapping[str, Any], place: Path, project: Path) -> Path | None:
    """The path of a folder from its project, or from where its code lay; None if in neither."""
    outside = code_base(state)
    told = project_of(state, project)
    bases = (told, project, Path(os.path.realpath(project)), *([outside] if outside else []))
    return next((place.relative_to(b) for b in bases if place.is_relative_to(b)), None)


def _stray(state: Mapping[str, Any], project: Path) -> Iterator[str]:
    """Say so where a run was started in a folder that is gone and of no known project."""
    place = Path(str(decode(state.get("cwd") or project)))
    if _within(state, place, project) is None and not place.is_dir():
        yield f"it was started in {place}, which is gone; now it ran in the project's folder"


def code_base(state: Mapping[str, Any]) -> Path | None:
    """The folder that the names of code start from, if that was not the project's."""
    told = (state.get("code") or {}).get("base")
    return Path(str(decode(told))) if told else None


@contextlib.contextmanager
def replica(store: Store, state: Mapping[str, Any]) -> Iterator[Replica]:
    """The project as a run found it: its commit, its changes, its code and its inputs.

    A git worktree of the recorded commit, with the stored diff applied, where there is one; the
    files of code as stored are laid over it. It is removed afterwards.

    Parameters
    ----------
    store : Store
        Where the run is on record.
    state : mapping
        Its folded state.

    Raises
    ------
    UserError
        With every file of code and every input whose content is nowhere to be found.
    """
    holder = Path(tempfile.mkdtemp(prefix="whence-repeat-"))
    tree = holder / "tree"
    root = _worktree(store, state, tree)
    try:
        project = tree
        if root is None:
            tree.mkdir()
        else:
            project = tree / Path(os.path.realpath(store.project)).relative_to(root)
            project.mkdir(parents=True, exist_ok=True)
        notes = [] if root is None else list(_changes(store, state, tree))
        notes += _stray(state, store.project)
        problems = [*_lay_code(store, state, project), *_lay_inputs(store, state, project)]
        if problems:
            raise UserError(*problems)
        yield Replica(project, tuple(notes))
    finally:
        shutil.rmtree(holder, ignore_errors=True)
        if root is not None:
            _git(root, "worktree", "prune")


def _worktree(store: Store, state: Mapping[str, Any], tree: Path) -> Path | None:
    """Check the recorded commit out; gives the repository, or None if it has not got it."""
    commit = (state.get("code") or {}).get("commit")
    root = root_of(store.project) if commit else None
    if root is None:
        return None
    root = Path(os.path.realpath(root))
    words = ("worktree", "add", "--quiet", "--detach", "--force", str(tree), str(commit))
    return root if _git(root, *words) else None


def _changes(store: Store, state: Mapping[str, Any], tree: Path) -> Iterator[str]:
    diffs = _diffs(state)
    if not diffs and state.get("parent"):  # a sweep has it for all its points
        diffs = _diffs(store.index().state(str(state["parent"])))
    if diffs:
        data = store.get(str(diffs[-1]["digest"]))
        if not _git(tree, "apply", "--whitespace=nowarn", "-", data=data):
            yield "the stored changes since the commit could not be applied"
    elif (state.get("code") or {}).get("dirty") and not _untracked(store, state):
        yield "there were changes since the commit, which were not stored"


def _untracked(store: Store, state: Mapping[str, Any]) -> bool:
    """Whether there were files that git did not track; what of them was code is laid out apart."""
    states = [state, *([store.index().state(str(state["parent"]))] if state.get("parent") else ())]
    return any(f["name"] == UNTRACKED for one in states for f in one.get("artifacts") or ())


def _diffs(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [f for f in state.get("artifacts") or () if f["name"] == DIFF and "path" not in f]


def _lay_code(store: Store, state: Mapping[str, Any], project: Path) -> Iterator[Problem]:
    files = decode((state.get("code") or {}).get("files") or {})
    stored = {
        str(decode(f["name"])) for f in state.get("artifacts") or () if f["category"] == "code"
    }
    for name, digest in files.items():
        if name not in stored and "/" not in name and not (project / name).is_file():
            continue  # the executable, which lies outside of the project
        original = (code_base(state) or store.project) / name
        if os.path.isabs(name):  # outside of the project: it runs where it lies, as it was
            if original.is_file() and store.digest_of(original) == digest:
                continue
        elif _lay(store, digest, project, name, original):
            continue
        message = f"the code {name} ({digest[:12]}…) is nowhere to be found as it was"
        yield Problem("code-gone", message, mend="Merge a store that has it, if there is one.")


def _lay_inputs(store: Store, state: Mapping[str, Any], project: Path) -> Iterator[Problem]:
    for fact in state.get("artifacts") or ():
        path = str(decode(fact.get("path") or ""))
        if fact["category"] != "input" or not path:
            continue
        digest = fact["digest"]
        if os.path.isabs(path):
            found = os.path.isfile(path) and store.digest_of(path) == digest
        else:
            found = _lay(store, digest, project, path.removeprefix("./"), store.project / path)
        if not found:
            message = f"the input {path} ({digest[:12]}…) is nowhere to be found as it was"
            yield Problem("input-gone", message, mend="Put it back, or merge a store that has it.")


def _lay(store: Store, digest: str, project: Path, name: str, original: Path) -> bool:
    """Put content in its place; whether it is there now."""
    target = Path(os.path.normpath(project / name))
    if not target.is_relative_to(project):
        return False
    if target.is_file() and store.digest_of(target) == digest:
        return True
    target.parent.mkdir(parents=True, exist_ok=True)
    if store.has(digest):
        with store.open_content(digest) as source, open(target, "wb") as file:
            shutil.copyfileobj(source, file)
    elif original.is_file() and store.digest_of(original) == digest:
        shutil.copyfile(original, target)
    else:
        return False
    if original.is_file() and os.access(original, os.X_OK):
        target.chmod(target.stat().st_mode | 0o111)
    return True


def _git(folder: Path, *words: str, data: bytes | None = None) -> bool:
    try:
        subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", "-C", folder, *words],
            input=data,
            stdin=None if data is not None else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=LONG,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True
