"""The loaders that a load configuration names: from a file to a node."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whence.base.registry import Registry
from whence.formats import formats
from whence.tree.array import NumpyDataContainer, XrDataContainer
from whence.tree.container import (
    Container,
    MutableMappingContainer,
    ObjectContainer,
    PassthroughContainer,
    StringContainer,
)


@dataclass(frozen=True, slots=True)
class Loader:
    """One way to load a file.

    Attributes
    ----------
    name : str
        What a load configuration calls it.
    read : callable
        ``read(path, **options)`` gives the content, lazily where it can.
    container : type or None
        What holds the content; None for files that hold a whole tree.
    options : callable
        Gives the names of the options that `read` takes.
    """

    name: str
    read: Callable[..., Any]
    container: type[Container] | None
    options: Callable[[], Collection[str]] = tuple


HDF5_OPTIONS = (
    "enable_mapping",
    "map_from_attr",
    "lower_case_keys",
    "direct_insertion",
    "load_as_proxy",
    "proxy_kwargs",
    "progress_params",
)


def _read_yaml(path: Path) -> Any:
    from whence.params import yaml_tags

    read = formats()["yaml"].open
    assert read is not None
    return read(path, tags=yaml_tags())


def _read_hdf5(path: Path, *, inner: str = "", **_: Any) -> Any:
    from whence.formats.hdf5 import Hdf5File

    content: Any = Hdf5File.at(path).root()
    for name in inner.split("/") if inner else ():
        content = content.members()[name]
    return content


def _opener(name: str, **fixed: Any) -> Callable[..., Any]:
    def read(path: Path, **options: Any) -> Any:
        opened = formats()[name].open
        assert opened is not None
        return opened(path, **fixed, **options)

    return read


def _read_netcdf(path: Path, *, array: bool, load_completely: bool = True) -> Any:
    """`load_completely` changes nothing: content is always read on first use, and whole."""
    return _opener("netcdf", array=array)(path)


def _read_csv_options() -> Collection[str]:
    import pandas as pd

    return tuple(inspect.signature(pd.read_csv).parameters)[1:]


def _loadtxt_options() -> Collection[str]:
    import numpy as np

    return tuple(inspect.signature(np.loadtxt).parameters)[1:]


@functools.cache
def loaders() -> Registry[Loader]:
    """The known loaders, by name and alias."""
    known: Registry[Loader] = Registry("loader")
    yaml, text = _read_yaml, _opener("text")
    for loader, *aliases in (
        (Loader("text", text, StringContainer), "plain_text"),
        (Loader("yaml", yaml, MutableMappingContainer), "yml"),
        (Loader("yaml_to_object", yaml, ObjectContainer), "yml_to_object"),
        (Loader("json", _opener("json"), ObjectContainer),),
        (Loader("hdf5", _read_hdf5, None, lambda: HDF5_OPTIONS), "hdf5_proxy"),
        (Loader("numpy", _opener("npy"), NumpyDataContainer), "numpy_binary"),
        (Loader("numpy_txt", _opener("numpy-text"), NumpyDataContainer, _loadtxt_options),),
        (Loader("pandas_csv", _opener("csv"), PassthroughContainer, _read_csv_options),),
        (
            Loader(
                "xr_dataarray",
                functools.partial(_read_netcdf, array=True),
                XrDataContainer,
                lambda: ("load_completely",),
            ),
        ),
        (
            Loader(
                "xr_dataset",
                functools.partial(_read_netcdf, array=False),
                PassthroughContainer,
                lambda: ("load_completely",),
            ),
        ),
    ):
        for name in (loader.name, *aliases):
            known.add(name, loader)
    return known
