"""How the numbers of two files differ."""

import json
import math
import time

import h5py
import numpy as np
import pytest
import xarray as xr

from whence.formats import media_type_of
from whence.formats.difference import array_difference, file_difference


def compare(tmp_path, name, write, left, right):
    for side, value in (("a", left), ("b", right)):
        (tmp_path / side).mkdir()
        write(tmp_path / side / name, value)
    return file_difference(tmp_path / "a" / name, tmp_path / "b" / name, media_type_of(name))


def write_hdf5(path, arrays):
    with h5py.File(path, "w") as file:
        for name, value in arrays.items():
            file[name] = value


def test_npy_tells_the_largest_difference_and_where(tmp_path):
    left = np.arange(12.0).reshape(3, 4)
    right = left.copy()
    right[2, 1] += 0.5
    right[0, 3] -= 0.25
    (one,) = compare(tmp_path, "x.npy", np.save, left, right).arrays
    assert (one.differing, one.values, one.largest, one.at) == (2, 12, 0.5, (2, 1))
    assert one.relative == pytest.approx(0.25 / 3)
    assert one.whole


def test_the_numbers_of_other_systems_are_compared(tmp_path):
    for name, value in (("a", 1.0), ("b", 3.0)):
        np.save(tmp_path / f"{name}.npy", np.array([value]))
    theirs = "application/vnd.simvue.numpy.v1"
    (one,) = file_difference(tmp_path / "a.npy", tmp_path / "b.npy", theirs).arrays
    assert one.largest == 2.0


def test_the_same_numbers_leave_nothing_to_tell(tmp_path):
    left = np.array([1.0, np.nan, np.inf])
    found = compare(tmp_path, "x.npy", np.save, left, left)
    assert (found.arrays, found.compared, found.note) == ((), 1, None)


def test_hdf5_by_dataset(tmp_path):
    found = compare(
        tmp_path,
        "x.h5",
        write_hdf5,
        {"g/a": np.arange(3), "g/b": np.zeros(2), "only": 1.0, "text": "abc"},
        {"g/a": np.arange(4), "g/b": np.array([0, 1e-3]), "text": "abd", "new": [1]},
    )
    told = {one.name: one for one in found.arrays}
    assert set(told) == {"g/a", "g/b", "only", "text", "new"}
    assert (told["g/a"].left.shape, told["g/a"].right.shape) == ((3,), (4,))
    assert (told["g/b"].differing, told["g/b"].largest, told["g/b"].relative) == (1, 1e-3, 1.0)
    assert told["only"].right is None
    assert told["new"].left is None
    assert (told["text"].differing, told["text"].largest) == (1, None)
    assert found.compared == 3


def test_netcdf(tmp_path):
    data = xr.Dataset({"u": ("t", [1.0, 2.0])}, {"t": [0, 1]})
    found = compare(
        tmp_path, "x.nc", lambda p, d: d.to_netcdf(p, engine="h5netcdf"), data, data + 0.5
    )
    (one,) = found.arrays
    assert (one.name, one.differing, one.largest) == ("u", 2, 0.5)


def test_csv_by_column(tmp_path):
    found = compare(
        tmp_path, "x.csv", lambda p, t: p.write_text(t), "t,e,s\n0,1.5,a\n1,2.5,b\n",
        "t,e,s\n0,1.5,a\n1,2.75,c\n",
    )  # fmt: skip
    told = {one.name: (one.differing, one.largest) for one in found.arrays}
    assert told == {"e": (1, 0.25), "s": (1, None)}


def test_json_by_key(tmp_path):
    found = compare(
        tmp_path,
        "x.json",
        lambda p, v: p.write_text(json.dumps(v)),
        {"a": {"b": [1, 2, 3]}, "n": 1, "mixed": [1, "x", {"deep": 2}], "huge": 2**63},
        {"a": {"b": [1, 2, 5]}, "n": None, "mixed": [1, "x", {"deep": 3}], "huge": 2**63},
    )
    told = {one.name: (one.differing, one.largest) for one in found.arrays}
    assert told == {"a.b": (1, 2.0), "n": (1, None), "mixed[2].deep": (1, 1.0)}


def test_a_damaged_file_is_told_and_raises_nothing(tmp_path):
    found = compare(tmp_path, "x.h5", lambda p, v: p.write_bytes(v), b"no", b"hdf5")
    assert found.note.startswith("cannot be read:")
    found = file_difference(tmp_path / "a/x.h5", tmp_path / "b/x.h5", "image/png")
    assert "not a format" in found.note


def test_what_takes_too_long_is_stopped(tmp_path):
    left, right = np.zeros(3 << 20), np.ones(3 << 20)
    one = array_difference("x", left, right, end=time.monotonic())
    assert 0 < one.values < left.size
    assert not one.whole
    whole = array_difference("x", left, right)
    assert (whole.values, whole.differing, whole.whole) == (left.size, left.size, True)


@pytest.mark.parametrize(
    ("left", "right", "differing", "missing", "largest", "relative"),
    [
        ([1.0, np.nan], [np.nan, np.nan], 1, 1, None, None),
        ([np.inf], [1.0], 1, 0, math.inf, math.inf),
        ([-(2**63)], [2**63 - 1], 1, 0, 2.0**64, 2.0),
        ([True, False], [True, True], 1, 0, 1.0, 1.0),
        ([1 + 1j], [1 - 1j], 1, 0, 2.0, math.sqrt(2)),
        ([1], [1.5], 1, 0, 0.5, 1 / 3),
        (["a"], ["b"], 1, 0, None, None),
    ],
)
def test_values_of_every_kind(left, right, differing, missing, largest, relative):
    one = array_difference("x", np.array(left), np.array(right))
    assert (one.differing, one.missing, one.largest) == (differing, missing, largest)
    assert one.relative == pytest.approx(relative)


def test_arrays_of_records_are_compared_field_by_field(tmp_path):
    left = np.zeros(3, [("x", "f8"), ("n", "i4", (2,))])
    right = left.copy()
    right["n"][1, 1] = 7
    (one,) = compare(tmp_path, "x.npy", np.save, left, right).arrays
    assert (one.name, one.differing, one.at) == ("n", 1, (1, 1))
