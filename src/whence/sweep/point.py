"""One point of a sweep, run and put on record in the process that runs it."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from whence.artifacts import attach
from whence.base.escape import encode
from whence.base.yaml import dump
from whence.formats import listening
from whence.params import flatten
from whence.runs import Origin, Reading, Run
from whence.runs.harvest import Harvest
from whence.runs.process import ExitStatusError, ProcessOptions, close, save_outputs, stream
from whence.runs.scope import alone, named, printed
from whence.store import Store
from whence.sweep.guard import Guard, told
from whence.sweep.target import Command, FileFunction, Target

ABORTED = "aborted"
"""What is said of a point that ended because somebody asked for it."""


@dataclass(frozen=True, slots=True)
class Job:
    """All that another process needs to run one point.

    Attributes
    ----------
    store : Path
        The store's folder.
    run : str
        The run id to be.
    target : Target
        What to run.
    params : dict
        The point's parameters.
    state : str
        The point's number as text.
    dir : Path
        The point's own folder, which does not exist yet.
    name, folder : str
        The run's name and folder of runs.
    tags : tuple of str
        The run's tags.
    origin : Origin
        The run's other facts.
    quiet : bool
        Whether what it prints is kept from the terminal.
    guard : Guard, optional
        The files that its key covers.
    """

    store: Path
    run: str
    target: Target
    params: Mapping[str, Any]
    state: str
    dir: Path
    name: str
    folder: str
    origin: Origin
    tags: tuple[str, ...] = ()
    quiet: bool = True
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a point ended.

    Attributes
    ----------
    run : str
        Its run id.
    status : str
        ``completed``, ``failed`` or ``terminated``.
    message : str
        What went wrong, in one line.
    """

    run: str
    status: str
    message: str = field(default="")


def run_point(job: Job) -> Ended:
    """Run one point and put it on record. What the simulation raises is recorded, not raised."""
    run = Run(_store(job.store), mode="online")
    with _interruptible(), contextlib.chdir(os.getcwd()):
        run.init(
            job.name,
            parameters=job.params,
            tags=job.tags,
            folder=job.folder,
            origin=job.origin,
        )
        message = ""
        if alone():
            run.heed(_end_this)
        try:
            job.dir.mkdir(parents=True)
            try:
                with _guarded(run, job):
                    _work(run, job)
            finally:
                save_outputs(run, Harvest(job.dir, ("",) if any(job.dir.iterdir()) else (), {}))
            run.close()
        except ExitStatusError as ended:
            close(run, ended.ending)
            message = str(ended)
        except BaseException as error:  # a worker goes on to the next point whatever this one did
            run.fail(error)
            message = " ".join(f"{type(error).__name__}: {error}".split())
    if run.aborted:
        message = ABORTED
    return Ended(run.id, str(run.status), "" if run.status == "completed" else message)


@contextlib.contextmanager
def _guarded(run: Run, job: Job) -> Iterator[None]:
    """Take the key back from a point that ran with other code or data than its key tells."""
    store, guard = run.store, job.guard
    if guard is None:
        yield
        return
    known = {fact["name"] for fact in job.origin.artifacts}
    for artifact in guard.artifacts():
        if encode(artifact.name) not in known:
            attach(store.writer(), run.id, artifact)
    wrong = ""
    if isinstance(job.target, Command):
        wrong = told(edited, "after the sweep began") if (edited := guard.edited(store)) else ""
    elif isinstance(job.target, FileFunction):
        wrong = told(edited, "before it was loaded") if (edited := guard.loaded(store)) else ""
    try:
        yield
        if isinstance(job.target, FileFunction) and not wrong:
            from whence.base.code import identity_of

            older = identity_of(job.target.load()).edited
            wrong = told(older, "after it was loaded") if older else ""
        inputs = replace(guard, code={})
        if not wrong and (changed := inputs.edited(store)):
            wrong = told(changed, "while it ran")
    finally:
        facts: dict[str, Any] = {"call": None} if wrong else {}
        made = guard.made(store)
        if made:
            facts["wrote"] = encode(made)
        if facts:
            store.writer().append("set", run.id, {"f": facts})
        if wrong:
            run.log_event(wrong, "warning")


def _work(run: Run, job: Job) -> None:
    """Do what the point is for."""
    if isinstance(job.target, Command):
        _command(run, job, job.target)
        return
    with printed(run, through=not job.quiet), named(run), listening(Reading(run)):
        job.target.load()(job.dir, **job.params)


def _command(run: Run, job: Job, command: Command) -> None:
    template = command.template
    values = {**flatten(job.params), "out": str(job.dir), "state": job.state}
    if "params_file" in template.names:
        file = job.dir / "params.yml"
        file.write_text(dump(dict(job.params)), encoding="utf-8")
        values["params_file"] = str(file)
    options = ProcessOptions(cwd=command.cwd, quiet=job.quiet, stdin=False)
    ending = stream(run, template.fill(values), options)
    if ending.status != 0:
        raise ExitStatusError(ending)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let the first SIGINT raise KeyboardInterrupt, and no other while that is recorded."""
    if not alone():
        yield
        return
    before = signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_this() -> None:
    """Have what runs in the main thread end as by Ctrl-C, once it is back from compiled code."""
    signal.pthread_kill(int(threading.main_thread().ident or 0), signal.SIGINT)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


@functools.lru_cache(maxsize=4)
def _store(root: Path) -> Store:
    return Store.open(root)
