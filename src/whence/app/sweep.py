"""Run a parameter space on record."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from whence.app.workspace import Progress, Workspace
from whence.store import Store
from whence.sweep import (
    SweepOptions,
    SweepProgress,
    SweepResult,
    SweepStatus,
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
            progress(step.ended, step.total, f"{step.status} {step.state}")

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
    plain = {name: getattr(result, name) for name in ("id", "runs", "failed", "why")}
    return {
        **plain,
        "out": str(result.out),
        "done": list(result.done),
        "skipped": list(result.skipped),
    }


def reasons(result: SweepResult) -> Iterator[str]:
    """Why points were run again, equal reasons told once."""
    points: dict[str, list[str]] = {}
    for state, why in result.why.items():
        points.setdefault(why, []).append(state)
    for why, states in points.items():
        few = ", ".join(states) if len(states) <= 4 else f"{states[0]} … {states[-1]}"
        yield f"{len(states)} point{'s' if states[1:] else ''} ({few}): {why}"


def _is_function(word: str) -> bool:
    file, colon, function = word.rpartition(":")
    return bool(colon) and file.endswith(".py") and function.isidentifier()
