"""DataArrays and Datasets as NetCDF 4 bytes."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import xarray as xr

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
    with tempfile.TemporaryDirectory(prefix="whence-") as folder:
        path = os.path.join(folder, "data.nc")

        def write(dataset: xr.Dataset) -> str:
            dataset.to_netcdf(path, engine=_ENGINE)
            return path

        with open(labelled.written("NetCDF", data, write, _whole), "rb") as file:
            content: bytes = file.read()
    return content


def load(data: bytes) -> xr.DataArray | xr.Dataset:
    """What `dump` was given."""
    with tempfile.NamedTemporaryFile(prefix="whence-", suffix=".nc") as file:
        file.write(data)
        file.flush()
        return labelled.unwrapped(_whole(file.name))


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
        dataset = _whole(path)
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


def _whole(path: str | os.PathLike[str]) -> xr.Dataset:
    return xr.load_dataset(path, engine=_ENGINE)
