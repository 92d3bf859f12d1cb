"""What was read from a file that was written since is known by what it is."""

import os
import time

import h5py
import numpy as np
import pytest

from whence.base.digest import digest_file
from whence.testing.fault import coarse
from whence.tree import DataManager, identity, sources


def write(folder, level):
    np.save(folder / "level.npy", np.full(5, level))
    (folder / "set.yml").write_text(f"level: {level}\n")
    fresh = folder / "fresh.h5"
    with h5py.File(fresh, "w") as file:
        file["group/level"] = np.full(5, level)
    fresh.rename(folder / "data.h5")


LOAD = {
    "level": {"loader": "numpy", "glob_str": "level.npy"},
    "set": {"loader": "yaml", "glob_str": "set.yml"},
    "data": {"loader": "hdf5", "glob_str": "data.h5"},
}


@pytest.mark.parametrize("name", ["level", "set", "data", "data/group/level"])
def test_what_was_read_before_the_file_was_written_is_not_taken_for_it(tmp_path, name, caplog):
    def load():
        dm = DataManager(tmp_path, out_dir=False, load_cfg=LOAD)
        dm.load_from_cfg()
        return dm

    write(tmp_path, 1.0)
    dm = load()
    if not dm[name].is_group:
        _ = dm[name].data
    first = identity(dm[name], digest_file)
    assert len(sources(dm[name])) == 1
    assert identity(load()[name], digest_file) == first
    write(tmp_path, 2.0)
    held = identity(dm[name], digest_file)
    assert held == identity(dm[name], digest_file)
    assert sources(dm[name]) == ()
    assert "was written since it was read" in caplog.text or "/" in name
    new = identity(load()[name], digest_file)
    assert len({first, held, new}) == 3


def test_what_was_not_read_yet_is_what_the_file_holds_now(tmp_path):
    write(tmp_path, 1.0)
    dm = DataManager(tmp_path, out_dir=False, load_cfg={"level": LOAD["level"]})
    dm.load_from_cfg()
    first = identity(dm["level"], digest_file)
    write(tmp_path, 2.0)
    assert identity(dm["level"], digest_file) != first
    assert dm["level"].data[0] == 2.0
    assert len(sources(dm["level"])) == 1


@pytest.fixture
def coarse_times(monkeypatch):
    """Times of files as on a file system that keeps them to two seconds."""
    stat = os.stat
    monkeypatch.setattr(os, "stat", lambda *given, **options: coarse(stat(*given, **options), 2.0))


@pytest.mark.parametrize("name", ["level", "data/group/level"])
def test_a_file_that_is_written_within_one_tick_is_another(tmp_path, name, coarse_times):
    def write_at_once(level):
        np.save(tmp_path / "level.npy", np.full(5, level))
        with h5py.File(tmp_path / "data.h5", "a") as file:
            file.require_dataset("group/level", (5,), float)[:] = level

    load = {key: LOAD[key] for key in ("level", "data")}
    dm = DataManager(tmp_path, out_dir=False, load_cfg=load)
    write_at_once(1.0)
    while time.time() % 2 > 1.5:
        time.sleep(0.05)
    write_at_once(1.0)
    dm.load_from_cfg()
    assert dm[name].data[0] == 1.0
    assert not dm[name].outdated
    first = identity(dm[name], digest_file)
    write_at_once(2.0)
    assert dm[name].outdated
    assert sources(dm[name]) == ()
    assert identity(dm[name], digest_file) != first


def test_a_file_with_another_mode_is_the_same(tmp_path):
    write(tmp_path, 1.0)
    long = np.zeros(200_000)
    np.save(tmp_path / "level.npy", long)
    dm = DataManager(tmp_path, out_dir=False, load_cfg=LOAD)
    dm.load_from_cfg()
    for name in ("level", "set", "data"):
        if not dm[name].is_group:
            _ = dm[name].data
        first = identity(dm[name], digest_file)
        dm[name].source.file.chmod(0o600)
        assert not dm[name].outdated
        assert identity(dm[name], digest_file) == first
        assert len(sources(dm[name])) == 1
