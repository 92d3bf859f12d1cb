"""Thirty small figures and one of all their data, beside h5py and matplotlib by hand."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from matplotlib.figure import Figure
from pair import Pair

from whence.base import yaml
from whence.params import yaml_tags
from whence.plot import PlotManager
from whence.transform import DagPrev, DagTag, DiskCache
from whence.tree import DataManager, ParamSpaceGroup

SPACE = """\
!pspace
seed: !pdim {default: 42, range: [10]}
max_step_size: !pdim {default: 1., values: [0.1, 0.3, 1.0]}
"""
LOAD = {
    "pspace": {
        "loader": "yaml_to_object", "glob_str": "pspace.yml", "required": True,
        "load_as_attr": True, "unpack_data": True, "target_path": "simulations",
    },
    "data": {
        "loader": "hdf5", "glob_str": "sim_*/data.h5", "required": True,
        "path_regex": r"sim_(\d+)/data.h5", "target_path": "simulations/{match:}/data",
    },
}  # fmt: skip
FACET = {"module": ".generic", "plot_func": "facet_grid"}
WALKS = {
    "creator": "universe", "universes": "all", **FACET,
    "select": {"data": {"path": "data/random_walk", "transform": [
        {"xr.DataArray": DagPrev(), "kwargs": {"dims": ["iteration"]}}]}},
}  # fmt: skip
MEAN = {
    "creator": "multiverse", **FACET, "kind": "line", "x": "dim_0", "hue": "max_step_size",
    "select_and_combine": {"fields": {"random_walk": "data/random_walk"}},
    "transform": [{".mean": [DagTag("random_walk"), "seed"], "tag": "data"}],
}  # fmt: skip


def write_sweep(folder: Path) -> None:
    space = yaml.parse(SPACE, tags=yaml_tags()).value
    for point in space.points():
        rng = np.random.default_rng(point.params["seed"])
        step = point.params["max_step_size"]
        target = folder / f"sim_{point.state_str}"
        target.mkdir()
        with h5py.File(target / "data.h5", "w") as file:
            file["random_walk"] = np.cumsum(rng.uniform(-step, step, 1024))
    (folder / "pspace.yml").write_text(SPACE)


def tree(folder: Path) -> DataManager:
    groups = [{"path": "simulations", "Cls": ParamSpaceGroup}]
    dm = DataManager(folder, out_dir=False, create_groups=groups, load_cfg=LOAD)
    dm.load_from_cfg()
    return dm


def draw(folder: Path, plots: dict[str, Any], cache: DiskCache | None = None) -> None:
    shutil.rmtree(folder / "out", ignore_errors=True)
    settings = {name: {"psgrp_path": "simulations"} for name in ("universe", "multiverse")}
    manager = PlotManager(
        tree(folder), raise_exc=True, creator_init_kwargs=settings, cache=cache, out_dir=""
    )
    manager.plot_from_cfg(plots, out_dir=str(folder / "out"))


def walks_by_hand(folder: Path) -> None:
    for file in sorted(folder.glob("sim_*/data.h5")):
        with h5py.File(file) as opened:
            walk = opened["random_walk"][()]
        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        axes = figure.subplots()
        axes.plot(walk)
        axes.set(title=file.parent.name, xlabel="iteration", ylabel="random_walk")
        figure.savefig(folder / "hand.pdf")


def mean_by_hand(folder: Path) -> None:
    walks = []
    for file in sorted(folder.glob("sim_*/data.h5")):
        with h5py.File(file) as opened:
            walks.append(opened["random_walk"][()])
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    lines = axes.plot(np.reshape(walks, (3, 10, -1)).mean(1).T)
    axes.legend(lines, ["0.1", "0.3", "1"], loc="upper left", bbox_to_anchor=(1, 1))
    axes.set(xlabel="iteration", ylabel="random_walk")
    figure.savefig(folder / "hand.pdf")


def pairs() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sweep(folder)
        yield Pair(
            "30 universe plots as PDF, loading included",
            lambda: draw(folder, {"walks": WALKS}),
            lambda: walks_by_hand(folder),
            rounds=3,
        )
        yield Pair(
            "1 multiverse plot of 30 files as PDF, loading included",
            lambda: draw(folder, {"mean": MEAN}),
            lambda: mean_by_hand(folder),
            rounds=5,
        )
        cache = DiskCache(folder / "cache")
        yield Pair(
            "both again with nothing changed, from the cache",
            lambda: draw(folder, {"walks": WALKS, "mean": MEAN}, cache),
            rounds=5,
        )
        cache.close()
