"""The first lines of a run: all that is known when it begins."""

from __future__ import annotations

import functools
import os
import shlex
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.artifacts import place
from whence.base.clock import new_id
from whence.base.escape import encode
from whence.runs.capture import (
    Surrounding,
    code_artifacts,
    code_facts,
    main_code,
    project_folder,
    surroundings,
)
from whence.runs.code import Code
from whence.runs.drift import drifted
from whence.runs.keeper import keeper_of
from whence.runs.late import note
from whence.runs.machine import process_start
from whence.runs.origin import Origin
from whence.store import Store


def store_of(given: Store | str | os.PathLike[str] | None) -> Store:
    """The store that is given, else that of the run this process belongs to, else the nearest.

    One that is found by its path is the same each time, so that all runs of a process share a
    writer: its files, and what it knows to be packed already. A script that is run again records
    in the store that was asked to, whatever store it names or stands in.
    """
    if os.environ.get("WHENCE_REPEATS") and not isinstance(given, Store):
        given = os.environ.get("WHENCE_STORE") or given
    if given is None and os.environ.get("WHENCE_RUN"):
        # A program may well mean another store than that of the run that started it.
        given = os.environ.get("WHENCE_STORE") or os.environ.get("WHENCE_RUN_STORE")
    if isinstance(given, Store):
        return given
    found = Store.find_or_create(Path.cwd()) if given is None else Store.open(Path(given))
    made = (found.root / "store.json").stat()  # another store may come to lie at this path
    return _opened().setdefault((found.root, made.st_ino, made.st_ctime_ns), found)


@functools.cache
def _opened() -> dict[tuple[Path, int, int], Store]:
    """The stores that runs of this process were recorded in."""
    return {}


@dataclass(frozen=True, slots=True)
class Given:
    """What the user tells of a run at its beginning, checked and encoded.

    Attributes
    ----------
    facts : dict
        Fields; those that are None are left out.
    metadata : dict
        By key.
    tags : list of str
        Each once.
    variables : tuple of str
        Names or patterns of environment variables to record beside the usual ones.
    without : frozenset of str
        What is not to be looked at: ``environment``, ``git``, ``system``.
    """

    facts: dict[str, Any]
    metadata: dict[str, Any]
    tags: list[str]
    variables: tuple[str, ...] = ()
    without: frozenset[Surrounding] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """A run that is on record: its id and its own folder."""

    id: str
    dir: Path | None


def enter(store: Store, given: Given, origin: Origin) -> Entry:
    """Put a run on record.

    Raises
    ------
    UserError
        If something cannot be recorded; then no line of the run is written.
    """
    facts, artifacts = dict(given.facts), list(origin.artifacts)
    code, home = Code(), origin.home
    if origin.code is None:
        code = main_code(project_folder(store))
        home = code.base if code.files else Path.cwd()
        facts["code"] = code_facts(code, home, ask_git="git" not in given.without)
        artifacts += code_artifacts(store, code)
        if code.files:
            facts |= _script(code)
            if not _lies_in(code.base, store.project):
                facts["code"]["base"] = encode(str(code.base))
    else:
        facts["code"] = origin.code
    folder = None
    if origin.dir is not None:
        folder = Path(os.path.abspath(origin.dir))
        facts["dir"] = encode(place(folder, (store.project,)))
    facts |= surroundings(store, given.variables, given.without)
    facts |= origin.facts or {}
    run, writer = origin.id or new_id(), store.writer()
    told = {key: value for key, value in facts.items() if value is not None}
    writer.append("set", run, {"f": told})
    if given.metadata:
        writer.append("meta", run, {"m": given.metadata})
    if given.tags:
        writer.append("tags", run, {"add": given.tags, "remove": []})
    writer.append_many("artifact", run, artifacts)
    warn_edited(store, run, code)
    if home is not None:
        known: Mapping[str, Any] = facts["code"]
        keeper_of(store).soon(lambda: note(store, run, home, known, given.without))
    return Entry(run, folder)


def warn_edited(store: Store, run: str, code: Code) -> None:
    """Note the files of code that were edited after this process had read them."""
    edited = drifted(code.paths(), process_start()) if code.files else ()
    told = [f"{name} was edited after this process had read it: what ran is older"
            for name in edited]  # fmt: skip
    for message in (*told, *code.notes):
        facts = {"level": "warning", "message": encode(message), "at": time.time()}
        store.writer().append("event", run, facts)


def _script(code: Code) -> dict[str, Any]:
    """How the script of this process was started."""
    script = getattr(sys.modules.get("__main__"), "__file__", None) or ""
    return {
        "command": encode([os.path.basename(sys.executable), *sys.orig_argv[1:]]),
        "main_file": encode(_place_of(script, code.base)),
        "script_arguments": encode(shlex.join(sys.argv[1:])),
    }


# The code of a script is made out once in a process: so are the places of its files.
@functools.lru_cache(maxsize=8)
def _place_of(script: str, base: Path) -> str:
    return place(Path(os.path.realpath(script)), (base,))


@functools.lru_cache(maxsize=8)
def _lies_in(base: Path, project: Path) -> bool:
    return base.is_relative_to(os.path.realpath(project))


def patterns(wanted: Iterable[str] | None) -> tuple[str, ...]:
    """Names or patterns of variables, given as one or several."""
    return (wanted,) if isinstance(wanted, str) else tuple(wanted or ())
