"""How a sweep is run."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from dataclasses import dataclass

from whence.base.error import UserError


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """How a sweep is run.

    Attributes
    ----------
    workers : int, optional
        How many points run side by side; as many as this process may use cores if not given.
    again : bool
        Whether points run that are done.
    quiet : bool
        Whether the terminal is spared what the points print.
    tags : tuple of str
        Tags of every run.
    inputs : tuple of path-like
        Files and folders that every point reads: an edit of one makes the points run again.
    variables : tuple of str
        Names or patterns of environment variables that matter: another value of one makes the
        points run again.
    space_file : path-like, optional
        The file that the space was read from, to be put on record.
    repeat : str, optional
        The command line that does it again.
    executor : Executor, optional
        What runs the points, instead of worker processes of the sweep's own.
    """

    workers: int | None = None
    again: bool = False
    quiet: bool = True
    tags: tuple[str, ...] = ()
    inputs: tuple[str | os.PathLike[str], ...] = ()
    variables: tuple[str, ...] = ()
    space_file: str | os.PathLike[str] | None = None
    repeat: str | None = None
    executor: Executor | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise UserError.of("bad-workers", f"{self.workers} workers cannot run anything")
