"""Run a parameter space on record."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.app.workspace import Progress, Workspace
from whence.sweep import SweepOptions, SweepProgress, SweepResult, sweep


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
    again: bool = False

    def command(self) -> str:
        """The command line that asks for this."""
        words = ["whence", "sweep", str(self.space)]
        for option, value in (("--name", self.name), ("--out", self.out)):
            words += [option, str(value)] if value else []
        for option, values in (("--tag", self.tags), ("--input", self.inputs)):
            for value in values:
                words += [option, value]
        return shlex.join([*words, "--", *self.target])


def run_sweep(
    workspace: Workspace, request: SweepRequest, *, progress: Progress | None = None
) -> SweepResult:
    """Run every point that is not done.

    Raises
    ------
    UserError
        If the space, the target or an option cannot be; nothing has run then.
    """

    def move(step: SweepProgress) -> None:
        if progress is not None:
            progress(step.ended, step.total, f"{step.status} {step.state}")

    options = SweepOptions(
        workers=request.workers,
        again=request.again,
        tags=request.tags,
        inputs=request.inputs,
        repeat=request.command(),
    )
    words = request.target
    return sweep(
        words[0] if len(words) == 1 and _is_function(words[0]) else words,
        request.space,
        store=workspace.store,
        name=request.name or request.space.stem,
        out=request.out,
        options=options,
        progress=move,
    )


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
