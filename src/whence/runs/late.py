"""What surrounds a run and takes a while to find out: told by a thread, when known.

The diff to the commit, the names of untracked files, the remote, lock files and packages of conda
environments are stored as artifacts of category ``code``; GPUs and the remote are fields.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whence.artifacts import Deposit, Label, facts_of
from whence.base.escape import encode
from whence.runs.capture import Surrounding
from whence.runs.git import LONG, checkout, diff, remote, root_of, untracked
from whence.runs.resource import gpus
from whence.runs.variable import without_login
from whence.store import Store

DIFF = "git.diff"
UNTRACKED = "git.untracked"
LOCKS = ("uv.lock", "poetry.lock", "pixi.lock", "pdm.lock", "conda-lock.yml", "environment.yml")

_LASTING = 10.0  # seconds that an answer about a folder is used again
_Line = tuple[str, Mapping[str, Any]]


class _Memo:
    """The latest lines per writer and folder: a thousand runs ask once.

    No lock is held while git answers: a child that is forked then would wait for it forever.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, frozenset[Surrounding]], tuple[float, list[_Line]]] = {}
        self._machine: list[_Line] | None = None

    def lines(self, store: Store, folder: Path, without: frozenset[Surrounding]) -> list[_Line]:
        key = (store.writer().id, str(folder), without)
        asked, lines = self._known.get(key, (0.0, []))
        if not asked or time.monotonic() - asked > _LASTING:
            lines = []
            lines.extend(() if "git" in without else _of_code(store, folder))
            lines.extend(() if "environment" in without else _of_environment(store))
            self._known[key] = (time.monotonic(), lines)
        if self._machine is None and "system" not in without:
            found = gpus()
            self._machine = [("set", {"f": {"gpus": found}})] if found else []
        return lines if "system" in without else [*lines, *(self._machine or ())]


_MEMO = _Memo()


def note(
    store: Store,
    run: str,
    folder: Path,
    code: Mapping[str, Any],
    without: frozenset[Surrounding] = frozenset(),
) -> None:
    """Write down for a run what takes a while to find out.

    Parameters
    ----------
    store : Store
        Where it is recorded.
    run : str
        The run id.
    folder : Path
        Where its code lies.
    code : mapping
        Its ``code`` field as written; what git did not tell in time is added.
    without : frozenset of str
        What is not to be looked at.
    """
    writer = store.writer()
    if code.get("commit") is None and "git" not in without:
        known = checkout(folder, LONG)
        if known is not None and known.commit is not None:
            told = {"commit": known.commit, "branch": encode(known.branch), "dirty": known.dirty}
            writer.append("set", run, {"f": {"code": {**code, **told}}})
    for op, facts in _MEMO.lines(store, folder, without):
        writer.append(op, run, facts)


def _of_code(store: Store, folder: Path) -> Iterator[_Line]:
    root = root_of(folder)
    if root is None:
        return
    url = remote(root)
    if url:
        yield "set", {"f": {"remote": encode(without_login(url))}}
    known = checkout(root, LONG)
    changes = b"" if known is not None and known.commit is None else diff(root)
    if changes is None:
        message = "the changes since the commit are too big, or took too long, to be stored"
        yield "event", {"level": "warning", "message": message, "at": time.time()}
    elif changes:
        yield _content(store, DIFF, "text/x-diff", changes)
    names = untracked(root)
    if names:
        yield _content(store, UNTRACKED, "text/plain", names)


def _of_environment(store: Store) -> Iterator[_Line]:
    for name in LOCKS:
        path = store.project / name
        if path.is_file():
            yield "artifact", facts_of(store, Deposit(path, "code", name), None)
    prefix = os.environ.get("CONDA_PREFIX")
    if prefix:
        try:
            names = sorted(os.listdir(Path(prefix, "conda-meta")))
        except OSError:
            return
        packages = [name.removesuffix(".json") for name in names if name.endswith(".json")]
        text = "".join(f"{name}\n" for name in packages)
        yield _content(store, "conda.packages", "text/plain", text.encode())


def _content(store: Store, name: str, media_type: str, data: bytes) -> _Line:
    return "artifact", Label("code").facts(name, store.writer().put(data), media_type)
