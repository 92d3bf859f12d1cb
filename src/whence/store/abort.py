"""A word left for the process that runs something: that it is asked to end.

It is a small file of its own, which that process can look for at no cost; to find such a line in a
journal it would have to read those of all writers.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from whence.base.error import StoreError
from whence.store import layout
from whence.store.files import Files, failed, read_all, write_all


def ask(files: Files, root: Path, run: str, facts: Mapping[str, Any]) -> None:
    """Leave word for whoever runs this; a word that was left before is forgotten.

    Parameters
    ----------
    files : Files
        The way to the file system.
    root : Path
        The store folder.
    run : str
        The run id.
    facts : mapping
        ``reason``, and who asks.

    Raises
    ------
    StoreError
        If it could not be written.
    """
    path = layout.abort_path(root, run)
    draft = path.with_name(f"new-{run}-{os.urandom(4).hex()}")
    try:
        files.make(path.parent)
        fd = files.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        try:
            write_all(files, fd, orjson.dumps(dict(facts)))
        finally:
            files.close(fd)
        files.rename(draft, path)
    except OSError as error:
        raise failed(error, "ask for the end of a run in", root) from error


def asked(files: Files, root: Path, runs: Iterable[str]) -> dict[str, str]:
    """Why those of these runs that are asked to end are; what cannot be read is not asked."""
    found = {}
    if files.has(layout.aborts(root)):
        for run in runs:
            try:
                facts = orjson.loads(read_all(files, layout.abort_path(root, run)))
            except (OSError, ValueError, StoreError):
                continue
            if isinstance(facts, dict):
                found[run] = str(facts.get("reason") or "somebody asked for it")
    return found


def withdraw(files: Files, root: Path, run: str) -> None:
    """Forget that it was asked to end, if it was."""
    try:
        files.remove(layout.abort_path(root, run))
    except (OSError, StoreError):
        return
