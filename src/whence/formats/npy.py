"""A NumPy file whose values are read when asked for."""

from __future__ import annotations

import io
import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from whence.base.error import UserError


@dataclass(frozen=True, slots=True)
class NpyFile:
    """The array of one ``.npy`` file (see `whence.formats.Stored`)."""

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> NpyFile:
        """The array of the file at `path`; only its header is read.

        Raises
        ------
        UserError
            If there is no such file, it is no NumPy file, or it holds pickled objects.
        """
        name = os.path.abspath(path)
        array = _mapped(name)
        return cls(name, array.shape, array.dtype)

    def read(self, selection: Any = ()) -> np.ndarray[Any, Any]:
        """The values of a selection."""
        return np.array(_mapped(self.path)[selection])

    def read_into(self, out: np.ndarray[Any, Any]) -> None:
        """Put all values into an array of the same shape."""
        out[...] = _mapped(self.path)


def _mapped(path: str) -> np.ndarray[Any, Any]:
    try:
        mapped: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError.of(
            "unreadable-file",
            f"cannot read {path}: {error}",
            mend="NumPy files of numbers, text and times are read; pickled objects are not.",
        ) from error
    if not isinstance(mapped, np.ndarray):
        raise UserError.of(
            "unreadable-file",
            f"{path} is an archive of several arrays",
            mend="Save each array in an .npy file of its own.",
        )
    return mapped


def load(data: bytes) -> np.ndarray[Any, Any]:
    """The array of a whole ``.npy`` file; no more memory is taken than the file has bytes.

    Raises
    ------
    ValueError
        If the data is something else, or pickled objects.
    """
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    else:  # field names that are not ASCII
        file.seek(0)
        whole: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
        return whole
    if dtype.hasobject:
        raise ValueError("the file holds pickled objects")
    size = math.prod(shape) * dtype.itemsize
    if len(data) - file.tell() < size:
        raise ValueError(f"the file is cut short: its header tells of {size} bytes")
    flat = np.frombuffer(data, np.uint8, size, file.tell()).copy()
    return (
        flat.view(dtype).reshape(shape, order="F" if fortran else "C")
        if size
        else np.empty(shape, dtype, order="F" if fortran else "C")
    )
