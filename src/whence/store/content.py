"""Content under its digest: objects, packs, and the reading of files into them."""

from __future__ import annotations

import hashlib
import os
import stat as modes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from whence.base.error import StoreError, UserError
from whence.store import layout
from whence.store.files import Files, failed, write_all

Kept = Literal["object", "pack", "reference"]
Mode = Literal["auto", "copy", "reference"]

_PIECE = 1 << 20
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


class ChangedError(Exception):
    """A file changed while it was read."""


def hash_file(files: Files, path: Path, sink: Callable[[bytes], None] | None = None) -> Content:
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
        while piece := files.read(fd, _PIECE, offset):
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
    """

    def __init__(self, files: Files, root: Path, writer: str) -> None:
        self._files, self._root, self._writer = files, root, writer
        self._number = 0
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

    def put_file(self, source: Path, copy: bool) -> tuple[Content, Path | None]:
        """Keep a file's content: share its blocks if the file system can, else copy if wanted.

        Without `copy`, and where blocks cannot be shared, it is only a reference.

        Raises
        ------
        ChangedError
            If the file changed while it was read.
        """
        if not copy and self._files.stat(source).st_dev in self._unshared:
            return hash_file(self._files, source), None
        temporary, fd = self._begin()
        try:
            try:
                if self._clone(source, fd):
                    content = hash_file(self._files, temporary)
                elif copy:
                    content = hash_file(
                        self._files, source, lambda piece: write_all(self._files, fd, piece)
                    )
                else:
                    self._discard(temporary)
                    return hash_file(self._files, source), None
            finally:
                self._files.close(fd)
            kept = Content(content.digest, content.size, "object")
            if self.has(kept.digest, kept.size):
                self._discard(temporary)
                return kept, None
            return kept, self._name(temporary, kept.digest)
        except BaseException:
            self._discard(temporary)
            raise

    def _clone(self, source: Path, target: int) -> bool:
        fd = self._files.open(source, os.O_RDONLY | os.O_NONBLOCK)
        try:
            status = regular(self._files.stat(fd), source)
            shared = self._files.clone(fd, target)
            if not shared:
                self._unshared.add(status.st_dev)
            return shared
        finally:
            self._files.close(fd)

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
    return failed(error, "keep the content of", path)
