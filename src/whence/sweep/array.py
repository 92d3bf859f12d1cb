"""One point of a sweep, as each task of a batch system's job array runs one.

The tasks share one run of kind ``sweep``, whose id the first of them leaves in the folder of the
sweep: in a file named after what the sweep does, which only one of them can make.
"""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

from whence.base.clock import new_id
from whence.base.error import UserError
from whence.base.escape import encode
from whence.base.excerpt import counted
from whence.base.yaml import dump
from whence.params import Point
from whence.runs import Origin
from whence.runs.entry import Given as Told
from whence.runs.entry import enter
from whence.runs.process import Interrupted, ended_by_signal
from whence.store import Store
from whence.sweep.course import Course, Home
from whence.sweep.crew import run_jobs
from whence.sweep.history import State, known, runs_of
from whence.sweep.hold import held
from whence.sweep.mutex import make_alone
from whence.sweep.option import SweepOptions
from whence.sweep.result import Progress, SweepResult
from whence.sweep.scheme import GivenSpace, Scheme, scheme_of
from whence.sweep.target import Given, home_of

_PATIENCE = 5.0  # seconds to wait for an id that is being written


def sweep_point(
    target: Given,
    space: GivenSpace,
    index: int,
    *,
    store: Store,
    name: str | None = None,
    out: str | os.PathLike[str] | None = None,
    options: SweepOptions | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Run one point of a parameter space, unless it is done.

    Any number of processes may do so at once, on any number of machines that share the store.

    Parameters
    ----------
    target, space, store, name, out, options, progress
        As `whence.sweep.sweep` has them.
    index : int
        Which point, counted from 0 in the order of the space: with 30 points ``--array=0-29``.

    Raises
    ------
    UserError
        If there is no such point, or it is running, or the folder is another sweep's, or target
        and space do not fit.
    """
    scheme = scheme_of(target, space, store, name, out, options)
    points = list(itertools.islice(scheme.space.points(), index, index + 1)) if index >= 0 else []
    if not points:
        count = sum(1 for _ in scheme.space.points())
        raise UserError.of(
            "no-such-point",
            f"there is no point {index}: the space has {counted(count, 'point')}",
            mend=f"They are counted from 0 to {count - 1}, whatever their state numbers are.",
        )
    with held(scheme, points[0]):
        return _run(scheme, points[0], index, progress or (lambda _: None))


def _run(scheme: Scheme, point: Point, index: int, progress: Progress) -> SweepResult:
    steps = scheme.steps([point])
    shared = scheme.origin()
    home = Home(scheme.store, claim(scheme, shared), scheme.name, scheme.out)
    course = Course(home, scheme.target, shared, scheme.options, progress)
    try:
        with ended_by_signal():
            run_jobs(course.jobs(steps, index), 1, course)
    except KeyboardInterrupt:
        raise Interrupted(next(iter(course.result().runs.values()), home.id)) from None
    settle(scheme, home.id)
    return course.result()


def claim(scheme: Scheme, shared: Origin) -> str:
    """The id of the run that stands for the sweep; the first task puts it on record."""
    scheme.out.mkdir(parents=True, exist_ok=True)
    begun = claimed(scheme)
    if begun is not None:
        if not known(scheme.store, begun):  # who made it came no further; the same lines do no harm
            _begin(scheme, shared, begun)
        return begun
    place, run = _place(scheme), new_id()
    if not make_alone(place, run.encode("ascii")):
        return claimed(scheme) or claim(scheme, shared)
    _begin(scheme, shared, run)
    return run


def claimed(scheme: Scheme) -> str | None:
    """The id of the run that stands for the sweep, if a task has put it on record."""
    place, patience = _place(scheme), time.monotonic() + _PATIENCE
    try:
        while not (run := place.read_text(encoding="ascii").strip()):
            if time.monotonic() > patience:  # who made it came no further
                place.unlink(missing_ok=True)
            time.sleep(0.01)
    except FileNotFoundError:
        return None
    return run


def settle(scheme: Scheme, run: str) -> None:
    """Say how the whole sweep stands, once every point is done."""
    done = len({str(state.get("point")) for state in _completed(scheme)})
    writer = scheme.store.writer()
    total = sum(1 for _ in scheme.space.points())
    if done >= total and all(step.done for step in scheme.steps(scheme.space.points())):
        facts = {"status": "completed", "ended": time.time(), "progress": 1.0}
        writer.append("set", run, {"f": facts}, sync=True)
    else:
        facts = {"progress": round(min(done / total, 1.0), 6), "process": {}}
        writer.append("set", run, {"f": facts})  # whoever was the last tells that it lives


def _place(scheme: Scheme) -> Path:
    return scheme.out / f".sweep-{scheme.key[:16]}"


def _completed(scheme: Scheme) -> list[State]:
    found = runs_of(scheme.store, scheme.folder)
    return [s for s in found if s.get("status") == "completed" and s.get("point")]


def _begin(scheme: Scheme, shared: Origin, run: str) -> None:
    now = time.time()
    facts = {
        "kind": "sweep",
        "name": encode(scheme.name),
        "folder": encode(scheme.folder),
        "status": "running",
        "params": encode(scheme.parameters),
        "created": now,
        "started": now,
    }
    origin = Origin(
        run,
        "sweep",
        dir=scheme.out,
        code=shared.code,
        artifacts=shared.artifacts,
        facts={**(shared.facts or {}), "process": {}},  # it is no process's own
        home=home_of(scheme.target),
    )
    enter(scheme.store, Told(facts, {}, list(scheme.options.tags)), origin)
    _write(scheme.out / "pspace.yml", dump(scheme.space))


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{new_id()}")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
