"""A writer's packs: small pieces of content, one after the other."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from whence.base.clock import Clock, utc_day
from whence.store import layout
from whence.store.content import Slice
from whence.store.files import Files
from whence.store.part import sync_folder

_CREATE = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY


class Pack:
    """Appends content to one file after the other. Safe to use from any thread.

    Parameters
    ----------
    files : Files
        The way to the file system.
    folder : Path
        Where the day folders of packs are.
    name : callable
        The file name of a part, by number.
    clock : Clock
        Tells the day.
    """

    def __init__(
        self, files: Files, folder: Path, name: Callable[[int], str], clock: Clock
    ) -> None:
        self._files, self._folder, self._name, self._clock = files, folder, name, clock
        self._lock = threading.Lock()
        self._fd = -1
        self._path = ""
        self._number = self._size = 0
        self._synced = -1

    def put(self, data: bytes) -> Slice:
        """Where the bytes went. Raises OSError; what was there stays as it was."""
        with self._lock:
            if self._fd < 0 or self._size >= layout.LIMIT:
                self._turn()
            offset = self._size
            rest = memoryview(data)
            while rest:
                written = self._files.write(self._fd, rest)
                self._size += written  # also what a failing call leaves behind
                rest = rest[written:]
            return Slice(self._path, offset, len(data))

    def sync(self) -> None:
        """Have all of it survive the death of the host. Raises OSError."""
        with self._lock:
            if self._fd < 0 or self._synced == self._size:
                return
            self._files.sync(self._fd)
            if self._synced < 0:
                sync_folder(self._files, (self._folder / self._path).parent)
            self._synced = self._size

    def close(self) -> None:
        """Give the file back; later content begins a new one."""
        with self._lock:
            if self._fd >= 0:
                self._files.close(self._fd)
                self._fd = -1

    def abandon(self) -> None:
        """Give the file back in the child of a fork, where the lock may be held by nobody."""
        if self._fd >= 0:
            self._files.close(self._fd)
            self._fd = -1

    def _turn(self) -> None:
        path = f"{utc_day(self._clock())}/{self._name(self._number)}"
        self._files.make((self._folder / path).parent)
        fd = self._files.open(self._folder / path, _CREATE)
        if self._fd >= 0:
            self._files.sync(self._fd)
            self._files.close(self._fd)
        self._fd, self._path, self._size, self._synced = fd, path, 0, -1
        self._number += 1
