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

    __slots__ = ("_fid", "_lock", "_users", "path", "signature", "unchanged")

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._fid: Any = None
        self._users = 0
        self.signature: tuple[int, ...] | None = None
        self.unchanged = True

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

    def _compare(self) -> None:
        """Note whether the file is as it was when first opened."""
        status = os.stat(self.path)
        now = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        self.signature = self.signature or now
        self.unchanged = self.signature == now

    def __getstate__(self) -> tuple[str, tuple[int, ...] | None]:
        return self.path, self.signature

    def __setstate__(self, state: tuple[str, tuple[int, ...] | None]) -> None:
        path, signature = state
        self.__init__(path)  # type: ignore[misc]
        self.signature = signature

    def __repr__(self) -> str:
        return f"Hdf5File({self.path!r})"

    @contextlib.contextmanager
    def opened(self) -> Iterator[Any]:
        """The low-level id of the open file; the last one out closes it."""
        with self._lock:
            if self._users == 0:
                self._fid = _open(self.path)
                self._compare()
            self._users += 1
        try:
            yield self._fid
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._fid.close()
                    self._fid = None

    def root(self) -> Hdf5Group:
        """The group that holds all others."""
        with self.opened() as fid:
            return Hdf5Group(self, "", _attrs(h5g.open(fid, b"/")))


@dataclass(frozen=True, slots=True)
class Hdf5Group:
    """A group of an HDF5 file; what it contains is listed when asked for."""

    file: Hdf5File = field(repr=False)
    inner: str
    attrs: Mapping[str, Any]
    above: tuple[int, ...] = field(default=(), repr=False)

    def members(self) -> dict[str, Hdf5Group | Hdf5Dataset]:
        """What lies directly in the group, by name, without any values.

        Links that lead nowhere or back to a group above are left out, as are named types.
        """
        with self.file.opened() as fid:
            try:
                group = h5g.open(fid, self.inner.encode("utf-8", "surrogateescape") or b"/")
            except (KeyError, ValueError) as error:
                raise _changed(self.file, self.inner, "is no longer there") from error
            above = (*self.above, h5o.get_info(group).addr)
            return dict(self._listed(group, above))

    def _listed(
        self, group: Any, above: tuple[int, ...]
    ) -> Iterator[tuple[str, Hdf5Group | Hdf5Dataset]]:
        lead = self.inner + "/" if self.inner else ""
        for raw in group:
            try:
                found = h5o.open(group, raw)
            except KeyError:
                continue
            name = raw.decode("utf-8", "surrogateescape")
            inner = lead + name
            if isinstance(found, h5d.DatasetID):
                shape, dtype = _kind(found)
                yield name, Hdf5Dataset(self.file, inner, shape, dtype, _attrs(found))
            elif isinstance(found, h5g.GroupID) and h5o.get_info(found).addr not in above:
                yield name, Hdf5Group(self.file, inner, _attrs(found), above)


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
                found = h5d.open(fid, self.inner.encode("utf-8", "surrogateescape"))
            except (KeyError, ValueError) as error:
                raise _changed(self.file, self.inner, "is no longer there") from error
            fits = self.file.unchanged or _kind(found) == (self.shape, self.dtype)
            if not fits:
                raise _changed(self.file, self.inner, "has another shape or dtype than before")
            yield found


def _kind(dataset: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype; a dataset without dataspace has no values."""
    shape = dataset.shape
    return ((0,) if shape is None else shape), dataset.dtype


def _changed(file: Hdf5File, inner: str, what: str) -> UserError:
    return UserError.of(
        "file-changed",
        f"{inner!r} of {file.path} {what}",
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
