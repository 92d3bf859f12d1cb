"""A store of Zarr that looks at descriptions and chunks before Zarr believes them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from zarr.abc.store import Store
from zarr.storage import WrapperStore

from whence.base.error import UserError
from whence.formats.packed import UNPACKERS, unpacked_size

_PLAIN = {
    *("adler32", "bitround", "bytes", "crc32", "crc32c", "endian", "fletcher32"),
    *("jenkins_lookup3", "shuffle", "transpose", "vlen-array", "vlen-bytes", "vlen-utf8"),
}
_WIDENING = {  # codec: the dtype that comes out, the dtype that went in
    "astype": ("decode_dtype", "encode_dtype"),
    "delta": ("dtype", "astype"),
    "fixedscaleoffset": ("dtype", "astype"),
    "quantize": ("dtype", "astype"),
}
_WIDEST = 16  # one byte can stand for a complex number
_LZMA_RAW = 3
_NUMBERS = {
    "bool",
    *(f"{kind}int{bits}" for kind in ("", "u") for bits in (8, 16, 32, 64)),
    *("float16", "float32", "float64", "complex64", "complex128"),
}
_INDEXES = ([("bytes", "little")], [("bytes", "little"), ("crc32c", None)])
_NOWHERE = 2**64 - 1  # where a chunk of a shard is that holds nothing
_MOST = 1 << 20  # chunks of a shard
_TRUST = "If you trust who made it, get it as a file and open it with Zarr."


@dataclass(frozen=True, slots=True)
class Chain:
    """What becomes of a chunk when it is decoded.

    Attributes
    ----------
    unpacker : str or None
        The one codec that makes more of less; it is the first to decode.
    factor : int
        How many times as wide the values become after that.
    """

    unpacker: str | None = None
    factor: int = 1

    def size(self, chunk: memoryview, limit: int) -> int:
        """How many bytes the chunk becomes at most; not exact above `limit`."""
        whole = unpacked_size(self.unpacker, chunk, limit) if self.unpacker else len(chunk)
        return self.factor * whole


@dataclass(frozen=True, slots=True)
class Shards:
    """What becomes of the chunks that lie in shards, each with an index of where they are.

    Attributes
    ----------
    chain : Chain
        What becomes of each chunk.
    count : int
        How many a shard has.
    at_start : bool
        Whether the index is before them.
    check : int
        Bytes after the index that check it.
    """

    chain: Chain
    count: int
    at_start: bool
    check: int

    def size(self, shard: memoryview, limit: int) -> int:
        """How many bytes the largest chunk becomes at most; not exact above `limit`.

        Chunks that share their bytes, which could become any number, count as too much.
        """
        width = 16 * self.count
        if len(shard) < width + self.check:
            return 0  # Zarr refuses it
        begin = 0 if self.at_start else len(shard) - width - self.check
        index = np.frombuffer(shard[begin : begin + width], "<u8").tolist()
        places = {
            (start, length)
            for start, length in zip(index[::2], index[1::2], strict=True)
            if start != _NOWHERE
        }
        if sum(length for _, length in places) > len(shard):
            return limit + 1
        pieces = (shard[start : start + length] for start, length in places)
        return max((self.chain.size(piece, limit) for piece in pieces), default=0)


class Guard(WrapperStore[Store]):
    """What another store holds, as far as it is safe to decode.

    Parameters
    ----------
    store : zarr.abc.store.Store
    limit : int
        The most bytes that a chunk may become.
    foreign : bool
        Whether to refuse also what cannot be checked, such as codecs not known here, and to read
        shards whole to check them, of which else only parts may be read.
    """

    def __init__(self, store: Store, limit: int, *, foreign: bool) -> None:
        super().__init__(store)
        self._limit, self._foreign = limit, foreign
        self._chains: dict[str, set[Chain | Shards]] = {}
        self._passed: set[tuple[str, frozenset[Chain | Shards]]] = set()

    def _with_store(self, store: Store) -> Guard:
        other = type(self)(store, self._limit, foreign=self._foreign)
        other._chains, other._passed = self._chains, self._passed
        return other

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        """A part of the store, as Zarr asks for it.

        Raises
        ------
        UserError
            If it would become too much, have something unpickled, or cannot be checked.
        """
        part = await self._store.get(key, prototype, byte_range)
        if part is None:
            return None
        folder, _, name = key.rpartition("/")
        if name in (".zarray", ".zmetadata", "zarr.json"):
            for path, described in _arrays(folder, orjson.loads(part.to_bytes())):
                chain = _chain(path, described, self._limit, foreign=self._foreign)
                if chain is not None:
                    self._chains.setdefault(path, set()).add(chain)
        elif name not in (".zgroup", ".zattrs"):
            chains = self._above(key)
            if byte_range is None or not any(isinstance(chain, Shards) for chain in chains):
                self._check(key, _bytes(part), chains)
            elif self._foreign and (key, chains) not in self._passed:
                whole = await self._store.get(key, prototype)
                self._check(key, _bytes(whole), chains)
                self._passed.add((key, chains))
        return part

    async def get_partial_values(self, prototype: Any, key_ranges: Any) -> list[Any]:
        """Several parts of the store, each as by `get`."""
        return [await self.get(key, prototype, within) for key, within in key_ranges]

    def _above(self, key: str) -> frozenset[Chain | Shards]:
        # One array may be told to lie within another: the chunk could be any one's above it.
        above = [key[:at] for at, letter in enumerate(key) if letter == "/"]
        return frozenset().union(*(self._chains.get(path, ()) for path in ["", *above]))

    def _check(self, key: str, chunk: memoryview, chains: Collection[Chain | Shards]) -> None:
        for chain in chains:
            if chain.size(chunk, self._limit) > self._limit:
                raise UserError.of(
                    "too-large",
                    f"the chunk {key!r} of {len(chunk)} bytes would become more than {self._limit}",
                    mend="It is damaged, or was made to fill the memory of who reads it. "
                    "If you trust who made it, open it with Zarr.",
                )


def _arrays(folder: str, described: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The path and description of each array that a description tells of."""
    if not isinstance(described, dict):
        return
    within = f"{folder}/" if folder else ""
    told = described.get("consolidated_metadata") or described
    for key, inner in (told.get("metadata") or {}).items():
        if not key.endswith((".zattrs", ".zgroup")):
            yield from _arrays((within + key.removesuffix(".zarray")).rstrip("/"), inner)
    if described.keys() & {"compressor", "filters", "codecs"}:
        yield folder, described


def _bytes(part: Any) -> memoryview:
    return memoryview(part.as_numpy_array()).cast("B")


def _chain(
    path: str, described: Mapping[str, Any], limit: int, *, foreign: bool
) -> Chain | Shards | None:
    """How the chunks of an array are decoded; None if it cannot be checked.

    Raises
    ------
    UserError
        If they must not be, or cannot be checked and come from others.
    """
    first = described.get("compressor")
    steps = [*(described.get("filters") or ()), *([first] if first else ())]
    steps = _codecs([*steps, *(described.get("codecs") or ())])
    names = [_name(step) for step in steps]
    if any(name.endswith("pickle") for name in names):
        raise UserError.of(
            "pickled",
            f"{path!r} would have Python unpickle the array, which can run any code",
            mend="Ask who made it for an array of text or numbers.",
        )
    shards = _shards(path, described, limit, foreign=foreign)
    if shards is not None:
        return shards
    strange = [name for name in names if name not in _PLAIN | _WIDENING.keys() | UNPACKERS.keys()]
    strange += ["lzma without a header" for step in steps if _told(step, "format") == _LZMA_RAW]
    if strange:
        if foreign:
            raise _unchecked(path, f"uses {strange[0]!r}")
        return None
    outer = [name for name in reversed(names) if name != "crc32c"]  # that one adds to the end
    if any(name in UNPACKERS for name in outer[1:]):
        raise _unchecked(path, f"has {' in '.join(map(repr, reversed(outer)))}")
    factor = 1
    for step, name in zip(steps, names, strict=True):
        factor *= _widening(step, *_WIDENING[name]) if name in _WIDENING else 1
    if factor > _WIDEST:
        raise _unchecked(path, f"becomes {factor} times as wide")
    return Chain(outer[0] if outer and outer[0] in UNPACKERS else None, factor)


def _shards(path: str, described: Mapping[str, Any], limit: int, *, foreign: bool) -> Shards | None:
    """How the chunks in shards are decoded; None if there are none, or others than Zarr writes."""
    steps: Sequence[Any] = described.get("codecs") or ()
    grid = described.get("chunk_grid")
    if described.get("zarr_format") != 3 or [_name(step) for step in steps] != ["sharding_indexed"]:
        return None
    shape, within = _told(grid, "chunk_shape"), _told(steps[0], "chunk_shape")
    index = [(_name(step), _told(step, "endian")) for step in _told(steps[0], "index_codecs") or ()]
    place, kind = _told(steps[0], "index_location"), described.get("data_type")
    plain = isinstance(kind, str) and kind in _NUMBERS and _name(grid) == "regular"
    if not plain or index not in _INDEXES or place not in ("start", "end"):
        return None
    if not (_are_sizes(shape) and _are_sizes(within) and len(shape) == len(within)):
        return None
    count = math.prod(whole // part for whole, part in zip(shape, within, strict=True))
    size = math.prod(shape) * np.dtype(kind).itemsize
    chain = _chain(path, {"codecs": _told(steps[0], "codecs")}, limit, foreign=foreign)
    if not isinstance(chain, Chain) or not 0 < count <= _MOST or size > limit:
        return None
    return Shards(chain, count, place == "start", 4 * (len(index) - 1))


def _are_sizes(shape: object) -> bool:
    return isinstance(shape, list) and all(type(size) is int and size > 0 for size in shape)


def _codecs(steps: Sequence[Any]) -> list[Any]:
    """The codecs, and those within shards."""
    found = []
    for step in steps:
        inner = [*(_told(step, "codecs") or ()), *(_told(step, "index_codecs") or ())]
        found += [step, *_codecs(inner)]
    return found


def _told(step: Any, name: str) -> Any:
    """What the description of a codec tells of it, by version 2 or 3 of Zarr."""
    if not isinstance(step, dict):
        return None
    inner = step.get("configuration")
    return inner.get(name) if isinstance(inner, dict) else step.get(name)


def _name(step: Any) -> str:
    name = step.get("id", step.get("name")) if isinstance(step, dict) else step
    return str(name).removeprefix("numcodecs.")


def _widening(step: Any, out: str, into: str) -> int:
    wide, narrow = _told(step, out), _told(step, into) or _told(step, out)
    return int(-(-np.dtype(wide).itemsize // max(1, np.dtype(narrow).itemsize)))


def _unchecked(path: str, why: str) -> UserError:
    return UserError.of(
        "unchecked-codec",
        f"how much {path!r} would become cannot be known before: it {why}",
        mend=_TRUST,
    )
