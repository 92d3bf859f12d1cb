"""Content under its digest: objects, packs, and the reading of files into them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat as modes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from whence.base.clock import Clock
from whence.base.error import StoreError, UserError
from whence.store import layout
from whence.store.ahead import read_ahead
from whence.store.files import Files, failed, pieces, write_all

Kept = Literal["object", "pack", "reference"]
Mode = Literal["auto", "copy", "reference"]

Watch = Callable[[int], object]

YOUNG = 2.0
"""Seconds; coarse clocks of file systems hide a second change within."""

_PIECE = 1 << 18  # larger writes cost ext4 more each byte
_RANGE = 1 << 23  # bytes the system is asked to copy at once; a signal is heard in between
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Content:
    """Immutable bytes, known by their digest.

    Attributes
    ----------
    digest : str
        SHA-256, in hexadecimal.
    size : int
        Bytes.
    kept : str
        ``"object"``: a file of its own in the store; ``"pack"``: among other small content;
        ``"reference"``: only where it was found.
    """

    digest: str
    size: int
    kept: Kept


@dataclass(frozen=True, slots=True)
class Slice:
    """Where packed content lies: a pack under ``packs/``, offset and length."""

    pack: str
    offset: int
    length: int


def reaches(files: Files, path: Path, place: Slice) -> bool:
    """Whether a pack has the bytes of a place: one that was copied in part may lack them.

    Raises
    ------
    OSError
        If the file system does not tell.
    """
    end = place.offset + place.length
    try:
        if files.stat(path).st_size >= end:
            return True
        fd = files.open(path, os.O_RDONLY)  # what a network file system tells may be old
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        return files.stat(fd).st_size >= end
    finally:
        files.close(fd)


class ChangedError(Exception):
    """A file changed while it was read."""


def hash_file(files: Files, path: Path, sink: Callable[[bytes], object] | None = None) -> Content:
    """The digest of a file whose bytes, all of one time, went to `sink`.

    Raises
    ------
    ChangedError
        If size or times changed meanwhile.
    UserError
        If it is not a regular file.
    OSError
        As the system gives it.
    """
    sha = hashlib.sha256()
    fd = files.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe must not stop us
    try:
        before = regular(files.stat(fd), path)
        offset = 0
        with contextlib.closing(read_ahead(files, fd, before.st_size)) as coming:
            for piece in coming:
                sha.update(piece)
                if sink is not None:
                    sink(piece)
                offset += len(piece)
                if offset > before.st_size:  # it may grow faster than it is read
                    raise ChangedError
        if offset != before.st_size or times(files.stat(fd)) != times(before):
            raise ChangedError
    finally:
        files.close(fd)
    return Content(sha.hexdigest(), offset, "reference")


def object_digest(files: Files, path: Path) -> str:
    """The digest of an object as it is, though a writer that meets it changes its times.

    Raises
    ------
    OSError
        As the system gives it.
    """
    sha = hashlib.sha256()
    fd = files.open(path, os.O_RDONLY)
    try:
        with contextlib.closing(read_ahead(files, fd, files.stat(fd).st_size)) as coming:
            for piece in coming:
                sha.update(piece)
    finally:
        files.close(fd)
    return sha.hexdigest()


def settled(read: Callable[[], Content], path: Path) -> Content:
    """What `read` gives once the file holds still.

    Raises
    ------
    UserError
        If the file changed each time, or cannot be read.
    """
    for _ in range(_TRIES):
        try:
            return read()
        except ChangedError:
            continue
    raise UserError.of(
        "file-changing",
        f"the file {str(path)!r} changed each of the {_TRIES} times it was read",
        mend="Save it when the program that writes it has closed it.",
    )


def regular(status: os.stat_result, path: Path) -> os.stat_result:
    """The status, if it is one of a regular file."""
    if modes.S_ISREG(status.st_mode):
        return status
    kind = "a folder" if modes.S_ISDIR(status.st_mode) else "not a regular file"
    raise UserError.of("not-a-file", f"{str(path)!r} is {kind}, so it has no content to keep")


def _both(
    files: Files, fd: int, sink: Callable[[bytes], object] | None = None
) -> Callable[[bytes], object]:
    """Write each piece to a file, and hand it on."""

    def take(piece: bytes) -> None:
        write_all(files, fd, piece)
        if sink is not None:
            sink(piece)

    return take


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, *times(status)


def times(status: os.stat_result) -> tuple[int, int, int]:
    """What changes when a file does."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


class Objects:
    """Content in files of its own. Safe to use from any thread.

    Parameters
    ----------
    files : Files
        The way to the file system.
    root : Path
        The store folder.
    writer : str
        Who writes, for the names of unfinished files.
    clock : Clock
        Tells how young a change of a file is.
    """

    def __init__(self, files: Files, root: Path, writer: str, clock: Clock) -> None:
        self._files, self._root, self._writer, self._clock = files, root, writer, clock
        self._number = 0
        self._sizes: set[int] = set()  # of the objects that went through here
        self._no_clones: set[int] = set()  # devices that cannot share blocks with the store
        self._unshared: set[int] = set()  # devices whose blocks cannot be shared with the store

    def has(self, digest: str, size: int) -> bool:
        """Whether that content is there already; if so it is touched, which keeps gc off."""
        path = layout.object_path(self._root, digest)
        try:
            if self._files.stat(path).st_size != size:
                return False
            self._files.touch(path)
            self._files.stat(path)  # gc may just have set it aside
        except PermissionError:
            return True
        except OSError:
            return False
        return True

    def put(self, data: bytes, digest: str) -> Path | None:
        """Keep the bytes; the path of a new object, None if it was there."""
        if self.has(digest, len(data)):
            return None
        temporary, fd = self._begin()
        try:
            try:
                write_all(self._files, fd, data)
            finally:
                self._files.close(fd)
            return self._name(temporary, digest)
        except BaseException:
            self._discard(temporary)
            raise

    def put_file(
        self, source: Path, copy: bool, watch: Watch | None = None
    ) -> tuple[Content, Path | None]:
        """Keep a file's content: share its blocks if the file system can, else copy if wanted.

        Without `copy`, and where blocks cannot be shared, it is only a reference. A file that has
        held still for a while is hashed first, so that nothing is written of what the store has
        already, and nothing read of a clone, whose bytes are in no cache.

        Raises
        ------
        ChangedError
            If the file changed while it was read.
        """
        status = regular(self._files.stat(source), source)
        sink = None if watch is None else lambda piece: watch(len(piece))
        young = self._clock() - max(status.st_mtime, status.st_ctime) < YOUNG
        if young:
            cloned = self._cloned(source, lambda clone: hash_file(self._files, clone, sink))
            if cloned is not None:
                return cloned
            if copy and status.st_size not in self._sizes:
                return self._filled(
                    lambda fd: hash_file(self._files, source, _both(self._files, fd, sink))
                )
        content = hash_file(self._files, source, sink)
        if self.has(content.digest, content.size):
            return self._known(content), None
        if not young:
            cloned = self._cloned(source, lambda _: self._still(source, content, status))
            if cloned is not None:
                return cloned
        if not copy:
            return content, None
        if young:
            return self._filled(lambda fd: hash_file(self._files, source, _both(self._files, fd)))
        return self._filled(lambda fd: self._copy(source, fd, content, status))

    def _cloned(
        self, source: Path, read: Callable[[Path], Content]
    ) -> tuple[Content, Path | None] | None:
        """The content that `read` gives of a file sharing the blocks; None if none can."""
        fd = self._files.open(source, os.O_RDONLY | os.O_NONBLOCK)
        try:
            device = regular(self._files.stat(fd), source).st_dev
            if device in self._no_clones:
                return None
            temporary, target = self._begin()
            try:
                try:
                    shared = self._files.clone(fd, target)
                finally:
                    self._files.close(target)
                content = read(temporary) if shared else None
            except BaseException:
                self._discard(temporary)
                raise
        finally:
            self._files.close(fd)
        if content is None:
            self._discard(temporary)
            self._no_clones.add(device)
            return None
        return self._named(temporary, content)

    def _still(self, source: Path, content: Content, since: os.stat_result) -> Content:
        """What a file's digest was found to be, if the file has not changed `since`."""
        if _identity(self._files.stat(source)) != _identity(since):
            raise ChangedError
        return content

    def _filled(self, fill: Callable[[int], Content]) -> tuple[Content, Path | None]:
        """The content of a new file that `fill` writes to."""
        temporary, fd = self._begin()
        try:
            try:
                content = fill(fd)
            finally:
                self._files.close(fd)
        except BaseException:
            self._discard(temporary)
            raise
        return self._named(temporary, content)

    def _named(self, temporary: Path, content: Content) -> tuple[Content, Path | None]:
        try:
            if self.has(content.digest, content.size):
                self._discard(temporary)
                return self._known(content), None
            return self._known(content), self._name(temporary, content.digest)
        except BaseException:
            self._discard(temporary)
            raise

    def _known(self, content: Content) -> Content:
        self._sizes.add(content.size)
        return Content(content.digest, content.size, "object")

    def _copy(self, source: Path, target: int, content: Content, since: os.stat_result) -> Content:
        """Copy a file whose digest was just found; it must not have changed `since`."""
        fd = self._files.open(source, os.O_RDONLY | os.O_NONBLOCK)
        try:
            offset, size = 0, content.size
            # Within the system the bytes are moved once: so it costs no more than hashing them
            # on their way would have.
            while copied := self._files.copy(fd, target, min(_RANGE, size - offset), offset):
                offset += copied
            for piece in pieces(self._files, fd, offset, most=_PIECE):
                write_all(self._files, target, piece)
                offset += len(piece)
                if offset > size:
                    raise ChangedError
            now = self._files.stat(fd)
            if offset != size or _identity(now) != _identity(since):
                raise ChangedError
        finally:
            self._files.close(fd)
        return content

    def _begin(self) -> tuple[Path, int]:
        folder = layout.objects(self._root)
        self._files.make(folder)
        self._number += 1
        path = folder / f"new-{self._writer}-{self._number}-{os.urandom(4).hex()}"
        return path, self._files.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR)

    def _name(self, temporary: Path, digest: str) -> Path:
        final = layout.object_path(self._root, digest)
        self._files.make(final.parent)
        self._files.publish(temporary, final)
        return final

    def _discard(self, temporary: Path) -> None:
        try:
            self._files.remove(temporary)
        except OSError:
            return


def missing(digest: str) -> StoreError:
    """The error for content that a store does not have."""
    return StoreError.of(
        "no-content",
        f"the store has no content {digest[:12]}…",
        mend="It may be in a store not merged yet, or kept as a reference only: "
        "`whence verify` tells.",
    )


def damaged(digest: str, path: Path) -> StoreError:
    """The error for content that is not what its digest says."""
    return StoreError.of(
        "damaged-content",
        f"the content {digest[:12]}… in {str(path)!r} was altered: its digest is another",
        mend="`whence verify` lists all damage; merge a store that has the content whole.",
    )


def unreadable(error: OSError, path: Path) -> UserError | StoreError:
    """The error for a user's file that could not be read."""
    if isinstance(error, FileNotFoundError):
        return UserError.of("no-file", f"there is no file {str(path)!r}")
    if isinstance(error, PermissionError):
        return UserError.of(
            "no-access",
            f"you may not read {str(path)!r}",
            mend="Its owner, or `chmod`, can change that.",
        )
    return failed(error, "keep the content of", path)
