"""A process that ends what this one has started, should this one be killed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import FrameType

from whence.base.clock import A_WHILE

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
