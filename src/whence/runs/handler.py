"""What Python's `logging` is told, as events of a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whence.runs.run import Run

_LEVELS = ((50, "critical"), (40, "error"), (30, "warning"), (20, "info"))


class Handler(logging.Handler):
    """Makes events of log records.

    What is logged after the end of the run is left out.

    Parameters
    ----------
    run : Run
        The run that gets the events.
    level : int
        The lowest level that it takes.

    Examples
    --------
    >>> import logging
    >>> from whence.runs import Handler, Run
    >>> with Run(mode="disabled") as run:
    ...     logging.getLogger("solver").addHandler(Handler(run))
    """

    def __init__(self, run: Run, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._run = run

    def emit(self, record: logging.LogRecord) -> None:
        """Record one log record; what goes wrong is told on standard error, as `logging` does."""
        if self._run.ended:
            return
        try:
            level = next((name for least, name in _LEVELS if record.levelno >= least), "debug")
            self._run.log_event(self.format(record), level, record.created)
        except Exception:  # what is logged must not end what logs it
            self.handleError(record)
