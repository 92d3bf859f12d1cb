"""Reading on while what was read is worked on."""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
from collections.abc import Generator

from whence.store.files import Files, pieces

_LARGE = 1 << 24  # bytes from which on a thread is worth its while
_PIECE = 1 << 18
_LARGE_PIECE = 1 << 20  # fewer to hand over
_WAITING = 4  # pieces


def read_ahead(files: Files, fd: int, size: int) -> Generator[bytes]:
    """What an open file of about that size holds; of a large one a thread reads the next piece.

    Hashing and a slow disk take about as long: side by side they take half the time. It must be
    closed before the descriptor is.

    Raises
    ------
    OSError
        As the system gives it.
    """
    if size < _LARGE:
        yield from pieces(files, fd, most=_PIECE)
        return
    coming: queue.Queue[bytes | BaseException] = queue.Queue(_WAITING)
    left = threading.Event()

    def read() -> None:
        try:
            for piece in itertools.chain(pieces(files, fd, most=_LARGE_PIECE), [b""]):
                coming.put(piece)
                if left.is_set():
                    return
        except BaseException as error:  # whatever it is, it is for who asked for the pieces
            coming.put(error)

    reader = threading.Thread(target=read, name="whence-read", daemon=True)
    try:
        reader.start()
    except RuntimeError:  # Python is ending, and starts no threads any more
        yield from pieces(files, fd, most=_PIECE)
        return
    try:
        while piece := coming.get():
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        left.set()
        with contextlib.suppress(queue.Empty):
            coming.get_nowait()  # the reader may wait for room; it sees then that nobody listens
        reader.join()
