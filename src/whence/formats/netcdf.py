"""DataArrays and Datasets as NetCDF 4 bytes."""

from __future__ import annotations

import io
import os
from typing import Any

import h5netcdf
import xarray as xr
from xarray.backends import H5NetCDFStore

from whence.base.error import UserError
from whence.formats import labelled

_ENGINE: Any = "h5netcdf"


def dump(data: xr.DataArray | xr.Dataset) -> bytes:
    """The NetCDF bytes of a DataArray or Dataset.

    Raises
    ------
    UserError
        If it holds something that NetCDF does not keep exactly.
    """
    return labelled.written("NetCDF", data, _written, _read)


def load(data: bytes) -> xr.DataArray | xr.Dataset:
    """What `dump` was given."""
    return labelled.unwrapped(_read(data))


def read(path: str | os.PathLike[str], *, array: bool = False) -> xr.DataArray | xr.Dataset:
    """The whole content of a NetCDF file.

    Parameters
    ----------
    array : bool
        The file must hold one variable, which is given as a DataArray.

    Raises
    ------
    UserError
        If the file cannot be read, or holds several variables where one is asked for.
    """
    try:
        dataset = xr.load_dataset(path, engine=_ENGINE, driver_kwds={"locking": False})
    except (OSError, ValueError) as error:
        raise UserError.of(
            "unreadable-file",
            f"cannot read {os.fspath(path)}: {error}",
            mend="NetCDF 4 files are read; check that the file is whole.",
        ) from error
    found = labelled.unwrapped(dataset)
    if not array or isinstance(found, xr.DataArray):
        return found
    if len(found.data_vars) != 1:
        raise UserError.of(
            "not-one-array",
            f"{os.fspath(path)} holds {len(found.data_vars)} variables, not one",
            mend="Load it with `loader: xr_dataset`.",
        )
    one: xr.DataArray
    (one,) = found.data_vars.values()
    return one


def _written(dataset: xr.Dataset) -> bytes:
    # In memory: HDF5 locks files, and a process that starts meanwhile keeps the lock for a while.
    buffer = io.BytesIO()
    unlimited = {*dataset.encoding.get("unlimited_dims", ())} & {*dataset.dims}
    try:
        with h5netcdf.File(buffer, "w") as file:
            dataset.dump_to_store(H5NetCDFStore(file), unlimited_dims=unlimited)
    except h5netcdf.CompatibilityError as error:
        raise ValueError(str(error)) from error
    return buffer.getvalue()


def _read(data: bytes) -> xr.Dataset:
    return xr.load_dataset(io.BytesIO(data), engine=_ENGINE)
