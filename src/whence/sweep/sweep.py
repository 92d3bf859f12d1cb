"""Run a parameter space: every point on record, side by side, gone on with where it was."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from whence.base.error import UserError
from whence.base.escape import decode, encode
from whence.base.yaml import dump, read
from whence.params import ParamSpace, flatten, yaml_tags
from whence.runs import Code, Deposit, Origin, Run, code_artifacts, facts_of
from whence.runs.capture import code_facts
from whence.runs.process import ended_by_signal
from whence.store import Store
from whence.store.process import is_alive
from whence.sweep.course import Course
from whence.sweep.crew import run_elsewhere, run_jobs
from whence.sweep.history import folder_of, sweeps_of
from whence.sweep.option import SweepOptions
from whence.sweep.plan import Work, plan
from whence.sweep.result import Progress, SweepResult
from whence.sweep.target import (
    Given,
    GivenFunction,
    Target,
    check_parameters,
    code_of,
    home_of,
    name_of,
    short_name,
    target_of,
)


def sweep(
    target: Given,
    space: ParamSpace | str | os.PathLike[str],
    *,
    store: Store,
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
    space : ParamSpace or path-like
        The space, or the YAML file that holds it.
    store : Store
        Where it is recorded.
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
        If target and space do not fit, or the same sweep is running; nothing has run then.
    KeyboardInterrupt
        After Ctrl-C, when the running points have ended and are recorded as terminated.
    """
    options = options or SweepOptions()
    if not isinstance(space, ParamSpace):
        options = replace(options, space_file=options.space_file or space)
        space = read_space(space)
    found = target_of(target)
    points = list(space.points())
    for point in points[:1]:
        check_parameters(found, point.params, flatten(point.params))
    name = _name(name or short_name(found))
    folder = Path(os.path.abspath(out or store.project / "runs" / name))
    _refuse_twice(store, name, folder)
    code, work, shared = _prepare(store, found, folder, options)
    steps = plan(store, f"/{name}", points, work)
    with Run(store) as run, ended_by_signal():
        run.config(disable_resources_metrics=True)  # the points look at themselves
        run.init(
            name,
            parameters=_plain(space.yaml_node()[1]),
            tags=options.tags,
            folder=f"/{name}",
            origin=replace(shared, kind="sweep", dir=folder, home=home_of(found)),
        )
        if isinstance(found, GivenFunction):  # files of code are loaded by the workers
            run.warn_edited(code)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pspace.yml").write_text(dump(space), encoding="utf-8")
        run.save_file(folder / "pspace.yml")
        course = Course(run, found, shared, options, progress or (lambda _: None))
        jobs = course.jobs(steps)
        if options.executor is not None:
            run_elsewhere(jobs, options.executor, course)
        else:
            workers = options.workers or len(os.sched_getaffinity(0))
            run_jobs(jobs, min(workers, max(len(steps), 1)), course)
        return course.close()


def read_space(path: str | os.PathLike[str]) -> ParamSpace:
    """The parameter space in a YAML file: the document itself, or its ``parameter_space``.

    Raises
    ------
    UserError
        If the file cannot be read, or holds none.
    """
    document = read(path, yaml_tags())
    value = document.value
    if isinstance(value, Mapping) and "parameter_space" in value:
        value = value["parameter_space"]
    if isinstance(value, ParamSpace):
        return value
    raise UserError.of(
        "no-space",
        f"there is no parameter space in {os.fspath(path)!r}",
        where=document.where(),
        mend="Begin it with `parameter_space: !pspace`, and the parameters below, indented.",
    )


def _prepare(
    store: Store, target: Target, folder: Path, options: SweepOptions
) -> tuple[Code, Work, Origin]:
    """What all points have in common: what makes them the same work, and what is recorded."""
    inputs = [facts_of(store, Deposit(path, "input"), None) for path in options.inputs]
    names = {str(decode(fact["path"])): str(fact["digest"]) for fact in inputs}
    code = code_of(target, store)
    code = replace(code, files={n: d for n, d in code.files.items() if d not in names.values()})
    work = Work(name_of(target, store.project), dict(code.files), names, folder, options.again)
    if options.space_file is not None:
        inputs.append(facts_of(store, Deposit(options.space_file, "input"), None))
    facts: dict[str, Any] = {"target": encode(work.target), "inputs": encode(names)}
    if isinstance(work.target, tuple):
        facts["target"] = facts["command"] = encode(list(work.target))
    if options.repeat is not None:
        facts["repeat"] = encode(options.repeat)
    return (
        code,
        work,
        Origin(
            code=code_facts(code, home_of(target)),
            artifacts=(*code_artifacts(store, code), *inputs),
            facts=facts,
        ),
    )


def _refuse_twice(store: Store, name: str, folder: Path) -> None:
    for state in sweeps_of(store, f"/{name}"):
        busy = state.get("status") == "running" and folder_of(state, store.project) == folder
        process = state.get("process") or {}
        if busy and is_alive(process, state.get("last"), time.time()):
            raise UserError.of(
                "sweep-running",
                f"the sweep {name!r} is running in {folder} already, as process "
                f"{process.get('pid')} on {process.get('host')}",
                mend="Wait for it, end it with Ctrl-C, or give another --name.",
            )


def _name(name: str) -> str:
    if name and name.isprintable() and not name.startswith(".") and not set(name) & set("/\\"):
        return name
    raise UserError.of(
        "bad-name", f"{name!r} cannot name a sweep", mend="It names a folder: leave out slashes."
    )


def _plain(value: Any) -> Any:
    """A space as plain data: a dimension is a mapping of its tag to what it says."""
    if hasattr(value, "yaml_node"):
        tag, inner = value.yaml_node()
        return {tag: _plain(inner)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
