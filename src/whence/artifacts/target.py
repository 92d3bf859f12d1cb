"""A folder that files are brought into, and nothing outside of it is touched.

Every step below the folder is taken from the folder before it and follows no symbolic link, so
neither a name nor a link that somebody put there can lead out.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat as modes
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from whence.base.digest import digest_bytes
from whence.base.error import StoreError, UserError
from whence.records import Artifact
from whence.store import Files

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PART = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE = 1 << 20
_SMALL = 1 << 16

Watch = Callable[[int], object]


class Target:
    """The folder. Its methods may be called from any thread.

    Parameters
    ----------
    folder : Path
        Made if it is not there. If it is a symbolic link, what it leads to is meant.

    Raises
    ------
    UserError
        If it cannot be made or is no folder.
    """

    def __init__(self, folder: Path) -> None:
        try:
            os.makedirs(folder, exist_ok=True)
            self.path = Path(os.path.realpath(folder, strict=True))
            self._fd = os.open(self.path, _FOLDER)
        except OSError as error:
            raise UserError.of(
                "no-folder",
                f"cannot put files into {str(folder)!r}: {error.strerror or error}",
                mend="Give another folder.",
            ) from error

    def close(self) -> None:
        """Give the folder back."""
        os.close(self._fd)

    @contextmanager
    def inner(self, parts: tuple[str, ...], *, make: bool) -> Iterator[int | None]:
        """A descriptor of a folder below; None if it is not there and not to be made.

        Raises
        ------
        UserError
            If something else than a folder is in the way, a symbolic link too.
        """
        fd = os.dup(self._fd)
        try:
            for number, part in enumerate(parts):
                try:
                    if make:
                        with suppress(FileExistsError):
                            os.mkdir(part, dir_fd=fd)
                    below = os.open(part, _FOLDER, dir_fd=fd)
                except FileNotFoundError:
                    if make:
                        raise
                    yield None
                    return
                except OSError as error:
                    raise self._in_the_way(parts[: number + 1], error) from error
                os.close(fd)
                fd = below
            yield fd
        finally:
            os.close(fd)

    def _in_the_way(self, parts: tuple[str, ...], error: OSError) -> UserError:
        path = self.path.joinpath(*parts)
        what = f"cannot be opened: {error.strerror}"
        if path.is_symlink():
            what = "is a symbolic link, which could lead out of the folder"
        elif error.errno in (errno.ENOTDIR, errno.ELOOP):
            what = "is no folder"
        return in_the_way(str(path), what)


def in_the_way(path: str, what: str) -> UserError:
    """The error for something that stands where a file should be."""
    return UserError.of(
        "in-the-way", f"{path!r} {what}", mend="Remove it, or choose another folder."
    )


def is_there(folder: int, leaf: str, artifact: Artifact, digest_of: Callable[[], str]) -> bool:
    """Whether a file of that name in a folder has the content of an artifact already.

    A large file's digest is asked of `digest_of`, which may remember it.

    Raises
    ------
    UserError
        If something else than a regular file has that name.
    """
    try:
        fd = os.open(leaf, _READ, dir_fd=folder)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise in_the_way(leaf, "is a symbolic link, which could lead elsewhere") from error
        if error.errno == errno.ENXIO:
            raise in_the_way(leaf, "is a socket") from error
        return False  # to be replaced by one that can be read
    try:
        status = os.fstat(fd)
        if not modes.S_ISREG(status.st_mode):
            raise in_the_way(leaf, "is there, and is no file")
        if status.st_size != artifact.size:
            return False
        if artifact.size < _SMALL:
            return digest_bytes(os.read(fd, artifact.size + 1)) == artifact.digest
        return digest_of() == artifact.digest
    finally:
        os.close(fd)


class Bringer:
    """Brings the content of one artifact to its place in a folder, whole or not at all.

    The bytes gather in a hidden file beside it, which gets the name when its digest is right. Such
    a file that a killed process left behind is gone on with.

    Parameters
    ----------
    folder : int
        The folder.
    leaf : str
        The name in it.
    artifact : Artifact
        What is to be there.
    """

    def __init__(self, folder: int, leaf: str, artifact: Artifact) -> None:
        self._folder, self._leaf, self._artifact = folder, leaf, artifact
        self._began_anew = False

    def bring(self, source: int | bytes, offset: int, files: Files, watch: Watch) -> bool:
        """Whether the bytes of `source`, an open file or the bytes, from `offset` on were right.

        Raises
        ------
        OSError
            As the system gives it.
        """
        name, fd = self._part()
        try:
            good = self._fill(fd, source, offset, files, watch)
            if good:
                os.rename(name, self._leaf, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            else:
                os.unlink(name, dir_fd=self._folder)
        finally:
            os.close(fd)
        return good

    def _part(self) -> tuple[str, int]:
        """The hidden file, which nobody else writes to."""
        own = f".{self._artifact.digest[:24]}-{os.urandom(4).hex()}.whence-part"
        for name in (*[f".{self._artifact.digest[:24]}.whence-part"] * 3, own):
            fd = os.open(name, _PART, 0o666, dir_fd=self._folder)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                there = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
                if there.st_ino == os.fstat(fd).st_ino:
                    return name, fd
            except FileNotFoundError:
                pass  # who had it has just finished
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    return name, fd  # a file system without locks
            if name == own:
                break
            os.close(fd)
        return own, fd

    def _fill(self, fd: int, source: int | bytes, offset: int, files: Files, watch: Watch) -> bool:
        artifact = self._artifact
        done = os.fstat(fd).st_size
        if done > artifact.size:
            os.ftruncate(fd, 0)
            done = 0
        if type(source) is int and not done and not offset and artifact.size >= _SMALL:
            done = os.fstat(fd).st_size if files.clone(source, fd) else 0
        sha = _hashed(fd, hashlib.sha256(), watch) if done else hashlib.sha256()
        os.lseek(fd, done, os.SEEK_SET)
        while done < artifact.size:
            piece = _piece(source, min(_PIECE, artifact.size - done), offset + done)
            if not piece:
                break
            sha.update(piece)
            view = memoryview(piece)
            while view:
                view = view[os.write(fd, view) :]
            done += len(piece)
            watch(len(piece))
        if done == artifact.size and sha.hexdigest() == artifact.digest:
            return True
        if self._began_anew or not os.fstat(fd).st_size:
            return False
        self._began_anew = True  # what was left in the file may be what is wrong
        os.ftruncate(fd, 0)
        return self._fill(fd, source, offset, files, lambda count: None)


def _piece(source: int | bytes, size: int, offset: int) -> bytes:
    if isinstance(source, bytes):
        return source[offset : offset + size]
    return os.pread(source, size, offset)


def _hashed(fd: int, sha: hashlib._Hash, watch: Watch) -> hashlib._Hash:
    offset = 0
    while piece := os.pread(fd, _PIECE, offset):
        sha.update(piece)
        offset += len(piece)
        watch(len(piece))
    return sha


def damaged_on_arrival(artifact: Artifact, where: Path | None = None) -> StoreError:
    """The error for content whose digest was another when it arrived."""
    place = f" in {str(where)!r}" if where is not None else ""
    return StoreError.of(
        "damaged-content",
        f"the content of {artifact.name!r}{place} was altered: its digest is another",
        mend="`whence verify` lists all damage; merge a store that has the content whole.",
    )
