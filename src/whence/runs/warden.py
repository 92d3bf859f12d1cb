"""What this process has started: waited for, ended, and not left behind if this one is killed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from whence.base.clock import A_WHILE

if TYPE_CHECKING:
    import psutil

# A process of its own, for a thread dies with its process. It is told on standard input which
# processes to end, and waits for the death of the one that told it: by a descriptor of it, for
# the pipe alone may be held open by forked children. What it was told before that is heard first,
# for this process may have come to life too late. What a process has started is found through
# the system's list of children, before anything is killed, for orphans lose their parent there.
_WARDEN = """
import os, select, signal, sys
parent, watched, told, rest = int(sys.argv[1]), set(), [0], b""
try:
    pidfd = os.pidfd_open(parent)
except (AttributeError, OSError):
    pidfd = None
while True:
    gone = os.getppid() != parent
    patience = 0 if gone else 60 if pidfd else 0.2
    ready = select.select(told + ([pidfd] if pidfd else []), [], [], patience)[0]
    if 0 in ready:
        data = os.read(0, 4096)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\\n")
        for line in lines:
            (watched.add if line[:1] == b"+" else watched.discard)(int(line[1:]))
    elif ready or gone:
        break
def below(pid):
    found = [pid]
    for one in found:
        try:
            for thread in os.listdir("/proc/%d/task" % one):
                with open("/proc/%d/task/%s/children" % (one, thread)) as file:
                    found.extend(map(int, file.read().split()))
        except OSError:
            pass
    return found
for pid in [pid for one in watched for pid in below(one)]:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
"""


class Warden:
    """Ends processes and all they have started when this process dies, even if it is killed.

    On systems without ``/proc`` it ends the processes themselves only.
    """

    def __init__(self) -> None:
        with deaf():
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _WARDEN, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )

    def watch(self, pid: int) -> None:
        """End that process when this one dies."""
        self._tell(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        """Leave that process alone: it has ended."""
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """Watch nothing any more."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError):
            os.write(self._process.stdin.fileno(), line.encode())


def exit_of(process: subprocess.Popen[bytes]) -> int:
    """The exit status of a process, once it has ended; meanwhile signals are heard."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # not Linux, or an old one
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(A_WHILE)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while not poll.poll(1000 * A_WHILE):
            pass
    finally:
        os.close(descriptor)
    return process.wait()


def end(process: subprocess.Popen[bytes], steps: Sequence[tuple[float, int]]) -> None:
    """End a program with all that it has started, kindly first.

    A shell ends where what it waits for does not hear of it. What was put into a session of its
    own was detached on purpose, and goes on.

    Parameters
    ----------
    process : subprocess.Popen
        The program.
    steps : sequence of (float, int)
        Seconds to wait, and the signal to send to what has not ended by then.
    """
    import psutil

    family: set[psutil.Process] = set()
    for patience, number in steps:
        family |= _started_by(process)
        try:
            if _have_ended(process, family, patience):
                return
        except KeyboardInterrupt:  # asked twice: enough of kindness
            number = signal.SIGKILL
        with contextlib.suppress(OSError):  # it is another user's
            process.send_signal(number)
        for one in family:
            with contextlib.suppress(psutil.Error):  # it has ended
                one.send_signal(number)
    process.wait()


def _started_by(process: subprocess.Popen[bytes]) -> set[psutil.Process]:
    import psutil

    if process.poll() is not None:
        return set()
    try:
        session = os.getsid(process.pid)
        below = psutil.Process(process.pid).children(recursive=True)
    except (OSError, psutil.Error):  # it has ended
        return set()
    found = set()
    for one in below:
        with contextlib.suppress(OSError):
            if os.getsid(one.pid) == session:
                found.add(one)
    return found


def _have_ended(
    process: subprocess.Popen[bytes], others: Collection[psutil.Process], patience: float
) -> bool:
    """Wait for processes, so many seconds at most."""
    late, pause = time.monotonic() + patience, 0.001
    while process.poll() is None or any(map(_lives, others)):
        if time.monotonic() >= late:
            return False
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    return True


def _lives(process: psutil.Process) -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Let signals that ask this process to end wait until what is begun meanwhile can be ended.

    A program that was just started would go on by itself if Ctrl-C came before anybody knew of
    it. What is started meanwhile hears these signals. Does nothing but in the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    handlers = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        handler = signal.getsignal(number)
        if callable(handler):
            handlers[number] = handler
    for number in handlers:
        signal.signal(number, lambda *one: came.append(one))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for one in came:
        handlers[signal.Signals(one[0])](*one)


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Have what is started meanwhile hear no signal that asks it to end, from its first moment.

    A process keeps the mask of blocked signals that it is started with. To ignore them is no
    match for that: a Ctrl-C may come while Python starts.
    """
    asked = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, asked)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
