"""Drivers: what reads a file or folder at any fsspec URL as bytes, samples, arrays or a table."""

from __future__ import annotations

import gzip
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Protocol

from whence.base.error import UserError
from whence.base.problem import did_you_mean
from whence.formats.format import discover, formats
from whence.formats.stream import Stream

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


_LONGEST = 100_000_000  # bytes of one sample, as msgpack has it too


class Driver(Protocol):
    """Reads what lies at a URL; which of its methods there are depends on the format.

    ``open()`` gives a file; ``keys()`` and ``get(key)`` the parts of a whole; ``get_iter()`` a
    `Stream` of what is in it; ``get_df()`` a table. Nothing is read before it is asked for.
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
        fs, root = self.filesystem
        if key.startswith("/") or ".." in key.split("/"):
            raise UserError.of("bad-key", f"{key!r} is not the path of a file in {self.url!r}")
        with reading(f"{self.url}/{key}"):
            opened: IO[Any] = fs.open(f"{root.rstrip('/')}/{key}", mode)
            return opened

    def get_iter(self) -> Stream[bytes]:
        """The bytes of each file, in order of their paths."""
        return Stream(self.keys).map(self.get)


class TableDriver(FileDriver, ABC):
    """A table; what reads the formats has an own `get_df`."""

    @abstractmethod
    def get_df(self, **options: Any) -> Any:
        """The table; `options` are for what reads it."""

    def get_iter(self, **options: Any) -> Stream[Any]:
        """Its rows, as named tuples."""
        return Stream(lambda: (row for part in self._parts(options) for row in _rows(part)))

    def _parts(self, options: dict[str, Any]) -> Iterable[Any]:
        return [self.get_df(**options)]


class CsvDriver(TableDriver):
    """A table as text, read by pandas."""

    _chunk = 10_000

    def get_df(self, **options: Any) -> Any:
        """The table as a `pandas.DataFrame`; `options` are those of `pandas.read_csv`."""
        import pandas as pd

        with self.open("rb") as file, reading(self.url):
            return pd.read_csv(file, **options)

    def _parts(self, options: dict[str, Any]) -> Iterable[Any]:
        import pandas as pd

        with self.open("rb") as file, reading(self.url):
            yield from pd.read_csv(file, **{"chunksize": self._chunk, **options})


class ParquetDriver(TableDriver):
    """A table as Parquet, read by pandas."""

    def get_df(self, **options: Any) -> Any:
        """The table as a `pandas.DataFrame`; `options` are those of `pandas.read_parquet`."""
        import pandas as pd

        with self.open("rb") as file, reading(self.url):
            return pd.read_parquet(file, **options)

    def _parts(self, options: dict[str, Any]) -> Iterable[Any]:
        import pyarrow.parquet as pq

        with self.open("rb") as file, reading(self.url):
            for batch in pq.ParquetFile(file).iter_batches(**options):
                yield batch.to_pandas()


class ShardDriver(FileDriver, ABC):
    """Samples, in one file or in a folder of files, which are its shards.

    Subclasses say how a file is read. A file that ends in ``.gz`` is unpacked.
    """

    suffixes: tuple[str, ...] = ()

    def keys(self) -> Iterator[str]:
        """The names of the shards, without their endings; of a single file its own."""
        return iter(self._shards())

    def get(self, key: str) -> Iterator[Any]:
        """The samples of a shard, as they are asked for.

        Raises
        ------
        UserError
            If there is none of that name.
        """
        shards = self._shards()
        if key not in shards:
            told = f"{self.url!r} has no shard {key!r}"
            raise UserError.of("unknown-key", told, mend=did_you_mean(key, shards))
        return self._samples(shards[key])

    def get_iter(self, flatten: bool = True) -> Stream[Any]:
        """All samples; without `flatten`, a list for each shard."""
        shards: Stream[Any] = Stream(self.keys).map(self.get)
        return shards.flatten() if flatten else shards.map(list)

    def get_df(self) -> Any:
        """The samples as the rows of a `pandas.DataFrame`."""
        import pandas as pd

        return pd.DataFrame(self.get_iter().collect())

    @abstractmethod
    def read(self, file: IO[bytes] | gzip.GzipFile) -> Iterator[Any]:
        """The samples in an opened file."""

    def _samples(self, path: str) -> Iterator[Any]:
        fs, _ = self.filesystem
        with reading(path), fs.open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            yield from self.read(gzip.GzipFile(fileobj=file) if packed else file)

    def _shards(self) -> dict[str, str]:
        fs, root = self.filesystem
        with reading(self.url):
            if fs.isfile(root):
                return {_stem(root, self.suffixes): root}
            found = sorted(fs.ls(root.rstrip("/"), detail=False))
        ends = (*self.suffixes, ".gz")
        return {_stem(path, self.suffixes): path for path in found if path.endswith(ends)}


class JsonlDriver(ShardDriver):
    """One JSON value a line."""

    suffixes = (".jsonl", ".ndjson", ".json")

    def read(self, file: IO[bytes] | gzip.GzipFile) -> Iterator[Any]:
        """The values in an opened file."""
        import orjson

        for line in iter(lambda: file.readline(_LONGEST + 1), b""):
            if len(line) > _LONGEST:  # a few bytes of gzip may become any number
                raise ValueError(f"a line has more than {_LONGEST} bytes")
            if line.strip():
                yield orjson.loads(line)


class MessagepackDriver(ShardDriver):
    """Values as MessagePack, one after the other."""

    suffixes = (".msgpack", ".mp")

    def read(self, file: IO[bytes] | gzip.GzipFile) -> Iterator[Any]:
        """The values in an opened file."""
        from whence.base.error import MissingExtraError

        try:
            import msgpack
        except ImportError as error:
            raise MissingExtraError.needed("msgpack", "msgpack", "reading MessagePack") from error
        unpacker, whole = msgpack.Unpacker(file, strict_map_key=False), 0
        for value in unpacker:
            whole = unpacker.tell()
            yield value
        if whole < file.tell():  # msgpack takes a piece of a value for the end
            raise ValueError("it ends within a value")


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

    def get_iter(self) -> Stream[tuple[str, Any]]:
        """Paths and arrays."""
        return Stream(lambda: ((key, self.get(key)) for key in self.keys()))


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
def reading(url: str) -> Iterator[None]:
    """Turn what reading raises into an error that says what was read.

    Raises
    ------
    UserError
        If what lies at the URL cannot be read, or is not what it should be.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise UserError.of("unreadable-file", f"cannot read {url!r}: {reason}") from error
    except (ValueError, EOFError, zlib.error) as error:  # the last two are of gzip
        raise UserError.of(
            "bad-content",
            f"{url!r} is not as its driver wants it: {error}",
            mend="It is damaged, or of another format.",
        ) from error


def _rows(frame: Any) -> Iterator[Any]:
    return iter(frame.itertuples(index=False))


def _stem(path: str, suffixes: tuple[str, ...]) -> str:
    name = path.rstrip("/").rpartition("/")[2].removesuffix(".gz")
    return next((name.removesuffix(end) for end in suffixes if name.endswith(end)), name)


def _found(group: Any, key: str, url: str) -> Any:
    try:
        return group[key]
    except KeyError:
        raise UserError.of("unknown-key", f"{url!r} has no {key!r}") from None
