"""The formats that are there from the start. Heavy libraries are imported when used."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from whence.base.error import UserError
from whence.base.escape import decode, encode
from whence.formats import figure, tensor
from whence.formats.combiner import SourceCombiner
from whence.formats.driver import DirectoryDriver, FileDriver, Hdf5Driver, ZarrDriver
from whence.formats.format import UNKNOWN, Format
from whence.formats.frame import CsvDriver, ExcelDriver, FeatherDriver, ParquetDriver
from whence.formats.shard import JsonlDriver, MessagepackDriver, StoreDriver

PathLike = str | os.PathLike[str]


def _missing(path: PathLike, error: OSError) -> UserError:
    return UserError.of(
        "unreadable-file",
        f"cannot read {os.fspath(path)}: {error.strerror or error}",
        mend="Check that the file is there and that you may read it.",
    )


def read_bytes(path: PathLike) -> bytes:
    """A file's content.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise _missing(path, error) from error


def _reading(load: Callable[[bytes], Any]) -> Callable[[PathLike], Any]:
    def open_(path: PathLike) -> Any:
        try:
            return load(read_bytes(path))
        except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
            raise UserError.of(
                "bad-content",
                f"{os.fspath(path)}: {error}",
                mend="The file is damaged, or of another format than its loader reads.",
            ) from error

    return open_


def _text_dump(text: str) -> bytes:
    return text.encode()


def _text_load(data: bytes) -> str:
    return data.decode()


def _value_dump(value: Any) -> bytes:
    return orjson.dumps(encode(value))


def _value_load(data: bytes) -> Any:
    return decode(orjson.loads(data))


def _json_dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _yaml_dump(value: Any) -> bytes:
    from whence.base import yaml

    return yaml.dump(value).encode()


def _yaml_load(data: bytes) -> Any:
    from whence.base import yaml

    return yaml.parse(data.decode()).value


def _yaml_open(path: PathLike, *, tags: Any = None) -> Any:
    from whence.base import yaml

    return yaml.read(path, tags=tags or {}).value


def _npy_dump(array: Any) -> bytes:
    import numpy as np

    if array.dtype.hasobject:
        raise UserError.of(
            "not-exact",
            f"an array of dtype {array.dtype} holds Python objects, which npy cannot keep",
            mend="Convert it to numbers, text or times first.",
        )
    if type(array) is not np.ndarray and not isinstance(array, np.generic):
        raise UserError.of("not-exact", "npy keeps plain arrays only")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


def _npy_load(data: bytes) -> Any:
    from whence.formats import npy

    return npy.load(data)


def _npy_unsafe(data: bytes) -> Any:
    import numpy as np

    return np.load(io.BytesIO(data), allow_pickle=True)


def _scalar_load(data: bytes) -> Any:
    return _npy_load(data)[()]


def _pickle_dump(obj: Any) -> bytes:
    import pickle

    try:
        return pickle.dumps(obj, protocol=5)
    except Exception as error:  # an object may refuse in any way
        raise UserError.of(
            "not-picklable",
            f"Python cannot pickle this {type(obj).__module__}.{type(obj).__qualname__}: {error}",
            mend="Functions and classes made inside functions, open files and locks cannot be.",
        ) from error


def _pickle_load(data: bytes) -> Any:
    import pickle

    return pickle.loads(data)


def _parquet_dump(table: Any) -> bytes:
    from whence.formats import table as tables

    return tables.dump(table)


def _parquet_load(data: bytes) -> Any:
    from whence.formats import table as tables

    return tables.load(data)


def _arrow_dump(table: Any) -> bytes:
    from whence.formats import table as tables

    return tables.dump_arrow(table)


def _arrow_load(data: bytes) -> Any:
    from whence.formats import table as tables

    return tables.load_arrow(data)


def _polars_dump(table: Any) -> bytes:
    from whence.formats import table as tables

    return tables.dump_polars(table)


def _polars_load(data: bytes) -> Any:
    from whence.formats import table as tables

    return tables.load_polars(data)


def _simvue_frame_load(data: bytes) -> Any:
    import pandas as pd

    return pd.read_csv(io.BytesIO(data), index_col=0)


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _npy_open(path: PathLike) -> Any:
    from whence.formats.npy import NpyFile

    return NpyFile.at(path)


def _numpy_txt_open(path: PathLike, **options: Any) -> Any:
    import numpy as np

    try:
        return np.loadtxt(path, **options)
    except OSError as error:
        raise _missing(path, error) from error
    except ValueError as error:
        raise UserError.of("bad-content", f"{os.fspath(path)}: {error}") from error


def _hdf5_open(path: PathLike) -> Any:
    from whence.formats.hdf5 import Hdf5File

    return Hdf5File.at(path)


def _netcdf_dump(data: Any) -> bytes:
    from whence.formats import netcdf

    return netcdf.dump(data)


def _netcdf_load(data: bytes) -> Any:
    from whence.formats import netcdf

    return netcdf.load(data)


def _netcdf_open(path: PathLike, **options: Any) -> Any:
    from whence.formats import netcdf

    return netcdf.read(path, **options)


def _zarr_dump(data: Any) -> bytes:
    from whence.formats import zarr

    return zarr.dump(data)


def _zarr_load(data: bytes) -> Any:
    from whence.formats import zarr

    return zarr.load(data)


def _csv_dump(frame: Any) -> bytes:
    text: str = frame.to_csv()
    return text.encode()


def _csv_load(data: bytes) -> Any:
    import pandas as pd

    return pd.read_csv(io.BytesIO(data))


def _csv_open(path: PathLike, **options: Any) -> Any:
    import pandas as pd

    try:
        return pd.read_csv(path, **options)
    except OSError as error:
        raise _missing(path, error) from error
    except ValueError as error:  # pandas.errors.ParserError is one
        raise UserError.of("bad-content", f"{os.fspath(path)}: {error}") from error


_PLAIN = ("str", "NoneType", "bool", "int", "float", "complex", "list", "tuple", "dict", "set")
_TENSORS = ("torch.Tensor", "builtins.dict", "collections.OrderedDict")
_SCALARS = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "longdouble", "complex64", "complex128", "clongdouble"),
    *("datetime64", "timedelta64", "str_", "bytes_"),
)
_TIMES = ("datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta")

BUILTIN: tuple[Format, ...] = (
    Format(
        "text",
        "text/plain",
        (".txt", ".log", ".out", ".err"),
        ("builtins.str",),
        _text_dump,
        _text_load,
        _reading(_text_load),
        fits=_is_utf8,
    ),
    Format(
        "safetensors",
        "application/x-safetensors",
        (".safetensors",),
        _TENSORS,
        tensor.dump,
        tensor.load,
        fits=tensor.is_state,
    ),
    Format(
        "torch",
        "application/x-pytorch",
        (".pt", ".pth"),
        (*_TENSORS, "torch.Parameter", "builtins.list", "builtins.tuple"),
        tensor.dump_any,
        tensor.load_any,
        also=("application/vnd.simvue.torch.v1",),
        fits=tensor.holds_tensors,
        unsafe=tensor.load_unsafe,
    ),
    Format(
        "value",
        "application/vnd.whence.value+json",
        types=(*(f"builtins.{name}" for name in _PLAIN), *_TIMES),
        dump=_value_dump,
        load=_value_load,
        open=_reading(_value_load),
    ),
    Format("octet-stream", UNKNOWN, (".bin",), ("builtins.bytes",), bytes, bytes, read_bytes),
    Format(
        "json",
        "application/json",
        (".json",),
        dump=_json_dump,
        load=orjson.loads,
        open=_reading(orjson.loads),
    ),
    Format(
        "yaml",
        "application/yaml",
        (".yml", ".yaml"),
        dump=_yaml_dump,
        load=_yaml_load,
        open=_yaml_open,
    ),
    Format(
        "npy",
        "application/x-npy",
        (".npy",),
        ("numpy.ndarray",),
        _npy_dump,
        _npy_load,
        _npy_open,
        also=("application/vnd.simvue.numpy.v1",),
        unsafe=_npy_unsafe,
    ),
    Format(
        "numpy-scalar",
        "application/vnd.whence.numpy-scalar",
        types=tuple(f"numpy.{name}" for name in _SCALARS),
        dump=_npy_dump,
        load=_scalar_load,
    ),
    Format("numpy-text", "text/x-numpy", (".dat",), open=_numpy_txt_open),
    Format(
        "hdf5", "application/x-hdf5", (".h5", ".hdf5", ".he5"), open=_hdf5_open, driver=Hdf5Driver
    ),
    Format(
        "netcdf",
        "application/x-netcdf",
        (".nc", ".nc4", ".netcdf"),
        ("xarray.DataArray", "xarray.Dataset"),
        _netcdf_dump,
        _netcdf_load,
        _netcdf_open,
    ),
    Format(
        "zarr-zip",
        "application/vnd.zarr+zip",
        (".zarr.zip",),
        ("xarray.DataArray", "xarray.Dataset"),
        _zarr_dump,
        _zarr_load,
        _reading(_zarr_load),
        driver=ZarrDriver,
    ),
    Format(
        "csv",
        "text/csv",
        (".csv",),
        dump=_csv_dump,
        load=_csv_load,
        open=_csv_open,
        driver=CsvDriver,
    ),
    Format("simvue-frame", "application/vnd.simvue.df.v1", load=_simvue_frame_load),
    Format(
        "parquet",
        "application/vnd.apache.parquet",
        (".parquet",),
        ("pandas.DataFrame", "pandas.Series"),
        _parquet_dump,
        _parquet_load,
        _reading(_parquet_load),
        driver=ParquetDriver,
    ),
    Format(
        "arrow",
        "application/vnd.apache.arrow.file",
        (".arrow", ".feather"),
        ("pyarrow.Table",),
        _arrow_dump,
        _arrow_load,
        _reading(_arrow_load),
        also=("application/vnd.apache.arrow.stream",),
    ),
    Format(
        "polars",
        "application/vnd.whence.polars",
        types=("polars.DataFrame", "polars.Series"),
        dump=_polars_dump,
        load=_polars_load,
    ),
    Format(
        "plotly",
        "application/vnd.plotly.v1+json",
        (".plotly.json",),
        ("plotly.Figure",),
        figure.dump_plotly,
        figure.load_plotly,
    ),
    Format("pickle", "application/vnd.whence.pickle", dump=_pickle_dump, unsafe=_pickle_load),
    Format("png", "image/png", (".png",)),
    Format("pdf", "application/pdf", (".pdf",)),
    Format("svg", "image/svg+xml", (".svg",)),
    Format("markdown", "text/markdown", (".md",)),
    Format("python", "text/x-python", (".py",)),
    Format("file", "application/vnd.whence.file", driver=FileDriver),
    Format("directory", "inode/directory", driver=DirectoryDriver),
    Format("jsonl", "application/jsonl", (".jsonl", ".ndjson"), driver=JsonlDriver),
    Format("messagepack", "application/vnd.msgpack", (".msgpack",), driver=MessagepackDriver),
    Format("zarr", "application/vnd.zarr", (".zarr",), driver=ZarrDriver),
    Format(
        "excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        (".xlsx",),
        driver=ExcelDriver,
    ),
    Format("feather", "application/vnd.whence.feather", driver=FeatherDriver),
    Format("store_driver", "application/vnd.whence.shards", driver=StoreDriver),
    Format("source_combiner", "application/vnd.whence.sources", driver=SourceCombiner),
)
