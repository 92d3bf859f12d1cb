"""Objects come back exactly, by their types, and nothing of theirs is run."""

import io
import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pandas.testing import assert_frame_equal, assert_series_equal

from whence.base.error import UserError, WhenceError
from whence.formats import Format, dump, format_named, format_of, formats, load

TIMES = pd.date_range("2020", periods=3, freq="D", tz="Europe/Berlin", name="t")
ATTRIBUTED = pd.DataFrame({"a": [1, 2]})
ATTRIBUTED.attrs = {"unit": ("m", 1)}
FRAMES = {
    "small numbers": pd.DataFrame({"i": np.array([1, 2], "i1"), "f": np.array([1, np.nan], "f4")}),
    "text": pd.DataFrame({"s": ["a", None]}),
    "text objects": pd.DataFrame({"s": pd.Series(["a", None], dtype=object)}),
    "number objects": pd.DataFrame({"s": pd.Series([1, 2], dtype=object)}),
    "categories": pd.DataFrame(
        {"c": pd.Categorical(["x", "y"], categories=["z", "y", "x"], ordered=True)}
    ),
    "categories of numbers": pd.DataFrame({"c": pd.Categorical([3, 1], categories=[5, 3, 1])}),
    "categories of times": pd.DataFrame({"c": pd.Categorical(pd.to_datetime(["2020", "2021"]))}),
    "zones and frequencies": pd.DataFrame({"v": [1.0, 2.0, 3.0]}, index=TIMES),
    "times in columns": pd.DataFrame({"d": TIMES, "td": pd.to_timedelta([1, 2, 3], unit="s")}),
    "seconds": pd.DataFrame({"d": np.array(["2020-01-01", "2021-01-01"], "M8[s]")}),
    "periods": pd.DataFrame({"p": pd.period_range("2020", periods=3, freq="M")}),
    "levels": pd.DataFrame(
        np.eye(2),
        index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None]),
        columns=pd.MultiIndex.from_tuples([("c", 1), ("d", 2)]),
    ),
    "numbers name columns": pd.DataFrame(np.eye(2), columns=[10, 20]),
    "times name columns": pd.DataFrame(
        np.eye(2), columns=pd.date_range("2020", periods=2, freq="h")
    ),
    "nullable": pd.DataFrame(
        {"i": pd.array([1, None], dtype="Int32"), "s": pd.array(["a", None], dtype="string")}
    ),
    "a range": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(5, 9, 2, name="r")),
    "objects name rows": pd.DataFrame({"a": [1, 2]}, index=pd.Index(["u", "v"], dtype=object)),
    "nothing": pd.DataFrame(),
    "no rows": pd.DataFrame({"a": pd.Series([], dtype="i2")}),
    "attributes": ATTRIBUTED,
}
SERIES = {
    "named by a tuple": pd.Series([1, 2], name=("a", 1)),
    "unnamed": pd.Series(pd.Categorical([3, 1, 3]), index=TIMES),
}
ARRAYS = [
    np.arange(6, dtype="i2")[::2],
    np.asfortranarray(np.eye(2, dtype="f4")),
    np.array(3),
    np.zeros((0, 3)),
    np.array(["a", "bb"]),
    np.array([("x", 1)], dtype=[("é", "U2"), ("b", "i4")]),
    np.array(["2020", "NaT"], "M8[s]"),
    np.array([1j, np.nan]),
    np.float32(3),
    np.datetime64("2020", "Y"),
    np.str_("a"),
    np.bool_(True),
]
VALUES = [None, True, 2**70, {1: (2, [3])}, {"a": {b"x"}}, "text", "\ud800", b"bytes", float("inf")]


class Mischief:
    """What a pickle may do."""

    def __reduce__(self) -> object:
        return os.mkdir, ("/tmp/this-must-not-be-made",)


def again(obj: object, **options: bool) -> object:
    dumped = dump(obj, **options)
    return load(dumped.format.media_type, dumped.data, **options)


@pytest.mark.parametrize("name", FRAMES)
def test_frames(name: str) -> None:
    pytest.importorskip("pyarrow", reason="pip install 'whence[parquet]'")
    found = again(FRAMES[name])
    assert_frame_equal(found, FRAMES[name], check_exact=True, check_freq=True)
    assert found.attrs == FRAMES[name].attrs


@pytest.mark.parametrize("name", SERIES)
def test_series(name: str) -> None:
    pytest.importorskip("pyarrow", reason="pip install 'whence[parquet]'")
    found = again(SERIES[name])
    assert isinstance(found, pd.Series)
    assert_series_equal(found, SERIES[name], check_exact=True, check_freq=True)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (pd.DataFrame({"a": pd.Series([1, "a"], dtype=object)}), "type str"),
        (pd.DataFrame({"a": pd.Series([1, True], dtype=object)}), "bool|differ|mixes"),
        (pd.DataFrame(np.eye(2), columns=["a", "a"]), "Duplicate"),
        (pd.DataFrame({"a": [1j]}), "complex"),
    ],
)
def test_tables_that_would_change_are_refused_or_pickled(table: pd.DataFrame, why: str) -> None:
    pytest.importorskip("pyarrow", reason="pip install 'whence[parquet]'")
    with pytest.raises(UserError, match=why):
        dump(table)
    assert_frame_equal(again(table, allow_pickle=True), table)


def test_arrow_and_polars_tables() -> None:
    arrow = pytest.importorskip("pyarrow", reason="pip install 'whence[parquet]'")
    table = arrow.table({"a": arrow.array([1, None], arrow.int8()), "b": ["x", "y"]})
    table = table.replace_schema_metadata({"unit": "m"})
    found = again(table)
    assert found.equals(table, check_metadata=True)
    polars = pytest.importorskip("polars", reason="pip install 'whence[polars]'")
    frame = polars.DataFrame(
        {
            "a": [1, None],
            "c": polars.Series(["x", "y"], dtype=polars.Categorical),
            "e": polars.Series(["x", "y"], dtype=polars.Enum(["y", "x"])),
            "l": [[1], [2, 3]],
        }
    )
    assert again(frame).equals(frame)
    assert again(frame).schema == frame.schema
    series = polars.Series("s", [1, 2], dtype=polars.Int8)
    assert again(series).equals(series, check_names=True, check_dtypes=True)


@pytest.mark.parametrize("array", ARRAYS, ids=str)
def test_arrays_and_their_scalars(array: np.ndarray) -> None:
    found = again(array)
    assert type(found) is type(array)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    if isinstance(found, np.ndarray):
        assert found.flags.writeable
        assert found.flags.f_contiguous == array.flags.f_contiguous or not array.flags.f_contiguous


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values(value: object) -> None:
    assert again(value) == value
    assert type(again(value)) is type(value)


def test_labelled_arrays_keep_their_times_and_text() -> None:
    array = xr.DataArray(
        np.arange(4.0).reshape(2, 2).astype("f4"),
        coords={"k": ["a", "bb"], "t": np.array(["2020", "2021"], "M8[s]")},
        dims=("k", "t"),
        attrs={"unit": "m"},
        name="E",
    )
    for data in (array, array.to_dataset()):
        found = again(data)
        assert found.identical(data)
        assert found.t.dtype == "M8[s]"
        assert found.k.dtype == data.k.dtype


def test_tensors() -> None:
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0")
    pytest.importorskip("safetensors", reason="pip install 'whence[torch]'")
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    state = model.state_dict()
    dumped = dump(state)
    assert dumped.format.name == "safetensors"
    found = load(dumped.format.media_type, dumped.data)
    assert type(found) is OrderedDict
    assert list(found) == list(state)
    assert all(torch.equal(found[key], state[key]) for key in state)
    model.load_state_dict(found)
    shared = torch.ones(3)
    for tensor in (
        torch.arange(3, dtype=torch.bfloat16),
        torch.tensor(3.0),
        torch.eye(3)[:, 1],
        torch.eye(3, requires_grad=True),
        torch.eye(3).to_sparse(),
        torch.nn.Parameter(torch.ones(2)),
    ):
        found = again(tensor)
        assert type(found) is type(tensor)
        assert found.dtype == tensor.dtype
        assert found.layout == tensor.layout
        assert found.requires_grad == tensor.requires_grad
        assert torch.equal(found.to_dense(), tensor.to_dense())
    tied = again({"a": shared, "b": shared})
    assert tied["a"].data_ptr() == tied["b"].data_ptr()
    checkpoint = again({"model": state, "epoch": 3, "best": (1, 0.5)})
    assert (checkpoint["epoch"], checkpoint["best"]) == (3, (1, 0.5))
    with pytest.raises(UserError, match="allow_pickle"):
        dump(model)
    assert type(again(model, allow_pickle=True)) is type(model)
    buffer = io.BytesIO()
    torch.save(model, buffer)  # as others do it
    with pytest.raises(UserError, match="allow_pickle"):
        load("application/x-pytorch", buffer.getvalue())
    found = load("application/x-pytorch", buffer.getvalue(), allow_pickle=True)
    assert type(found) is type(model)


@pytest.mark.parametrize("media_type", ["application/x-safetensors", "application/x-pytorch"])
@pytest.mark.parametrize("data", [b"", b"\xff\x00PK\x03\x04", b"\0" * 7 + b"@{}", pickle.dumps(1)])
def test_tensors_that_are_none_are_told(media_type: str, data: bytes) -> None:
    pytest.importorskip("torch", reason="pip install torch==2.13.0")
    pytest.importorskip("safetensors", reason="pip install 'whence[torch]'")
    with pytest.raises(UserError, match="is not what its media type"):
        load(media_type, data)


def test_figures() -> None:
    graph = pytest.importorskip("plotly.graph_objects", reason="pip install 'whence[plotly]'")
    figure = graph.Figure(data=[graph.Scatter(x=[1, 2], y=[3, 4])])
    dumped = dump(figure)
    assert dumped.format.media_type == "application/vnd.plotly.v1+json"
    assert load(dumped.format.media_type, dumped.data) == figure


def test_nothing_is_unpickled_unless_allowed() -> None:
    evil = pickle.dumps(Mischief())
    for kind in ("application/vnd.whence.pickle", "application/x-pytorch", "application/x-npy"):
        with pytest.raises(WhenceError):
            load(kind, evil)
    assert load("application/octet-stream", evil) == evil
    array = np.array([Mischief()], dtype=object)
    with pytest.raises(UserError, match="exactly"):
        dump(array)
    assert not Path("/tmp/this-must-not-be-made").exists()
    assert again({"a": object}, allow_pickle=True) == {"a": object}
    assert load("application/octet-stream", pickle.dumps([1]), allow_pickle=True) == [1]
    assert load("application/octet-stream", b"plain", allow_pickle=True) == b"plain"
    with pytest.raises(UserError, match="cannot pickle"):
        dump(lambda: 0, allow_pickle=True)


@pytest.mark.parametrize(
    "media_type",
    [
        *("application/x-npy", "application/json", "text/plain", "application/x-netcdf"),
        *("application/vnd.apache.parquet", "application/vnd.apache.arrow.file"),
        *("application/vnd.plotly.v1+json", "application/vnd.whence.value+json"),
        *("application/vnd.whence.polars", "application/vnd.whence.numpy-scalar"),
        "application/vnd.zarr+zip",
    ],
)
@pytest.mark.parametrize("data", [b"", b"\xff\x00PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_media_types_that_lie_are_told(media_type: str, data: bytes) -> None:
    if data == b"" and media_type == "text/plain":
        return
    with pytest.raises(UserError, match="is not what its media type"):
        load(media_type, data)


def test_a_header_that_promises_more_than_there_is_takes_no_memory() -> None:
    data = dump(np.arange(3)).data.replace(b"(3,), }", b"(9999999999,), }")
    with pytest.raises(UserError, match="cut short"):
        load("application/x-npy", data)


def test_what_simvue_wrote_is_read() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.eye(2), allow_pickle=False)
    found = load("application/vnd.simvue.numpy.v1", buffer.getvalue())
    np.testing.assert_array_equal(found, np.eye(2))
    frame = load("application/vnd.simvue.df.v1", pd.DataFrame({"a": [1, 2]}).to_csv().encode())
    assert_frame_equal(frame, pd.DataFrame({"a": [1, 2]}), check_names=False)
    assert load("application/json", b'{"a": 1}') == {"a": 1}
    assert load("application/x-of-nobody", b"x") == b"x"


def test_tensors_of_simvue_are_read() -> None:
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0")
    buffer = io.BytesIO()
    torch.save(OrderedDict(a=torch.ones(2)), buffer)
    found = load("application/vnd.simvue.torch.v1", buffer.getvalue())
    assert torch.equal(found["a"], torch.ones(2))


def test_installed_packages_bring_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from whence.formats import format as module

    package = tmp_path / "melody-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: melody\nVersion: 1\n")
    (package / "entry_points.txt").write_text(
        "[whence.formats]\nmelody = melody:FORMAT\nbroken = melody:NOTHING\n"
    )
    (tmp_path / "melody.py").write_text(
        "from whence.formats import Format\n"
        "class Tune(str): pass\n"
        "FORMAT = Format('melody', 'audio/x-melody', ('.melody',), ('melody.Tune',),\n"
        "    lambda tune: tune.encode(), lambda data: Tune(data.decode()))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module.discover.cache_clear()
    try:
        with pytest.warns(UserWarning, match="broken"):
            assert format_of("a.melody").name == "melody"
        import melody

        assert again(melody.Tune("la")) == melody.Tune("la")
        assert format_named("audio/x-melody") is formats()["melody"]
    finally:
        formats()._entries.pop("melody", None)
        module.discover.cache_clear()


def test_a_format_without_its_package_says_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    from whence.base.error import MissingExtraError

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"whence\[parquet\]"):
        dump(pd.DataFrame({"a": [1]}))
    with pytest.raises(MissingExtraError, match=r"whence\[parquet\]"):
        load("application/vnd.apache.parquet", b"PAR1")


def test_every_format_with_types_reads_what_it_writes() -> None:
    for entry in formats().values():
        assert isinstance(entry, Format)
        if entry.types:
            assert entry.dump is not None, entry.name
            assert entry.load is not None, entry.name
