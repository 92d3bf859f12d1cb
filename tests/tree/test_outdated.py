"""What was read from a file that was written since is known by what it is."""

import h5py
import numpy as np
import pytest

from whence.base.digest import digest_file
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
