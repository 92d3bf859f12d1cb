"""The escape encoding: every value a journal keeps, as plain JSON and back, exactly.

JSON has no NaN, no tuple, no bytes and no integer of any size. Such a value is written as an
object of one member whose name starts with ``$``; ``docs/store-format.md`` lists them all.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import math
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from whence.base.error import UserError

JSON = Any  # None, bool, int, float, str, list of JSON, dict of str to JSON

_DEEPEST = 200
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def encode(value: Any, path: tuple[str | int, ...] = ()) -> JSON:
    """The value as plain JSON data.

    Parameters
    ----------
    value : object
        None, booleans, numbers, text, bytes, lists, tuples, sets, mappings, dates and times,
        paths, NumPy scalars and arrays of numbers, text or times, nested in any way.
    path : tuple of str or int
        Where the value stands, for the error message.

    Raises
    ------
    UserError
        If something in the value has no encoding; it names the key.

    Examples
    --------
    >>> encode({"x": (1, float("nan"))})
    {'x': {'$tuple': [1, {'$float': 'nan'}]}}
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value)
    if kind is bool or value is None:
        return value
    if kind is int:
        return value if _SMALLEST <= value <= _LARGEST else {"$int": _digits(value, path)}
    if kind is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    if len(path) > _DEEPEST:
        raise _refused(path, f"it is nested more than {_DEEPEST} deep, or contains itself")
    if kind is list:
        return [encode(item, (*path, i)) for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        return _mapping(value, path)
    for type_, name, pack in _PACKERS:
        if isinstance(value, type_):
            return {name: pack(value, path)}
    return _other(value, path)


def decode(data: JSON) -> Any:
    """The value that `encode` was given.

    Raises
    ------
    UserError
        If the data holds an escape that this version does not know, or that is malformed.

    Examples
    --------
    >>> decode({"x": {"$tuple": [1, 2]}})
    {'x': (1, 2)}
    """
    try:
        return _decode(data)
    except UserError:
        raise
    except Exception as error:  # what comes from elsewhere makes a constructor raise anything
        raise UserError.of(
            "malformed-escape",
            f"a value is not written as it should be: {type(error).__name__}: {error}",
            mend="It was damaged, or not written by whence.",
        ) from error


def readable(data: JSON) -> Any:
    """The value that `encode` was given; what cannot be decoded is left as it is written.

    Examples
    --------
    >>> readable({"x": {"$tuple": [1]}, "y": {"$int": []}})
    {'x': (1,), 'y': {'$int': []}}
    """
    try:
        return decode(data)
    except UserError:
        return _readable(data, _DEEPEST)


def _readable(data: JSON, depth: int) -> Any:
    if not depth:
        return "…"
    if type(data) is list:
        return [_readable(item, depth - 1) for item in data]
    if type(data) is not dict:
        return data
    if len(data) == 1 and next(iter(data))[:1] == "$":
        try:
            return decode(data)
        except UserError:
            pass
    return {key: _readable(item, depth - 1) for key, item in data.items()}


def _decode(data: JSON) -> Any:
    if type(data) is dict:
        if len(data) == 1:
            (name,) = data
            if name[:1] == "$":
                return _unpack(name, data[name])
        return {key: _decode(item) for key, item in data.items()}
    if type(data) is list:
        return [_decode(item) for item in data]
    return data


def canonical(value: Any) -> bytes:
    """One line of bytes that is the same for equal values, for digests."""
    return orjson.dumps(_ordered(encode(value)), option=orjson.OPT_SORT_KEYS)


def _ordered(data: JSON) -> JSON:
    if type(data) is dict:
        if "$map" in data:
            pairs = [[_ordered(key), _ordered(item)] for key, item in data["$map"]]
            return {"$map": sorted(pairs, key=lambda pair: orjson.dumps(pair[0]))}
        return {key: _ordered(item) for key, item in data.items()}
    if type(data) is list:
        return [_ordered(item) for item in data]
    return data


def _digits(value: int, path: tuple[str | int, ...]) -> str:
    try:
        return str(value)
    except ValueError as error:  # Python reads and writes 4300 digits, to be safe from others
        raise _refused(path, "it is an integer of too many digits") from error


def _text(value: str) -> JSON:
    try:
        value.encode()
    except UnicodeEncodeError:  # a file name that is not UTF-8 carries lone surrogates
        return {"$str": _base64(value.encode("utf-8", "surrogatepass"))}
    return value


def _mapping(value: Mapping[Any, Any], path: tuple[str | int, ...]) -> JSON:
    plain = all(type(key) is str and key[:1] != "$" and key.isprintable() for key in value)
    if plain:
        return {key: encode(item, (*path, key)) for key, item in value.items()}
    return {
        "$map": [
            [encode(key, (*path, repr(key))), encode(item, (*path, str(key)))]
            for key, item in value.items()
        ]
    }


def _items(value: Any, path: tuple[str | int, ...]) -> JSON:
    return [encode(item, (*path, i)) for i, item in enumerate(value)]


def _members(value: Any, path: tuple[str | int, ...]) -> JSON:
    return sorted((encode(item, path) for item in value), key=orjson.dumps)


def _datetime(value: dt.datetime, path: tuple[str | int, ...]) -> JSON:
    zone = getattr(value.tzinfo, "key", None)  # a ZoneInfo has a name, a fixed offset none
    text = value.isoformat()
    return [text, zone, value.fold] if zone or value.fold else text


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_PACKERS: tuple[tuple[type, str, Callable[[Any, tuple[str | int, ...]], JSON]], ...] = (
    (tuple, "$tuple", _items),
    (set, "$set", _members),
    (frozenset, "$frozenset", _members),
    (bytes, "$bytes", lambda value, _: _base64(value)),
    (bytearray, "$bytes", lambda value, _: _base64(bytes(value))),
    (dt.datetime, "$datetime", _datetime),
    (dt.date, "$date", lambda value, _: value.isoformat()),
    (dt.time, "$time", lambda value, _: value.isoformat()),
    (dt.timedelta, "$timedelta", lambda value, _: [value.days, value.seconds, value.microseconds]),
    (pathlib.PurePath, "$path", lambda value, _: _text(str(value))),
    (decimal.Decimal, "$decimal", lambda value, _: str(value)),
    (complex, "$complex", lambda value, _: [encode(value.real), encode(value.imag)]),
    (range, "$range", lambda value, path: _items((value.start, value.stop, value.step), path)),
    (slice, "$slice", lambda value, path: _items((value.start, value.stop, value.step), path)),
)


def _other(value: Any, path: tuple[str | int, ...]) -> JSON:
    """Values of NumPy, known without importing it, and subclasses of the plain types."""
    dtype = getattr(value, "dtype", None)
    if dtype is not None and type(value).__module__.split(".")[0] == "numpy":
        if dtype.kind not in "biufcSUmM":
            raise _refused(path, f"it is a NumPy value of dtype {dtype}")
        if getattr(value, "ndim", 1) == 0 and not hasattr(value, "__setitem__"):
            if dtype.name in ("float64", "int64", "bool") or dtype.kind == "U":
                return encode(value.item(), path)
            return {"$numpy": [dtype.str, _base64(value.tobytes())]}
        return {"$array": [dtype.str, list(value.shape), _base64(value.tobytes())]}
    for plain in (str, int, float):
        if isinstance(value, plain):
            return encode(plain(value), path)
    if isinstance(value, list):
        return _items(value, path)
    raise _refused(path, f"it is a {type(value).__module__}.{type(value).__qualname__}")


def _refused(path: tuple[str | int, ...], why: str) -> UserError:
    named = ".".join(str(key) for key in path[:8]) + ("…" if len(path) > 8 else "")
    return UserError.of(
        "not-encodable",
        f"{f'the value of {named!r} cannot be recorded' if named else 'cannot record it'}: {why}",
        mend="Give numbers, text, bytes, times, paths, lists, tuples, sets, mappings or NumPy "
        "arrays of them; save anything else as an artifact.",
    )


def _array(data: JSON) -> Any:
    import numpy as np

    dtype, shape, text = data
    return np.frombuffer(base64.b64decode(text), dtype=dtype).reshape(shape).copy()


def _scalar(data: JSON) -> Any:
    import numpy as np

    dtype, text = data
    return np.frombuffer(base64.b64decode(text), dtype=dtype)[0]


def _datetime_of(data: JSON) -> dt.datetime:
    if isinstance(data, str):
        return dt.datetime.fromisoformat(data)
    from zoneinfo import ZoneInfo

    text, zone, fold = data
    value = dt.datetime.fromisoformat(text)
    return value.replace(tzinfo=ZoneInfo(zone) if zone else value.tzinfo, fold=fold)


_UNPACKERS: dict[str, Callable[[JSON], Any]] = {
    "$int": int,
    "$float": float,
    "$str": lambda data: base64.b64decode(data).decode("utf-8", "surrogatepass"),
    "$map": lambda data: {_hashable(_decode(key)): _decode(item) for key, item in data},
    "$tuple": lambda data: tuple(_decode(item) for item in data),
    "$set": lambda data: {_decode(item) for item in data},
    "$frozenset": lambda data: frozenset(_decode(item) for item in data),
    "$bytes": base64.b64decode,
    "$datetime": _datetime_of,
    "$date": dt.date.fromisoformat,
    "$time": dt.time.fromisoformat,
    "$timedelta": lambda data: dt.timedelta(*data),
    "$path": lambda data: pathlib.Path(_decode(data)),
    "$decimal": decimal.Decimal,
    "$complex": lambda data: complex(_decode(data[0]), _decode(data[1])),
    "$range": lambda data: range(*(_decode(item) for item in data)),
    "$slice": lambda data: slice(*(_decode(item) for item in data)),
    "$numpy": _scalar,
    "$array": _array,
}


def _hashable(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key


def _unpack(name: str, data: JSON) -> Any:
    try:
        unpack = _UNPACKERS[name]
    except KeyError:
        raise UserError.of(
            "unknown-escape",
            f"the store holds a value written as {name!r}, which this version does not know",
            mend="It was written by a newer whence: upgrade with `pip install -U whence`.",
        ) from None
    return unpack(data)
