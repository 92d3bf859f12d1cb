"""What a run reads through the data tree, put on record as what it took in."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from whence.artifacts import attach, place
from whence.base.error import WhenceError
from whence.formats import Listener, listen, listener, media_type_of
from whence.records import Artifact

if TYPE_CHECKING:
    from whence.runs.run import Run


class Reading:
    """Makes each file that is read an input of a run, once; a listener of `whence.formats`.

    Files in the run's own folder, and what it has put out before, are no inputs of it. What is
    read before the run has begun counts when it has. That a file cannot be put on record (it
    changes while it is hashed) is an event of the run, and no reason to stop whoever reads.

    Parameters
    ----------
    run : Run
        The run; one without a store records nothing.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: set[Path] = set()
        self._early: dict[Path, str | None] = {}

    def __call__(self, path: Path, digest: str | None) -> None:
        """Put a file on record that was read just now."""
        if path in self._known or self._run.ended:
            return
        self._known.add(path)
        if self._run.begun:
            self.flush()
            self._record(path, digest)
        else:
            self._early[path] = digest

    def flush(self) -> None:
        """Put on record what was read before the run began."""
        while self._run.begun and self._early and not self._run.ended:
            self._record(*self._early.popitem())

    def _record(self, path: Path, digest: str | None) -> None:
        run = self._run
        whole = Path(os.path.abspath(path))
        if run.dir is not None and whole.is_relative_to(run.dir):
            return
        try:
            digest = digest or run.store.digest_of(whole)
            size = whole.stat().st_size
        except (OSError, WhenceError) as error:
            run.log_event(f"{path} was read, but is not on record: {error}", "warning")
            return
        if run.has_put(digest):
            return
        told = place(whole, (run.store.project,))
        kept = (media_type_of(whole), digest, size, "reference", told)
        attach(run.store.writer(), run.id, Artifact(told, "input", *kept))


def hearing() -> Listener | None:
    """Who is told of what is read: the run in this context, else that of this process's program.

    A process that a run has started belongs to it where it has begun no run of its own.
    """
    hear = listener()
    if hear is not None or not os.environ.get("WHENCE_RUN"):
        return hear
    from whence.runs.run import Run

    hear = _no_one
    with contextlib.suppress(WhenceError):  # its store is not to be had here
        run = Run().reconnect()
        hear = Reading(run) if run.begun else _no_one
    listen(hear)
    return hear


def _no_one(path: Path, digest: str | None) -> None:
    pass
