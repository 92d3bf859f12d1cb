"""Run a parameter space on record."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from whence.app.workspace import Progress, Workspace
from whence.base.excerpt import counted
from whence.store import Store
from whence.sweep import (
    SweepOptions,
    SweepProgress,
    SweepResult,
    SweepStatus,
    ranges,
    sweep,
    sweep_point,
    sweep_status,
)


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """What to run for each point of which space."""

    space: Path
    target: tuple[str, ...]
    name: str | None = None
    out: Path | None = None
    workers: int | None = None
    tags: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    again: bool = False

    def command(self) -> str:
        """The command line that asks for this."""
        words = ["whence", "sweep", str(self.space)]
        for option, value in (("--name", self.name), ("--out", self.out)):
            words += [option, str(value)] if value else []
        several = (
            ("--tag", self.tags),
            ("--input", self.inputs),
            ("--variable", self.variables),
        )
        for option, values in several:
            for value in values:
                words += [option, value]
        return shlex.join([*words, "--", *self.target])


def run_sweep(
    workspace: Workspace,
    request: SweepRequest,
    *,
    point: int | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Run every point that is not done, or one of them.

    Parameters
    ----------
    workspace : Workspace
        Where it is recorded.
    request : SweepRequest
        What to run.
    point : int, optional
        The one point to run, counted from 0; all if not given.
    progress : callable, optional
        Told how far it is.

    Raises
    ------
    UserError
        If the space, the target or an option cannot be; nothing has run then.
    """

    def move(step: SweepProgress) -> None:
        if progress is not None:
            progress(step.ended, step.total, f"{step.status} point {step.index}")

    told = _asked(workspace, request)
    if point is None:
        return sweep(_target(request), request.space, **told, progress=move)
    return sweep_point(_target(request), request.space, point, **told, progress=move)


def status_of_sweep(workspace: Workspace, request: SweepRequest) -> SweepStatus:
    """How the points stand; nothing is written, and nothing runs.

    Raises
    ------
    UserError
        If the space, the target or an option cannot be.
    """
    return sweep_status(_target(request), request.space, **_asked(workspace, request))


class _Asked(TypedDict):
    store: Store
    name: str
    out: Path | None
    options: SweepOptions


def _asked(workspace: Workspace, request: SweepRequest) -> _Asked:
    options = SweepOptions(
        workers=request.workers,
        again=request.again,
        tags=request.tags,
        inputs=request.inputs,
        variables=request.variables,
        repeat=request.command(),
    )
    name = request.name or request.space.stem
    return {"store": workspace.store, "name": name, "out": request.out, "options": options}


def _target(request: SweepRequest) -> str | tuple[str, ...]:
    words = request.target
    return words[0] if len(words) == 1 and _is_function(words[0]) else words


def sweep_as_dict(result: SweepResult) -> dict[str, Any]:
    """The result as `whence sweep --json` tells it."""
    names = ("id", "runs", "failed", "why", "left", "index")
    plain = {name: getattr(result, name) for name in names}
    return {
        **plain,
        "out": str(result.out),
        "done": list(result.done),
        "skipped": list(result.skipped),
        "aborted": list(result.aborted),
    }


def reasons(result: SweepResult) -> Iterator[str]:
    """Why points were run again, equal reasons told once."""
    for why, states in _by_message(result.why).items():
        yield f"{_points(result, states)}: {why}"


def failures(result: SweepResult, most: int = 5) -> Iterator[tuple[str, str, str]]:
    """What went wrong: points, message and a run to look at; equal messages are told once.

    At the end it is told of how many points nothing was said, with no run.
    """
    failed = {s: text for s, text in result.failed.items() if s not in result.aborted}
    groups = list(_by_message(failed).items())
    for message, states in groups[:most]:
        yield _points(result, states), message, result.runs[states[0]]
    more = sum(len(states) for _, states in groups[most:])
    if more:
        yield f"… and {counted(more, 'more point')}", "failed otherwise", ""


def _by_message(told: Mapping[str, str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for state, message in told.items():
        groups.setdefault(message, []).append(state)
    return groups


def _points(result: SweepResult, states: Sequence[str]) -> str:
    """Points as people are told of them: by their place among all, as ``--point`` takes it."""
    if len(states) == 1:
        return f"point {result.index[states[0]]} (state {states[0]})"
    which = ranges(result.index[state] for state in states)
    if which.count(",") > 3:
        which = f"{which.split(',')[0]}, …, {which.rpartition(',')[2]}"
    return f"{len(states)} points ({which})"


def _is_function(word: str) -> bool:
    file, colon, function = word.rpartition(":")
    return bool(colon) and file.endswith(".py") and function.isidentifier()
