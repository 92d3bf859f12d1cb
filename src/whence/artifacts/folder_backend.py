"""Versions as plain folders below an fsspec URL, for people to look through.

::

    <url>/<collection>/<artifact>/v3/files/…     the files of version 3
    <url>/<collection>/<artifact>/v3/claim       made first, by one writer only: the number is its
    <url>/<collection>/<artifact>/v3.json        made last: the version is whole; what is in it
    <url>/<collection>/<artifact>/v3.failed.json the same, where the work that made it failed
    <url>/<collection>/<artifact>/v3.deleted     the tombstone
    <url>/<collection>/<artifact>/best.alias     the name of a version
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from whence.artifacts.backend import Address
from whence.artifacts.content import Source
from whence.artifacts.deposit import Watch
from whence.artifacts.meter import unwatched
from whence.artifacts.version import Draft, Entry, Manifest, Version
from whence.base.clock import utc_text
from whence.base.error import MissingExtraError, StoreError, UserError
from whence.base.problem import Problem
from whence.store.claim import next_number, refuse_twin

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_NAME = re.compile(r"v(0|[1-9][0-9]{0,17})(\.json|\.failed\.json|\.deleted)?")
_ALIAS = ".alias"
_PIECE = 1 << 20
_WORKERS = 8


class FolderBackend:
    """Keeps versions in a folder (see `Backend`).

    Parameters
    ----------
    url : str or path-like
        A path, or what fsspec opens: ``file://…``, ``memory://…``, ``s3://…``. The file system must
        be able to make a file only if there is none, in one step, which local disks, memory, S3 and
        Google's storage are.
    options : mapping, optional
        What fsspec is told beside the URL.

    Raises
    ------
    MissingExtraError
        If the package for such URLs is not installed.

    Examples
    --------
    >>> from whence.artifacts import ArtifactManager
    >>> manager = ArtifactManager("models", FolderBackend("memory://example"))
    >>> source = manager.log_artifact([1, 2], "net")
    >>> manager.get_artifact("net", version="v0")
    [1, 2]
    """

    def __init__(
        self, url: str | os.PathLike[str], options: Mapping[str, Any] | None = None
    ) -> None:
        self.url = os.fspath(url)
        self._options = dict(options or {})
        self._lock = threading.Lock()
        self._fs, self._root = _opened(self.url, self._options)
        self._local = type(self._fs).__name__ == "LocalFileSystem"

    def __repr__(self) -> str:
        return f"FolderBackend({self.url!r})"

    def __reduce__(self) -> Any:
        return type(self), (self.url, self._options)

    def collections(self) -> list[str]:
        """The names of the collections that have a version that is not deleted, sorted."""
        return [name for name in self._names() if any(not v.deleted for v in self.versions(name))]

    def versions(self, collection: str | None = None, artifact: str | None = None) -> list[Version]:
        """The versions there are, with the tombstones of deleted ones."""
        collections = self._names() if collection is None else [collection]
        return [
            version
            for above in collections
            for name in (self._names(above) if artifact is None else [artifact])
            for version in _versions(above, name, self._names(above, name))
        ]

    def aliases(self, collection: str, artifact: str) -> dict[str, str]:
        """The names of the versions of an artifact that its aliases point to."""
        names = [name for name in self._names(collection, artifact) if name.endswith(_ALIAS)]
        return {
            name.removesuffix(_ALIAS): self._read(collection, artifact, name).decode()
            for name in names
        }

    def put(
        self, collection: str, artifact: str, draft: Draft, watch: Watch = unwatched
    ) -> Version:
        """Keep a new version."""
        number = self._claim(collection, artifact)
        version = Version(collection, artifact, number, failed=draft.failed)
        try:
            entries = self._keep_all(version, draft, watch)
            if self._local:
                for folder in draft.folders:
                    self._fs.makedirs(self._files(version, folder), exist_ok=True)
            data = draft.manifest(entries).to_bytes()
            with _told(f"keep {version} in {self.url!r}"):
                self._place(self._path(collection, artifact, _marker(version)), data)
        except BaseException:
            with suppress(Exception):  # what went wrong first is what counts
                self._remove(self._files(version))
            raise
        return version

    def manifest(self, version: Version) -> Manifest:
        """What is in a version."""
        name = _marker(version)
        data = self._read(version.collection, version.artifact, name)
        return Manifest.of(data, self._path(version.collection, version.artifact, name))

    def open(self, version: Version, manifest: Manifest, path: str) -> BinaryIO:
        """One of its files, to be read from."""
        with _told(f"read {path!r} of {version} in {self.url!r}"):
            opened: BinaryIO = self._fs.open(self._files(version, path), "rb")
            return opened

    def locate(
        self, versions: Mapping[Version, Manifest], digests: Collection[str]
    ) -> dict[str, Source]:
        """Where those of their contents lie, if this is a folder of this machine."""
        if not self._local:
            return {}
        return {
            entry.digest: Source(Path(self._files(version, entry.path)))
            for version, manifest in versions.items()
            for entry in manifest.files
            if entry.digest in digests
        }

    def alias(self, collection: str, artifact: str, alias: str, version: Version | None) -> None:
        """Let an alias point to a version from now on, or to none."""
        path = self._path(collection, artifact, alias + _ALIAS)
        with _told(f"set the alias {alias!r} in {self.url!r}"):
            if version is not None:
                self._place(path, version.name.encode())
            elif self._fs.exists(path):
                self._remove(path)

    def delete(self, version: Version) -> None:
        """Leave only the tombstone of a version."""
        told = orjson.dumps({"deleted": utc_text(time.time())}) + b"\n"
        path = self._path(version.collection, version.artifact, f"{version.name}.deleted")
        with _told(f"delete {version} in {self.url!r}"):
            self._place(path, told)
            self._remove(self._files(version))

    def address(self, version: Version) -> Address:
        """Where fsspec finds its files."""
        url = f"{self.url.rstrip('/')}/{version.collection}/{version.artifact}/{version.name}/files"
        if "://" not in url:
            url = os.path.abspath(url)
        return Address(url, self._options)

    def _claim(self, collection: str, artifact: str) -> int:
        with _told(f"claim a version in {self.url!r}"):
            for above, name in (((), collection), ((collection,), artifact)):
                if not self._fs.exists(self._path(*above, name)):
                    refuse_twin(name, self._names(*above))
            taken = [name.partition(".")[0] for name in self._names(collection, artifact)]
            number = next_number(taken)
            while not self._create(self._path(collection, artifact, f"v{number}", "claim")):
                number += 1
        return number

    def _create(self, path: str) -> bool:
        """Whether this made the file; False if it was there."""
        told = f"{platform.node()} {os.getpid()} {utc_text(time.time())}\n".encode()
        if self._local:
            self._fs.makedirs(os.path.dirname(path), exist_ok=True)
        with self._lock:  # for file systems in this process, like memory://
            try:
                if self._local:
                    with open(path, "xb") as file:
                        file.write(told)
                else:
                    self._fs.pipe_file(path, told, mode="create")
            except FileExistsError:
                return False
        return True

    def _keep_all(self, version: Version, draft: Draft, watch: Watch) -> list[Entry]:
        def keep(path: str) -> Entry:
            return self._keep(version, path, draft.pieces[path], watch)

        if self._local:
            return list(map(keep, draft.paths))
        with ThreadPoolExecutor(_WORKERS) as pool:  # each has to wait for an answer
            return list(pool.map(keep, draft.paths))

    def _keep(self, version: Version, path: str, what: Path | bytes, watch: Watch) -> Entry:
        target = self._files(version, path)
        with _told(f"keep {path!r} of {version} in {self.url!r}"):
            if self._local:
                self._fs.makedirs(os.path.dirname(target), exist_ok=True)
            if isinstance(what, bytes):
                self._fs.pipe_file(target, what)
                watch(len(what))
                return Entry(path, hashlib.sha256(what).hexdigest(), len(what))
            with self._fs.open(target, "wb") as file:

                def write(piece: bytes) -> None:
                    file.write(piece)
                    watch(len(piece))

                return Entry(path, *_copied(what, write))

    def _place(self, path: str, data: bytes) -> None:
        """Have a whole file of that name, at once."""
        if not self._local:  # stores of objects show an object when it is whole
            self._fs.pipe_file(path, data)
            return
        part = f"{path}.{secrets.token_hex(4)}.part"
        try:
            with open(part, "xb") as file:
                file.write(data)
            os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(part)
            raise

    def _remove(self, path: str) -> None:
        if self._fs.exists(path):
            self._fs.rm(path, recursive=True)

    def _read(self, *parts: str) -> bytes:
        with _told(f"read {'/'.join(parts)!r} in {self.url!r}"):
            data: bytes = self._fs.cat_file(self._path(*parts))
            return data

    def _names(self, *parts: str) -> list[str]:
        """The names in a folder, sorted; none if it is not there."""
        path = self._path(*parts)
        with _told(f"list {path!r} in {self.url!r}"):
            try:
                if self._local:
                    return sorted(os.listdir(path))
                self._fs.invalidate_cache()
                found = self._fs.ls(path, detail=False)
            except (FileNotFoundError, NotADirectoryError):
                return []
        return sorted(name for item in found if (name := item.rstrip("/").rpartition("/")[2]))

    def _files(self, version: Version, *path: str) -> str:
        return self._path(version.collection, version.artifact, version.name, "files", *path)

    def _path(self, *parts: str) -> str:
        return "/".join((self._root.rstrip("/"), *parts))


def _opened(url: str, options: dict[str, Any]) -> tuple[AbstractFileSystem, str]:
    from fsspec.core import url_to_fs

    scheme = url.partition("://")[0]
    try:
        fs, root = url_to_fs(url, **options)
    except ImportError as error:
        if scheme in ("s3", "s3a"):
            raise MissingExtraError.needed("s3fs", "s3", f"artifacts in {url!r}") from error
        raise UserError.of("missing-package", f"cannot use {url!r}: {error}") from error
    except ValueError as error:
        raise UserError.of(
            "unknown-protocol",
            f"{url!r} is no place for artifacts: {error}",
            mend="Give a path or a URL that fsspec knows, like s3://bucket/folder.",
        ) from error
    return fs, root


def _versions(collection: str, artifact: str, names: list[str]) -> Iterator[Version]:
    found: dict[int, dict[str, bool]] = {}
    for name in names:
        if name[:1] == "v" and (match := _NAME.fullmatch(name)) and match[2]:
            marks = found.setdefault(int(match[1]), {"deleted": False, "failed": False})
            if match[2] != ".json":
                marks[match[2].split(".")[1]] = True
    for number in sorted(found):
        marks = found[number]
        yield Version(collection, artifact, number, "", marks["deleted"], marks["failed"])


def _marker(version: Version) -> str:
    return f"{version.name}.failed.json" if version.failed else f"{version.name}.json"


def _copied(source: Path, write: Callable[[bytes], object]) -> tuple[str, int]:
    """Digest and size of a file that held still while its bytes were written elsewhere."""
    sha, size = hashlib.sha256(), 0
    with open(source, "rb") as file:
        before = os.fstat(file.fileno())
        while piece := file.read(_PIECE):
            sha.update(piece)
            write(piece)
            size += len(piece)
            if size > before.st_size:  # it may grow faster than it is read
                break
        after = os.fstat(file.fileno())
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, size):
        raise UserError.of(
            "file-changing",
            f"the file {str(source)!r} changed while it was read",
            mend="Log it when the program that writes it has closed it.",
        )
    return sha.hexdigest(), size


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """Turn what a file system raises into an error that says what was being done."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(
            Problem("artifact-store", f"cannot {doing}: {reason}", None, _mend(error))
        ) from error


def _mend(error: OSError) -> str | None:
    if isinstance(error, FileNotFoundError):
        return "It may have been deleted meanwhile, or the bucket was not made yet."
    return "Check that you may write there." if isinstance(error, PermissionError) else None
