"""What formats of labelled arrays share: one Dataset to write, and back to what it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

import xarray as xr

from whence.base.error import UserError

T = TypeVar("T")

# Names the variable that is the DataArray itself: a Dataset of one variable looks the same.
_ARRAY = "whence_dataarray"
_DTYPES = "whence_dtypes"
# What libraries say of data that their format cannot hold. What is said of the machine, such as
# OSError and MemoryError, is not of that kind: another format would be no way out.
_REFUSALS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RuntimeError)


def written(
    kind: str,
    data: xr.DataArray | xr.Dataset,
    write: Callable[[xr.Dataset], T],
    read: Callable[[T], xr.Dataset],
) -> T:
    """What keeps labelled arrays exactly: it has been read back and compared.

    Parameters
    ----------
    kind : str
        What the format is called.
    data : DataArray or Dataset
        If it is computed only now, what that raises is raised.
    write, read : callable
        Give what is written of a Dataset, and the Dataset that a library reads in that; both in
        memory.

    Raises
    ------
    UserError
        If the format does not keep it exactly.
    """
    dataset = _as_dataset(data.compute())
    try:
        found = write(dataset)
        dtypes = _differing(read(found), dataset)
        if dtypes:  # such as those of times, which xarray reads as nanoseconds
            found = write(_noted(dataset, dtypes))
        back = _as_dataset(unwrapped(read(found)))
        same = bool(back.identical(dataset)) and not _differing(back, dataset)
    except _REFUSALS as error:
        raise _not_exact(kind, str(error)) from error
    if not same:
        raise _not_exact(kind, "what comes back is not identical")
    return found


def unwrapped(dataset: xr.Dataset) -> xr.DataArray | xr.Dataset:
    """What a Dataset that was read stands for."""
    for name, dtype in json.loads(dataset.attrs.pop(_DTYPES, "{}")).items():
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


def _as_dataset(data: xr.DataArray | xr.Dataset) -> xr.Dataset:
    """The Dataset that stands for either."""
    if isinstance(data, xr.Dataset):
        return data
    inner = "data" if "data" not in data.coords and "data" not in data.dims else "data_"
    dataset = data.to_dataset(name=inner)
    dataset.attrs[_ARRAY] = json.dumps([inner, data.name])
    return dataset


def _differing(back: xr.Dataset, dataset: xr.Dataset) -> dict[str, str]:
    """The dtypes of the variables that come back with another."""
    return {
        str(name): variable.dtype.str
        for name, variable in dataset.variables.items()
        if back.variables[name].dtype != variable.dtype
    }


def _noted(dataset: xr.Dataset, dtypes: dict[str, str]) -> xr.Dataset:
    """The Dataset with a note for `unwrapped`: which dtypes its variables shall have again."""
    return dataset.assign_attrs({_DTYPES: json.dumps(dtypes)})


def _not_exact(kind: str, why: str) -> UserError:
    """The error for data that a format would change."""
    return UserError.of(
        "not-exact",
        f"{kind} does not keep this exactly: {why}",
        mend="Convert text objects, multi-level indexes and complex numbers first.",
    )
