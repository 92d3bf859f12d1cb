"""One process's use of a store: all that it records goes through here."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import whence
from whence.base.clock import Clock, new_id
from whence.base.digest import digest_bytes
from whence.base.error import StoreError, UserError
from whence.base.escape import JSON
from whence.store import layout
from whence.store.appended import sync_folder
from whence.store.content import (
    Content,
    Mode,
    Objects,
    Slice,
    Watch,
    hash_file,
    reaches,
    settled,
    unreadable,
)
from whence.store.files import Files, failed
from whence.store.flusher import Flusher
from whence.store.gathering import Gathering
from whence.store.journal import Journal
from whence.store.order import LogicalClock
from whence.store.pack import Pack
from whence.store.process import this_process, user_name

_MANY = 1000  # lines of one write


class Writer:
    """Appends to a store what one process does. Safe to use from any thread.

    After a fork the child's `Writer` is a new one with an `id` of its own. What a call has
    acknowledged survives the death of the process.

    Parameters
    ----------
    files : Files
        The way to the file system.
    root : Path
        The store folder.
    clock, order : Clock, LogicalClock
        Time for people; order for the fold.
    known : callable, optional
        Whether content of that digest is packed in the store already, as far as known without
        asking for long.
    """

    def __init__(
        self,
        files: Files,
        root: Path,
        clock: Clock,
        order: LogicalClock,
        known: Callable[[str], bool] | None = None,
    ) -> None:
        self._files, self._root, self._clock, self._order = files, root, clock, order
        self._known = known
        self._begin()

    def _begin(self) -> None:
        self.id = new_id(self._clock())
        self._lock = threading.RLock()
        self._main = self._journal(layout.MAIN)
        self._points = self._journal(layout.METRICS)
        self._pack = Pack(
            self._files,
            layout.packs(self._root),
            lambda number: layout.part_name(self.id, number, layout.PACK),
            self._clock,
        )
        self._objects = Objects(self._files, self._root, self.id, self._clock)
        self._slices: dict[str, Slice] = {}
        self._measured: set[str] = set()
        self._unsynced: list[Path] = []
        self._flushing = threading.RLock()
        self._flusher = Flusher(self._flush)
        self._guarded = False

    def _journal(self, suffix: str) -> Journal:
        return Journal(
            self._files,
            lambda day, number: (
                layout.journals(self._root) / day / layout.part_name(self.id, number, suffix)
            ),
            self._head,
            self._clock,
            self._order,
        )

    def append(self, op: str, of: str, facts: Mapping[str, JSON], *, sync: bool = False) -> None:
        """Put one line on record; the system has it when this returns.

        Parameters
        ----------
        op : str
            What is done, see ``docs/store-format.md``.
        of : str
            The id of the thing it is done to.
        facts : mapping
            Plain JSON, escape-encoded where a value needs it.
        sync : bool
            Have it, and all before it, brought to the disk too: when this returns or, if that was
            done a moment ago, within `flusher.WITHIN` seconds.

        Raises
        ------
        StoreError
            If it could not be written; or, though it is written, if it or what was promised
            before could not be brought to the disk.
        UserError
            If the facts are not plain JSON.
        """
        if not self._guarded:
            self._guard()
        self._main.append(op, of, facts)
        if sync:
            self._flusher.ask()
        elif self._flusher.failure is not None:
            self._flusher.tell()

    def append_many(self, op: str, of: str, many: Sequence[Mapping[str, JSON]]) -> None:
        """Put a line for each of the facts on record, in a few calls of the system.

        Raises
        ------
        StoreError
            If not all could be written: the first of them may stand.
        UserError
            If facts are not plain JSON.
        """
        if not self._guarded:
            self._guard()
        for start in range(0, len(many), _MANY):
            self._main.append_many(op, of, many[start : start + _MANY])

    def metrics(
        self, run: str, step: int | None, time: float, stamp: float, values: Mapping[str, Any]
    ) -> None:
        """Put the values of some metrics at one time on record.

        Parameters
        ----------
        run : str
            The run's id.
        step : int or None
            Which step it was.
        time, stamp : float
            Seconds since the start of the run; seconds since 1970.
        values : mapping of str to number
            Names and values.
        """
        if run not in self._measured:
            self.append("points", run, {})
            self._measured.add(run)
        self._points.point(run, step, time, stamp, values)

    def carry(self, body: bytes, *, points: bool) -> Path:
        """Take over a line of another writer, whose name is in it; gives the file it went into.

        Parameters
        ----------
        body : bytes
            The line without its check and closing brace.
        points : bool
            Whether it is one of metric values.

        Raises
        ------
        StoreError
            If it could not be written.
        """
        if not self._guarded:
            self._guard()
        return (self._points if points else self._main).carry(body)

    def put(self, data: bytes, *, since: float | None = None) -> Content:
        """Keep the bytes, unless the store has them.

        Parameters
        ----------
        data : bytes
            The content.
        since : float, optional
            When it was first kept, if it only moves to another pack.

        Raises
        ------
        StoreError
            If they could not be kept.
        """
        digest = digest_bytes(data)
        try:
            if len(data) >= layout.SMALL:
                self._made(self._objects.put(data, digest))
                return Content(digest, len(data), "object")
            return self._put_small(data, digest, since)
        except OSError as error:
            raise failed(error, "keep content in", self._root) from error

    def put_file(
        self, path: str | os.PathLike[str], mode: Mode = "auto", watch: Watch | None = None
    ) -> Content:
        """Keep a file's content.

        Parameters
        ----------
        path : path-like
            A regular file.
        mode : {"auto", "copy", "reference"}
            ``copy`` always keeps it; ``reference`` only notes the digest; ``auto`` keeps what is
            small or can share its blocks with the file, and notes the digest of the rest.
        watch : callable, optional
            Called with the number of bytes each time some were read of a large file.

        Raises
        ------
        UserError
            If it is not a regular file, or changes all the while.
        StoreError
            If it cannot be kept.
        """
        source = Path(path)
        try:
            if mode == "reference":
                return settled(lambda: hash_file(self._files, source, _counted(watch)), source)
            if self._files.stat(source).st_size < layout.SMALL:
                small = settled(lambda: self._read_small(source), source)
                if small.kept != "reference":
                    return small
            return settled(lambda: self._put_large(source, mode == "copy", watch), source)
        except OSError as error:
            raise unreadable(error, source) from error

    def put_files(
        self, paths: Iterable[str], mode: Mode = "auto", watch: Watch | None = None
    ) -> Iterator[Content | UserError]:
        """Keep the content of many files, as `put_file` does; small ones at little cost each.

        Yields
        ------
        Content or UserError
            For each path, in order; the error of a file that could not be read.

        Raises
        ------
        StoreError
            If the store could not keep something.
        """
        gathered = Gathering(self._files)
        for path in paths:
            data = None if mode == "reference" else gathered.read(path)
            if data is None:
                try:
                    gathered.found.append(self.put_file(path, mode, watch))
                except UserError as error:
                    gathered.found.append(error)
            else:
                gathered.add(data)
                if watch is not None:
                    watch(len(data))
            if gathered.full:
                yield from self._put_gathered(gathered)
        yield from self._put_gathered(gathered)

    def _put_gathered(self, gathered: Gathering) -> list[Content | UserError]:
        with self._lock:
            new = {
                digest: data
                for digest, data in gathered.small.items()
                if not self._is_packed(digest)
            }
            if new:
                try:
                    places = self._pack.put_many(list(new.values()))
                except OSError as error:
                    raise failed(error, "keep content in", self._root) from error
                found = dict(zip(new, places, strict=True))
                self.append_many("pack", "", [_packed(*item) for item in found.items()])
                self._slices |= found
        return gathered.take()

    def beat(self) -> None:
        """Say that this process lives, and bring all it wrote to the disk.

        A file that a copy of the store was put over is written back.

        Raises
        ------
        StoreError
            If that could not be done.
        """
        self.append("beat", "", {})
        try:
            self._pack.restore()
        except OSError as error:
            raise failed(error, "write back a pack in", self._root) from error
        self._points.restore()
        self._main.restore()
        self.sync()

    def sync(self) -> None:
        """Have everything written so far survive the death of the host, when this returns.

        Raises
        ------
        StoreError
            If the file system could not promise it.
        """
        self._flusher.failure = None  # what went wrong in the background is done again
        self._flush()

    def _flush(self) -> None:
        with self._flushing:  # what another thread is at must be done when this returns
            self._flush_all()

    def _flush_all(self) -> None:
        with self._lock:
            new, self._unsynced = self._unsynced, []
        try:  # content first: no line on disk names what is not
            while new:
                self._sync_object(new[-1])
                new.pop()
            self._pack.sync()
        except OSError as error:
            raise failed(error, "bring to the disk", self._root) from error
        finally:
            if new:  # to be tried again
                with self._lock:
                    self._unsynced += new
        self._points.sync()
        self._main.sync()

    def close(self) -> None:
        """Write the closing lines; a later call opens new files.

        Raises
        ------
        StoreError
            If something could not be written or brought to the disk.
        """
        atexit.unregister(self._leave)
        self._guarded = False
        self._flusher.stop()
        try:
            self.sync()
        finally:
            try:
                self._pack.close()
            except OSError as error:
                raise failed(error, "close a pack in", self._root) from error
            finally:
                try:
                    self._points.close()
                finally:
                    self._main.close()

    def renew(self, order: LogicalClock) -> None:
        """Become a new writer, in the child of a fork."""
        self._main.abandon()
        self._points.abandon()
        self._pack.abandon()
        self._order = order
        self._begin()

    def _put_small(self, data: bytes, digest: str, since: float | None = None) -> Content:
        with self._lock:
            if not self._is_packed(digest):
                place = self._pack.put(data)
                facts = _packed(digest, place)
                self.append("pack", "", facts if since is None else {**facts, "since": since})
                self._slices[digest] = place
        return Content(digest, len(data), "pack")

    def _is_packed(self, digest: str) -> bool:
        """Whether small content is kept already; if so its pack is touched, which keeps gc off."""
        place = self._slices.get(digest)
        if place is None:
            return self._known is not None and self._known(digest)
        return self._pack.is_open(place) or touched(self._files, self._root, place)

    def _read_small(self, source: Path) -> Content:
        pieces: list[bytes] = []
        content = hash_file(self._files, source, pieces.append)
        if content.size >= layout.SMALL:  # it has grown since
            return content
        return self._put_small(b"".join(pieces), content.digest)

    def _put_large(self, source: Path, copy: bool, watch: Watch | None) -> Content:
        content, path = self._objects.put_file(source, copy, watch)
        self._made(path)
        return content

    def _made(self, path: Path | None) -> None:
        if path is not None:
            with self._lock:
                self._unsynced.append(path)

    def _sync_object(self, path: Path) -> None:
        try:
            fd = self._files.open(path, os.O_RDONLY)
        except FileNotFoundError:  # nobody named it, so gc has set it aside
            return
        try:
            self._files.sync(fd)
        finally:
            self._files.close(fd)
        sync_folder(self._files, path.parent)

    def slice_of(self, digest: str) -> Slice | None:
        """Where this writer packed that content, if it did."""
        return self._slices.get(digest)

    def _guard(self) -> None:
        """See that the files get their closing lines when the process ends."""
        with self._lock:
            if self._guarded:
                return
            self._guarded = True
            atexit.register(self._leave)
            # A child of multiprocessing ends without atexit.
            process = sys.modules.get("multiprocessing.process")
            if process is not None and process.parent_process() is not None:
                from multiprocessing.util import Finalize

                Finalize(None, self._leave, exitpriority=0)

    def _leave(self) -> None:
        try:
            self.close()
        except StoreError as error:
            logging.getLogger("whence.store").error("%s", error)

    def _head(self, number: int) -> dict[str, JSON]:
        return {
            "format": layout.FORMAT,
            "writer": self.id,
            "part": number,
            "process": this_process(),
            "user": user_name(),
            "uid": os.getuid(),
            "whence": whence.__version__,
        }


def touched(files: Files, root: Path, place: Slice) -> bool:
    """Whether packed content is in its place, with the time of its pack set to now."""
    path = layout.packs(root) / place.pack
    try:
        files.touch(path)
    except PermissionError:
        pass
    except OSError:
        return False
    return reaches(files, path, place)  # gc may just have set it aside


def _packed(digest: str, place: Slice) -> dict[str, JSON]:
    return {
        "digest": digest,
        "pack": place.pack,
        "offset": place.offset,
        "length": place.length,
    }


def _counted(watch: Watch | None) -> Callable[[bytes], object] | None:
    return None if watch is None else lambda piece: watch(len(piece))
