"""What becomes of labelled arrays where something fails that is not for their format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from whence.formats import dump, load

ON_A_FULL_DISK = """
import resource
import xarray as xr
from whence.formats import dump, load
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
field = xr.DataArray([1.0, 2.0], dims="x", name="u")
dumped = dump(field)
print(dumped.format.name, load(dumped.format.media_type, dumped.data).identical(field))
"""


def test_netcdf_is_written_where_no_file_can_be() -> None:
    command = [sys.executable, "-c", ON_A_FULL_DISK]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("netcdf True\n", "")


def test_data_that_cannot_be_had_is_not_called_inexact(tmp_path: Path) -> None:
    dask = pytest.importorskip("dask.array", reason="pip install 'whence[dask]'")
    np.save(tmp_path / "x.npy", np.zeros(3))

    def reads(block: np.ndarray, block_info: object = None) -> np.ndarray:
        return block + np.load(tmp_path / "x.npy")

    lazy = xr.DataArray(dask.zeros(3).map_blocks(reads, dtype=float), dims="x")
    dumped = dump(lazy)
    assert load(dumped.format.media_type, dumped.data).identical(lazy)
    (tmp_path / "x.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"x\.npy"):
        dump(lazy)


def test_an_unlimited_dimension_stays_one() -> None:
    dataset = xr.Dataset({"u": ("t", [1.0, 2.0])}, {"t": [0, 1]})
    dataset.encoding["unlimited_dims"] = {"t", "elsewhere"}
    dumped = dump(dataset)
    assert load(dumped.format.media_type, dumped.data).encoding["unlimited_dims"] == {"t"}
