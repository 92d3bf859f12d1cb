"""An external program on record: started, watched and told about."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from whence.artifacts import Deposit, facts_of, place
from whence.artifacts.deposit import Mode
from whence.artifacts.name import readable
from whence.base.clock import new_id
from whence.base.error import UserError
from whence.base.escape import encode
from whence.runs.callkey import Call
from whence.runs.capture import code_artifacts, code_facts
from whence.runs.code import code_of_command
from whence.runs.gauge import gauge_of
from whence.runs.harvest import Harvest, left_out
from whence.runs.launcher import check_program, environment_of, how_ended, pipes_of, spawn
from whence.runs.origin import Origin
from whence.runs.output import Drain, flush_all
from whence.runs.report import Report
from whence.runs.run import Run
from whence.runs.screen import screens_like
from whence.runs.warden import Warden, end, exit_of, held_back
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
    metadata : mapping
        Whatever else is to be known.
    inputs : tuple of str
        Files that it reads; their digests are taken before it starts.
    outputs : tuple of str
        Files, folders or patterns (``*.nc``, ``out/**``) that are put on record when it ends.
    out : path-like, optional
        Its own folder, all of whose files are put on record; ``runs/<run id>`` in the project if
        not given, which stays only if the program leaves something there.
    cwd : path-like, optional
        Where it runs; here if not given.
    base : path-like, optional
        The folder that the names of its code start from; the project's if not given.
    environment : mapping
        Variables set for it beside those of this process.
    keep : str
        How output files are kept: see `Run.save_file`.
    quiet : bool
        Whether the terminal is spared what it prints.
    stdin : bool
        Whether it reads what this process would read.
    repeat : str, optional
        The command line that does it again; the program's own if not given.
    facts : mapping
        Further fields of the run, as they are written.
    """

    name: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    folder: str = "/"
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    out: str | os.PathLike[str] | None = None
    cwd: str | os.PathLike[str] | None = None
    base: str | os.PathLike[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    keep: Mode = "auto"
    quiet: bool = False
    stdin: bool = True
    repeat: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


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
    notes : tuple of str
        What is to be known of its outputs: patterns that found nothing, files left out.
    """

    run: str
    status: str
    exit: int
    notes: tuple[str, ...] = ()


def record_process(
    store: Store, command: Sequence[str], options: ProcessOptions | None = None
) -> Outcome:
    """Run a program and put it on record.

    What it prints goes to the terminal and on record as it comes. Its children find the run's id
    in ``WHENCE_RUN`` and its own folder in ``WHENCE_OUT``; ``{out}`` in the command stands for that
    folder.

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
        If there is no such program or input, or its folder cannot be made; then nothing is
        recorded.
    Interrupted
        After Ctrl-C was passed on, the program has ended and the run is ``terminated``.
    """
    options = options or ProcessOptions()
    folder = Path(os.path.abspath(options.cwd or os.curdir))
    check_program(command, folder)
    origin = _origin(store, command, options, folder)
    own = _OwnFolder(store, options.out, str(origin.id), any("{out}" in word for word in command))
    run = Run(store, mode="online").init(
        options.name or os.path.basename(command[0]),
        parameters=options.parameters,
        metadata=options.metadata,
        tags=options.tags,
        folder=options.folder,
        description=options.description,
        origin=replace(origin, dir=own.path if own.wanted else None),
    )
    words = [word.replace("{out}", str(own.path)) for word in command]
    harvest, notes = Harvest.sow(folder, options.outputs), []
    try:
        with run, ended_by_signal():
            try:
                with own:
                    environment = {**options.environment, "WHENCE_OUT": str(own.path)}
                    told = replace(options, environment=environment)
                    ending = stream(run, words, told, guard=True)
            finally:
                kept = options.keep
                notes = [*save_outputs(run, harvest, kept), *own.save(run, kept)]
            notes += [note for note in (ending.unread, *ending.unshown) if note]
            close(run, ending)
    except KeyboardInterrupt:
        raise Interrupted(run.id) from None
    return Outcome(run.id, str(run.status), ending.status, tuple(notes))


def _name(path: Path, folder: Path) -> str:
    """What a file is called in a run: its path from a folder, as far as that is UTF-8."""
    return readable(place(path, (folder,)))


def _origin(store: Store, command: Sequence[str], options: ProcessOptions, folder: Path) -> Origin:
    """What is known of a program before it starts."""
    inputs = [
        facts_of(store, Deposit(folder / path, "input", _name(folder / path, folder)), None)
        for path in options.inputs
    ]
    with contextlib.chdir(folder):
        code = code_of_command(command, options.base or store.project, store.digest_of)
    given = {fact["digest"] for fact in inputs}
    code = type(code)({n: d for n, d in code.files.items() if d not in given}, code.base)
    names = {str(fact["name"]): str(fact["digest"]) for fact in inputs}
    call = Call(options.parameters, tuple(command), code.files, names)
    return Origin(
        id=new_id(),
        code=code_facts(code, folder),
        home=folder,
        artifacts=(*code_artifacts(store, code), *inputs),
        facts={
            "command": encode(list(command)),
            "call": call.key,
            "target": encode(list(command)),
            "inputs": encode(names),
            "outputs": encode(list(options.outputs)) if options.outputs else None,
            "repeat": encode(options.repeat or shlex.join(command)),
            **options.facts,
        },
    )


class _OwnFolder:
    """The own folder of a run: made before the program starts, gone again if it stays empty."""

    def __init__(
        self, store: Store, given: str | os.PathLike[str] | None, run: str, named: bool
    ) -> None:
        self.wanted = named or given is not None
        self.path = Path(os.path.abspath(given or store.project / "runs" / run))
        if given is not None:
            self._make()
        self._harvest = Harvest.sow(self.path, [""] if self.path.is_dir() else [])

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError.of(
                "cannot-write",
                f"cannot make the folder {str(self.path)!r}: {error.strerror or error}",
                mend="Give another folder as --out, or make this one.",
            ) from error

    def __enter__(self) -> None:
        with contextlib.nullcontext() if self.wanted else contextlib.suppress(UserError):
            self._make()

    def __exit__(self, *_: object) -> None:
        if not self.wanted:
            with contextlib.suppress(OSError):  # it is not empty, or was never made
                self.path.rmdir()
                self.path.parent.rmdir()

    def save(self, run: Run, keep: Mode) -> list[str]:
        """Put the files in it on record that were written there; gives what is to be said."""
        if not self.path.is_dir():
            return []
        run.set_dir(self.path)
        written, unchanged = self._harvest.reap("")
        for path in written:
            run.save_file(path, name=_name(path, self.path), mode=keep)
        note = left_out(str(self.path), len(written), unchanged) if unchanged else ""
        if note:
            run.log_event(note, "warning")
        return [note] if note else []


def stream(
    run: Run, command: Sequence[str], options: ProcessOptions, *, guard: bool = False
) -> Ending:
    """Start a program for a run and wait for it, recording what it prints; gives how it ended.

    Parameters
    ----------
    run : Run
        The run.
    command : sequence of str
        Program and arguments.
    options : ProcessOptions
        Where and how it runs.
    guard : bool
        Whether it is to end, with all it has started, if this process is killed.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C was passed on and the program has ended.
    """
    report = Report(run, None if options.quiet else gauge_of(2))
    program = None
    try:
        with held_back():
            program = _start(run, command, options, report, guard)
        status = exit_of(program.process)
    except BaseException:
        if program is not None:
            _stop(program.process)
        raise
    finally:
        if program is not None:
            with program.stopping:  # what it has started may take longer to end
                program.drain.finish()
            if program.warden is not None:
                program.warden.close()
    return Ending(status, report.last_error, report.unread, tuple(_unshown(program.drain)))


def _unshown(drain: Drain) -> Iterator[str]:
    """What is to be said of output that did not get where the user sent it."""
    for name, why in drain.unshown.items():
        where = "standard output" if name == "out" else "standard error"
        yield f"{where} was cut short: {why}; what the program printed is whole on record"


@dataclass(frozen=True, slots=True)
class _Program:
    """A program that runs, what listens to it and watches over it, and what ends it."""

    process: subprocess.Popen[bytes]
    drain: Drain
    warden: Warden | None
    stopping: threading.Lock  # held as long as another thread ends it


def _start(
    run: Run, command: Sequence[str], options: ProcessOptions, report: Report, guard: bool
) -> _Program:
    through = {} if options.quiet else _terminal()
    with screens_like(through) as (reading, printing):
        process = spawn(
            command,
            cwd=options.cwd,
            env={**os.environ, **options.environment, **environment_of(run)},
            stdin=None if options.stdin else subprocess.DEVNULL,
            **{f"std{name}": fd for name, fd in printing.items()},
        )
    stopping = threading.Lock()

    def stop() -> None:
        with stopping:
            _stop(process)

    run.heed(stop)
    warden = Warden() if guard else None
    if warden is not None:
        warden.watch(process.pid)
    drain = Drain({**pipes_of(process), **reading}, report, through, report.sieve)
    drain.start()
    return _Program(process, drain, warden, stopping)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended: its exit status, the last line of its standard error.

    What is to be said of lines that were to tell something, and could not be read, is `unread`,
    and `unshown` of what it printed and could not be passed on.
    """

    status: int
    said: str = ""
    unread: str = ""
    unshown: tuple[str, ...] = ()


class ExitStatusError(Exception):
    """A program ended with a status other than 0.

    Parameters
    ----------
    ending : Ending
        How it ended; minus the signal's number is the status if a signal ended it.
    """

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        self.signal = next((s for s in signal.Signals if s == -ending.status), None)
        said = f": {ending.said}" if ending.said else ""
        super().__init__(how_ended(ending.status) + said)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, after what was running has ended and is on record as terminated.

    Parameters
    ----------
    run : str
        Its run id.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        super().__init__(f"{run} was terminated")


def close(run: Run, ending: Ending) -> None:
    """End a run as its program has ended."""
    status = ending.status
    if status == 0:
        run.close({"exit": 0})
        return
    ended = ExitStatusError(ending)
    error = {"type": "ExitStatus", "message": str(ended), "traceback": None}
    how = "terminated" if ended.signal in _ASKED_TO_END else "failed"
    run.end(how, {"exit": status, "error": error})


def save_outputs(run: Run, harvest: Harvest, keep: Mode = "auto") -> list[str]:
    """Put the files on record that a program wrote, as outputs of the run.

    Parameters
    ----------
    run : Run
        The run.
    harvest : Harvest
        What to look for, and what was there before.
    keep : str
        How they are kept: see `Run.save_file`.

    Returns
    -------
    list of str
        What is to be said: which patterns found nothing, and how many files were left out.
    """
    notes = []
    for pattern in harvest.patterns:
        written, unchanged = harvest.reap(pattern)
        for path in written:
            run.save_file(path, name=_name(path, harvest.folder), mode=keep)
        note = left_out(pattern, len(written), unchanged)
        if note:
            run.log_event(note, "warning")
            notes.append(note)
    return notes


def _terminal() -> dict[str, int]:
    """Where a program's output is shown; not where this process has no such stream.

    The number of a stream that was closed may be that of a file by now.
    """
    flush_all()
    streams = {"out": (1, sys.__stdout__), "err": (2, sys.__stderr__)}
    return {name: fd for name, (fd, stream) in streams.items() if stream is not None}


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it has started; the terminal may have told them already."""
    kindly = ((_HEARD, signal.SIGINT), (_PATIENCE, signal.SIGTERM), (_PATIENCE, signal.SIGKILL))
    end(process, kindly)


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
