"""Run any program on record."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whence.app.parameter import merged, read_parameters
from whence.app.workspace import Say, Workspace
from whence.records import Record, Records
from whence.runs import ProcessOptions, record_process


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """Which program to run, and what to record of it."""

    command: tuple[str, ...]
    name: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    params_file: Path | None = None
    out: Path | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    folder: str = "/"
    quiet: bool = False


def record_program(
    workspace: Workspace,
    wanted: ProgramRun,
    repeat: list[str],
    *,
    say: Say = lambda _: None,
) -> Record:
    """Run the program and give its record.

    Parameters
    ----------
    workspace : Workspace
        Where it is recorded.
    wanted : ProgramRun
        The program.
    repeat : list of str
        The words of the command line that does it again.
    say : callable
        Told which outputs were not found or left out.

    Raises
    ------
    UserError
        If there is no such program or input; nothing is recorded then.
    """
    parameters, inputs = wanted.parameters, wanted.inputs
    if wanted.params_file is not None:
        parameters = merged(read_parameters(wanted.params_file), parameters)
        inputs = (*inputs, str(wanted.params_file))
    options = ProcessOptions(
        name=wanted.name,
        parameters=parameters,
        tags=wanted.tags,
        folder=wanted.folder,
        inputs=tuple(dict.fromkeys(inputs)),
        out=wanted.out,
        outputs=wanted.outputs,
        quiet=wanted.quiet,
        repeat=shlex.join(repeat),
    )
    outcome = record_process(workspace.store, wanted.command, options)
    for note in outcome.notes:
        say(note)
    return Records(workspace.store).get(outcome.run)
