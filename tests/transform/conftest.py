"""A small sweep on disk, a graph from YAML, operations that count their calls."""

from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest

from whence.base import yaml
from whence.params import yaml_tags as space_tags
from whence.testing.operation import Counting
from whence.transform import Sections, Spot, build_graph, operations, register_operation, yaml_tags

SPACE = """\
!pspace
seed: !pdim {default: 42, range: [3]}
walk:
  step: !pdim {default: 1., values: [0.1, 1.]}
"""


class Calls(Counter):
    """How often each counting operation was called since the last look."""

    def taken(self):
        seen = dict(self)
        self.clear()
        return seen


@pytest.fixture
def calls():
    """Registers ``c.add``, ``c.mul``, ``c.neg``, ``c.fail`` for a test, and counts their calls."""
    table = operations()
    before = dict(table)
    counted = Calls()

    def add(x, y):
        counted["add"] += 1
        return x + y

    def mul(x, y):
        counted["mul"] += 1
        return x * y

    def neg(x):
        counted["neg"] += 1
        return -x

    def fail(x):
        counted["fail"] += 1
        raise ValueError("no luck today.\nand more")

    for func in (add, mul, neg, fail):
        register_operation(Counting(func), f"c.{func.__name__}")
    yield counted
    table._entries.clear()
    table._entries.update(before)


@pytest.fixture
def build():
    """A graph from YAML text with the sections as keys."""

    def make(text, **given):
        document = yaml.parse(text, file="plots.yml", tags=yaml_tags())
        section = dict(document.value)
        if "select_and_combine" in section:
            section["combine"] = section.pop("select_and_combine")
        return build_graph(Sections(**section, **given, place=Spot(document)))

    return make


def write_simulation(folder, seed, step, *, shift=0.0):
    folder.mkdir(exist_ok=True)
    with h5py.File(folder / "data.h5", "w") as file:
        file["walk"] = seed + step * np.arange(4.0) + shift
        file["count"] = np.arange(3, dtype="uint16") + seed
    (folder / "params.yml").write_text(f"seed: {seed}\nwalk: {{step: {step}}}\n")


@pytest.fixture
def sweep(tmp_path):
    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / "pspace.yml").write_text(SPACE)
    space = yaml.parse(SPACE, tags=space_tags()).value
    for point in space.points():
        seed, step = point.params["seed"], point.params["walk"]["step"]
        write_simulation(folder / f"sim_{point.state_str}", seed, step)
    return folder


@pytest.fixture
def load(sweep):
    """Loads the sweep; call it again after files changed."""
    from whence.tree import DataManager

    def entry(loader, file, target):
        return {
            "loader": loader,
            "glob_str": f"sim_*/{file}",
            "required": True,
            "path_regex": r"sim_(\d+)/",
            "target_path": f"simulations/{{groups[0]:}}/{target}",
        }

    def load():
        manager = DataManager(
            sweep,
            name="small",
            out_dir=False,
            create_groups=[{"path": "simulations", "Cls": "ParamSpaceGroup"}],
            load_cfg={
                "pspace": {
                    "loader": "yaml_to_object",
                    "glob_str": "pspace.yml",
                    "required": True,
                    "load_as_attr": True,
                    "unpack_data": True,
                    "target_path": "simulations",
                },
                "params": entry("yaml", "params.yml", "params"),
                "data": entry("hdf5", "data.h5", "data"),
            },
        )
        manager.load_from_cfg()
        return manager["simulations"]

    return load


class Heard:
    """A recorder that remembers."""

    def __init__(self):
        self.read_files = {}

    def read(self, path: Path, digest: str) -> None:
        assert path not in self.read_files
        self.read_files[path] = digest

    def wrote(self, path: Path, digest: str) -> None:
        raise AssertionError("graphs write no files")


@pytest.fixture
def heard():
    return Heard()
