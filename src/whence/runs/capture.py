"""What surrounds a run: machine, process, environment and code, gathered once per process."""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any, Literal

from whence.artifacts import Deposit, facts_of
from whence.base.escape import encode
from whence.base.source import is_installed
from whence.runs.code import Code, code_of_script
from whence.runs.environment import environment_bytes
from whence.runs.git import checkout, tracks
from whence.runs.machine import host, system, user
from whence.runs.rank import job
from whence.runs.variable import variables
from whence.store import Store
from whence.store.process import this_process

Facts = dict[str, Any]
Surrounding = Literal["environment", "git", "system"]


class _Memo:
    """What cannot change while one writer lives; another writer asks anew, after a fork too.

    Threads that ask at once find the same. A lock could be held when another thread forks.
    """

    def __init__(self) -> None:
        self._writer: dict[str, tuple[str, Facts]] = {}
        self._code: dict[tuple[str, str | None], list[Facts]] = {}
        self._script: dict[tuple[str, str], Code] = {}

    def surroundings(self, store: Store) -> Facts:
        root, writer = str(store.root), store.writer()
        asked, facts = self._writer.get(root, ("", {}))
        if asked != writer.id:
            facts = {
                "user": encode(user()),
                "host": encode(host()),
                "system": encode(system()),
                "process": this_process(),
                "environment": writer.put(environment_bytes()).digest,
                **({"job": encode(told)} if (told := job()) else {}),
                **({"variables": encode(found)} if (found := variables()) else {}),
            }
            self._writer[root] = (writer.id, facts)
        return facts

    def artifacts(self, store: Store, code: Code) -> list[Facts]:
        key = (store.writer().id, code.digest)
        if key not in self._code:
            self._code[key] = [
                facts_of(store, Deposit(path, "code", name), None) for name, path in code.paths()
            ]
        return self._code[key]

    def script(self, file: str, project: Path) -> Code:
        key = (file, str(project))
        if key not in self._script:
            self._script.setdefault(key, _script_code(Path(os.path.realpath(file)), project))
        return self._script[key]


_MEMO = _Memo()


def surroundings(
    store: Store, wanted: Iterable[str] = (), without: Container[Surrounding] = ()
) -> Facts:
    """User, host, system, process, job, environment and folders, as fields of a run.

    The environment is put into the store as one content; the field is its digest. Of environment
    variables the usual ones are told, and those wanted.
    """
    facts = {
        **_MEMO.surroundings(store),
        **({"system": None} if "system" in without else {}),
        **({"environment": None} if "environment" in without else {}),
        "cwd": encode(os.getcwd()),
        "project": encode(str(project_folder(store))),
    }
    return facts | {"variables": encode(variables(wanted))} if wanted else facts


def code_artifacts(store: Store, code: Code) -> list[Facts]:
    """The files of code, put into the store, as facts of artifact lines."""
    return _MEMO.artifacts(store, code)


def code_facts(code: Code, folder: str | os.PathLike[str], *, ask_git: bool = True) -> Facts:
    """The ``code`` field of a run: what git says of the folder, and the digests of the code."""
    git = checkout(folder) if ask_git else None
    dirty = git and git.dirty
    if git and git.commit and not dirty:
        # Code that git does not track is in no commit, however clean the working tree is.
        paths = tuple(path for _, path in code.paths())
        dirty = bool(paths) and not tracks(Path(folder), git.commit, paths)
    return {
        "commit": git and git.commit,
        "branch": git and encode(git.branch),
        "dirty": dirty,
        "digest": code.digest,
        "files": encode(dict(code.files)),
    }


def project_folder(store: Store) -> Path:
    """The project's folder; where a run is repeated, the one that stands for it."""
    stands = os.environ.get("WHENCE_PROJECT")
    return Path(stands) if stands else store.project


def main_code(project: Path) -> Code:
    """The code of the script that this process runs, unless it is an installed one.

    Outside of the project its names are relative to its own folder.

    It is read once, early: an edit while the script runs does not change what runs.
    """
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if not file:
        return Code(base=project)
    return _MEMO.script(os.path.abspath(file), project)


def _script_code(script: Path, project: Path) -> Code:
    root = Path(os.path.realpath(project))
    inside = script.is_relative_to(root) and "site-packages" not in script.parts
    if not script.is_file() or (not inside and is_installed(script)):
        return Code(base=project)
    return code_of_script(script, root)
