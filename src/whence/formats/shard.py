"""Drivers of samples: values one after the other, in a file or in the shards of a folder."""

from __future__ import annotations

import gzip
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

import orjson

from whence.base.error import MissingExtraError, UserError
from whence.base.problem import did_you_mean
from whence.formats.driver import FileDriver, driver, reading
from whence.formats.key_store import KeyStore
from whence.formats.stream import Stream
from whence.formats.walk import Walk

_LONGEST = 100_000_000  # bytes of one sample, as msgpack has it too


class ShardDriver(FileDriver, ABC):
    """Samples, in one file or in a folder of files, which are its shards.

    Subclasses say how a file is read and a sample written. A file that ends in ``.gz`` is unpacked.
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

    def get_iter(
        self, keys_iterable: Iterable[str] | None = None, flatten: bool = True, **options: Any
    ) -> Stream[Any]:
        """All samples; without `flatten`, a list for each shard.

        Parameters
        ----------
        keys_iterable : iterable of str, optional
            Which shards; all if not given.
        flatten : bool
            Whether to give sample after sample.
        **options
            Those of `Walk`.
        """
        walk = Walk.of(keys_iterable, options)
        if flatten:
            return walk.items(self.keys, self.get, flatten=True)
        return walk.items(self.keys, lambda key, **asked: list(self.get(key, **asked)))

    def get_df(self) -> Any:
        """The samples as the rows of a `pandas.DataFrame`."""
        import pandas as pd

        return pd.DataFrame(self.get_iter().collect())

    @property
    def store(self) -> KeyStore:
        """Its shards by their keys, to be written too: each is a list of samples."""
        return KeyStore(self.keys, self.get, self._put)

    @abstractmethod
    def read(self, file: IO[bytes] | gzip.GzipFile) -> Iterator[Any]:
        """The samples in an opened file."""

    @abstractmethod
    def pack(self, sample: Any) -> bytes:
        """A sample as it is written."""

    def _put(self, key: str, samples: Iterable[Any]) -> None:
        fs, root = self.filesystem
        if not key or "/" in key or key[0] == ".":
            raise UserError.of("bad-key", f"{key!r} cannot be the name of a shard")
        try:
            data = b"".join(map(self.pack, samples))
        except (TypeError, ValueError, OverflowError) as error:
            told = f"cannot write a sample of shard {key!r}: {error}"
            raise UserError.of("bad-sample", told) from error
        with reading(self.url, "write"):
            if fs.isfile(root):
                raise NotADirectoryError(20, "it is one file, and no folder of shards")
        self.replace(f"{root.rstrip('/')}/{key}.gz", gzip.compress(data, mtime=0))

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
        for line in iter(lambda: file.readline(_LONGEST + 1), b""):
            if len(line) > _LONGEST:  # a few bytes of gzip may become any number
                raise ValueError(f"a line has more than {_LONGEST} bytes")
            if line.strip():
                yield orjson.loads(line)

    def pack(self, sample: Any) -> bytes:
        """A value as a line."""
        return orjson.dumps(sample, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)


class MessagepackDriver(ShardDriver):
    """Values as MessagePack, one after the other."""

    suffixes = (".msgpack", ".mp")

    def read(self, file: IO[bytes] | gzip.GzipFile) -> Iterator[Any]:
        """The values in an opened file."""
        unpacker, whole = _msgpack().Unpacker(file, strict_map_key=False), 0
        for value in unpacker:
            whole = unpacker.tell()
            yield value
        if whole < file.tell():  # msgpack takes a piece of a value for the end
            raise ValueError("it ends within a value")

    def pack(self, sample: Any) -> bytes:
        """A value as MessagePack."""
        packed: bytes = _msgpack().packb(sample)
        return packed


class StoreDriver(ShardDriver):
    """A folder of packed shards, ``<key>.gz``, whose samples are of any format of samples.

    Parameters
    ----------
    url : str
        A path or an fsspec URL.
    serializer : str
        ``messagepack`` or ``jsonl``, or another driver that reads samples.
    storage_options : mapping, optional
        What fsspec is told beside the URL.
    """

    def __init__(
        self,
        url: str,
        serializer: str = "messagepack",
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(url, storage_options)
        made = driver(serializer)(url=url, storage_options=storage_options)
        if not isinstance(made, ShardDriver):
            raise UserError.of(
                "bad-serializer",
                f"the driver {serializer!r} reads no samples",
                mend="Give 'messagepack' or 'jsonl'.",
            )
        self._format = made

    def read(self, file: IO[bytes] | gzip.GzipFile) -> Iterator[Any]:
        """The samples in an opened file."""
        return self._format.read(file)

    def pack(self, sample: Any) -> bytes:
        """A sample as it is written."""
        return self._format.pack(sample)


def _msgpack() -> Any:
    try:
        import msgpack
    except ImportError as error:
        raise MissingExtraError.needed("msgpack", "msgpack", "reading MessagePack") from error
    return msgpack


def _stem(path: str, suffixes: tuple[str, ...]) -> str:
    name = path.rstrip("/").rpartition("/")[2].removesuffix(".gz")
    return next((name.removesuffix(end) for end in suffixes if name.endswith(end)), name)
