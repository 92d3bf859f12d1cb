"""Tables of pandas as Parquet, and of Arrow and polars as Arrow files.

Parquet alone forgets what pandas tells apart: text kept as objects, categories of numbers, units
of times, frequencies of indexes, attributes. That is written beside it, in the metadata of the
file, and what was written is read back and compared before it is believed.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import orjson

from whence.base.error import MissingExtraError, UserError
from whence.base.escape import decode, encode

_KEY = b"whence"


def dump(table: Any) -> bytes:
    """A DataFrame or Series as Parquet.

    Raises
    ------
    UserError
        If it holds something that would not come back exactly.
    """
    import pandas as pd

    arrow = _arrow("keeping a pandas table")
    series = isinstance(table, pd.Series)
    frame = table.to_frame(name="values") if series else table
    notes: dict[str, Any] = {"attrs": encode(table.attrs, ("attrs",))}
    if series:
        notes["series"] = encode(table.name, ("name",))
    try:
        with warnings.catch_warnings():  # pyarrow before 26 asks pandas 3.1 for what it warns of
            warnings.simplefilter("ignore", DeprecationWarning)
            content = arrow.Table.from_pandas(frame)
        notes |= _notes(frame, _plain(content))
        data = _parquet(content, notes)
        found = load(data)
        _compare(found, table)
    except (arrow.ArrowException, ValueError, TypeError, AssertionError, KeyError) as error:
        text = " ".join(str(error).split())
        raise UserError.of(
            "not-exact",
            f"Parquet does not keep this exactly: {text[:200]}",
            mend="Convert columns of mixed objects to one type each.",
        ) from error
    return data


def load(data: bytes) -> Any:
    """The table of a Parquet file; exactly what `dump` was given, if that wrote it."""
    _arrow("reading Parquet")
    from pyarrow import parquet

    content = parquet.read_table(io.BytesIO(data))
    frame = content.to_pandas()
    notes = orjson.loads((content.schema.metadata or {}).get(_KEY, b"{}"))
    for position, note in notes.get("columns", {}).items():
        frame.isetitem(int(position), _restored(frame.iloc[:, int(position)], note))
    for axis, note in notes.get("axes", {}).items():
        setattr(frame, axis, _labels(getattr(frame, axis), note))
    found = frame
    if "series" in notes:
        found = frame.iloc[:, 0].rename(decode(notes["series"]))
    found.attrs = decode(notes.get("attrs", {}))
    return found


def _parquet(content: Any, notes: dict[str, Any]) -> bytes:
    from pyarrow import parquet

    content = content.replace_schema_metadata(
        {**(content.schema.metadata or {}), _KEY: orjson.dumps(notes)}
    )
    buffer = io.BytesIO()
    parquet.write_table(content, buffer, compression="zstd")
    return buffer.getvalue()


def _plain(content: Any) -> Any:
    """What comes back of a table without our notes."""
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(content.slice(0, 1), buffer)
    return parquet.read_table(io.BytesIO(buffer.getvalue())).to_pandas()


def _notes(frame: Any, plain: Any) -> dict[str, Any]:
    """What to tell beside the table so that it comes back as it is."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for position, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, pd.CategoricalDtype):
            labels = dtype.categories
            columns[str(position)] = {
                "categories": encode(labels.tolist(), ("categories",)),
                "dtype": str(labels.dtype),
                "ordered": bool(dtype.ordered),
            }
        elif plain.dtypes.iloc[position] != dtype:
            columns[str(position)] = {"dtype": str(dtype)}
    axes: dict[str, Any] = {}
    for axis in ("index", "columns"):
        labels, back = getattr(frame, axis), getattr(plain, axis)
        note: dict[str, Any] = {}
        if labels.nlevels == 1 and not isinstance(labels.dtype, pd.CategoricalDtype):
            if labels.dtype != back.dtype:
                note["dtype"] = str(labels.dtype)
            if getattr(labels, "freq", None) is not None and not hasattr(labels.dtype, "freq"):
                note["freq"] = labels.freqstr
        if note:
            axes[axis] = note
    return {"columns": columns, "axes": axes}


def _restored(column: Any, note: dict[str, Any]) -> Any:
    import pandas as pd

    if "categories" in note:
        labels = pd.Index(decode(note["categories"]), dtype=note["dtype"])
        return column.astype(pd.CategoricalDtype(labels, ordered=note["ordered"]))
    found = column.astype(note["dtype"])
    if note["dtype"] == "object":
        found = found.where(column.notna(), None)
    return found


def _labels(labels: Any, note: dict[str, Any]) -> Any:
    if "dtype" in note:
        labels = labels.astype(note["dtype"])
    if "freq" in note:
        labels = labels.copy()
        labels.freq = note["freq"]
    return labels


def _compare(found: Any, table: Any) -> None:
    """Raise AssertionError unless two tables are the same in all that pandas tells apart."""
    import pandas as pd
    from pandas.testing import assert_frame_equal, assert_series_equal

    same: Any = assert_series_equal if isinstance(table, pd.Series) else assert_frame_equal
    same(found, table, check_exact=True, check_freq=True, check_flags=True)
    if encode(found.attrs) != encode(table.attrs):
        raise AssertionError("attributes differ")
    left, right = (t.to_frame() if isinstance(t, pd.Series) else t for t in (found, table))
    for position, dtype in enumerate(right.dtypes):
        if dtype.kind == "O" and str(dtype) == "object":
            pairs = zip(left.iloc[:, position], right.iloc[:, position], strict=True)
            if any(type(a) is not type(b) for a, b in pairs):
                raise AssertionError(f"column {right.columns[position]!r} mixes types")


def dump_arrow(table: Any) -> bytes:
    """An Arrow table as an Arrow file."""
    arrow = _arrow("keeping an Arrow table")
    buffer = io.BytesIO()
    with arrow.ipc.new_file(buffer, table.schema) as file:
        file.write_table(table)
    return buffer.getvalue()


def load_arrow(data: bytes) -> Any:
    """The table of an Arrow file, or of an Arrow stream."""
    arrow = _arrow("reading an Arrow table")
    if data[:6] == b"ARROW1":
        return arrow.ipc.open_file(data).read_all()
    return arrow.ipc.open_stream(data).read_all()


def dump_polars(table: Any) -> bytes:
    """A polars DataFrame or Series as an Arrow file."""
    polars = _polars("keeping a polars table")
    series = isinstance(table, polars.Series)
    frame = table.to_frame() if series else table
    if series:  # a frame of one column looks the same but for this
        frame = frame.rename({frame.columns[0]: f"{_SERIES}{table.name}"})
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    back = load_polars(buffer.getvalue())
    if not table.equals(back, null_equal=True) or _schema(back) != _schema(table):
        raise UserError.of("not-exact", "an Arrow file does not keep this polars table exactly")
    return buffer.getvalue()


def load_polars(data: bytes) -> Any:
    """What `dump_polars` was given."""
    polars = _polars("reading a polars table")
    frame = polars.read_ipc(io.BytesIO(data))
    if frame.width == 1 and frame.columns[0].startswith(_SERIES):
        return frame.to_series().rename(frame.columns[0].removeprefix(_SERIES))
    return frame


_SERIES = "whence:series:"


def _schema(table: Any) -> Any:
    return getattr(table, "schema", None) or table.dtype


def _arrow(purpose: str) -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError as error:
        raise MissingExtraError.needed("pyarrow", "parquet", purpose) from error
    return pyarrow


def _polars(purpose: str) -> Any:
    try:
        import polars
    except ImportError as error:
        raise MissingExtraError.needed("polars", "polars", purpose) from error
    return polars
