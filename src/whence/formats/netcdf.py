"""DataArrays and Datasets as NetCDF 4 bytes."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

import xarray as xr

from whence.base.error import UserError

# Names the variable that is the DataArray itself: a Dataset of one variable looks the same.
_ARRAY = "whence_dataarray"
_UNITS = "whence_dtypes"
_ENGINE: Any = "h5netcdf"


def dump(data: xr.DataArray | xr.Dataset) -> bytes:
    """The NetCDF bytes of a DataArray or Dataset.

    Raises
    ------
    UserError
        If it holds something that NetCDF does not keep exactly.
    """
    dataset = _as_dataset(data)
    with tempfile.TemporaryDirectory(prefix="whence-") as folder:
        path = os.path.join(folder, "data.nc")
        try:
            dataset.to_netcdf(path, engine=_ENGINE)
            units = _differing(_whole(path), dataset)
            if units:  # xarray reads all times as nanoseconds
                noted = dataset.assign_attrs({_UNITS: json.dumps(units)})
                noted.to_netcdf(path, engine=_ENGINE)
            with open(path, "rb") as file:
                content = file.read()
            back = _as_dataset(_unwrapped(_whole(path)))
            same = bool(back.identical(dataset)) and not _differing(back, dataset)
        except (TypeError, ValueError, NotImplementedError) as error:
            raise _not_exact(str(error)) from error
    if not same:
        raise _not_exact("what comes back is not identical")
    return content


def _differing(back: xr.Dataset, dataset: xr.Dataset) -> dict[str, str]:
    """The dtypes of the variables that come back with another."""
    return {
        str(name): variable.dtype.str
        for name, variable in dataset.variables.items()
        if back.variables[name].dtype != variable.dtype
    }


def load(data: bytes) -> xr.DataArray | xr.Dataset:
    """What `dump` was given."""
    with tempfile.NamedTemporaryFile(prefix="whence-", suffix=".nc") as file:
        file.write(data)
        file.flush()
        return _unwrapped(_whole(file.name))


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
    found = _unwrapped(dataset)
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


def _not_exact(why: str) -> UserError:
    return UserError.of(
        "not-exact",
        f"NetCDF does not keep this exactly: {why}",
        mend="Convert text objects, multi-level indexes and complex numbers first.",
    )


def _whole(path: str | os.PathLike[str]) -> xr.Dataset:
    return xr.load_dataset(path, engine=_ENGINE)


def _as_dataset(data: xr.DataArray | xr.Dataset) -> xr.Dataset:
    if isinstance(data, xr.Dataset):
        return data
    inner = "data" if "data" not in data.coords and "data" not in data.dims else "data_"
    dataset = data.to_dataset(name=inner)
    dataset.attrs[_ARRAY] = json.dumps([inner, data.name])
    return dataset


def _unwrapped(dataset: xr.Dataset) -> xr.DataArray | xr.Dataset:
    for name, dtype in json.loads(dataset.attrs.pop(_UNITS, "{}")).items():
        cast = dataset[name].astype(dtype)
        dataset = (
            dataset.assign_coords({name: cast})
            if name in dataset.coords
            else dataset.assign({name: cast})
        )
    mark = dataset.attrs.get(_ARRAY)
    for variable in dataset.variables.values():
        variable.encoding = {}
    if mark is None:
        return dataset
    inner, name = json.loads(mark)
    found: xr.DataArray = dataset[inner].rename(name)
    return found
