"""What a program prints, read as it comes and handed on in pieces."""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import errno
import os
import selectors
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Emit = Callable[[str, str], None]
"""Takes the stream's name (``out`` or ``err``) and a piece of text; called from one thread."""

Sieve = Callable[[str, bytes, bool], bytes]
"""Takes the stream's name, bytes that have come, and whether they are the last; gives what is to
be shown and handed on of them."""

_EVERY = 0.2  # seconds between pieces, so that a print per step is not a line per step
_PIECE = 32 * 1024  # bytes, or sooner if so much has come
_GONE = (errno.EPIPE, errno.EIO, errno.EBADF)  # a pipe or a terminal that nobody looks at
_GRACE = 0.5  # seconds for what descendants still hold open after the program has ended


@dataclass(slots=True)
class _Stream:
    name: str
    through: int | None
    decode: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )
    held: bytearray = field(default_factory=bytearray)
    taken: bool = False

    def flush(self, emit: Emit, *, final: bool = False) -> None:
        text = self.decode.decode(bytes(self.held), final)
        self.held.clear()
        taken, self.taken = self.taken, False
        if text or taken:
            emit(self.name, text)


class Drain(threading.Thread):
    """A thread that reads pipes until their end.

    Parameters
    ----------
    pipes : mapping of str to int
        File descriptors to read, by stream name. They are closed at the end.
    emit : callable
        Takes each piece: at most every 0.2 s, or when 32 KiB have come.
    through : mapping of str to int
        File descriptors that get every byte at once, by stream name.
    sieve : callable, optional
        Takes out what is neither to be shown nor handed on; `emit` is called after it has taken
        something, be it with an empty piece.

    Attributes
    ----------
    error : Exception or None
        What `emit` raised first. Reading goes on, so that the program is never blocked.
    unshown : dict of str to str
        Which streams were not passed through whole, and why, as where a disk is full; what nobody
        reads any more is not told.
    """

    def __init__(
        self,
        pipes: Mapping[str, int],
        emit: Emit,
        through: Mapping[str, int] | None = None,
        sieve: Sieve | None = None,
    ) -> None:
        super().__init__(name="whence-output", daemon=True)
        self.error: Exception | None = None
        self.unshown: dict[str, str] = {}
        self._emit_piece = emit
        self._sieve = sieve
        self._streams = {fd: _Stream(name, (through or {}).get(name)) for name, fd in pipes.items()}
        self._wake, self._waker = os.pipe()

    def finish(self) -> None:
        """Wait for the end of the pipes, or a moment if somebody still holds them open."""
        self.join(_GRACE)
        os.write(self._waker, b"!")
        self.join()
        os.close(self._wake)
        os.close(self._waker)
        if self.error is not None:
            raise self.error

    def run(self) -> None:
        """Read until the end."""
        with selectors.DefaultSelector() as selector:
            for fd in self._streams:
                os.set_blocking(fd, False)
                selector.register(fd, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            flushed = time.monotonic()
            waking = False
            while len(selector.get_map()) > 1 and not waking:
                held = any(stream.held or stream.taken for stream in self._streams.values())
                pause = max(0.0, flushed + _EVERY - time.monotonic()) if held else None
                ready = [key.fd for key, _ in selector.select(pause)]
                waking = ready == [self._wake]
                for fd in ready:
                    if fd != self._wake and not self._read(fd):
                        selector.unregister(fd)
                if time.monotonic() - flushed >= _EVERY:
                    flushed = time.monotonic()
                    self._flush()
        self._flush(final=True)
        for fd in self._streams:
            os.close(fd)

    def _read(self, fd: int) -> bool:
        stream = self._streams[fd]
        try:
            data = os.read(fd, _PIECE)
        except BlockingIOError:
            return True
        except OSError as error:  # so the end of a terminal is told
            if error.errno != errno.EIO:
                raise
            data = b""
        self._pass(stream, data)
        if len(stream.held) >= _PIECE:
            self._flush_one(stream)
        return bool(data)

    def _pass(self, stream: _Stream, data: bytes, *, final: bool = False) -> None:
        """Show a piece of output, and hold it until it is handed on."""
        if self._sieve is not None:
            came = data
            try:
                data = self._sieve(stream.name, came, final)
            except Exception as error:  # raised at the end: the program must not block on a pipe
                self.error = self.error or error
            stream.taken |= data != came
        if data and stream.through is not None:
            try:
                _write_all(stream.through, data)
            except OSError as error:  # the record goes on
                if error.errno not in _GONE:
                    self.unshown[stream.name] = error.strerror or str(error)
        stream.held += data

    def _flush(self, *, final: bool = False) -> None:
        for stream in self._streams.values():
            if final:
                self._pass(stream, b"", final=True)
            if stream.held or stream.taken or final:
                self._flush_one(stream, final=final)

    def _flush_one(self, stream: _Stream, *, final: bool = False) -> None:
        try:
            stream.flush(self._emit_piece, final=final)
        except Exception as error:  # raised at the end: what comes later is still to be shown
            self.error = self.error or error


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


@contextlib.contextmanager
def captured(emit: Emit, *, through: bool = False, sieve: Sieve | None = None) -> Iterator[None]:
    """Hand on what this process prints meanwhile, C and Fortran libraries included.

    It redirects the file descriptors 1 and 2 of the whole process: use it where nothing else runs
    side by side in the same process.

    Parameters
    ----------
    emit : callable
        Takes each piece.
    through : bool
        Whether the terminal sees it too.
    sieve : callable, optional
        Takes out what is neither to be shown nor handed on.
    """
    flush_all()
    saved = {"out": os.dup(1), "err": os.dup(2)}
    out, err = os.pipe(), os.pipe()
    for (_, write), fd in ((out, 1), (err, 2)):
        os.dup2(write, fd)
        os.close(write)
    drain = Drain({"out": out[0], "err": err[0]}, emit, saved if through else None, sieve)
    drain.start()
    try:
        with _streams():
            yield
    finally:
        flush_all()
        for name, fd in (("out", 1), ("err", 2)):
            os.dup2(saved[name], fd)
        try:
            drain.finish()
        finally:
            for fd in saved.values():
                os.close(fd)


@contextlib.contextmanager
def _streams() -> Iterator[None]:
    """Have Python print to the file descriptors 1 and 2: in a notebook it prints elsewhere."""
    settings: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace"}
    with (
        open(1, "w", closefd=False, buffering=1, **settings) as out,
        open(2, "w", closefd=False, buffering=1, **settings) as err,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        yield


def flush_all() -> None:
    """Write out what this process has printed so far, as far as that is possible."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):  # none, closed or gone
            stream.flush()
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).fflush(None)  # C keeps its own buffer of standard output
