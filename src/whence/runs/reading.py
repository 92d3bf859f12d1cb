"""What a run reads and gets from the store, put on record as what it took in."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.artifacts import attach, place
from whence.base.error import StoreError, UserError, WhenceError
from whence.base.escape import encode
from whence.formats import Listener, listen, listener, media_type_of
from whence.records import Artifact, Record

if TYPE_CHECKING:
    from whence.runs.run import Run


class Reading:
    """Makes each file that is read an input of a run, once; a listener of `whence.formats`.

    Files in the run's own folder, and what it has put out before, are no inputs of it. What is
    read before the run has begun counts when it has, and so do artifacts that are got of other
    runs. That a file cannot be put on record (it changes while it is hashed) is an event of the
    run, and no reason to stop whoever reads; nor is that nothing can be written just now.

    Parameters
    ----------
    run : Run
        The run; one without a store records nothing.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: set[Path] = set()
        self._got: set[tuple[str, str, str]] = set()
        self._names: dict[str, str] = {}  # of artifacts that were got, with their digests
        self._early: list[Callable[[], None]] = []
        self._unwritten: list[Callable[[], None]] = []
        self._warned = False

    def __call__(self, path: Path, digest: str | None) -> None:
        """Put a file on record that was read just now."""
        if path in self._known or self._run.ended:
            return
        self._known.add(path)
        self._once_begun(lambda: self._record(path, digest))

    def got(self, record: Record, artifacts: Iterable[Artifact]) -> None:
        """Put artifacts on record that were got of another run, perhaps from another store."""
        self._once_begun(lambda: self._record_got(record, list(artifacts)))

    def run_in(self, root: Path) -> str | None:
        """The id of the run, if it is on record in the store there and goes on."""
        run = self._run
        return run.id if run.begun and not run.ended and run.store.root == root else None

    def flush(self) -> None:
        """Put on record what was read before the run began, or could not be written yet."""
        if self._run.begun and not self._run.ended:
            early, self._early = self._early, []
            for record in early:
                record()
            self._write()

    def _once_begun(self, record: Callable[[], None]) -> None:
        self._early.append(record)
        self.flush()

    def _record(self, path: Path, digest: str | None) -> None:
        run = self._run
        whole = Path(os.path.abspath(path))
        if run.dir is not None and whole.is_relative_to(run.dir):
            return
        try:
            digest = digest or run.store.digest_of(whole)
            size = whole.stat().st_size
        except (OSError, WhenceError) as error:
            message = f"{path} was read, but is not on record: {error}"
            self._write(lambda: run.log_event(message, "warning"))
            return
        if run.has_put(digest):
            return
        told = place(whole, (run.store.project,))
        kept = (media_type_of(whole), digest, size, "reference", told)
        artifact = Artifact(told, "input", *kept)
        self._write(lambda: attach(run.store.writer(), run.id, artifact))

    def _record_got(self, record: Record, artifacts: Iterable[Artifact]) -> None:
        run, inputs = self._run, []
        for artifact in artifacts if record.id != run.id else ():
            key = (record.id, artifact.name, artifact.digest)
            if key in self._got or run.has_put(artifact.digest):
                continue
            self._got.add(key)
            name = f"{record.name}/{artifact.name}"
            if self._names.setdefault(name, artifact.digest) != artifact.digest:
                name = f"{record.id}/{artifact.name}"  # of another run of that name
            inputs.append({**_taken(record, artifact, run.store.root), "name": encode(name)})
        if inputs:
            self._write(lambda: run.store.writer().append_many("artifact", run.id, inputs))

    def _write(self, *more: Callable[[], None]) -> None:
        """Write what has to be, oldest first; what the store cannot take now waits for the next."""
        waiting, self._unwritten = [*self._unwritten, *more], []
        while waiting:
            try:
                waiting[0]()
            except StoreError as error:
                self._unwritten = waiting
                self._warn(error)
                return
            except UserError as error:  # the run was ended meanwhile
                self._warn(error)
            waiting.pop(0)

    def _warn(self, error: WhenceError) -> None:
        if not self._warned:
            self._warned = True
            logging.getLogger("whence").warning(
                "what %s reads cannot be put on record: %s", self._run.id, error
            )


def _taken(record: Record, artifact: Artifact, root: Path) -> dict[str, Any]:
    """The facts of an artifact as another run takes it in, whose store has that root."""
    facts = artifact.as_dict() | {"category": "input", "path": None, "meta": None}
    folder, path = record.state.get("dir"), artifact.path
    if record.store is None or record.store.root != root:
        facts["kept"] = "reference"  # here only its digest is known
    elif artifact.kept == "reference" and isinstance(path, str):
        inside = path.startswith("./") and isinstance(folder, str)
        facts["path"] = f"{folder}/{path[2:]}" if inside else path
    return {key: value for key, value in facts.items() if value is not None}


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
        run = Run(mode="online").reconnect()
        hear = Reading(run) if run.begun else _no_one
    listen(hear)
    return hear


def _no_one(path: Path, digest: str | None) -> None:
    pass
