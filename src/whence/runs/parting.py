"""How a run ends that nobody closed, when the interpreter does."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING

from whence.base.error import WhenceError
from whence.runs.fact import ending_of

if TYPE_CHECKING:
    from whence.runs.run import Run
    from whence.store import Store

LEFT = "it was not closed: it ended with its process"


def part(store: Store, run: str, held: Run | None) -> None:
    """End a live run as its process ends: completed, or as the exception says that ended it.

    Parameters
    ----------
    store : Store
        Where it is on record.
    run : str
        Its id.
    held : Run, optional
        The object, if the script still has it; the programs that it started are seen to.
    """
    error = uncaught()
    try:
        if held is None:
            status, facts = ending_of(error) if error is not None else ("completed", {})
            told = {"status": status, "ended": time.time(), **facts}
            store.writer().append("set", run, {"f": told}, sync=True)
        elif error is not None:
            held.fail(error)
        else:
            held.log_event(LEFT, "info")
            held.close()
    except WhenceError as wrong:  # the store is gone or cannot be written: the process ends anyway
        logging.getLogger("whence").error("the end of %s: %s", run, wrong)


def uncaught() -> BaseException | None:
    """The exception that ends the process, as far as that can be known at its end.

    `SystemExit` leaves no trace, whatever its status; at a prompt an earlier error ends nothing.
    """
    if hasattr(sys, "ps1"):
        return None
    return getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
