"""A small sweep on disk, like that of the demo, and its data tree."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from whence.base import yaml
from whence.params import yaml_tags
from whence.tree import DataManager, ParamSpaceGroup

SPACE = """\
!pspace
seed: !pdim {default: 42, range: [4]}
random_walk:
  num_steps: 127
  max_step_size: !pdim {default: 1., values: [0.1, 0.3, 1.0]}
"""

LOAD = {
    "pspace": {
        "loader": "yaml_to_object", "glob_str": "pspace.yml", "required": True,
        "load_as_attr": True, "unpack_data": True, "target_path": "simulations",
    },
    "sim_data": {
        "loader": "hdf5", "glob_str": "sim_*/data.h5", "required": True,
        "path_regex": r"sim_(\d+)/data.h5", "target_path": "simulations/{match:}/data",
    },
}  # fmt: skip


def write_simulation(folder: Path, seed: int, step: float) -> None:
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    with h5py.File(folder / "data.h5", "w") as file:
        file["random_walk"] = np.cumsum(rng.uniform(-step, step, 128))
        energy = np.clip(1 - np.arange(41) / (20 + 4 * seed) + rng.normal(0, 0.03, 41), 0, None)
        energy[30 + seed :] = np.nan
        file["abm/mean_energy"] = energy


def write_sweep(folder: Path) -> Path:
    space = yaml.parse(SPACE, tags=yaml_tags()).value
    for point in space.points():
        step = point.params["random_walk"]["max_step_size"]
        write_simulation(folder / f"sim_{point.state_str}", point.params["seed"], step)
    (folder / "pspace.yml").write_text(SPACE)
    return folder


def tree_of(folder: Path) -> DataManager:
    groups = [{"path": "simulations", "Cls": ParamSpaceGroup}]
    dm = DataManager(folder, name="sweep", out_dir="eval", create_groups=groups, load_cfg=LOAD,
                     out_dir_kwargs={"exist_ok": True})  # fmt: skip
    dm.load_from_cfg()
    return dm


@pytest.fixture(scope="session")
def sweep(tmp_path_factory):
    return write_sweep(tmp_path_factory.mktemp("sweep") / "walks")


@pytest.fixture
def load_tree():
    return tree_of


@pytest.fixture
def dm(sweep):
    return tree_of(sweep)
