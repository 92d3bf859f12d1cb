"""The registry of media types."""

import subprocess
import sys

import h5py
import numpy as np
import pytest
import xarray as xr

from whence.base.error import UserError
from whence.formats import Format, format_for, format_of, formats, is_stored, media_type_of
from whence.formats.hdf5 import Hdf5File


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("sim/data.h5", "application/x-hdf5"),
        ("params.yml", "application/yaml"),
        ("a.b.NPY", "application/x-npy"),
        ("figure.pdf", "application/pdf"),
        ("figure.svg", "image/svg+xml"),
        ("run.py", "text/x-python"),
        ("README.md", "text/markdown"),
        ("x.json", "application/json"),
        ("sim.log", "text/plain"),
        ("lmp", "application/octet-stream"),
        (".h5", "application/x-hdf5"),
        ("", "application/octet-stream"),
    ],
)
def test_media_types_of_files(name, media_type):
    assert media_type_of(name) == media_type


def test_names_media_types_and_extensions_are_unique():
    known = formats().values()
    ends = [end for entry in known for end in entry.extensions]
    assert len(set(ends)) == len(ends)
    assert len({entry.media_type for entry in known}) == len(known)
    assert all(formats()[entry.name] is entry for entry in known)


def test_wrong_formats_are_refused():
    with pytest.raises(UserError, match="not an extension"):
        Format("x", "a/b", ("x",))
    with pytest.raises(UserError, match="not a media type"):
        Format("x", "ab")
    with pytest.raises(UserError, match="Did you mean 'hdf5'"):
        formats().find("hdf")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("text ü\n", "text"),
        (b"\x00\xff", "octet-stream"),
        ((1, None, {"a": float("inf")}), "value"),
        (True, "value"),
        (np.arange(6).reshape(2, 3), "npy"),
        (np.array(3.5), "npy"),
        (np.array(["2026-01-01"], "datetime64[D]"), "npy"),
        (xr.DataArray([1, 2], {"t": [0.5, 1.0]}, ["t"], name="x", attrs={"u": "m"}), "netcdf"),
        (xr.DataArray(1.5), "netcdf"),
        (xr.DataArray([1], {"data": [2]}, ["data"], name="data"), "netcdf"),
        (xr.Dataset({"a": ("t", [1.0]), "b": 2}), "netcdf"),
    ],
)
def test_objects_come_back_exactly(value, name):
    entry = format_for(value)
    assert entry.name == name
    again = entry.load(entry.dump(value))
    assert type(again) is type(value)
    if isinstance(value, (xr.DataArray, xr.Dataset)):
        xr.testing.assert_identical(again, value)
        assert {v.dtype for v in again.coords.values()} == {v.dtype for v in value.coords.values()}
    else:
        np.testing.assert_equal(again, value)
        assert getattr(again, "dtype", None) == getattr(value, "dtype", None)
    assert entry.dump(value) == entry.dump(value)


def test_what_would_not_come_back_is_refused():
    with pytest.raises(UserError, match=r"no format keeps objects of builtins.object"):
        format_for(object())
    with pytest.raises(UserError, match="Python objects"):
        formats()["npy"].dump(np.array([object()]))
    mixed = xr.DataArray(np.array([1, "a", None], dtype=object), dims="t")
    with pytest.raises(UserError, match="NetCDF does not keep this exactly"):
        formats()["netcdf"].dump(mixed)


def test_tables(tmp_path):
    (tmp_path / "t.csv").write_text("a;b\n1;2\n")
    frame = formats()["csv"].open(tmp_path / "t.csv", sep=";")
    assert frame.to_dict("list") == {"a": [1], "b": [2]}
    with pytest.raises(UserError, match="No such file"):
        formats()["csv"].open(tmp_path / "none.csv")


@pytest.mark.parametrize("name", ["text", "json", "yaml", "npy", "hdf5", "netcdf", "octet-stream"])
def test_a_missing_file_is_the_users_error(name, tmp_path):
    with pytest.raises(UserError) as caught:
        formats()[name].open(tmp_path / "none")
    assert str(tmp_path / "none") in str(caught.value)


@pytest.mark.parametrize("name", ["text", "json", "yaml", "npy", "hdf5", "netcdf"])
def test_damaged_content_is_the_users_error(name, tmp_path):
    path = tmp_path / "damaged"
    path.write_bytes(b"\x89\xff{[\x00: : \n")
    with pytest.raises(UserError) as caught:
        formats()[name].open(path)
    assert str(path) in str(caught.value)


def test_arrays_in_files_are_read_in_parts(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(12).reshape(3, 4))
    array = formats()["npy"].open(tmp_path / "a.npy")
    assert is_stored(array)
    assert (array.shape, array.dtype) == ((3, 4), np.dtype(int))
    assert array.read((slice(1, 3), 0)).tolist() == [4, 8]
    out = np.empty((3, 4))
    array.read_into(out)
    assert out[2, 3] == 11
    np.save(tmp_path / "o.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(UserError, match="pickled objects are not"):
        formats()["npy"].open(tmp_path / "o.npy")


def test_hdf5_of_all_kinds(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["text"] = "ü"
        file["texts"] = ["a", "b"]
        file["scalar"] = 3
        file["empty"] = h5py.Empty("f8")
        file["none"] = np.zeros((0, 2))
        file["big_endian"] = np.arange(3, dtype=">i4")
        file["flags"] = np.array([True, False])
        file["compound"] = np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
        file.create_dataset("zipped", data=np.arange(100), chunks=(10,), compression="gzip")
        file["g/x"] = [1]
        file["g"].attrs.update({"b": b"bytes", "s": ["u", "v"], "n": 1.5})
        file["link"] = h5py.SoftLink("/g/x")
        file["broken"] = h5py.SoftLink("/nowhere")
        file["loop"] = file["/"]
        file["ünï"] = [1.0]
        file["type"] = np.dtype("f4")
    members = Hdf5File.at(path).root().members()
    assert "broken" not in members
    assert "loop" not in members
    assert "type" not in members
    assert members["text"].read() == "ü"
    assert members["texts"].read().tolist() == ["a", "b"]
    assert members["scalar"].read() == 3
    assert members["none"].read().shape == (0, 2)
    assert members["empty"].read().shape == members["empty"].shape == (0,)
    assert members["big_endian"].read().tolist() == [0, 1, 2]
    assert members["flags"].read().tolist() == [True, False]
    assert members["compound"].read()["b"].tolist() == [2.0]
    assert members["zipped"].read(slice(5, 7)).tolist() == [5, 6]
    assert members["link"].read().tolist() == [1]
    assert members["ünï"].read().tolist() == [1.0]
    attrs = members["g"].attrs
    assert (attrs["b"], attrs["s"].tolist(), attrs["n"]) == ("bytes", ["u", "v"], 1.5)
    out = np.empty((100, 2))
    members["zipped"].read_into(out[:, 0])
    assert out[99, 0] == 99


def test_importing_formats_is_light():
    code = (
        "import sys; from whence.formats import media_type_of; media_type_of('a.nc');"
        "print([m for m in ('numpy', 'xarray', 'pandas', 'h5py', 'yaml') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_formats_of_names():
    assert format_of("x.nc").name == "netcdf"
    assert format_of("x.unknown") is None
