"""The content of values that no attribute tells: arrays, tensors, objects of libraries."""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any

import orjson

from whence.base.digest import digest_bytes

Tell = Callable[[Any], Any]

_PIECE = 8 << 20  # bytes; so much of a large buffer is digested by one thread
_SUMMED = "biufcSUmM"  # kinds of NumPy's dtypes whose bytes are their values


def array_content(value: Any) -> Any:
    """The content of an array of NumPy, without a copy of it; None for all else."""
    numpy = sys.modules.get("numpy")
    # Those that are masked hold more, and are pickled.
    if numpy is None or not isinstance(value, numpy.ndarray) or type(value).__module__ != "numpy":
        return None
    if value.dtype.kind not in _SUMMED or not value.itemsize:
        return None
    turned = value.flags.f_contiguous and not value.flags.c_contiguous
    flat = (value.T if turned else value).view(numpy.ndarray).reshape(-1).view("u1")
    return [value.dtype.str, list(value.shape), turned, digest_large(flat.data)]


def tensor_content(value: Any) -> Any:
    """The content of a tensor of PyTorch, whose pickle is another in each process; or None."""
    if type(value).__module__.partition(".")[0] != "torch" or not hasattr(value, "untyped_storage"):
        return None
    flat = value.detach().cpu().contiguous().reshape(-1)
    data = flat.view(sys.modules["torch"].uint8).numpy()
    return [str(value.dtype), list(value.shape), str(value.device), digest_large(data.data)]


def pickled_content(value: Any, tell: Tell) -> str | None:
    """The content of an object by its pickle, with the functions and classes in it told as code.

    None of an object that is written otherwise each time. What cannot be pickled, or is read from
    a file as it is used, raises whatever it likes.
    """
    content = _written(value, tell)
    if not _steady(content):  # that it was written so twice needs to be seen once only
        again = _written(value, tell)
        if again != content:  # to be written may have made it fill in what it had put off
            content, again = again, _written(value, tell)
        if again != content:
            return None
        _steady(content).append(True)
    return content


def digest_large(data: bytes | memoryview) -> str:
    """The digest of bytes; of many of them that of the digests of pieces, taken side by side."""
    if len(data) <= _PIECE:
        return digest_bytes(data)
    from concurrent.futures import ThreadPoolExecutor

    whole = memoryview(data)
    pieces = [whole[start : start + _PIECE] for start in range(0, len(whole), _PIECE)]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, len(pieces))) as pool:
        return digest_bytes("".join(pool.map(digest_bytes, pieces)).encode())


@functools.lru_cache(maxsize=4096)
def _steady(content: str) -> list[bool]:
    return []


def _written(value: Any, tell: Tell) -> str:
    sha = hashlib.sha256()

    def take(buffer: pickle.PickleBuffer) -> bool:
        try:
            data = buffer.raw()
        except BufferError:  # it is not in one piece, and goes with the rest
            return True
        sha.update(digest_large(data).encode())
        return False

    _Pickler(_Sink(sha.update), take, tell).dump(value)
    return sha.hexdigest()


class _Sink:
    """A file that keeps nothing of what is written."""

    def __init__(self, take: Callable[[Any], None]) -> None:
        self._take = take

    def write(self, data: Any) -> None:
        """Hand the bytes on; large ones come as what they lie in, which has no length."""
        self._take(data)


class _Pickler(pickle.Pickler):
    """Writes content; functions and classes in it are named by what they are."""

    def __init__(
        self, sink: _Sink, take: Callable[[pickle.PickleBuffer], bool], tell: Tell
    ) -> None:
        super().__init__(sink, protocol=5, buffer_callback=take)
        self._tell = tell

    def persistent_id(self, obj: Any) -> Any:
        """What stands for a function, a class or a module; None for all else."""
        if isinstance(obj, types.FunctionType | type | types.ModuleType):
            return orjson.dumps(self._tell(obj))
        if _is_elsewhere(type(obj)):
            raise pickle.PicklingError("it names the files that it is read from, and no more")
        if type(obj).__module__.startswith("xarray.backends."):  # an open file, of data in memory
            return type(obj).__qualname__
        if type(obj) in (set, frozenset):  # whose order is another in each process
            return orjson.dumps(self._tell(obj))
        return tensor_content(obj)


def _is_elsewhere(kind: type) -> bool:
    """Whether the content of objects of a type lies in files that their pickle only names."""
    if kind.__module__.startswith("zarr."):
        return kind.__name__ in ("Array", "AsyncArray", "AsyncGroup", "Group")
    return any(cls.__module__.startswith("xarray.") and cls.__name__ == "BackendArray"
               for cls in kind.__mro__)  # fmt: skip
