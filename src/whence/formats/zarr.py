"""Zarr: labelled arrays as one zip, and groups that are read without trusting what they promise."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any

import xarray as xr

from whence.base.error import MissingExtraError, UserError
from whence.formats import labelled

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same data gives the same bytes
_ALWAYS = 1 << 30  # bytes that may come of anything
_FACTOR = 1000  # how many times its size content may become beyond that
_MEMBERS = 1_000_000


def dump(data: xr.DataArray | xr.Dataset) -> bytes:
    """A DataArray or Dataset as the zip of a Zarr group.

    Raises
    ------
    UserError
        If it holds something that Zarr does not keep exactly.
    """
    _needed("keeping labelled arrays as Zarr")
    return _zipped(labelled.written("Zarr", data, _written, _read))


def load(data: bytes) -> xr.DataArray | xr.Dataset:
    """What `dump` was given, or the group in another zip.

    Raises
    ------
    UserError
        If much more would come out than went in, or how much cannot be known.
    ValueError
        If it is no zip of a Zarr group.
    """
    _needed("reading Zarr")
    return labelled.unwrapped(_read(_unzipped(data)))


def opened(url: str, options: Mapping[str, Any]) -> Any:
    """The group in a folder, or in a zip on this machine, to be read from.

    Parts of shards, and chunks by codecs that are not known here, are read unchecked: who names a
    place answers for it.

    Raises
    ------
    UserError
        If a part of it, when it is read, would become too much or be unpickled.
    OSError, ValueError
        If there is none.
    """
    zarr = _needed("reading Zarr")
    from whence.formats.guard import Guard

    place: Any = url
    path = url.removeprefix("file://")
    if path.endswith(".zip") and "://" not in path:
        place = _zip_store(path)
    told = dict(options) if isinstance(place, str) and "://" in url else None
    group = zarr.open_group(place, mode="r", storage_options=told)
    return zarr.open_group(Guard(group.store, _ALWAYS, foreign=False), path=group.path, mode="r")


def _zip_store(path: str) -> Any:
    from zarr.storage import ZipStore

    try:
        with zipfile.ZipFile(path) as file:
            for member in file.infolist():
                _allow(member.file_size, member.compress_size)
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from error
    return ZipStore(path, mode="r")


def _written(dataset: xr.Dataset) -> dict[str, bytes]:
    from zarr.storage import MemoryStore

    found: dict[str, Any] = {}
    with warnings.catch_warnings():  # version 2 keeps text and times as they are; it may be said
        warnings.simplefilter("ignore")
        dataset.drop_encoding().to_zarr(MemoryStore(found), zarr_format=2, consolidated=True)
    return {name: part.to_bytes() for name, part in found.items()}


def _read(parts: Mapping[str, bytes]) -> xr.Dataset:
    from zarr.core.buffer import cpu
    from zarr.storage import MemoryStore

    from whence.formats.guard import Guard

    store = MemoryStore({name: cpu.Buffer.from_bytes(part) for name, part in parts.items()})
    guard = Guard(store, _ALWAYS, foreign=True)
    with xr.open_zarr(guard, chunks=None, consolidated=False) as dataset:
        size = sum(map(len, parts.values()))
        _allow(sum(variable.nbytes for variable in dataset.variables.values()), size)
        found: xr.Dataset = dataset.load()
    return found


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for name in sorted(parts):
            file.writestr(zipfile.ZipInfo(name, _EPOCH), parts[name])
    return buffer.getvalue()


def _unzipped(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            members = [member for member in file.infolist() if not member.is_dir()]
            if len(members) > _MEMBERS:
                raise ValueError(f"it has {len(members)} members")
            _allow(sum(member.file_size for member in members), len(data))
            return {member.filename: file.read(member) for member in members}
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from error


def _allow(promised: int, size: int) -> None:
    """Refuse what promises to become far more than it is."""
    if promised > max(_ALWAYS, _FACTOR * size):
        raise UserError.of(
            "too-large",
            f"content of {size} bytes would become {promised}",
            mend="If that is right, get it as a file, open it with Zarr and read a part.",
        )


def _needed(purpose: str) -> Any:
    try:
        import zarr
    except ImportError as error:
        raise MissingExtraError.needed("zarr", "zarr", purpose) from error
    return zarr
