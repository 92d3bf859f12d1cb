"""A small sweep on disk, like a simulation would leave it."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from whence.base import yaml
from whence.params import yaml_tags
from whence.testing.seed import Seed

REPOSITORY = Path(__file__).parents[2]

SPACE = """\
!pspace
seed: !pdim {default: 42, range: [3]}
walk:
  size: !pdim {default: 1., values: [0.1, 1.]}
  num_steps: 8
"""

LOAD_CFG = r"""
pspace:
  loader: yaml_to_object
  glob_str: pspace.yml
  required: true
  load_as_attr: true
  unpack_data: true
  target_path: simulations
params:
  loader: yaml
  glob_str: sim_*/params.yml
  required: true
  path_regex: sim_(\d+)/params.yml
  target_path: simulations/{match:}/params
data:
  loader: hdf5
  glob_str: sim_*/data.h5
  required: true
  path_regex: sim_(\d+)/data.h5
  target_path: simulations/{match:}/data
  enable_mapping: true
  map_from_attr: content
log:
  loader: text
  glob_str: sim_*/sim.log
  required: false
  path_regex: sim_(\d+)/sim.log
  target_path: simulations/{match:}/log
"""


def write_simulation(folder: Path, params: dict) -> None:
    folder.mkdir(parents=True)
    seed, size = params["seed"], params["walk"]["size"]
    with h5py.File(folder / "data.h5", "w") as file:
        walk = seed + size * np.arange(8.0)
        file["walk"] = walk
        file["count"] = np.arange(5, dtype="uint16") + seed
        labelled = file.create_dataset("field", data=np.arange(6.0).reshape(2, 3) * size)
        labelled.attrs["dims"] = ["x", "time"]
        labelled.attrs["coords__x"] = [10.0, 20.0]
        labelled.attrs["coords_mode__time"] = "trivial"
        labelled.attrs["unit"] = b"m"
        for step in range(12):
            file[f"energy/{step}"] = walk[: 12 - step]
        file["energy"].attrs["content"] = "time_series"
    (folder / "params.yml").write_text(yaml.dump(params))
    (folder / "sim.log").write_text(f"seed {seed}\ndone\n")


@pytest.fixture
def sweep(tmp_path):
    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / "pspace.yml").write_text(SPACE)
    space = yaml.parse(SPACE, tags=yaml_tags()).value
    for point in space.points():
        write_simulation(folder / f"sim_{point.state_str}", point.params)
    return folder


@pytest.fixture
def load_cfg():
    return yaml.parse(LOAD_CFG, file="load.yml").value


@pytest.fixture
def dm(sweep, load_cfg):
    from whence.tree import DataManager

    manager = DataManager(
        sweep,
        name="small",
        out_dir=False,
        create_groups=[{"path": "simulations", "Cls": "ParamSpaceGroup"}],
        load_cfg=load_cfg,
    )
    manager.load_from_cfg()
    return manager


@pytest.fixture(scope="session")
def seed():
    found = Seed.find(REPOSITORY)
    if found is None:
        pytest.skip("the seed documents are not beside the repository (../shared/seeds)")
    return found
