"""How the numbers of two files differ: array by array, in blocks, and within a given time."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.base.dotted import join_key, key_text
from whence.base.error import UserError
from whence.formats.format import Format, format_named
from whence.formats.stored import is_stored

if TYPE_CHECKING:
    import numpy as np

_BLOCK = 1 << 20  # values read at once from each file
_WHOLE = {"csv": 64 << 20, "numpy-text": 32 << 20, "json": 32 << 20, "value": 32 << 20,
          "yaml": 4 << 20}  # fmt: skip
"""Formats that can only be read whole, and up to how many bytes that is worth the time."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Shape and dtype of an array."""

    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}" if self.shape else self.dtype

    def as_dict(self) -> dict[str, Any]:
        """Shape and dtype as plain data."""
        return {"shape": list(self.shape), "dtype": self.dtype}


@dataclass(frozen=True, slots=True)
class ArrayDifference:
    """How two arrays of one name differ.

    Attributes
    ----------
    name : str
        The path inside the file, the column or the key; empty if the file is one array.
    left, right : Kind or None
        Shape and dtype; None where there is no such array.
    values : int
        How many values were compared: none of arrays of different shapes.
    differing : int
        How many of them differ; NaN is the same as NaN.
    missing : int
        How many of those are NaN on one side only.
    largest : float or None
        The largest absolute difference; None of what are no numbers.
    relative : float or None
        The largest difference relative to the larger of the two magnitudes.
    at : tuple of int or None
        Where the largest absolute difference is.
    whole : bool
        Whether all values were compared before the time was up.
    """

    name: str
    left: Kind | None
    right: Kind | None
    values: int = 0
    differing: int = 0
    missing: int = 0
    largest: float | None = None
    relative: float | None = None
    at: tuple[int, ...] | None = None
    whole: bool = True

    @property
    def same(self) -> bool:
        """Whether shape, dtype and all values are the same, as far as compared."""
        return self.left == self.right and not self.differing

    def as_dict(self) -> dict[str, Any]:
        """The difference as plain data; what is infinite is written as text."""
        return {
            "name": self.name,
            "left": self.left and self.left.as_dict(),
            "right": self.right and self.right.as_dict(),
            "values": self.values,
            "differing": self.differing,
            "missing": self.missing,
            "max_abs": _finite(self.largest),
            "max_rel": _finite(self.relative),
            "at": self.at and list(self.at),
            "whole": self.whole,
        }


@dataclass(frozen=True, slots=True)
class FileDifference:
    """How the arrays of two files differ.

    Attributes
    ----------
    arrays : tuple of ArrayDifference
        Those that differ, or could not be compared whole.
    compared : int
        How many arrays there are in both.
    note : str or None
        Why the numbers were not compared, or not all of them.
    """

    arrays: tuple[ArrayDifference, ...] = ()
    compared: int = 0
    note: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The difference as plain data."""
        arrays = [item.as_dict() for item in self.arrays]
        return {"arrays": arrays, "compared": self.compared, "note": self.note}


def file_difference(
    left: Path, right: Path, media_type: str, seconds: float = 10.0
) -> FileDifference:
    """How the numbers of two files of one media type differ.

    NumPy, HDF5 and NetCDF files are read in blocks, so that files of any size can be compared;
    tables, JSON and YAML are read whole, up to some tens of megabytes.

    Parameters
    ----------
    left, right : Path
        The files; their names do not matter.
    media_type : str
        What they hold (see `whence.formats.media_type_of`).
    seconds : float
        When to stop comparing.
    """
    entry = format_named(media_type)
    if entry is None or entry.name not in _READERS:
        return FileDifference(note="not a format whose numbers are compared")
    limit = _WHOLE.get(entry.name)
    if limit is not None and max(path.stat().st_size for path in (left, right)) > limit:
        return FileDifference(note=f"too big to compare by numbers (over {limit >> 20} MB)")
    try:
        a, b = (_READERS[entry.name](entry, path) for path in (left, right))
        return _compared(a, b, time.monotonic() + seconds)
    except UserError as error:
        return FileDifference(note=f"cannot be read: {error.problems[0].message}")
    except (OSError, ValueError) as error:  # damaged beyond what the readers foresee
        return FileDifference(note=f"cannot be read: {error}")


def _compared(a: Mapping[str, Any], b: Mapping[str, Any], end: float) -> FileDifference:
    found, skipped = [], 0
    both = [name for name in a if name in b]
    for name in dict.fromkeys([*a, *b]):
        left, right = a.get(name), b.get(name)
        if left is None or right is None:
            found.append(ArrayDifference(name, _kind(left), _kind(right)))
        elif time.monotonic() >= end:
            skipped += 1
        else:
            one = array_difference(name, left, right, end)
            if not one.same or not one.whole:
                found.append(one)
    note = f"{skipped} arrays were not compared: the time was up" if skipped else None
    return FileDifference(tuple(found), len(both) - skipped, note)


def array_difference(name: str, left: Any, right: Any, end: float = math.inf) -> ArrayDifference:
    """How two arrays differ, in memory or stored in a file.

    Parameters
    ----------
    name : str
        What they are called.
    left, right : array or Stored
        The arrays.
    end : float
        When to stop, by ``time.monotonic()``.
    """
    kinds = _kind(left), _kind(right)
    if tuple(left.shape) != tuple(right.shape):
        return ArrayDifference(name, *kinds)
    tally = _Tally()
    for selection, offset in _blocks(tuple(left.shape)):
        tally.add(_values(left, selection), _values(right, selection), offset)
        if time.monotonic() >= end:
            break
    return ArrayDifference(
        name,
        *kinds,
        tally.values,
        tally.differing,
        tally.missing,
        tally.largest,
        tally.relative,
        tally.at,
        tally.values == math.prod(left.shape),
    )


@dataclass(slots=True)
class _Tally:
    """What was found in the blocks so far."""

    values: int = 0
    differing: int = 0
    missing: int = 0
    largest: float | None = None
    relative: float | None = None
    at: tuple[int, ...] | None = None

    def add(
        self, a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], offset: tuple[int, ...]
    ) -> None:
        import numpy as np

        self.values += a.size
        unequal = _unequal(a, b)
        count = int(np.count_nonzero(unequal))
        if not count:
            return
        self.differing += count
        if a.dtype.kind not in "biufc" or b.dtype.kind not in "biufc":
            return
        apart, scale = _apart(a[unequal], b[unequal])
        gone = np.isnan(apart)
        self.missing += int(np.count_nonzero(gone))
        if gone.all():
            return
        apart = np.where(gone, -1.0, apart)
        most = int(np.argmax(apart))
        with np.errstate(all="ignore"):
            relative = apart / scale
        relative[np.isinf(apart)] = np.inf
        if self.largest is None or apart[most] > self.largest:
            self.largest = float(apart[most])
            inner = np.argwhere(unequal)[most] if a.ndim else ()
            self.at = tuple(int(i) + o for i, o in zip(inner, offset, strict=True))
        self.relative = max(self.relative or 0.0, float(np.nanmax(relative)))


def _unequal(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    try:
        unequal = np.asarray(a != b, dtype=bool)
    except (TypeError, ValueError):  # dtypes that know no comparison with each other
        return np.ones(a.shape, bool)
    if unequal.shape != a.shape:
        return np.ones(a.shape, bool)
    kinds = a.dtype.kind + b.dtype.kind
    if set(kinds) <= set("fc"):
        unequal &= ~(np.isnan(a) & np.isnan(b))
    elif kinds in ("mm", "MM"):
        unequal &= ~(np.isnat(a) & np.isnat(b))
    elif kinds == "OO":
        with np.errstate(all="ignore"):
            unequal &= ~(np.asarray(a != a, bool) & np.asarray(b != b, bool))
    return unequal


def _apart(
    a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """How far values are apart, and the larger magnitude of each pair."""
    import numpy as np

    with np.errstate(all="ignore"):
        if a.dtype.kind == b.dtype.kind and a.dtype.kind in "iu":
            high, low = np.maximum(a, b), np.minimum(a, b)
            # In unsigned numbers the difference is exact where it would overflow in signed ones.
            apart = (high.astype("u8") - low.astype("u8")).astype(float)
        else:
            wide = complex if "c" in a.dtype.kind + b.dtype.kind else np.longdouble
            apart = np.abs(a.astype(wide) - b.astype(wide)).astype(float)
        scale = np.maximum(np.abs(a.astype(complex)), np.abs(b.astype(complex)))
    return apart, scale


def _blocks(shape: tuple[int, ...]) -> Iterator[tuple[Any, tuple[int, ...]]]:
    """Selections that cover an array, each with the indices of its first value."""
    if not shape or math.prod(shape) <= _BLOCK:
        yield (), (0,) * len(shape)
        return
    axis = max(range(len(shape)), key=lambda i: shape[i])
    step = max(1, _BLOCK * shape[axis] // math.prod(shape))
    for start in range(0, shape[axis], step):
        part = slice(start, min(start + step, shape[axis]))
        offset = tuple(start if i == axis else 0 for i in range(len(shape)))
        yield tuple(part if i == axis else slice(None) for i in range(len(shape))), offset


def _values(array: Any, selection: Any) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.asarray(array.read(selection) if is_stored(array) else array[selection])


def _kind(array: Any) -> Kind | None:
    return None if array is None else Kind(tuple(map(int, array.shape)), str(array.dtype))


def _finite(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)


@dataclass(frozen=True, slots=True)
class _Part:
    """One field of an array of records that lies in a file."""

    whole: Any = field(repr=False)
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __getitem__(self, selection: Any) -> Any:
        return _values(self.whole, selection)[self.name]


def _fields(name: str, array: Any) -> Iterator[tuple[str, Any]]:
    """The array, or each field of an array of records."""
    names: Sequence[str] | None = array.dtype.names
    if not names:
        yield name, array
        return
    for one in names:
        inner = array.dtype[one]
        shape = (*array.shape, *inner.shape)
        yield from _fields(f"{name}.{one}" if name else one, _Part(array, one, shape, inner.base))


def _one_array(entry: Format, path: Path) -> dict[str, Any]:
    assert entry.open is not None
    return dict(_fields("", entry.open(path)))


def _hdf5(entry: Format, path: Path) -> dict[str, Any]:
    from whence.formats.hdf5 import Hdf5Dataset, Hdf5File

    found: dict[str, Any] = {}
    waiting = [Hdf5File.at(path).root()]
    while waiting:
        for member in waiting.pop().members().values():
            if isinstance(member, Hdf5Dataset):
                found.update(_fields(member.inner, member))
            else:
                waiting.append(member)
    return dict(sorted(found.items()))


def _csv(entry: Format, path: Path) -> dict[str, Any]:
    assert entry.open is not None
    frame = entry.open(path)
    return {str(name): frame[name].to_numpy() for name in frame.columns}


def _document(entry: Format, path: Path) -> dict[str, Any]:
    assert entry.open is not None
    return dict(_leaves(entry.open(path), ""))


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Numbers, texts and regular lists of them as arrays, by dotted key."""
    import numpy as np

    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, join_key(name, key_text(key)))
        return
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):  # ragged, or too large for any dtype
        array = np.asarray(repr(value))
    nested = isinstance(value, (list, tuple)) and array.dtype.kind not in "biufc"
    if nested and not all(isinstance(item, str) for item in value):
        for i, inner in enumerate(value):
            yield from _leaves(inner, f"{name}[{i}]")
    else:
        yield name, array


_READERS: dict[str, Any] = {
    "npy": _one_array,
    "numpy-text": _one_array,
    "hdf5": _hdf5,
    "netcdf": _hdf5,
    "csv": _csv,
    "json": _document,
    "value": _document,
    "yaml": _document,
}
