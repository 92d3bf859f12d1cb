"""A writer's packs: small pieces of content, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from whence.base.clock import Clock, utc_day
from whence.store import layout
from whence.store.appended import Appended
from whence.store.content import Slice
from whence.store.files import Files


class Pack:
    """Appends content to one file after the other. Safe to use from any thread.

    A new file begins at a new UTC day and after `layout.LIMIT` bytes, as of journals.

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
        self._file: Appended | None = None
        self._path = ""
        self._number = 0
        self._midnight = 0.0

    def put(self, data: bytes) -> Slice:
        """Where the bytes went. Raises OSError; what was there stays as it was."""
        return self.put_many([data])[0]

    def put_many(self, pieces: Sequence[bytes]) -> list[Slice]:
        """Where each of the pieces went. Raises OSError; what was there stays as it was."""
        with self._lock:
            file = self._file
            if file is not None and file.unsettled:
                file.settle()
            now = self._clock()
            if file is None or now >= self._midnight or file.size >= layout.LIMIT:
                file = self._turn(now)
            offset = file.size
            file.write(b"".join(pieces) if len(pieces) != 1 else pieces[0])
            places = []
            for piece in pieces:
                places.append(Slice(self._path, offset, len(piece)))
                offset += len(piece)
            return places

    def is_open(self, place: Slice) -> bool:
        """Whether a place is in the file that is written to."""
        return self._file is not None and place.pack == self._path

    def sync(self) -> None:
        """Have all of it survive the death of the host. Raises OSError."""
        with self._lock:
            file = self._file
            if file is not None and file.doubtful:
                file.restore()
        if file is not None:  # content may be put meanwhile
            file.sync()

    def restore(self) -> bool:
        """Write the file back whole if its name has gone to another one; tells whether it had."""
        with self._lock:
            return self._file is not None and self._file.restore()

    def close(self) -> None:
        """Give the file back; later content begins a new one. Raises OSError."""
        with self._lock:
            file, self._file = self._file, None
            if file is not None:
                try:
                    file.restore()
                    file.sync()
                finally:
                    file.close()

    def abandon(self) -> None:
        """Give the file back in the child of a fork, where the lock may be held by nobody."""
        if self._file is not None:
            self._file.abandon()
            self._file = None

    def _turn(self, now: float) -> Appended:
        number = self._number
        self._number += 1  # whatever goes wrong may leave a file behind: its name is taken
        path = f"{utc_day(now)}/{self._name(number)}"
        file = Appended(self._files, self._folder / path)
        before, self._file, self._path = self._file, file, path
        self._midnight = (now // 86400 + 1) * 86400
        if before is not None:
            try:
                before.restore()
                before.sync()
            finally:
                before.close()
        return file
