"""Few calls of ``fsync`` for many that want one: each is met at once or very soon."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from whence.base.error import StoreError

WITHIN = 0.05
"""Seconds after which a promise is kept, plus what the file system needs."""


class Flusher:
    """Calls `sync` when asked to, but at most once in `WITHIN` seconds. Safe from any thread.

    Asked long after the last time, it syncs before it returns. Asked again soon, it promises to,
    and a thread keeps the promise; the error of that thread is raised from the next call.

    Parameters
    ----------
    sync : callable
        Brings everything to the disk, or raises `StoreError`.
    """

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._lock = threading.Lock()
        self._last = -WITHIN
        self._timer: threading.Timer | None = None
        self.failure: StoreError | None = None

    def ask(self) -> None:
        """Have what is written so far brought to the disk, now or within `WITHIN` seconds.

        Raises
        ------
        StoreError
            If this could not be done now, or could not be done by the thread before.
        """
        if self.failure is not None:
            self.tell()
        promised = self._timer
        if promised is not None:  # it has not begun yet, so it will see what is written
            return
        with self._lock:
            if self._timer is not None:
                return
            rest = self._last + WITHIN - monotonic()
            if rest > 0 and self._promise(rest):
                return
            self._last = monotonic()
        self._sync()

    def tell(self) -> None:
        """Raise what went wrong in the background, once."""
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    def stop(self) -> None:
        """Promise nothing any more; the caller syncs."""
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            if timer.is_alive() and timer is not threading.current_thread():
                timer.join()

    def _promise(self, rest: float) -> bool:
        timer = threading.Timer(rest, self._keep)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:  # the interpreter is going down
            return False
        self._timer = timer
        return True

    def _keep(self) -> None:
        with self._lock:
            if self._timer is not threading.current_thread():
                return
            self._timer = None  # what is written from now on needs another promise
            self._last = monotonic()
        try:
            self._sync()
        except StoreError as error:
            self.failure = error
