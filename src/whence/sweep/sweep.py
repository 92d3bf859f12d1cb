"""Run a parameter space: every point on record, side by side, gone on with where it was."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

from whence.base.yaml import dump
from whence.runs import Run
from whence.runs.machine import processors
from whence.runs.process import Interrupted, ended_by_signal
from whence.store import Store
from whence.sweep.array import claimed, settle
from whence.sweep.course import Course, Home
from whence.sweep.crew import run_elsewhere, run_jobs
from whence.sweep.hold import held
from whence.sweep.option import SweepOptions
from whence.sweep.result import Progress, SweepResult
from whence.sweep.scheme import GivenSpace, Scheme, scheme_of
from whence.sweep.target import Given, GivenFunction, home_of


def sweep(
    target: Given,
    space: GivenSpace,
    *,
    store: Store | str | os.PathLike[str] | None = None,
    name: str | None = None,
    out: str | os.PathLike[str] | None = None,
    options: SweepOptions | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Run a function or a program at every point of a parameter space, each on record.

    A point that a completed run has done (same parameters, target, code and inputs, output still
    there) is not run again. What an earlier attempt left in a point's folder is moved to
    ``earlier/<run id>/``.

    Parameters
    ----------
    target : callable, str or sequence of str
        A function or ``"file.py:function"``, called as ``function(folder, **params)`` in a worker
        process; or the words of a command, where ``{seed}`` or ``{model.rate}`` stands for a
        parameter, ``{out}`` for the point's folder, ``{params_file}`` for a YAML file of its
        parameters, ``{state}`` for its number. Commands start in the working directory.
    space : ParamSpace, mapping or path-like
        The space, what it is made of, or the YAML file that holds it.
    store : Store or path-like, optional
        Where it is recorded; the one found upward from the working directory, or a new one, if
        not given.
    name : str, optional
        What to call it; the script's name if not given. The same name goes on with it.
    out : path-like, optional
        The folder for output; ``runs/<name>`` in the project if not given.
    options : SweepOptions, optional
        Workers, tags and the like.
    progress : callable, optional
        Told what becomes of each point.

    Raises
    ------
    UserError
        If target and space do not fit, a sweep is running in the folder, or the folder is that
        of a sweep of another name; nothing has run then.
    Interrupted
        After Ctrl-C, when the running points have ended and are recorded as terminated; it is a
        KeyboardInterrupt.

    Examples
    --------
    >>> import whence
    >>> space = whence.ParamSpace({"rate": whence.ParamDim(default=1.0, values=[0.1, 0.3])})
    >>> whence.sweep("simulate.py:simulate", space).done  # doctest: +SKIP
    ('1', '2')
    """
    if not isinstance(store, Store):
        store = Store.find_or_create(Path.cwd()) if store is None else Store.open(store)
    scheme = scheme_of(target, space, store, name, out, options)
    with held(scheme):
        return _run(scheme, progress or (lambda _: None))


def _run(scheme: Scheme, progress: Progress) -> SweepResult:
    options, found, folder = scheme.options, scheme.target, scheme.out
    steps = scheme.steps(scheme.space.points())
    shared = scheme.origin()
    run = Run(scheme.store, mode="online")
    try:
        with run, ended_by_signal():
            run.config(disable_resources_metrics=True)  # the points look at themselves
            run.init(
                scheme.name,
                parameters=scheme.parameters,
                tags=options.tags,
                folder=scheme.folder,
                origin=replace(shared, kind="sweep", dir=folder, home=home_of(found)),
            )
            if isinstance(found, GivenFunction):  # files of code are loaded by the workers
                run.warn_edited(scheme.code)
            (folder / "pspace.yml").write_text(dump(scheme.space), encoding="utf-8")
            run.save_file(folder / "pspace.yml")
            home = Home(scheme.store, run.id, scheme.name, folder)
            course = Course(home, found, shared, options, progress)
            run.heed(lambda: None)  # the points see for themselves that they are to end
            jobs = itertools.takewhile(lambda _: _goes_on(run), course.jobs(steps))
            if options.executor is not None:
                run_elsewhere(jobs, options.executor, course)
            else:
                workers = options.workers or processors()
                run_jobs(jobs, min(workers, max(len(steps), 1)), course)
            _goes_on(run)
            result = course.result()
            if result.failed:
                run.end("failed", {"error": failure(result, len(steps))})
    except KeyboardInterrupt:
        raise Interrupted(run.id) from None
    begun = claimed(scheme)
    if begun is not None:  # by a job array, whose last points were run here
        settle(scheme, begun)
    return result


def _goes_on(run: Run) -> bool:
    """Whether nobody asks the sweep to end; the points may have seen that before its own thread."""
    for reason in run.store.asked_to_end([run.id]).values():
        run.abort(reason)
    return not run.aborted


def failure(result: SweepResult, total: int) -> dict[str, object]:
    """Why a sweep failed, as its ``error`` field."""
    message = f"{len(result.failed)} of {total} points did not complete"
    return {"type": "Points", "message": message, "traceback": None}
