"""The stretch of a program that a run is about: what it prints, and what it starts."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

from whence.runs.keeper import live
from whence.runs.launcher import environment_of
from whence.runs.output import captured
from whence.runs.report import Report
from whence.runs.run import Run
from whence.store import Store, enclosing_run


@contextlib.contextmanager
def printed(run: Run, *, through: bool = True) -> Iterator[None]:
    """Record what this process prints meanwhile, and the progress and metrics told in it.

    Parameters
    ----------
    run : Run
        The run that it belongs to.
    through : bool
        Whether the terminal sees it too.
    """
    if alone():
        report = Report(run)
        with captured(report, through=through, sieve=report.sieve):
            yield
    else:
        run.log_event("what it printed was not captured: it ran in a thread beside others")
        yield


@contextlib.contextmanager
def named(run: Run) -> Iterator[None]:
    """Tell this process, and the programs that it starts, which run they are part of."""
    if not alone():
        yield
        return
    told = environment_of(run)
    before = {key: os.environ.get(key) for key in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def around(store: Store) -> str | None:
    """The run that what happens here is part of: the one that this thread began last, if it lives.

    Else the one that this process was started by, if it is in the same store.
    """
    return live(store) or enclosing_run(store.root)


def alone() -> bool:
    """Whether the run has the process for itself, with all that is global in it."""
    return threading.current_thread() is threading.main_thread()
