"""External programs that a live run starts beside its own work."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from whence.artifacts.deposit import Label
from whence.base.clock import A_WHILE
from whence.base.error import UserError
from whence.base.escape import encode
from whence.base.problem import did_you_mean
from whence.runs.output import Drain
from whence.runs.warden import Warden

if TYPE_CHECKING:
    from whence.runs.life import Life

_PATIENCE = 5.0  # seconds that a program gets to end after it was asked to
_KEPT = 64 << 20  # bytes of each stream that a callback and the artifact get


class Trigger(Protocol):
    """What tells that a program has ended; events of threading and multiprocessing are such."""

    def set(self) -> None:
        """Tell it."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to be started.

    Attributes
    ----------
    identifier : str
        What it is called within the run.
    arguments : tuple of str
        Its arguments; the first is the program itself where `executable` is not given.
    executable, script, input_file : path-like, optional
        The program; the file it interprets; the file it reads. They come first on its command
        line, and the files are put on record.
    options : mapping
        Further options: ``n=4`` is ``-n 4``, ``dry_run=True`` is ``--dry-run``.
    environment : mapping, optional
        Variables set for it beside those of this process.
    cwd : path-like, optional
        Where it runs.
    callback : callable, optional
        Called as ``callback(status_code=..., std_out=..., std_err=...)`` when it has ended.
    trigger : Trigger, optional
        Set when it has ended.
    """

    identifier: str
    arguments: tuple[str, ...] = ()
    executable: str | os.PathLike[str] | None = None
    script: str | os.PathLike[str] | None = None
    input_file: str | os.PathLike[str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, object] | None = None
    cwd: str | os.PathLike[str] | None = None
    callback: Callable[..., object] | None = None
    trigger: Trigger | None = None

    @property
    def command(self) -> list[str]:
        """The words of its command line.

        Examples
        --------
        >>> Program("a", ("in.melt",), "lmp", options={"n": 4, "log_level": "info"}).command
        ['lmp', '-n', '4', '--log-level', 'info', 'in.melt']
        """
        files = (self.executable, self.script, self.input_file)
        words = [os.fspath(word) for word in files if word is not None]
        arguments = list(self.arguments)
        if self.executable is None and arguments:
            words.insert(0, arguments.pop(0))
        for name, value in self.options.items():
            flag = f"-{name}" if len(name) == 1 else f"--{name.replace('_', '-')}"
            if value is True:
                words.append(flag)
            elif value is not None and value is not False:
                words += [flag, str(value)]
        return words + arguments


class _Started:
    """A program that was started, and the thread that sees to its end."""

    def __init__(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        self.program, self.process = program, process
        self._pieces: dict[str, list[str]] = {"out": [], "err": []}
        self._sizes = {"out": 0, "err": 0}
        self.killed = False
        self.thread: threading.Thread | None = None

    def keep(self, stream: str, text: str) -> None:
        if self._sizes[stream] < _KEPT:
            self._pieces[stream].append(text)
            self._sizes[stream] += len(text)

    def text(self, stream: str) -> str:
        """What it has printed to ``out`` or ``err``."""
        return "".join(self._pieces[stream])


class Launcher:
    """Starts programs for a run, and puts on record what they print and how they end.

    Parameters
    ----------
    run : Life
        The run.
    """

    def __init__(self, run: Life) -> None:
        self._run = run
        self._started: dict[str, _Started] = {}
        self._warden: Warden | None = None
        self._lock = threading.Lock()

    def start(self, program: Program) -> int:
        """Start a program; gives its process id.

        Raises
        ------
        UserError
            If there is no such program or file, or its identifier is taken; then nothing of it is
            on record. If the system cannot start it.
        StoreError
            If its files cannot be put on record; then it is not started.
        """
        with self._lock:
            self._check(program)
            variables = _variables(program.environment or {})
            self._put_on_record(program)
            self._warden = self._warden or Warden()
            process = spawn(
                program.command,
                cwd=program.cwd,
                env={**os.environ, **variables, **environment_of(self._run)},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._warden.watch(process.pid)
            started = self._started[program.identifier] = _Started(program, process)
            started.thread = threading.Thread(
                target=self._see_to, args=(started,), name=f"whence-{program.identifier}",
                daemon=True,
            )  # fmt: skip
            started.thread.start()
        return process.pid

    def _put_on_record(self, program: Program) -> None:
        folder = Path(program.cwd or os.curdir)
        if program.script is not None:
            self._run.save_file(folder / program.script, "code")
        if program.input_file is not None:
            self._run.save_file(folder / program.input_file, "input")
        self._run.update_metadata({f"{program.identifier}_command": " ".join(program.command)})

    def kill(self, identifier: str | int) -> None:
        """End a program by its identifier or process id, kindly first.

        Raises
        ------
        UserError
            If there is none.
        """
        for name, started in self._started.items():
            if identifier in (name, started.process.pid, str(started.process.pid)):
                _end(started)
                return
        raise UserError.of(
            "unknown-process",
            f"this run has no process {identifier!r}",
            mend=did_you_mean(str(identifier), self._started),
        )

    def kill_all(self) -> None:
        """End all programs."""
        for started in list(self._started.values()):
            _end(started)

    def wait(self, timeout: float | None = None) -> dict[str, int]:
        """Wait for all programs, or so many seconds; gives the status of those that have ended.

        A negative status is the number of the signal that ended it.
        """
        end = time.monotonic() + (math.inf if timeout is None else timeout)
        for started in list(self._started.values()):
            thread = started.thread
            if thread is threading.current_thread():
                continue
            while thread is not None and thread.is_alive() and time.monotonic() < end:
                thread.join(max(0.0, min(A_WHILE, end - time.monotonic())))
        ended = {name: one.process.returncode for name, one in self._started.items()}
        if self._warden is not None and None not in ended.values():
            self._warden.close()
            self._warden = None
        return {name: status for name, status in ended.items() if status is not None}

    def failed(self) -> dict[str, int]:
        """The exit statuses of the programs that failed and were not ended on purpose."""
        return {
            name: one.process.returncode
            for name, one in self._started.items()
            if one.process.returncode and not one.killed
        }

    def _check(self, program: Program) -> None:
        if program.identifier in self._started:
            raise UserError.of(
                "process-begun", f"this run has a process {program.identifier!r} already"
            )
        folder = Path(program.cwd or os.curdir)
        if not folder.is_dir():
            raise UserError.of("no-such-folder", f"there is no folder {os.fspath(folder)!r}")
        check_program(program.command, folder)
        for file in (program.script, program.input_file):
            if file is not None and not (folder / file).is_file():
                raise UserError.of("no-such-file", f"there is no file {os.fspath(file)!r}")

    def _see_to(self, started: _Started) -> None:
        """Read what it prints until it ends, then tell how."""
        program, process, run = started.program, started.process, self._run

        def emit(stream: str, text: str) -> None:
            started.keep(stream, text)
            run.log_output(stream, text, process=program.identifier)

        drain = Drain(pipes_of(process), emit)
        drain.start()
        status = process.wait()
        with contextlib.suppress(Exception):  # the output could not be written: it was said there
            drain.finish()
        if self._warden is not None:
            self._warden.forget(process.pid)
        try:
            self._tell(started, status)
        finally:
            if program.callback is not None:
                out, err = started.text("out"), started.text("err")
                program.callback(status_code=status, std_out=out, std_err=err)
            if program.trigger is not None:
                program.trigger.set()

    def _tell(self, started: _Started, status: int) -> None:
        identifier, run = started.program.identifier, self._run
        for stream in ("out", "err"):
            if text := started.text(stream):
                content = run.store.writer().put(text.encode(errors="surrogatepass"))
                facts = Label("output").facts(f"{identifier}.{stream}", content, "text/plain")
                run.store.writer().append("artifact", run.id, facts)
        run.update_metadata({f"{identifier}_status": status})
        if not run.ended:
            state = "critical" if status else "ok"
            run.create_user_alert(name=f"{identifier}_exit_status")
            run.log_alert(name=f"{identifier}_exit_status", state=state)  # type: ignore[arg-type]


def _variables(given: Mapping[str, object]) -> dict[str, str]:
    """Environment variables as the system takes them; numbers as text, as arguments are.

    Raises
    ------
    UserError
        If the system could not take one.
    """
    found = {}
    for name, value in given.items():
        text = value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            text = str(value)
        elif isinstance(value, os.PathLike):
            text = os.fsdecode(value)
        named = isinstance(name, str) and name and not {"=", "\0"} & set(name)
        if not named or not isinstance(text, str) or "\0" in text:
            raise UserError.of(
                "bad-variable",
                f"the environment variable {name!r} cannot be {value!r}"
                if named
                else f"no environment variable can be called {name!r}",
                mend="Names and values are text; numbers and paths will do as values.",
            )
        found[name] = text
    return found


def failure(statuses: Mapping[str, int]) -> dict[str, Any]:
    """The fields of a run whose programs failed with these exit statuses."""
    told = "; ".join(f"{name}: {how_ended(status)}" for name, status in statuses.items())
    error = {"type": "ExitStatus", "message": encode(told), "traceback": None}
    return {"error": error, "exit": next(iter(statuses.values()))}


def how_ended(status: int) -> str:
    """How a program ended, in words."""
    if status >= 0:
        return f"exit status {status}"
    name = next((s.name for s in signal.Signals if s == -status), None)
    return f"killed by signal {-status}" + (f" ({name})" if name else "")


def environment_of(run: Life) -> dict[str, str]:
    """The variables that tell a child process which run it is part of."""
    return {
        "WHENCE_RUN": run.id,
        "WHENCE_RUN_STORE": str(run.store.root),
        "WHENCE_STORE": str(run.store.root),
        "WHENCE_STARTED": repr(run.started),
        "WHENCE_REPEATS": "",
    }


def spawn(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program; `options` are those of `subprocess.Popen`.

    What it prints can be read, unless they say where that goes.

    Raises
    ------
    UserError
        If the system cannot start it, as it cannot a script that does not say what runs it.
    """
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(list(command), **{"stdout": pipe, "stderr": pipe, **options})
    except OSError as error:
        raise UserError.of(
            "cannot-start",
            f"{command[0]!r} cannot be started: {error.strerror or error}",
            mend="Begin a script with a line like `#!/bin/sh`, or name what runs it: "
            f"-- sh {command[0]}"
            if error.errno == errno.ENOEXEC
            else "",
        ) from error


def pipes_of(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """What a process prints to pipes, as descriptors that a `Drain` may close."""
    streams = {"out": process.stdout, "err": process.stderr}
    pipes = {}
    for name, stream in streams.items():
        if stream is not None:
            pipes[name] = os.dup(stream.fileno())
            stream.close()
    return pipes


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
    found = shutil.which(os.path.abspath(folder / program) if os.sep in program else program)
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


def _end(started: _Started) -> None:
    process = started.process
    if process.poll() is not None:
        return
    started.killed = True
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)  # it leads the session of all it has started
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            continue
        return
