"""The course of a sweep: jobs in, news out, and the record of what became of each point."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whence.artifacts import place
from whence.base.clock import new_id
from whence.base.escape import encode
from whence.runs import Origin
from whence.store import Store
from whence.sweep.history import State, known
from whence.sweep.option import SweepOptions
from whence.sweep.output import move_aside, restore
from whence.sweep.plan import Step
from whence.sweep.point import ABORTED, Ended, Job
from whence.sweep.result import Progress, SweepProgress, SweepResult
from whence.sweep.target import Target


@dataclass(frozen=True, slots=True)
class Home:
    """Where the points of a sweep belong: the store, the sweep's run id and name, its folder."""

    store: Store
    id: str
    name: str
    out: Path


class Course:
    """Follows the points of one sweep; a `Watch` of its crew.

    Parameters
    ----------
    home : Home
        The sweep itself.
    target : Target
        What runs at each point.
    shared : Origin
        What the runs of all points have in common.
    options : SweepOptions
        Tags and the like.
    progress : callable
        Told what becomes of each point.
    """

    def __init__(
        self, home: Home, target: Target, shared: Origin, options: SweepOptions, progress: Progress
    ) -> None:
        self._home, self._target, self._shared = home, target, shared
        self._options, self._progress = options, progress
        self._total = 0
        self._index: dict[str, int] = {}
        self._aborted: list[str] = []
        self._runs: dict[str, str] = {}
        self._done: list[str] = []
        self._skipped: list[str] = []
        self._failed: dict[str, str] = {}
        self._why: dict[str, str] = {}
        self._edited: dict[str, tuple[str, ...]] = {}
        self._left: dict[str, State] = {}  # whose output lies in the folder of a point

    def jobs(self, steps: Iterable[Step], first: int = 0) -> Iterator[Job]:
        """The jobs of the points that must run; the others are seen to at once.

        Parameters
        ----------
        steps : iterable of Step
            What is to be done at points that follow each other.
        first : int
            The place of the first of them among all points.
        """
        steps = list(steps)
        self._total = len(steps)
        self._index = {step.point.state_str: number for number, step in enumerate(steps, first)}
        for step in steps:
            state = step.point.state_str
            if step.why:
                self._why[state] = step.why
            if step.edited:
                self._edited[state] = step.edited
            if step.earlier is not None:
                self._left[state] = step.earlier
            if step.done is not None:
                self._skip(step, step.done)
        for step in steps:
            if step.done is None:
                yield self._job(step)

    def _skip(self, step: Step, done: State) -> None:
        state = step.point.state_str
        elsewhere = done["id"] != self._left.get(state, done)["id"] or not step.folder.exists()
        whole = self._clear(state, step.folder) if step.restore and elsewhere else None
        aside = self._aside(done["id"])
        kept = [restore(self._home.store, done, o, step.folder, aside) for o in step.restore]
        if step.restore:
            self._why[state] = f"{step.why}; was restored"
            self._tell_kept(state, [path for path in kept if path], whole)
        self._runs[state] = done["id"]
        self._skipped.append(state)
        self._tell(state, "skipped", self._why.get(state, ""))

    def _job(self, step: Step) -> Job:
        state = step.point.state_str
        name = self._home.name
        point = {"state": step.point.state_no, "coords": encode(dict(step.point.coords))}
        facts: dict[str, Any] = {**(self._shared.facts or {}), "call": step.key, "point": point}
        facts["inputs"] = encode(dict(step.guard.inputs))
        run = new_id()
        origin = replace(self._shared, id=run, parent=self._home.id, dir=step.folder, facts=facts)
        return Job(
            store=self._home.store.root,
            run=run,
            target=self._target,
            params=step.point.params,
            state=state,
            dir=step.folder,
            name=f"{name}/sim_{state}",
            folder=f"/{name}",
            origin=origin,
            tags=self._options.tags,
            quiet=self._options.quiet,
            guard=step.guard,
        )

    def started(self, job: Job) -> None:
        """Make room for the point's folder, and tell that it runs."""
        moved = self._clear(job.state, job.dir)
        self._tell_kept(job.state, [], moved)
        self._runs[job.state] = job.run
        self._tell(job.state, "started", self._why.get(job.state, ""))

    def ended(self, job: Job, ended: Ended) -> None:
        """Take note of how a point ended."""
        self._note(job, ended.status, ended.message)

    def died(self, job: Job, message: str, status: str) -> None:
        """Record for a worker that is gone how its point ended."""
        self._bury(job, message, status)
        self._note(job, status, message)

    def again(self, job: Job) -> Job:
        """Record that a point was ended, and give the job that stands in for it."""
        self._bury(job, "its worker process was ended when another one died", "terminated")
        run = new_id()
        return replace(job, run=run, origin=replace(job.origin, id=run))

    def result(self) -> SweepResult:
        """What the sweep did."""
        return SweepResult(
            self._home.id,
            self._home.out,
            dict(sorted(self._runs.items())),
            tuple(self._done),
            tuple(self._skipped),
            dict(sorted(self._failed.items())),
            dict(sorted(self._why.items())),
            tuple(self._aborted),
            self._total - self._through,
            dict(self._index),
        )

    @property
    def _through(self) -> int:
        return len(self._done) + len(self._skipped) + len(self._failed)

    def _note(self, job: Job, status: str, message: str) -> None:
        self._left[job.state] = {"id": job.run}
        if status == "completed":
            self._done.append(job.state)
        else:
            self._failed[job.state] = message
            if message == ABORTED:
                self._aborted.append(job.state)
        self._tell(job.state, status, message)

    def _bury(self, job: Job, message: str, status: str) -> None:
        self._left[job.state] = {"id": job.run}
        error = {"type": "WorkerDied", "message": encode(message), "traceback": None}
        facts = {"status": status, "ended": time.time(), "error": error}
        if not known(self._home.store, job.run):  # it died before it could say a word
            facts |= {
                "kind": "run",
                "name": encode(job.name),
                "folder": encode(job.folder),
                "params": encode(dict(job.params)),
                "parent": job.origin.parent,
                **(job.origin.facts or {}),
            }
        self._home.store.writer().append("set", job.run, {"f": facts}, sync=True)

    def _tell_kept(self, state: str, files: list[Path], folder: Path | None) -> None:
        """Say where files are now that somebody had edited: such work is not thrown away."""
        edited = self._edited.pop(state, ())
        if folder is not None:
            files = [folder / name for name in edited]
        if edited and files:
            one = len(files) == 1
            home = place(
                files[0] if one else folder or files[0].parent, (self._home.store.project,)
            )
            which = "the edited file is" if one else "the edited files are"
            self._why[state] = f"{self._why[state]}; {which} in {home}"

    def _clear(self, state: str, folder: Path) -> Path | None:
        """Move aside what an earlier attempt left in the folder of a point; gives its place."""
        if not folder.exists():
            return None
        left = self._left.get(state)
        moved = move_aside(folder, self._aside(left["id"] if left else new_id()))
        if left:
            where = encode(place(moved, (self._home.store.project,)))
            self._home.store.writer().append("set", left["id"], {"f": {"dir": where}})
        return moved

    def _aside(self, run: str) -> Path:
        return self._home.out / "earlier" / run

    def _tell(self, state: str, status: str, message: str) -> None:
        run, index = self._runs[state], self._index[state]
        self._progress(
            SweepProgress(state, status, run, self._through, self._total, message, index)
        )
