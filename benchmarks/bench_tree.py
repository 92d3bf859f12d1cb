"""Loading and combining a sweep's output: 100 files of 103 datasets, against h5py by hand."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import xarray as xr
from pair import Pair

from whence.params import ParamDim, ParamSpace
from whence.tree import DataManager, OrderedDataGroup, gather

SIMULATIONS = 100


def write(folder: Path, count: int) -> ParamSpace:
    space = ParamSpace(
        {
            "a": ParamDim(default=0, values=list(range(1, 11))),
            "seed": ParamDim(default=0, values=list(range(1, count // 10 + 1))),
        }
    )
    for point in space.points():
        with h5py.File(folder / f"sim_{point.state_str}.h5", "w") as file:
            file["random_walk"] = np.random.default_rng(point.state_no).random(1024)
            file["abm/mean_energy"] = np.arange(101.0)
            for step in range(101):
                file[f"abm/energy/{step}"] = np.arange(float(max(42 - step // 2, 0)))
            file["abm/energy"].attrs["content"] = "time_series"
    return space


def read_all_by_visiting(files: list[Path]) -> int:
    read = 0
    for path in files:
        with h5py.File(path, "r") as file:
            content = {}

            def visit(name: str, item: object, content: dict[str, object] = content) -> None:
                attrs = dict(item.attrs)  # type: ignore[attr-defined]
                content[name] = (item[()] if isinstance(item, h5py.Dataset) else None, attrs)

            file.visititems(visit)
            read += len(content)
    return read


def stack_one(files: list[Path], space: ParamSpace) -> xr.DataArray:
    arrays = []
    for path in files:
        with h5py.File(path, "r") as file:
            arrays.append(file["random_walk"][()])
    slab = np.stack(arrays).reshape(*space.shape, -1)
    coords = {name: list(values) for name, values in space.coords.items()}
    return xr.DataArray(slab, coords, dims=(*coords, "dim_0"))


def loaded(folder: Path, space: ParamSpace) -> DataManager:
    manager = DataManager(
        folder, out_dir=False, create_groups=[{"path": "sims", "Cls": "ParamSpaceGroup"}]
    )
    manager["sims"].attrs["pspace"] = space
    manager.load(
        "data",
        loader="hdf5",
        glob_str="sim_*.h5",
        path_regex=r"sim_(\d+)\.h5",
        target_path="sims/{match:}/data",
        enable_mapping=True,
        map_from_attr="content",
    )
    return manager


def walk(group: OrderedDataGroup) -> None:
    with group.opened():
        for member in group.children():
            if isinstance(member, OrderedDataGroup):
                walk(member)


def walked(folder: Path, space: ParamSpace) -> DataManager:
    manager = loaded(folder, space)
    walk(manager)
    return manager


def read_all(folder: Path, space: ParamSpace) -> None:
    loaded(folder, space).read()


def pairs() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory(prefix="whence-bench-") as name:
        folder = Path(name)
        space = write(folder, SIMULATIONS)
        files = sorted(folder.glob("*.h5"))
        tree = walked(folder, space)
        group, path = tree["sims"], "data/random_walk"
        assert gather(group, path).equals(stack_one(files, space))

        def visit() -> object:
            return read_all_by_visiting(files)

        def stack() -> object:
            return stack_one(files, space)

        yield Pair("load, nothing used yet", lambda: loaded(folder, space), visit, reach=0.1)
        yield Pair("load, list every group", lambda: walked(folder, space), visit, reach=1)
        yield Pair("load, read every array", lambda: read_all(folder, space), visit, reach=1)
        yield Pair("gather one dataset per file", lambda: gather(group, path), stack, reach=1.5)
        yield Pair(
            "load, gather one dataset per file",
            lambda: gather(loaded(folder, space)["sims"], path),
            stack,
            reach=3,
        )
