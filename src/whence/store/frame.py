"""Lines that differ in nothing but their numbers, read column by column.

To make a dict of each line takes most of the time of reading metric values, and nearly all lines
of a journal are the same but for their numbers. So lines are told apart by their *frame*, which is
what is left of them without the characters that numbers are made of; and those of one frame are
parsed as one flat list of names and values, of which each column is a slice.

No number can be taken for another one. Where frames agree, lines have the same quotes, commas,
colons and braces in the same order. Turning colons and the ends of lines into commas, and braces
into blanks, keeps what is inside of quotes apart from what is outside: a character of a number that
stands outside of a value makes the list no JSON, one inside of a name makes another name, and all
names are compared. (Of `true` or `null` only the letter `e` is not part of the frame.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

_NUMBER = b"0123456789+-.eE"
_LIST = bytes.maketrans(b":\n{}", b",,  ")
_MEMBERS = ["n", "run", "s", "w", "t", "v"]
_FEW = 8  # lines for which it is not worth while
_VALUES = {int, float, bool, type(None)}


def groups(lines: list[bytes]) -> tuple[list[list[bytes]], list[bytes]]:
    """The lines of each frame that many have, and all other lines.

    Parameters
    ----------
    lines : list of bytes
        JSON objects that lack their closing brace.
    """
    frames = b"\n".join(lines).translate(None, _NUMBER)
    first = frames[: frames.find(b"\n") + 1]
    if first * len(lines) == frames + b"\n":
        return [lines], []
    found: dict[bytes, list[bytes]] = {}
    parts = frames.split(b"\n")
    if len(parts) != len(lines):  # no line that was written has a newline inside
        return [], lines
    for frame, line in zip(parts, lines, strict=True):
        found.setdefault(frame, []).append(line)
    many = [group for group in found.values() if len(group) >= _FEW]
    return many, [line for group in found.values() if len(group) < _FEW for line in group]


def columns(lines: list[bytes]) -> tuple[str, tuple[str, ...], list[list[Any]]] | None:
    """What lines of one frame tell: the run, its metrics and the columns n, s, w, t and values.

    None if their names differ, or if they are not as this version writes those of metric values.
    """
    try:
        looked = [orjson.loads(line + b"}") for line in lines[:4] + lines[-4:]]
        if not all(map(_is_plain, looked)):
            return None
        first = looked[0]
        run, values = first["run"], first["v"]
        if any((line["run"], [*line["v"]]) != (run, [*values]) for line in looked):
            return None
        flat = orjson.loads(b"[" + b"\n".join(lines).translate(_LIST) + b"]")
    except orjson.JSONDecodeError:
        return None
    row, count = list(_flat(first)), len(lines)
    slices = [flat[at :: len(row)] for at in range(len(row))]
    named = [cells for cells, item in zip(slices, row, strict=True) if type(item) is str]
    if len(flat) != count * len(row) or any(cells.count(cells[0]) < count for cells in named):
        return None
    told = (cells for cells, item in zip(slices, row, strict=True) if type(item) is not str)
    found = [next(told) for _ in "nswt"]
    found += [[value] * count if type(value) is dict else next(told) for value in values.values()]
    return run, tuple(values), found


def _is_plain(line: dict[str, Any]) -> bool:
    if list(line) != _MEMBERS or type(line["run"]) is not str or type(line["v"]) is not dict:
        return False
    numbers = [line[name] for name in "nswt"]
    for value in line["v"].values():  # NaN is an object with one text: the same in all lines
        is_one = type(value) is dict and len(value) == 1
        numbers.append(None if is_one and type(*value.values()) is str else value)
    return _VALUES.issuperset(map(type, numbers)) and bool(line["v"]) and "$map" not in line["v"]


def _flat(item: dict[str, Any]) -> Iterator[Any]:
    for name, value in item.items():
        yield name
        if type(value) is dict:
            yield from _flat(value)
        else:
            yield value
