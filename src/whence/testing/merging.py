"""Ways in which one store takes over what another has, and what there is to compare after."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from typing import Any

from whence.store import Store, merge
from whence.testing.point import points

Way = Callable[[Store, Store], object]
"""Brings what the second store has into the first."""


def by_merge(ours: Store, theirs: Store) -> None:
    """As `whence merge` does."""
    merge(ours, theirs)


def by_rsync(ours: Store, theirs: Store) -> None:
    """By the line that DESIGN and the documentation give."""
    rsync("-a", "--append-verify", "--exclude", "store.json", ours=ours, theirs=theirs)


def rsync(*options: str, ours: Store, theirs: Store) -> None:
    """Copy the other store's folder onto ours, while both may be written."""
    done = subprocess.run(
        ["rsync", *options, f"{theirs.root}/", f"{ours.root}/"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, 24), done.stderr  # 24: a file has gone since it was listed


def has_rsync() -> bool:
    """Whether rsync is installed."""
    return shutil.which("rsync") is not None


def told(store: Store) -> dict[str, Any]:
    """All that a store tells: the state of each thing, its metric points and its contents."""
    index = store.index()
    rows = index.connection.execute("SELECT id FROM run").fetchall()
    found: dict[str, Any] = {}
    for (run,) in rows:
        state = index.state(run)
        if "final" in state:
            found[run] = "final"
            continue
        contents = {item["digest"]: store.has(item["digest"]) for item in state["artifacts"]}
        values = sorted((point.stamp, repr(point.values)) for point in points(store, run))
        found[run] = state, values, contents
    return found
