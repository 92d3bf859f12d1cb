"""Where content came from, and its identity."""

import shutil

import h5py
import numpy as np
import xarray as xr

from whence.base.digest import digest_file
from whence.tree import DataManager, ObjectContainer, OrderedDataGroup, identity, sources


def loaded(folder, load_cfg):
    dm = DataManager(
        folder,
        name="small",
        out_dir=False,
        create_groups=[{"path": "simulations", "Cls": "ParamSpaceGroup"}],
        load_cfg=load_cfg,
    )
    dm.load_from_cfg()
    return dm


def test_sources(dm, sweep):
    files = [source.file for source in sources(dm)]
    assert len(files) == 1 + 3 * 6
    assert files[0] == sweep / "pspace.yml"
    (one,) = sources(dm["simulations/05/data/energy/3"])
    assert (one.file, one.inner, one.reader) == (sweep / "sim_05" / "data.h5", "energy/3", "hdf5")
    assert sources(ObjectContainer(name="x", data=1)) == ()


def test_identity_needs_no_reading_and_no_place(dm, sweep, load_cfg, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(sweep, moved)
    again = loaded(moved, load_cfg)
    for path in (".", "simulations", "simulations/05/data", "simulations/05/data/walk"):
        assert identity(again[path], digest_file) == identity(dm[path], digest_file)
    assert not dm["simulations/05/data/walk"].is_read


def test_identity_changes_with_what_it_depends_on(dm, sweep, load_cfg):
    before = {
        name: identity(dm[name], digest_file) for name in ("simulations/05", "simulations/07")
    }
    with h5py.File(sweep / "sim_05" / "data.h5", "a") as file:
        file["walk"][0] = -1
    after = loaded(sweep, load_cfg)
    assert identity(after["simulations/05"], digest_file) != before["simulations/05"]
    assert identity(after["simulations/07"], digest_file) == before["simulations/07"]


def test_paths_readers_and_options_are_part_of_identity(dm):
    data = dm["simulations/05/data"]
    names = {identity(data[name], digest_file) for name in ("walk", "count", "energy/0")}
    assert len(names) == 3


def test_a_change_in_memory_changes_identity(dm):
    walk = dm["simulations/05/data/walk"]
    above = dm["simulations/05"]
    first, group = identity(walk, digest_file), identity(above, digest_file)
    walk *= 2
    second = identity(walk, digest_file)
    assert second != first
    assert identity(above, digest_file) != group
    walk[0] = 5
    assert identity(walk, digest_file) != second
    assert len(sources(walk)) == 1
    params = dm["simulations/05/params"]
    before = identity(params, digest_file)
    params["seed"] = 9
    assert identity(params, digest_file) != before
    log = dm["simulations/05/log"]
    before = identity(log, digest_file)
    log.attrs["note"] = "x"
    assert identity(log, digest_file) != before


def test_identity_by_value():
    def of(value):
        return identity(ObjectContainer(name="x", data=value), digest_file)

    assert of({"a": (1, np.float64(2))}) == of({"a": (1, np.float64(2))})
    assert of(xr.DataArray([1.0], dims="t")) == of(xr.DataArray([1.0], dims="t"))
    assert of(xr.DataArray([1.0], dims="t")) != of(xr.DataArray([1.0], dims="u"))
    assert of(xr.Dataset({"a": 1})) != of(xr.Dataset({"b": 1}))
    assert of(np.zeros(2)) != of(np.zeros((2, 1)))
    unknown = ObjectContainer(name="x", data=object())
    assert identity(unknown, digest_file) == identity(unknown, digest_file)
    assert of(object()) != of(object())
    group = OrderedDataGroup(name="g", containers=[unknown])
    assert identity(group, digest_file) == identity(group, digest_file)
