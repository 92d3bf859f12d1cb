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
from whence.formats.format import UNKNOWN, Format

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
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _npy_load(data: bytes) -> Any:
    import numpy as np

    return np.load(io.BytesIO(data), allow_pickle=False)


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


_PLAIN = ("NoneType", "bool", "int", "float", "complex", "list", "tuple", "dict", "set")
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
    ),
    Format("numpy-text", "text/x-numpy", (".dat",), open=_numpy_txt_open),
    Format("hdf5", "application/x-hdf5", (".h5", ".hdf5", ".he5"), open=_hdf5_open),
    Format(
        "netcdf",
        "application/x-netcdf",
        (".nc", ".nc4", ".netcdf"),
        ("xarray.DataArray", "xarray.Dataset"),
        _netcdf_dump,
        _netcdf_load,
        _netcdf_open,
    ),
    Format("csv", "text/csv", (".csv",), dump=_csv_dump, load=_csv_load, open=_csv_open),
    Format("png", "image/png", (".png",)),
    Format("pdf", "application/pdf", (".pdf",)),
    Format("svg", "image/svg+xml", (".svg",)),
    Format("markdown", "text/markdown", (".md",)),
    Format("python", "text/x-python", (".py",)),
)
