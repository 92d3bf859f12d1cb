"""Parameters as the rows that the index keeps of them: one per leaf, under its dotted name."""

from __future__ import annotations

import base64
import struct
import sys
from collections.abc import Collection, Iterable
from typing import Any

import orjson

from whence.base.dotted import join_key, key_text
from whence.base.error import UserError
from whence.base.escape import JSON, decode, encode

Cell = tuple[int | float | None, str | None]
"""``num`` and ``text`` of a row; both None for None."""

_MARK = "\U0010ffff"
TEXT, LIST, ARRAY, LONG, DIGITS, OTHER = (f"{_MARK}{kind}" for kind in "012345")
"""How the text of what is not simply text begins.

A text that begins with the mark itself, a list as JSON, an array as it is written, the digest of a
list or an array that is too long, the digits of a number that is too great for SQLite, and all
else. No text sorts after the mark, so that all texts are less than `LIST` and in their own order.
"""

LONGEST_RANGE = 1000
"""Ranges up to this length are looked for like lists."""

_NAN = OTHER + '{"$float":"nan"}'
_LONGEST = 4096
_STRUCT = {"f2": "e", "f4": "f", "f8": "d", "b1": "?"} | {
    kind + size: letter if kind == "i" else letter.upper()
    for kind in "iu"
    for size, letter in (("1", "b"), ("2", "h"), ("4", "i"), ("8", "q"))
}


def leaves(params: JSON) -> dict[str, Cell]:
    r"""The cell of each leaf of escape-encoded parameters, by its dotted name.

    Examples
    --------
    >>> leaves({"a": {"b": 1, "c": "x"}, "d": [1, 2]})
    {'a.b': (1, None), 'a.c': (None, 'x'), 'd': (None, '\U0010ffff1[1,2]')}

    The names are those of `whence.base.dotted`.
    """
    found: dict[str, Cell] = {}
    try:
        _collect(found, "", _members(params) or ())
    except RecursionError:  # nested as nothing is that whence writes
        found.clear()
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
        return None, data if data < _MARK else TEXT + data
    if kind is float:
        return data, None
    if kind is int:
        return (data, None) if -(2**63) <= data < 2**63 else _huge(str(data))
    if kind is bool:
        return int(data), None
    if data is None:
        return None, None
    if kind is dict and len(data) == 1:
        ((name, inner),) = data.items()
        if name in _SCALARS:
            try:
                return _SCALARS[name](inner)
            except Exception:  # a malformed escape makes a constructor raise anything
                return None, _structure(data)
    return None, _structure(_plain(data))


def listed(value: Any) -> str | None:
    """The JSON behind the mark of a list, however long it is; None for what is no list."""
    data = _plain(encode(value))
    return _json(data) if type(data) is list else None


def _members(value: dict[str, JSON]) -> Collection[tuple[Any, JSON]] | None:
    """What a mapping holds, by key; None for what is written as one and is none."""
    if len(value) == 1:
        (name,) = value
        if name == "$map":
            try:
                return [(_key(key), inner) for key, inner in value["$map"]]
            except (TypeError, ValueError):  # malformed
                return None
        if name[:1] == "$":
            return None
    return value.items()


def _key(data: JSON) -> Any:
    try:
        return decode(data)
    except UserError:  # of a newer version
        text, long = _brief(data)
        return f"sha256:{text}" if long else text


def _plain(data: JSON) -> JSON:
    """Tuples and sets as lists: a filter should not need to know which it was."""
    if type(data) is list:
        return [_plain(item) for item in data]
    if type(data) is dict:
        if len(data) == 1:
            ((name, inner),) = data.items()
            if name in ("$tuple", "$set", "$frozenset"):
                return _plain(inner)
            if name == "$range":
                return _listed_range(inner, data)
        return {name: _plain(inner) for name, inner in data.items()}
    return data


def _listed_range(inner: JSON, data: JSON) -> JSON:
    try:
        told = range(*inner)
        return list(told) if len(told) <= LONGEST_RANGE else data
    except (TypeError, ValueError, OverflowError):  # malformed, or longer than any list
        return data


def _structure(data: JSON) -> str:
    text, long = _brief(data)
    if type(data) is list:
        return (LONG if long else LIST) + text
    if type(data) is dict and "$array" in data:
        return (LONG if long else ARRAY) + text
    return OTHER + text


def _brief(data: JSON) -> tuple[str, bool]:
    """As JSON, or the digest of that if it is long, and whether it is."""
    text = _json(data)
    if len(text) <= _LONGEST:
        return text, False
    from whence.base.digest import digest_bytes

    return digest_bytes(text.encode()), True


def _json(data: JSON) -> str:
    return orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()


def _huge(digits: str) -> Cell:
    """Of an integer that SQLite cannot hold: nearly, and exactly."""
    most = sys.float_info.max
    return max(-most, min(float(digits), most)), DIGITS + digits


def _float(data: JSON) -> Cell:
    # SQLite has the infinities but takes NaN for NULL.
    return (None, _NAN) if data == "nan" else (float(data), None)


def _numpy(data: JSON) -> Cell:
    dtype, text = data
    letter = _STRUCT.get(dtype[1:])
    if letter is None:
        return _rare(data)
    order = ">" if dtype[0] == ">" else "<"
    (value,) = struct.unpack(order + letter, base64.b64decode(text))
    if type(value) is float and value != value:
        return None, _NAN
    return cell_of(value)


def _rare(data: JSON) -> Cell:
    """Of NumPy's times, which are written as text, and of numbers that Python has otherwise."""
    value = decode({"$numpy": data})
    if data[0][1:2] in ("m", "M"):
        return None, str(value)
    plain = value.item()
    return (None, _structure({"$numpy": data})) if type(plain) is type(value) else cell(plain)


def _text(data: JSON) -> Cell:
    return cell_of(data) if type(data) is str else (None, _structure(data))


def _first_text(data: JSON) -> Cell:
    return _text(data[0] if type(data) is list else data)


_SCALARS = {
    "$int": _huge,
    "$float": _float,
    "$numpy": _numpy,
    "$path": _text,
    "$date": _text,
    "$time": _text,
    "$datetime": _first_text,
    "$decimal": _text,
}
