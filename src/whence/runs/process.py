"""An external program on record: started, watched and told about."""

from __future__ import annotations

import contextlib
import glob
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from whence.artifacts import Deposit, facts_of, place
from whence.base.error import UserError
from whence.base.escape import encode
from whence.runs.callkey import Call
from whence.runs.capture import code_artifacts, code_facts
from whence.runs.code import code_of_command
from whence.runs.output import Drain
from whence.runs.run import Origin, Run
from whence.store import Store

_ASKED_TO_END = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
_PATIENCE = 5.0  # seconds that a program gets to end after it was asked to
_HEARD = 0.5  # seconds until a Ctrl-C that came from the terminal has reached the program too


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """How a program is recorded.

    Attributes
    ----------
    name : str, optional
        The run's name; the program's if not given.
    parameters : mapping
        What it was given.
    tags : tuple of str
        Words to find it by.
    folder : str
        Groups runs.
    description : str, optional
        Text for people.
    inputs : tuple of str
        Files that it reads; their digests are taken before it starts.
    outputs : tuple of str
        Files, folders or patterns (``*.nc``, ``out/**``) that are put on record when it ends.
    cwd : path-like, optional
        Where it runs; here if not given.
    environment : mapping
        Variables set for it beside those of this process.
    quiet : bool
        Whether the terminal is spared what it prints.
    stdin : bool
        Whether it reads what this process would read.
    repeat : str, optional
        The command line that does it again; the program's own if not given.
    """

    name: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    folder: str = "/"
    description: str | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    cwd: str | os.PathLike[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    quiet: bool = False
    stdin: bool = True
    repeat: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a recorded program ended.

    Attributes
    ----------
    run : str
        The run id.
    status : str
        ``completed``, ``failed`` or ``terminated``.
    exit : int
        Its exit status; minus the signal's number if a signal ended it.
    """

    run: str
    status: str
    exit: int


def record_process(
    store: Store, command: Sequence[str], options: ProcessOptions | None = None
) -> Outcome:
    """Run a program and put it on record.

    What it prints goes to the terminal and on record as it comes. Its children find the run's id
    in ``WHENCE_RUN``.

    Parameters
    ----------
    store : Store
        Where it is recorded.
    command : sequence of str
        Program and arguments.
    options : ProcessOptions, optional
        Name, parameters, inputs, outputs and the like.

    Raises
    ------
    UserError
        If there is no such program or input; then nothing is recorded.
    KeyboardInterrupt
        After Ctrl-C was passed on, the program has ended and the run is ``terminated``.
    """
    options = options or ProcessOptions()
    folder = Path(os.path.abspath(options.cwd or os.curdir))
    check_program(command, folder)
    inputs = [
        facts_of(store, Deposit(folder / path, "input", place(folder / path, (folder,))), None)
        for path in options.inputs
    ]
    with contextlib.chdir(folder):
        code = code_of_command(command, store.project, store.digest_of)
    given = {fact["digest"] for fact in inputs}
    code = type(code)({n: d for n, d in code.files.items() if d not in given}, code.base)
    names = {str(fact["name"]): str(fact["digest"]) for fact in inputs}
    call = Call(options.parameters, tuple(command), code.files, names)
    run = Run(store).init(
        options.name or os.path.basename(command[0]),
        parameters=options.parameters,
        tags=options.tags,
        folder=options.folder,
        description=options.description,
        origin=Origin(
            code=code_facts(code, folder),
            artifacts=(*code_artifacts(store, code), *inputs),
            facts={
                "command": encode(list(command)),
                "call": call.key,
                "target": encode(list(command)),
                "inputs": encode(names),
                "repeat": encode(options.repeat or shlex.join(command)),
            },
        ),
    )
    with run, ended_by_signal():
        try:
            code_ = stream(run, command, options)
        finally:
            save_outputs(run, options.outputs, folder)
        close(run, code_)
    return Outcome(run.id, str(run.status), code_)


def check_program(command: Sequence[str], folder: Path) -> None:
    """Refuse a command that cannot be started.

    Raises
    ------
    UserError
        If it is empty, or names no program.
    """
    if not command:
        raise UserError.of(
            "no-command", "there is no command to run", mend="Give one after --, like: -- ./solver"
        )
    program = command[0]
    found = shutil.which(folder / program if os.sep in program else program)
    if found is None:
        there = (folder / program).is_file()
        raise UserError.of(
            "no-program",
            f"{program!r} is not executable" if there else f"there is no program {program!r}",
            mend=f"Make it executable with `chmod +x {program}`, or name its interpreter: "
            f"-- python {program}"
            if there
            else "Check the spelling, and that its folder is on the PATH.",
        )


def stream(run: Run, command: Sequence[str], options: ProcessOptions) -> int:
    """Start a program for a run and wait for it, recording what it prints; gives its exit status.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C was passed on and the program has ended.
    """
    environment = {
        **os.environ,
        **options.environment,
        "WHENCE_RUN": run.id,
        "WHENCE_STORE": str(run.store.root),
    }
    process = subprocess.Popen(
        list(command),
        cwd=options.cwd,
        env=environment,
        stdin=None if options.stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    pipes = {"out": os.dup(process.stdout.fileno()), "err": os.dup(process.stderr.fileno())}
    process.stdout.close()
    process.stderr.close()
    drain = Drain(pipes, run.log_output, None if options.quiet else _terminal())
    drain.start()
    try:
        return process.wait()
    except BaseException:
        _stop(process)
        raise
    finally:
        drain.finish()


class ExitStatusError(Exception):
    """A program ended with a status other than 0.

    Parameters
    ----------
    status : int
        The exit status; minus the signal's number if a signal ended it.
    """

    def __init__(self, status: int) -> None:
        self.status = status
        self.signal = next((s for s in signal.Signals if s == -status), None)
        named = f" ({self.signal.name})" if self.signal else ""
        super().__init__(
            f"killed by signal {-status}{named}" if status < 0 else f"exit status {status}"
        )


def close(run: Run, status: int) -> None:
    """End a run as the exit status of its program says."""
    if status == 0:
        run.close({"exit": 0})
        return
    ended = ExitStatusError(status)
    error = {"type": "ExitStatus", "message": str(ended), "traceback": None}
    how = "terminated" if ended.signal in _ASKED_TO_END else "failed"
    run.end(how, {"exit": status, "error": error})


def save_outputs(run: Run, patterns: Sequence[str], folder: Path) -> None:
    """Put the files on record that match patterns below a folder, as outputs of the run."""
    for pattern in patterns:
        found = sorted(_matching(folder, pattern))
        for path in found:
            run.save_file(path, name=place(path, (folder,)))
        if not found:
            run.log_event(f"no output matches {pattern!r}", "warning")


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    # A file may be called like a pattern; then it is the file that is meant.
    there = folder / pattern
    places = [there] if there.exists() else map(Path, glob.glob(str(there), recursive=True))
    for path in places:
        if path.is_dir():
            yield from (item for item in path.rglob("*") if item.is_file())
        elif path.is_file():
            yield path


def _terminal() -> dict[str, int]:
    sys.stdout.flush()
    sys.stderr.flush()
    return {"out": 1, "err": 2}


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a program, kindly first: the terminal may have told it already."""
    steps: tuple[tuple[float, int], ...] = (
        (_HEARD, signal.SIGINT),
        (_PATIENCE, signal.SIGTERM),
        (_PATIENCE, signal.SIGKILL),
    )
    for patience, number in steps:
        try:
            process.wait(patience)
            return
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        except KeyboardInterrupt:  # asked twice: enough of kindness
            process.kill()
    process.wait()


@contextlib.contextmanager
def ended_by_signal() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end what runs as Ctrl-C does, so that it is recorded.

    Batch systems ask jobs to end with SIGTERM. Only in the main thread, and only where nobody
    else handles the signal.
    """
    mine = threading.current_thread() is threading.main_thread()
    taken = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if mine and signal.getsignal(number) == signal.SIG_DFL
    ]
    try:
        for number in taken:
            signal.signal(number, _interrupt)
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(f"ended by signal {number} ({signal.Signals(number).name})")
