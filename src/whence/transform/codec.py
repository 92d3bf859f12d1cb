"""Values as bytes and back, exactly, without pickle: what the cache writes.

The bytes are a JSON header that gives the structure, then the raw memory of the arrays that it
refers to, each at a multiple of 64 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from whence.base.error import UserError
from whence.base.escape import decode, encode

MAGIC = b"whence-value-1\n\0"
_ALIGN = 64
_LEAD = len(MAGIC) + 8  # and the length of the header


class UnstorableError(Exception):
    """A value that cannot be written so that exactly the same comes back."""


class DamagedError(Exception):
    """Bytes that are not what `freeze` wrote."""


def freeze(value: Any) -> list[bytes]:
    """The value as pieces of bytes to be written one after the other.

    Numbers, text, times, lists, tuples, sets, dictionaries, NumPy arrays and scalars, and xarray
    objects whose indexes are plain. Types, dtypes, byte and memory order, names, attributes,
    coordinates and the order of dimensions and keys all survive.

    Raises
    ------
    UnstorableError
        For anything else, like objects of other classes, lazy arrays and multi-indexes.

    Examples
    --------
    >>> thaw(b"".join(freeze({"x": (1, float("inf"))})))
    {'x': (1, inf)}
    """
    arrays: list[Any] = []
    header = orjson.dumps([_plain(value, arrays), [_layout(array) for array in arrays]])
    pieces = [MAGIC, struct.pack("<Q", len(header)), header]
    at = _LEAD + len(header)
    for array in arrays:
        pad = -at % _ALIGN
        memory = (array.T if _fortran(array) else array).tobytes()
        pieces += [b"\0" * pad, memory]
        at += pad + len(memory)
    return pieces


def thaw(data: bytes | bytearray | memoryview) -> Any:
    """The value that `freeze` was given.

    Raises
    ------
    DamagedError
        If the bytes are not whole.
    """
    view = memoryview(data)

    def take(start: int, count: int) -> memoryview:
        if len(view) < start + count:
            raise DamagedError
        return view[start : start + count]

    try:
        return _thawed(take)
    except (ValueError, KeyError, TypeError, IndexError, struct.error, UserError) as error:
        raise DamagedError from error


def _thawed(take: Callable[[int, int], memoryview]) -> Any:
    import numpy as np

    if take(0, len(MAGIC)) != MAGIC:
        raise DamagedError
    (length,) = struct.unpack("<Q", take(len(MAGIC), 8))
    plain, layouts = orjson.loads(take(_LEAD, length))
    at = _LEAD + length
    arrays = []
    for descr, shape, fortran in layouts:
        dtype = np.dtype(descr)
        count = dtype.itemsize
        for size in shape:
            count *= size
        at += -at % _ALIGN
        flat = np.empty(count, dtype="u1")
        flat[:] = np.frombuffer(take(at, count), dtype="u1")
        at += count
        array = (
            flat.view(dtype) if dtype.itemsize else np.empty(int(np.prod(shape)), dtype)
        ).reshape(shape[::-1] if fortran else shape)
        arrays.append(array.T if fortran else array)
    return _value(plain, arrays)


def _layout(array: Any) -> list[Any]:
    return [array.dtype.str, list(array.shape), _fortran(array)]


def _fortran(array: Any) -> bool:
    return bool(array.flags.f_contiguous and not array.flags.c_contiguous)


_CONTAINERS: dict[type, str] = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset"}
_SIMPLE = frozenset({str, bool, type(None)})


def _plain(value: Any, arrays: list[Any]) -> Any:
    """JSON data for a value: simple ones as they are, all others as ``[kind, content]``."""
    kind = type(value)
    if kind in _SIMPLE or (kind is int and -(2**63) <= value < 2**63):
        return _text(value)
    if kind in _CONTAINERS:
        items = sorted(value, key=repr) if kind in (set, frozenset) else value
        return [_CONTAINERS[kind], [_plain(item, arrays) for item in items]]
    if kind is dict:
        return [
            "dict",
            [[_plain(key, arrays), _plain(item, arrays)] for key, item in value.items()],
        ]
    module = kind.__module__.partition(".")[0]
    if module == "numpy":
        return _numpy(value, arrays)
    if module == "xarray":
        return _xarray(value, arrays)
    try:
        data = encode(value)
        if type(decode(data)) is kind:
            return ["escaped", data]
    except (UserError, ValueError):
        pass
    raise UnstorableError(f"{kind.__module__}.{kind.__qualname__}")


def _text(value: Any) -> Any:
    if type(value) is str:
        try:
            value.encode()
        except UnicodeEncodeError:
            return ["escaped", encode(value)]
    return value


def _numpy(value: Any, arrays: list[Any]) -> Any:
    import numpy as np

    if type(value) is np.ndarray:
        if value.dtype.kind == "O":
            return _objects(value)
        if value.dtype.kind not in "biufcSUmM" or value.dtype.metadata:
            raise UnstorableError(str(value.dtype))
        arrays.append(value)
        return ["array", len(arrays) - 1]
    if isinstance(value, np.generic) and value.dtype.kind in "biufcSUmM":
        arrays.append(np.asarray(value))
        return ["scalar", len(arrays) - 1]
    raise UnstorableError(type(value).__qualname__)


def _objects(array: Any) -> Any:
    items = array.ravel().tolist()
    if not all(item is None or type(item) in (str, bool, int, float) for item in items):
        raise UnstorableError("an array of objects")
    return ["objects", [list(array.shape), [_plain(item, []) for item in items]]]


def _xarray(value: Any, arrays: list[Any]) -> Any:
    import xarray as xr

    if type(value) is xr.DataArray:
        _require_plain_indexes(value)
        content = [
            _plain(value.name, arrays),
            _variable(value.variable, arrays),
            [[_plain(k, arrays), _variable(c.variable, arrays)] for k, c in value.coords.items()],
        ]
        return ["dataarray", content]
    if type(value) is xr.Dataset:
        _require_plain_indexes(value)
        pairs = [
            [
                [_plain(name, arrays), _variable(item.variable, arrays)]
                for name, item in part.items()
            ]
            for part in (value.data_vars, value.coords)
        ]
        return ["dataset", [*pairs, _plain(dict(value.attrs), arrays)]]
    raise UnstorableError(type(value).__qualname__)


def _require_plain_indexes(value: Any) -> None:
    """Refuse what naming the coordinates would not bring back."""
    from xarray.core.indexes import PandasIndex

    expected = {name for name in value.coords if name in value.dims}
    if set(value.xindexes) != expected:
        raise UnstorableError("indexes other than those of dimension coordinates")
    if not all(type(index) is PandasIndex for index in value.xindexes.values()):
        raise UnstorableError("an index that is not plain")


def _variable(variable: Any, arrays: list[Any]) -> Any:
    import numpy as np

    data = variable.data if type(variable).__name__ == "Variable" else variable.values
    if type(data) is not np.ndarray:
        raise UnstorableError(f"data in a {type(data).__qualname__}")
    return [
        _plain(tuple(variable.dims), arrays),
        _numpy(data, arrays),
        _plain(dict(variable.attrs), arrays),
    ]


def _value(data: Any, arrays: Sequence[Any]) -> Any:
    if type(data) is not list:
        return data
    kind, content = data
    return _KINDS[kind](content, arrays)


def _items(content: Any, arrays: Sequence[Any]) -> list[Any]:
    return [_value(item, arrays) for item in content]


def _pairs(content: Any, arrays: Sequence[Any]) -> dict[Any, Any]:
    return {_value(key, arrays): _value(item, arrays) for key, item in content}


def _variables(content: Any, arrays: Sequence[Any]) -> dict[Any, Any]:
    return {
        _value(name, arrays): tuple(_value(part, arrays) for part in parts)
        for name, parts in content
    }


def _dataarray(content: Any, arrays: Sequence[Any]) -> Any:
    import xarray as xr

    name, (dims, data, attrs), coords = content
    return xr.DataArray(
        _value(data, arrays),
        coords=_variables(coords, arrays),
        dims=_value(dims, arrays),
        name=_value(name, arrays),
        attrs=_value(attrs, arrays),
    )


def _dataset(content: Any, arrays: Sequence[Any]) -> Any:
    import xarray as xr

    variables, coords, attrs = content
    return xr.Dataset(
        _variables(variables, arrays), _variables(coords, arrays), _value(attrs, arrays)
    )


def _objects_array(content: Any, arrays: Sequence[Any]) -> Any:
    import numpy as np

    shape, items = content
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = _value(item, arrays)
    return array.reshape(shape)


_KINDS: dict[str, Callable[[Any, Sequence[Any]], Any]] = {
    "list": _items,
    "tuple": lambda content, arrays: tuple(_items(content, arrays)),
    "set": lambda content, arrays: set(_items(content, arrays)),
    "frozenset": lambda content, arrays: frozenset(_items(content, arrays)),
    "dict": _pairs,
    "escaped": lambda content, _: decode(content),
    "array": lambda content, arrays: arrays[content],
    "scalar": lambda content, arrays: arrays[content][()],
    "objects": _objects_array,
    "dataarray": _dataarray,
    "dataset": _dataset,
}
