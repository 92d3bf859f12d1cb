"""HDF5 files: what they contain without reading it, and values when asked for.

The low-level interface of h5py does both several times faster than `h5py.Group.visititems`.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5f, h5g, h5o, h5p, h5s

from whence.base.error import UserError


class Hdf5File:
    """One HDF5 file, opened without a lock and closed again after each use.

    Within ``with file.opened():`` the file stays open for everything that reads from it.
    May be used from any thread, pickled, and used after a fork.
    """

    __slots__ = ("_fid", "_lock", "_users", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._fid: Any = None
        self._users = 0

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> Hdf5File:
        """The file at `path`.

        Raises
        ------
        UserError
            If it cannot be opened as HDF5.
        """
        file = cls(os.path.abspath(path))
        with file.opened():
            return file

    def __reduce__(self) -> tuple[type[Hdf5File], tuple[str]]:
        return Hdf5File, (self.path,)

    def __repr__(self) -> str:
        return f"Hdf5File({self.path!r})"

    @contextlib.contextmanager
    def opened(self) -> Iterator[Any]:
        """The low-level id of the open file; the last one out closes it."""
        with self._lock:
            if self._users == 0:
                self._fid = _open(self.path)
            self._users += 1
        try:
            yield self._fid
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._fid.close()
                    self._fid = None

    def walk(self, inner: str = "/") -> Hdf5Group:
        """What a group of the file contains, all the way down, without any values."""
        with self.opened() as fid:
            return _group(self, h5g.open(fid, inner.encode()), inner.strip("/"), ())


@dataclass(frozen=True, slots=True)
class Hdf5Group:
    """What one group of a file contains."""

    inner: str
    attrs: Mapping[str, Any]
    members: Mapping[str, Hdf5Group | Hdf5Dataset]


@dataclass(frozen=True, slots=True)
class Hdf5Dataset:
    """An array in an HDF5 file (see `whence.formats.Stored`)."""

    file: Hdf5File = field(repr=False)
    inner: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attrs: Mapping[str, Any]

    def read(self, selection: Any = ()) -> Any:
        """The values of a selection; nothing else is read from the file."""
        if selection == () and self.dtype.kind != "O" and self.shape:
            out = np.empty(self.shape, self.dtype)
            self.read_into(out)
            return out
        with self._found() as found:
            dataset = h5py.Dataset(found)
            if self.dtype.kind == "O" and h5py.check_string_dtype(dataset.dtype):
                return _text(dataset.asstr()[selection])
            return np.asarray(dataset[selection])

    def read_into(self, out: np.ndarray[Any, Any]) -> None:
        """Put all values into an array of the same shape, C-contiguous or not."""
        direct = out.flags.c_contiguous and out.dtype == self.dtype and self.dtype.kind != "O"
        if not direct:
            out[...] = self.read()
        elif out.size:
            with self._found() as found:
                found.read(h5s.ALL, h5s.ALL, out)

    @contextlib.contextmanager
    def _found(self) -> Iterator[Any]:
        with self.file.opened() as fid:
            try:
                found = h5d.open(fid, self.inner.encode())
            except (KeyError, ValueError) as error:
                raise _changed(self, "is no longer there") from error
            if found.shape != self.shape or found.dtype != self.dtype:
                raise _changed(self, "has another shape or dtype than before")
            yield found


def _changed(dataset: Hdf5Dataset, what: str) -> UserError:
    return UserError.of(
        "file-changed",
        f"dataset {dataset.inner!r} of {dataset.file.path} {what}",
        mend="The file changed after it was loaded: load the data again.",
    )


def _open(path: str) -> Any:
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_fclose_degree(h5f.CLOSE_STRONG)
    with contextlib.suppress(AttributeError):  # HDF5 before 1.12.1 has no such property
        access.set_file_locking(False, True)
    try:
        return h5f.open(os.fsencode(path), h5f.ACC_RDONLY, access)
    except OSError as error:
        there = os.path.exists(path)
        raise UserError.of(
            "unreadable-file",
            f"cannot read {path}: {'it is not a whole HDF5 file' if there else 'no such file'}"
            f" ({error})",
            mend="It may be damaged, or still being written by a running simulation."
            if there
            else "It was moved or deleted after it was found.",
        ) from error


def _group(file: Hdf5File, group: Any, inner: str, above: tuple[int, ...]) -> Hdf5Group:
    address = h5o.get_info(group).addr
    members: dict[str, Hdf5Group | Hdf5Dataset] = {}
    lead = inner + "/" if inner else ""
    for raw in group:
        name = raw.decode("utf-8", "surrogateescape")
        try:
            found = h5o.open(group, raw)
        except KeyError:  # a soft or external link that leads nowhere
            continue
        if isinstance(found, h5d.DatasetID):
            members[name] = Hdf5Dataset(
                file, lead + name, found.shape or (), found.dtype, _attrs(found)
            )
        elif isinstance(found, h5g.GroupID) and h5o.get_info(found).addr not in (*above, address):
            members[name] = _group(file, found, lead + name, (*above, address))
    return Hdf5Group(inner, _attrs(group), members)


def _attrs(owner: Any) -> dict[str, Any]:
    if not h5a.get_num_attrs(owner):
        return {}
    high = h5py.Group(owner) if isinstance(owner, h5g.GroupID) else h5py.Dataset(owner)
    return {name: _text(value) for name, value in high.attrs.items()}


def _text(value: Any) -> Any:
    """Bytes as text, wherever they stand."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray) and value.dtype.kind in "SO":
        decoded = [
            item.decode("utf-8", "replace") if isinstance(item, bytes) else item
            for item in value.ravel()
        ]
        text = np.empty(len(decoded), object)
        text[:] = decoded
        return text.reshape(value.shape)
    return value
