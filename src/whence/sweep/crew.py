"""The processes that run the points, and what becomes of them when their parent dies."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol

from whence.base.clock import A_WHILE
from whence.runs.warden import deaf
from whence.sweep.point import Ended, Job, run_point

# A process of its own watches the parent, for a thread could not act while C code holds the
# interpreter. It leads the process group of all workers, so that killing the group ends whatever
# they have started too; Ctrl-C in the terminal does not reach that group, so it is sent once.
_WARDEN = """
import os, select, signal, sys
parent = int(sys.argv[1])
try:
    watched = os.pidfd_open(parent)
except (AttributeError, OSError):
    watched = None
while os.getppid() == parent:
    select.select([watched] if watched is not None else [], [], [], 60 if watched else 0.2)
os.killpg(0, signal.SIGKILL)
"""
_PATIENCE = 12.0  # seconds that points get to end after Ctrl-C


class Crew:
    """Worker processes that end when their parent does, even if it is killed.

    Parameters
    ----------
    count : int
        How many.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        with deaf():
            self._warden = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _WARDEN, str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                process_group=0,
            )
        self._executor = self._hire()

    def _hire(self) -> ProcessPoolExecutor:
        kind = "fork" if sys.platform == "linux" else None
        return ProcessPoolExecutor(
            self._count,
            mp_context=multiprocessing.get_context(kind),
            initializer=_enlist,
            initargs=(self._warden.pid, os.getpid()),
        )

    def submit(self, job: Job) -> Future[Ended]:
        """Have a point run."""
        try:
            with warnings.catch_warnings():
                # Python 3.12 and later warn of forks beside threads, for a lock that another
                # thread holds stays locked in the child. Ours are made anew there (a store's, a
                # keeper's); and only a fork lets scripts call `sweep` without a main guard, and
                # workers begin with what the script has loaded.
                warnings.filterwarnings("ignore", ".*use of fork", DeprecationWarning)
                return self._executor.submit(run_point, job)
        except BrokenProcessPool as error:  # a worker died while the others were looked at
            future: Future[Ended] = Future()
            future.set_exception(error)
            return future

    def replace(self) -> None:
        """Hire others after a worker has died."""
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = self._hire()

    def interrupt(self) -> None:
        """Send SIGINT to every worker and to what they started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._warden.pid, signal.SIGINT)

    def kill(self) -> None:
        """End every worker and what they started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._warden.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let the workers end, then the warden."""
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._warden.kill()
        self._warden.wait()


def _enlist(group: int, parent: int) -> None:
    """Make a fresh process a worker."""
    os.setpgid(0, group)
    if os.getppid() != parent:  # it died before the warden could see us in its group
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # reading the terminal from another process group would stop us
    os.close(nothing)


class Watch(Protocol):
    """Is told what becomes of the points, by the thread that called `run_jobs`."""

    def started(self, job: Job) -> None:
        """A point is about to run: make room for its folder."""

    def ended(self, job: Job, ended: Ended) -> None:
        """A point has ended, and the worker has recorded how."""

    def died(self, job: Job, message: str, status: str) -> None:
        """A point has ended, and the worker could not record how."""

    def again(self, job: Job) -> Job:
        """A point was ended because another one's worker died; gives the job to run instead."""


def run_jobs(jobs: Iterable[Job], count: int, watch: Watch) -> None:
    """Run points in worker processes, side by side.

    A worker that dies takes the others of its pool with it. The points that were running then
    run again one at a time, so that the one at fault is known and the others are not lost.

    Raises
    ------
    KeyboardInterrupt
        After every running point has ended.
    """
    waiting = iter(jobs)
    with contextlib.closing(Crew(count)) as crew:
        while lost := _side_by_side(crew, waiting, count, watch):
            crew.replace()
            if len(lost) == 1:
                watch.died(lost[0], _DIED, "failed")
                continue
            suspects = iter([watch.again(job) for job in lost])
            while guilty := _side_by_side(crew, suspects, 1, watch):
                watch.died(guilty[0], _DIED, "failed")
                crew.replace()


_DIED = (
    "the worker process died: a crash in compiled code, os._exit, or killed, perhaps for want of "
    "memory"
)


def run_elsewhere(jobs: Iterable[Job], executor: Executor, watch: Watch) -> None:
    """Run points on an executor of the caller's.

    Its workers are the caller's too: nothing here ends them when this process is killed.
    """
    running: dict[Future[Ended], Job] = {}
    try:
        for job in jobs:
            watch.started(job)
            running[executor.submit(run_point, job)] = job
        while running:
            done, _ = wait(running, A_WHILE, FIRST_COMPLETED)
            for future in done:
                _take(future, running.pop(future), watch)
    except KeyboardInterrupt:
        for future in running:
            future.cancel()
        raise


def _side_by_side(crew: Crew, jobs: Iterator[Job], count: int, watch: Watch) -> list[Job]:
    """Run jobs until none is left, or a worker dies; gives those that were lost with it."""
    running: dict[Future[Ended], Job] = {}
    try:
        while True:
            for job in itertools.islice(jobs, count - len(running)):
                watch.started(job)
                running[crew.submit(job)] = job
            if not running:
                return []
            done, _ = wait(running, A_WHILE, FIRST_COMPLETED)
            broken = any(isinstance(future.exception(), BrokenProcessPool) for future in done)
            if broken:
                done, _ = wait(running)
            lost = []
            for future in done:
                job = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    lost.append(job)
                else:
                    _take(future, job, watch)
            if lost:
                return lost
    except KeyboardInterrupt:
        _finish(crew, running, watch)
        raise


def _take(future: Future[Ended], job: Job, watch: Watch) -> None:
    error = future.exception()
    if error is None:
        watch.ended(job, future.result())
    else:  # the store could not be written, or what was sent could not be read
        watch.died(job, f"{type(error).__name__}: {error}", "failed")


def _finish(crew: Crew, running: dict[Future[Ended], Job], watch: Watch) -> None:
    """End what is running, kindly first."""
    crew.interrupt()
    with contextlib.suppress(KeyboardInterrupt):  # asked twice: enough of kindness
        wait(running, _PATIENCE)
    ended = {future for future in running if future.done()}
    crew.kill()  # and what a shell had just started, and has not passed the signal on to
    wait(running)
    for future, job in running.items():
        if future in ended and future.exception() is None:
            watch.ended(job, future.result())
        else:
            watch.died(job, "interrupted", "terminated")
