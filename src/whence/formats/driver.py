"""Drivers: what reads a file or folder at any fsspec URL as bytes, arrays, a table or samples."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace as changed
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.formats.format import Format, discover, formats
from whence.formats.key_store import KeyStore
from whence.formats.stream import Stream
from whence.formats.walk import Walk

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Made = TypeVar("Made", bound=Callable[..., Any])


class Driver(Protocol):
    """Reads what lies at a URL; which of its methods there are depends on the format.

    ``open()`` gives a file; ``keys()`` and ``get(key)`` the parts of a whole; ``get_iter()`` a
    `Stream` of what is in it; ``get_df()`` a table. Nothing is read before it is asked for. What
    makes it is given the ``driver_kwargs`` of a source, and the ``catalog`` if it takes one.
    """

    url: str


def driver(name: str) -> Callable[..., Any]:
    """What makes the driver of that name, given ``url`` and ``storage_options``.

    Raises
    ------
    UserError
        If there is none.

    Examples
    --------
    >>> driver("csv").__name__
    'CsvDriver'
    """
    found = drivers()
    if name not in found:
        discover()
        found = drivers()
    if name not in found:
        raise UserError.of(
            "unknown-driver",
            f"unknown driver {name!r}",
            mend=did_you_mean(name, found) or f"Known are: {', '.join(sorted(found))}.",
        )
    return found[name]


def drivers() -> dict[str, Callable[..., Any]]:
    """All drivers, by name: those of the formats that have one."""
    return {name: entry.driver for name, entry in formats().items() if entry.driver is not None}


def register_driver(made: Made, name: str | None = None, *, replace: bool = False) -> Made:
    """Have the sources of this process read by a driver that no package offers.

    It becomes an entry of `formats`, as those of packages do.

    Parameters
    ----------
    made : callable
        Gives the `Driver`, from the ``driver_kwargs`` of a source: its class, or a function.
    name : str, optional
        What sources call it; its attribute ``name`` if not given.
    replace : bool
        Put it in the place of another one of that name.

    Returns
    -------
    callable
        What was given, so that this is a decorator too.

    Raises
    ------
    UserError
        If it has no name, or another driver has it.

    Examples
    --------
    >>> @register_driver
    ... class Lines(FileDriver):
    ...     name = "lines"
    ...
    ...     def get_iter(self):
    ...         return Stream(lambda: self.open().read().splitlines())
    >>> driver("lines") is Lines
    True
    """
    called = getattr(made, "name", None) if name is None else name
    if not callable(made) or not isinstance(called, str) or not called:
        raise UserError.of(
            "bad-driver",
            f"{made!r} cannot be registered as a driver named {called!r}",
            mend="Give a class or function and its name: register_driver(Reader, 'lines').",
        )
    known = formats().get(called)
    if known is not None and known.driver is not None and not replace and known.driver != made:
        raise UserError.of(
            "driver-exists",
            f"there is already a driver named {called!r}",
            mend="Choose another name, or pass replace=True to put yours in its place.",
        )
    entry = known or Format(called, f"application/vnd.whence.driver.{called}")
    formats().add(called, changed(entry, driver=made), replace=True)
    return made


class FileDriver:
    """One file, as it is.

    Parameters
    ----------
    url : str
        A path or an fsspec URL.
    storage_options : mapping, optional
        What fsspec is told beside the URL.
    """

    def __init__(self, url: str, storage_options: Mapping[str, Any] | None = None) -> None:
        self.url, self.storage_options = str(url), dict(storage_options or {})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.url!r}>"

    @cached_property
    def filesystem(self) -> tuple[AbstractFileSystem, str]:
        """The file system and the path in it.

        Raises
        ------
        UserError
            If fsspec cannot use the URL.
        """
        from fsspec.core import url_to_fs

        try:
            fs, path = url_to_fs(self.url, **self.storage_options)
        except (ImportError, ValueError) as error:
            raise UserError.of("bad-url", f"cannot use {self.url!r}: {error}") from error
        return fs, path

    def open(self, mode: str = "r", create_if_not_exists: bool = False, **options: Any) -> IO[Any]:
        """The file, opened.

        Parameters
        ----------
        mode : str
            As for Python's `open`.
        create_if_not_exists : bool
            Make the folders above it if they are missing.
        **options
            For fsspec: ``encoding``, ``compression``, …

        Raises
        ------
        UserError
            If it cannot be opened.
        """
        fs, path = self.filesystem
        with reading(self.url):
            if create_if_not_exists:
                fs.makedirs(fs._parent(path), exist_ok=True)
            opened: IO[Any] = fs.open(path, mode, **options)
            return opened

    def replace(self, path: str, data: bytes) -> None:
        """Write a file of the file system whole, or not at all.

        Raises
        ------
        UserError
            If it cannot be written.
        """
        fs, _ = self.filesystem
        part = f"{path}.{os.urandom(4).hex()}.whence-part"
        with reading(path, "write"):
            fs.makedirs(fs._parent(path), exist_ok=True)
            try:
                fs.pipe_file(part, data)
                fs.mv(part, path)
            except BaseException:  # Ctrl-C too leaves nothing half-written
                with suppress(OSError):  # it may not have come as far
                    fs.rm_file(part)
                raise


class DirectoryDriver(FileDriver):
    """A folder of files: each is known by its path in the folder."""

    def keys(self) -> Iterator[str]:
        """The paths of the files, in order."""
        fs, root = self.filesystem
        root = root.rstrip("/")
        with reading(self.url):
            if not fs.exists(root):
                raise FileNotFoundError(2, "there is no such folder")
            found = sorted(fs.find(root))
        return (path[len(root) + 1 :] for path in found if path.startswith(f"{root}/"))

    def get(self, key: str) -> bytes:
        """The bytes of a file.

        Raises
        ------
        UserError
            If there is none of that name in the folder.
        """
        with self.open_key(key) as file:
            data: bytes = file.read()
            return data

    def open_key(self, key: str, mode: str = "rb") -> IO[Any]:
        """A file of the folder, opened."""
        fs, _ = self.filesystem
        path = self._path(key)
        with reading(f"{self.url}/{key}"):
            opened: IO[Any] = fs.open(path, mode)
            return opened

    def get_iter(self, keys_iterable: Iterable[str] | None = None, **options: Any) -> Stream[bytes]:
        """The bytes of each file, in order of their paths.

        Parameters
        ----------
        keys_iterable : iterable of str, optional
            Which files; all if not given.
        **options
            Those of `Walk`.
        """
        return Walk.of(keys_iterable, options).items(self.keys, self.get)

    @property
    def store(self) -> KeyStore:
        """Its files by their paths, to be written too: each is its bytes."""
        return KeyStore(self.keys, self.get, self._put)

    def _put(self, key: str, data: bytes) -> None:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise UserError.of("bad-sample", f"a file is bytes, not {type(data).__name__}")
        self.replace(self._path(key), bytes(data))

    def _path(self, key: str) -> str:
        if not key or key.startswith("/") or ".." in key.split("/"):
            raise UserError.of("bad-key", f"{key!r} is not the path of a file in {self.url!r}")
        return f"{self.filesystem[1].rstrip('/')}/{key}"


class ZarrDriver(FileDriver):
    """A Zarr group, in a folder or a zip: its arrays, by their paths."""

    def get_root_group(self) -> Any:
        """The group, to be read from."""
        from whence.formats import zarr

        with reading(self.url):
            return zarr.opened(self.url, self.storage_options)

    def keys(self) -> Iterator[str]:
        """The paths of the arrays, in order."""
        members = self.get_root_group().members(max_depth=None)
        return iter(sorted(path for path, node in members if hasattr(node, "shape")))

    def get(self, key: str) -> Any:
        """An array, whose values are read when they are asked for by index."""
        return _found(self.get_root_group(), key, self.url)

    def get_iter(self, fetcher_func: Callable[[str, Any], Any] | None = None) -> Stream[Any]:
        """Paths and arrays; or what a function makes of each path and the root group."""
        if fetcher_func is None:
            return Stream(lambda: ((key, self.get(key)) for key in self.keys()))
        fetch = fetcher_func

        def fetched() -> Iterator[Any]:
            root = self.get_root_group()
            return (fetch(key, root) for key in self.keys())

        return Stream(fetched)


class Hdf5Driver(FileDriver):
    """An HDF5 file: its datasets, by their paths."""

    def keys(self) -> Iterator[str]:
        """The paths of the datasets, in order."""
        import h5py

        found: list[str] = []
        with self._opened() as root:
            root.visititems(
                lambda path, node: found.append(path) if isinstance(node, h5py.Dataset) else None
            )
        return iter(sorted(found))

    def get(self, key: str, selection: Any = ()) -> Any:
        """The values of a dataset, or of a selection of it, as a NumPy array."""
        with self._opened() as root:
            return _found(root, key, self.url)[selection]

    def get_iter(self) -> Stream[tuple[str, Any]]:
        """Paths and values."""
        return Stream(lambda: ((key, self.get(key)) for key in self.keys()))

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        import h5py

        with self.open("rb") as file, reading(self.url), h5py.File(file, "r") as root:
            yield root


@contextmanager
def reading(url: str, doing: str = "read") -> Iterator[None]:
    """Turn what reading or writing raises into an error that says of which place.

    Raises
    ------
    UserError
        If what lies at the URL cannot be read, or is not what it should be.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise UserError.of("unreadable-file", f"cannot {doing} {url!r}: {reason}") from error
    except (ValueError, EOFError, zlib.error) as error:  # the last two are of gzip
        raise UserError.of(
            "bad-content",
            f"{url!r} is not as its driver wants it: {error}",
            mend="It is damaged, or of another format.",
        ) from error


def _found(group: Any, key: str, url: str) -> Any:
    try:
        return group[key]
    except KeyError:
        raise UserError.of("unknown-key", f"{url!r} has no {key!r}") from None
