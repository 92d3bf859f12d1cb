"""The standard streams of the command line: closed ones, and an output that is full."""

from __future__ import annotations

import atexit
import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any


class OutputError(OSError):
    """Standard output cannot be written, and whoever reads it has not just had enough."""


class _Output(FileIO):
    """A descriptor whose errors can be told from those of other files."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(error.errno, error.strerror) from error


def prepare() -> None:
    """Have all three standard streams, before any file is opened.

    Daemons start programs with streams closed. The next file that is opened then gets the
    number of one, and what is printed would go into it.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            os.set_inheritable(fd, True)
    # Python has none where they were closed.
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        raw = _Output(sys.stdout.fileno(), "w", closefd=False)
        unbuffered = isinstance(sys.stdout.buffer, FileIO)  # as PYTHONUNBUFFERED asks
        sys.stdout = TextIOWrapper(
            raw if unbuffered else BufferedWriter(raw),
            encoding=sys.stdout.encoding,
            errors="backslashreplace",  # names of files need not be UTF-8
            line_buffering=sys.stdout.line_buffering,
            write_through=sys.stdout.write_through,
        )
    atexit.register(_spare_errors)


def _spare_errors() -> None:
    """Let nothing fail of words that standard error cannot take: Python would exit with 120."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def give_up() -> None:
    """Let what is still to be written to standard output go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
