"""Terminals that programs print to, so that they print as they do where nobody records them.

Most programs print line by line, in colours and with bars of progress, only to a terminal; to a
pipe they print when some thousands of bytes have come together.
"""

from __future__ import annotations

import contextlib
import os
import termios
from collections.abc import Iterator, Mapping


@contextlib.contextmanager
def screens_like(shown: Mapping[str, int]) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    """A terminal for each stream that is shown on one: where it is read, and where it is printed.

    What is printed is read as it was. The descriptors to print to are for programs that are
    started meanwhile, and are closed then; so are those to read from if an error comes.

    Parameters
    ----------
    shown : mapping of str to int
        File descriptors, by stream name. Those that are no terminals get none.
    """
    pairs = {name: pair for name, fd in shown.items() if (pair := _like(fd))}
    reading = {name: ours for name, (ours, _) in pairs.items()}
    printing = {name: theirs for name, (_, theirs) in pairs.items()}
    try:
        yield reading, printing
    except BaseException:  # Ctrl-C too: nobody would close them
        for fd in reading.values():
            os.close(fd)
        raise
    finally:
        for fd in printing.values():
            os.close(fd)


def _like(fd: int) -> tuple[int, int] | None:
    if not os.isatty(fd):
        return None
    try:
        ours, theirs = os.openpty()
    except OSError:  # the system has none left
        return None
    try:
        settings = termios.tcgetattr(theirs)
        settings[1] &= ~termios.OPOST  # which would end lines with a carriage return
        termios.tcsetattr(theirs, termios.TCSANOW, settings)
        termios.tcsetwinsize(theirs, termios.tcgetwinsize(fd))
    except termios.error:
        os.close(ours)
        os.close(theirs)
        return None
    return ours, theirs
