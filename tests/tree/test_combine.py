"""The data of a whole space as one array."""

import numpy as np
import pytest
import xarray as xr

from whence.base.error import UserError
from whence.params import ParamDim, ParamSpace
from whence.tree import ParamSpaceGroup, gather


def made(value_of, *, skip=()):
    """A group over three seeds and two sizes whose members hold `value_of(seed, size)`."""
    space = ParamSpace(
        {
            "seed": ParamDim(default=0, values=[1, 2, 3]),
            "size": ParamDim(default=0.0, values=[0.5, 1.0]),
        }
    )
    group = ParamSpaceGroup(name="sims", attrs={"pspace": space})
    for point in space.points():
        if point.state_no not in skip:
            value = value_of(**point.params)
            cls = "XrDataContainer" if isinstance(value, xr.DataArray) else "NumpyDataContainer"
            group.new_container(f"{point.state_str}/x", Cls=cls, data=value)
    return group


def test_gathering_from_files(dm):
    found = gather(dm["simulations"], "data/count")
    assert found.dims == ("seed", "size", "dim_0")
    assert found.dtype == "uint16"
    assert found.name == "count"
    assert found.coords["size"].values.tolist() == [0.1, 1.0]
    for name, state in dm["simulations"].items():
        assert not state["data/count"].is_read, name
        np.testing.assert_array_equal(found.sel(state.coords), state["data/count"].data)


def test_labels_of_the_data_are_kept(dm):
    path = "data/energy/0"
    found = gather(dm["simulations"], path, {"size": [1.0]})
    assert found.sizes == {"seed": 3, "size": 1, "dim_0": 8}
    labelled = made(
        lambda seed, size: xr.DataArray(
            [seed, size], {"t": [7, 8]}, ["t"], attrs={"u": 1, "s": seed}
        )
    )
    got = gather(labelled, "x", {"seed": slice(1, 3)})
    assert got.sizes == {"seed": 2, "size": 2, "t": 2}
    assert got.sel(seed=2, size=0.5, t=8) == 0.5
    assert got.attrs == {"u": 1}


def test_scalars_and_the_whole_space_unchanged():
    group = made(lambda seed, size: seed)
    before = group.pspace.shape
    got = gather(group, "x", {"seed": 2}, name="y")
    assert got.shape == (1, 2)
    assert got.dtype == np.asarray(2).dtype
    assert got.name == "y"
    assert group.pspace.shape == before


def test_missing_points():
    group = made(lambda seed, size: np.arange(3), skip=(4, 8))
    with pytest.raises(UserError, match="no item '8/x'") as caught:
        gather(group, "x")
    assert len(caught.value.problems) == 2
    got = gather(group, "x", missing=True)
    assert got.dtype == float
    assert int(got.isnull().sum()) == 6
    assert got.sel(seed=1, size=0.5).isnull().all()
    with pytest.raises(UserError, match="no point of"):
        gather(group, "nothing", missing=True)


def test_times_are_not_a_time_where_missing():
    group = made(lambda seed, size: np.array(["2026-01-01"], "datetime64[ns]"), skip=(4,))
    got = gather(group, "x", missing=True)
    assert got.dtype == "datetime64[ns]"
    assert int(got.isnull().sum()) == 1


def test_ragged_data():
    group = made(lambda seed, size: np.arange(seed))
    with pytest.raises(UserError, match=r"point 7 has the shape \(dim_0: 2\), that of point 4"):
        gather(group, "x")
    got = gather(group, "x", missing=True)
    assert got.sizes["dim_0"] == 3
    assert got.sel(seed=1, size=0.5).values.tolist()[0] == 0
    assert int(got.isnull().sum()) == 2 * (2 + 1)
    with pytest.raises(UserError, match="shape"):
        gather(made(lambda seed, size: np.zeros((1,) * seed)), "x", missing=True)


def test_data_with_other_labels_is_put_where_they_say():
    group = made(lambda seed, size: xr.DataArray([1.0, 2.0], {"t": [seed, seed + 1]}, ["t"]))
    with pytest.raises(UserError, match="different coordinates"):
        gather(group, "x")
    got = gather(group, "x", missing=True)
    assert got.t.values.tolist() == [1, 2, 3, 4]
    assert got.sel(seed=2, size=0.5, t=3) == 2.0
    assert got.sel(seed=2, size=0.5, t=1).isnull()


def test_what_is_no_array_and_what_clashes():
    with pytest.raises(UserError, match="dimension of the space and of the data"):
        gather(made(lambda seed, size: xr.DataArray([1], dims="seed")), "x")
    group = made(lambda seed, size: 1)
    for state in group.values():
        state.new_container("d", data=xr.Dataset({"a": 1}))
    with pytest.raises(UserError, match="type Dataset"):
        gather(group, "d")
    with pytest.raises(UserError, match="does not know its parameter space"):
        gather(ParamSpaceGroup(name="none"), "x")
