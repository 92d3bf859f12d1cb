"""What the store knows of earlier attempts at the points of a sweep."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from whence.base.escape import decode
from whence.records import Artifact
from whence.runs.callkey import Call
from whence.runs.input import changed_inputs, files_read
from whence.store import Store, is_alive

State = Mapping[str, Any]
_BATCH = 500  # SQLite takes 999 placeholders at least


class History:
    """The runs on record that matter to one sweep, read once.

    Parameters
    ----------
    store : Store
        Where they are.
    places : iterable of str
        The folders of its points, whatever the sweeps that ran there are called.
    """

    def __init__(self, store: Store, places: Iterable[str]) -> None:
        self._store = store
        there = sorted(runs_at(store, places), key=_age)
        self._at = {str(state["dir"]): state for state in there}
        self._wrote: dict[str, dict[str, set[str]]] = {}
        for state in there:
            for name, digest in _wrote(state).items():
                self._wrote.setdefault(name, {}).setdefault(str(state["dir"]), set()).add(digest)
        self._done: dict[str, list[State]] = {}
        self._read: dict[str, list[Artifact]] = {}
        self._digests: dict[str, str | None] = {}

    def look_for(self, keys: Iterable[str]) -> None:
        """Read the completed runs of these call keys."""
        for state in sorted(_states(self._store, "call", keys), key=_age, reverse=True):
            if state.get("status") == "completed":
                self._done.setdefault(state["call"], []).append(state)
        done = [state for states in self._done.values() for state in states]
        sweeps = _states(self._store, "id", {_text(state.get("parent")) for state in done})
        given = {state["id"]: {each.path for each in files_read(state)} for state in sweeps}
        self._read = {s["id"]: _beside(s, given.get(_text(s.get("parent")))) for s in done}
        paths = {
            str(each.path): self._store.project / str(each.path)
            for read in self._read.values()
            for each in read
        }
        known = self._store.digests_known(paths.values())
        self._digests = {name: known[path] for name, path in paths.items() if path in known}

    def changed(self, done: State) -> tuple[str, ...]:
        """The files that a completed run took in beside those of its key, and that are others."""
        digest_of, project = self._store.digest_of, self._store.project
        return changed_inputs(self._read[done["id"]], project, digest_of, self._digests)

    def made(self, name: str, digest: str, folder: str | None = None) -> bool:
        """Whether a file that words name is as runs left it, which made it themselves.

        Parameters
        ----------
        name, digest : str
            The file, and its content now: after somebody wrote to it, it is an input.
        folder : str, optional
            The folder of a run that made it; other runs may have written to it since.
        """
        wrote = self._wrote.get(name, {})
        return (folder is None or folder in wrote) and any(digest in d for d in wrote.values())

    def at(self, folder: str) -> State | None:
        """The newest run whose own folder that is."""
        return self._at.get(folder)

    def done(self, key: str, folder: str) -> list[State]:
        """Completed runs of the same work: first those of that folder, then the newest."""
        return sorted(self._done.get(key, []), key=lambda state: _text(state.get("dir")) != folder)


def runs_of(store: Store, folder: str) -> list[State]:
    """The runs in a folder of runs."""
    return list(_states(store, "folder", [folder]))


def runs_at(store: Store, places: Iterable[str]) -> list[State]:
    """The runs whose own folders these are, from the project folder or absolute."""
    return list(_states(store, "dir", places))


def heard(store: Store, state: State) -> float | None:
    """When the process of a run was last heard of, in seconds since 1970-01-01 UTC."""
    return max(
        filter(None, (state.get("heard"), store.index().last_of(str(state.get("writer"))))),
        default=None,
    )


def is_running(store: Store, state: State) -> bool:
    """Whether the process of a run is at work on it, as far as can be told."""
    if state.get("status") != "running":
        return False
    return bool(is_alive(state.get("process"), heard(store, state), time.time()))


def known(store: Store, run: str) -> bool:
    """Whether anything is on record of a run."""
    return any(True for _ in _states(store, "id", [run]))


def call_of(state: State) -> Call:
    """What the run of a state was asked to do."""
    target = decode(state.get("target"))
    code = state.get("code") or {}
    return Call(
        decode(state.get("params") or {}),
        target if isinstance(target, str) else tuple(target or ()),
        decode(code.get("files") or {}),
        decode(state.get("inputs") or {}),
        decode(state.get("setting") or {}),
    )


def folder_of(state: State, project: Path) -> Path | None:
    """The own folder of the run of a state."""
    return project / _text(state["dir"]) if state.get("dir") else None


def _beside(state: State, given: Container[str | None] | None) -> list[Artifact]:
    """The files that the run of a point took in beside those of its key.

    What its whole sweep was given is in the key, or is the file of its space, which may name more
    points by now. Where the sweep is not on record any more, all that was copied may be that.
    """
    read = files_read(state)
    if given is None:
        return [each for each in read if each.kept == "reference"]
    return [each for each in read if each.path not in given]


def _age(state: State) -> tuple[float, str]:
    return state.get("created") or 0.0, state["id"]


def _wrote(state: State) -> Mapping[str, str]:
    told = decode(state.get("wrote") or {})
    return told if isinstance(told, Mapping) else {}  # the oldest records name files only


def _text(value: Any) -> str:
    return str(decode(value)) if value is not None else ""


def _states(store: Store, column: str, values: Iterable[str]) -> Iterator[State]:
    wanted = list(dict.fromkeys(values))
    connection = store.index().connection
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        rows = connection.execute(
            f"SELECT state.json FROM run JOIN state ON state.run = run.key "
            f"WHERE run.{column} IN ({','.join('?' * len(batch))}) AND NOT run.deleted",
            batch,
        )
        yield from (orjson.loads(text) for (text,) in rows)
