"""Arrays that lie in files and behave like arrays."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pytest
import xarray as xr

from whence.base.error import UserError
from whence.formats.hdf5 import Hdf5Dataset
from whence.tree import NumpyDataContainer, OrderedDataGroup, XrDataContainer


@pytest.fixture
def reads(monkeypatch):
    """The selections that were read from files."""
    seen = []
    read, read_into = Hdf5Dataset.read, Hdf5Dataset.read_into

    def counted(self, selection=()):
        seen.append((self.inner, selection))
        return read(self, selection)

    def counted_into(self, out):
        seen.append((self.inner, ()))
        return read_into(self, out)

    monkeypatch.setattr(Hdf5Dataset, "read", counted)
    monkeypatch.setattr(Hdf5Dataset, "read_into", counted_into)
    return seen


def open_files():
    return [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]


def test_nothing_is_read_before_it_is_used(dm, reads):
    walk = dm["simulations/05/data/walk"]
    assert (walk.shape, walk.dtype, walk.ndim, walk.size, len(walk)) == ((8,), "float64", 1, 8, 8)
    assert "float64, shape (8,)" in dm.tree
    assert reads == []
    assert walk[2:4].shape == (2,)
    assert walk[-1] == walk.data[-1]
    assert reads[0] == ("walk", slice(2, 4))
    before = len(reads)
    walk.mean()
    np.argmin(walk)
    assert len(reads) == before


def test_xarray_reads_only_what_is_selected(dm, reads):
    step = dm["simulations/05/data/energy/3"]
    assert step.dims == ("dim_0",)
    part = step.data.isel(dim_0=slice(1, 3)).isel(dim_0=0)
    assert reads == []
    assert part.item() == dm["simulations/05/data/walk"][1]
    assert len([r for r in reads if r[0] == "energy/3"]) == 1
    assert reads[0][1] != ()


def test_no_file_stays_open(dm):
    _ = dm.tree
    _ = dm["simulations/05/data/walk"].data + dm["simulations/05/data/energy/0"].data
    assert not [name for name in open_files() if name.endswith(".h5")]


def test_a_file_that_is_being_written_is_read_without_a_lock(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w", locking=True) as file:
        file["x"] = [1.0, 2.0]
        file.flush()
        code = (
            "import sys; from whence.formats.hdf5 import Hdf5File;"
            "print(Hdf5File.at(sys.argv[1]).root().members()['x'].read().tolist())"
        )
        command = [sys.executable, "-c", code, str(tmp_path / "x.h5")]
        assert subprocess.check_output(command, text=True) == "[1.0, 2.0]\n"


def test_a_changed_file_is_noticed(dm, sweep):
    walk = dm["simulations/05/data/walk"]
    with h5py.File(sweep / "sim_05" / "data.h5", "w") as file:
        file["walk"] = [1, 2]
    with pytest.raises(UserError, match="another shape or dtype"):
        _ = walk.data


def test_numpy_containers_calculate_like_arrays():
    a = NumpyDataContainer(name="a", data=[1.0, 2.0, 4.0])
    b = NumpyDataContainer(name="b", data=[1, 1, 0])
    assert type(a + b) is np.ndarray
    assert (a + b).tolist() == (b + a).tolist() == [2.0, 3.0, 4.0]
    assert (np.array([1.0, 0.0, 0.0]) + a).tolist() == [2.0, 2.0, 4.0]
    assert (a > 1.5).tolist() == [False, True, True]
    assert (-a).tolist() == [-1.0, -2.0, -4.0]
    assert (a**2).sum() == 21
    assert np.mean(a) == a.mean()
    assert np.concatenate([a, b]).shape == (6,)
    assert 2.0 in a
    assert float(NumpyDataContainer(name="s", data=3)) == 3.0
    assert list(xr.DataArray(a, dims=["t"]).dims) == ["t"]
    assert isinstance(xr.DataArray(a).data, np.ndarray)


def test_xarray_containers_calculate_like_data_arrays():
    a = XrDataContainer(name="a", data=[1.0, 2.0], attrs={"dims": ["t"], "coords__t": [5, 7]})
    assert type(a + 1) is xr.DataArray
    assert (a * a).dims == ("t",)
    assert (np.sqrt(a)).sel(t=5) == 1
    assert a.sel(t=7).item() == 2.0
    assert a.mean("t") == 1.5
    assert (xr.DataArray([1.0, 1.0], dims="t") + a).values.tolist() == [2.0, 3.0]
    assert np.asarray(a).tolist() == [1.0, 2.0]


def test_changes_in_place_are_noticed(dm):
    walk = dm["simulations/05/data/walk"]
    first = walk[0]
    assert walk.pristine
    with pytest.raises(ValueError, match="read-only"):
        walk.data[0] = 1
    walk += 1
    assert walk is dm["simulations/05/data/walk"]
    assert walk[0] == first + 1
    assert not walk.pristine
    assert not walk.parent.pristine
    walk[0] = 100
    assert walk[0] == 100


def test_attribute_errors_are_not_masked():
    a = NumpyDataContainer(name="a", data=[1])
    with pytest.raises(AttributeError, match="no attribute 'meen'"):
        _ = a.meen

    class Broken(NumpyDataContainer):
        @property
        def special(self):
            return self.data.not_there

    with pytest.raises(AttributeError, match="not_there"):
        _ = Broken(name="b", data=[1]).special
    assert not hasattr(a, "__array_function__")


def test_names_of_dimensions_and_coordinates():
    def made(shape=(2, 3), **attrs):
        return XrDataContainer(name="x", data=np.zeros(shape), attrs=attrs).data

    assert made().dims == ("dim_0", "dim_1")
    assert made(dims=[b"a"], dim_name__1="b").dims == ("a", "b")
    array = made(
        dims=np.array(["a", "b"]),
        coords__a=["u", "v"],
        coords__b=[1, 0.5],
        coords_mode__b="start_and_step",
        unit="m",
    )
    assert array.name == "x"
    assert array.attrs == {"unit": "m"}
    assert array.coords["a"].values.tolist() == ["u", "v"]
    assert array.coords["b"].values.tolist() == [1, 1.5, 2]
    for mode, given in {"range": [0, 6, 2], "linspace": [0, 4, 3], "arange": [0, 5, 2]}.items():
        got = made(dims=["a", "b"], coords__b=given, coords_mode__b=mode)
        assert got.coords["b"].values.tolist() == [0, 2, 4]
    assert made(dim_name__0="a", coords_mode__a="trivial").a.values.tolist() == [0, 1]
    assert made((1,), dims=["t"], coords__t=3, coords_mode__t="scalar").t.values.tolist() == [3]


def test_linked_coordinates():
    group = OrderedDataGroup(name="g")
    group.new_container("times", Cls=NumpyDataContainer, data=[5, 6])
    attrs = {"dims": ["t"], "coords__t": "times", "coords_mode__t": "linked"}
    node = group.new_container("x", Cls="XrDataContainer", data=[1.0, 2.0], attrs=attrs)
    assert node.data.t.values.tolist() == [5, 6]


@pytest.mark.parametrize(
    ("attrs", "says"),
    [
        ({"dims": ["a", "b", "c"]}, "names 3 dimensions, the data has 2"),
        ({"dims": ["a", "a"]}, "used twice"),
        ({"dim_name__7": "a"}, "the data has only 2"),
        ({"dims": ["time", "b"], "coords__tme": [1, 2]}, "Did you mean 'time'?"),
        ({"dims": ["a", "b"], "coords__a": [1]}, r"shape \(1,\) for 2 positions"),
        ({"dims": ["a", "b"], "coords__a": 1, "coords_mode__a": "rnge"}, "Did you mean 'range'"),
        ({"dims": ["a", "b"], "coords_mode__a": "range"}, "there is no 'coords__a'"),
        ({"dims": ["a", "b"], "coords__a": [1], "coords_mode__a": "linspace"}, "is no linspace"),
    ],
)
def test_wrong_labels_are_told(attrs, says):
    with pytest.raises(UserError, match=says):
        _ = XrDataContainer(name="x", data=np.zeros((2, 3)), attrs=attrs).data


def test_selecting_in_a_time_series(dm):
    energy = dm["simulations/05/data/energy"]
    assert energy.dims == ("time",)
    assert energy.coords["time"].tolist() == list(range(12))
    one = energy.sel(time=3)
    assert one.shape == (8,)
    assert one.time == 3
    both = energy.isel(time=[0, 2], dim_0=1)
    assert both.dims == ("time",)
    assert both.values.tolist() == [energy["0"][1].item(), energy["2"][1].item()]
    with pytest.raises(UserError, match=r"has no \{'time': 99\} along 'time'"):
        energy.sel(time=99)
    with pytest.raises(UserError, match="differ in shape"):
        energy.sel(time=[0, 11])


def test_reading_a_group_opens_its_file_once(dm, monkeypatch):
    from whence.formats import hdf5

    opened = []
    really = hdf5._open
    monkeypatch.setattr(hdf5, "_open", lambda path: opened.append(path) or really(path))
    data = dm["simulations/05/data"]
    data.read()
    assert len(opened) == 1
    assert data["walk"].is_read
    assert data["energy/11"].is_read
    assert data["energy/0"].mean() == data["walk"].mean()
    assert len(opened) == 1


def test_many_threads_may_read_one_file(dm):
    group = dm["simulations/05/data/energy"]
    expected = [len(member) for member in group.values()]

    def read(_):
        return [member.stored.read().size for member in group.values()]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(40))) == [expected] * 40


def test_only_the_groups_on_the_way_are_listed(dm, monkeypatch):
    from whence.formats.hdf5 import Hdf5Group

    listed = []
    really = Hdf5Group.members
    monkeypatch.setattr(
        Hdf5Group, "members", lambda self: listed.append(self.inner) or really(self)
    )
    _ = dm["simulations/05/data/walk"]
    assert listed == [""]


def test_a_source_reads_what_its_node_holds(dm):
    energy = dm["simulations/05/data/energy/3"]
    assert energy.source.read().read().tolist() == energy.values.tolist()
    params = dm["simulations/05/params"]
    assert params.source.read() == params.data
