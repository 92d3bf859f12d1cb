"""Parameters as the rows that the index keeps of them: one per leaf, under its dotted name."""

from __future__ import annotations

import base64
import struct
from collections.abc import Collection, Iterable
from typing import Any

import orjson

from whence.base.dotted import join_key, key_text
from whence.base.error import UserError
from whence.base.escape import JSON, decode, encode

Cell = tuple[int | float | None, str | None]
"""``num`` and ``text`` of a row; both None for None."""

NAN = '{"$float":"nan"}'
"""The text of NaN, which is not that of the word."""

LONGEST_RANGE = 1000
"""Ranges up to this length are looked for like lists."""

_LONGEST = 4096
_STRUCT = {"f2": "e", "f4": "f", "f8": "d", "b1": "?"} | {
    kind + size: letter if kind == "i" else letter.upper()
    for kind in "iu"
    for size, letter in (("1", "b"), ("2", "h"), ("4", "i"), ("8", "q"))
}


def leaves(params: JSON) -> dict[str, Cell]:
    """The cell of each leaf of escape-encoded parameters, by its dotted name.

    Examples
    --------
    >>> leaves({"a": {"b": 1, "c": "x"}, "d": [1, 2]})
    {'a.b': (1, None), 'a.c': (None, 'x'), 'd': (None, '[1,2]')}

    The names are those of `whence.base.dotted`.
    """
    found: dict[str, Cell] = {}
    _collect(found, "", _members(params) or ())
    return found


def _collect(found: dict[str, Cell], before: str, members: Iterable[tuple[Any, JSON]]) -> None:
    dotted = f"{before}." if before else ""
    for key, value in members:
        plain = type(key) is str and key.isidentifier()
        name = dotted + key if plain else join_key(before, key_text(key))
        kind = type(value)
        if kind is dict:
            inner = _members(value)
            if inner:
                _collect(found, name, inner)
                continue
        found[name] = (value, None) if kind is float else cell_of(value)


def cell(value: Any) -> Cell:
    """The cell that a parameter of that value has, for filters to look for."""
    return cell_of(encode(value))


def cell_of(data: JSON) -> Cell:
    """The cell of an escape-encoded value."""
    kind = type(data)
    if kind is str:
        return None, data
    if kind is float or kind is int:
        return data if kind is float or data < 2**63 else float(data), None
    if kind is bool:
        return int(data), None
    if data is None:
        return None, None
    if kind is dict and len(data) == 1:
        ((name, inner),) = data.items()
        if name in _SCALARS:
            return _SCALARS[name](inner)
    return None, _brief(_plain(data))


def _members(value: dict[str, JSON]) -> Collection[tuple[Any, JSON]] | None:
    """What a mapping holds, by key; None for what is written as one and is none."""
    if len(value) == 1:
        (name,) = value
        if name == "$map":
            return [(_key(key), inner) for key, inner in value["$map"]]
        if name[:1] == "$":
            return None
    return value.items()


def _key(data: JSON) -> Any:
    try:
        return decode(data)
    except UserError:  # of a newer version
        return _brief(data)


def _plain(data: JSON) -> JSON:
    """Tuples and sets as lists: a filter should not need to know which it was."""
    if type(data) is list:
        return [_plain(item) for item in data]
    if type(data) is dict:
        if len(data) == 1:
            ((name, inner),) = data.items()
            if name in ("$tuple", "$set", "$frozenset"):
                return _plain(inner)
            if name == "$range" and len(range(*inner)) <= LONGEST_RANGE:
                return list(range(*inner))
        return {name: _plain(inner) for name, inner in data.items()}
    return data


def _brief(data: JSON) -> str:
    text = orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()
    if len(text) <= _LONGEST:
        return text
    from whence.base.digest import digest_bytes

    return f"sha256:{digest_bytes(text.encode())}"


def _float(data: JSON) -> Cell:
    # SQLite has the infinities but takes NaN for NULL.
    return (None, NAN) if data == "nan" else (float(data), None)


def _numpy(data: JSON) -> Cell:
    dtype, text = data
    letter = _STRUCT.get(dtype[1:])
    if letter is None:
        return _rare(data)
    order = ">" if dtype[0] == ">" else "<"
    (value,) = struct.unpack(order + letter, base64.b64decode(text))
    if type(value) is bool:
        return int(value), None
    if type(value) is float and value != value:
        return None, NAN
    return (value if -(2**63) <= value < 2**63 else float(value)), None


def _rare(data: JSON) -> Cell:
    """Of NumPy's times, which are written as text, and of numbers that Python has otherwise."""
    value = decode({"$numpy": data})
    if data[0][1:2] in ("m", "M"):
        return None, str(value)
    plain = value.item()
    return (None, _brief({"$numpy": data})) if type(plain) is type(value) else cell(plain)


def _text(data: JSON) -> Cell:
    return None, data if type(data) is str else _brief(data)


def _first_text(data: JSON) -> Cell:
    return _text(data[0] if type(data) is list else data)


_SCALARS = {
    "$int": lambda data: (float(data) if len(data) < 300 else None, data),
    "$float": _float,
    "$numpy": _numpy,
    "$path": _text,
    "$date": _text,
    "$time": _text,
    "$datetime": _first_text,
    "$decimal": _text,
}
