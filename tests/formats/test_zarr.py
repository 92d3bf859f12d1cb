"""Labelled arrays as Zarr, and what Zarr promises and does not keep."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import json
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from whence.base.error import UserError
from whence.formats import driver, dump, load
from whence.formats.packed import unpacked_size

zarr = pytest.importorskip("zarr", reason="pip install 'whence[zarr]'")
numcodecs = pytest.importorskip("numcodecs")

KIND = "application/vnd.zarr+zip"
ARRAY = xr.DataArray(
    np.arange(4.0).reshape(2, 2).astype("f4"),
    coords={"k": ["a", "bb"], "t": np.array(["2020", "2021"], "M8[s]")},
    dims=("k", "t"),
    attrs={"unit": "m"},
    name="E",
)
HUGE = bytes(1 << 20) + b"x"  # more than may be, with the limits below


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("whence.formats.zarr")
    monkeypatch.setattr(module, "_ALWAYS", 1 << 20)
    monkeypatch.setattr(module, "_FACTOR", 10)


def changed(data: bytes, **parts: bytes) -> bytes:
    """A zip with other bytes in some of its members."""
    found = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(found, "w") as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name, old.read(name)))
    return found.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        ARRAY,
        ARRAY.to_dataset(),
        ARRAY.astype(complex),
        xr.Dataset({"b": ("x", [True, False]), "i": ("x", np.array([1, 2], "i1"))}, attrs={"n": 1}),
    ],
    ids=["array", "dataset", "complex", "small"],
)
def test_labelled_arrays_come_back(data: Any) -> None:
    dumped = dump(data, media_type=KIND)
    assert dumped.format.media_type == KIND
    found = load(KIND, dumped.data)
    assert found.identical(data)
    assert {name: v.dtype for name, v in found.coords.items()} == {
        name: v.dtype for name, v in data.coords.items()
    }
    assert dump(data, media_type=KIND).data == dumped.data


def test_netcdf_is_the_first_choice_and_zarr_the_second() -> None:
    assert dump(ARRAY).format.name == "netcdf"
    for attrs in ({"checked": True}, {"grid": {"dx": 1}}):  # NetCDF has no such attributes
        found = dump(ARRAY.assign_attrs(attrs))
        assert found.format.name == "zarr-zip"
        assert load(KIND, found.data).attrs == {"unit": "m", **attrs}
    with pytest.raises(UserError, match="These do: application/x-netcdf, application/vnd"):
        dump(ARRAY, media_type="text/csv")
    with pytest.raises(UserError, match="does not keep builtins"):
        dump(3, media_type=KIND)


def test_what_zarr_would_change_is_refused() -> None:
    with pytest.raises(UserError, match="Zarr does not keep this exactly"):
        dump(xr.Dataset({"a": ("x", np.array(["u", None], dtype=object))}), media_type=KIND)


@pytest.mark.usefixtures("low_limits")
def test_a_zip_that_becomes_too_much_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zarr.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(3):
            file.writestr(str(number), HUGE)
    assert bomb.stat().st_size < 10_000
    with pytest.raises(UserError, match="would become 3145731"):
        load(KIND, bomb.read_bytes())
    with pytest.raises(UserError, match="would become 1048577"):
        driver("zarr")(url=str(bomb)).keys()


@pytest.mark.parametrize("codec", ["zstd", "gzip", "zlib", "blosc", "bz2"])
@pytest.mark.usefixtures("low_limits")
def test_a_chunk_that_becomes_too_much_is_refused(codec: str, tmp_path: Path) -> None:
    pack = {
        "zstd": numcodecs.Zstd(1).encode,
        "gzip": gzip.compress,
        "zlib": zlib.compress,
        "blosc": numcodecs.Blosc().encode,
        "bz2": bz2.compress,
    }
    bomb = bytes(pack[codec](HUGE))
    root = zarr.open_group(str(tmp_path / "z"), mode="w", zarr_format=2)
    root.create_array("a", data=np.ones(4), chunks=(4,))
    (tmp_path / "z" / "a" / "0").write_bytes(bomb)
    found = driver("zarr")(url=str(tmp_path / "z")).get("a")
    with pytest.raises(UserError, match=r"the chunk 'a/0' of .* would become more"):
        found[:]
    data = dump(xr.Dataset({"a": ("x", np.ones(4))}), media_type=KIND).data
    with pytest.raises(UserError, match="the chunk 'a/0'"):
        load(KIND, changed(data, **{"a/0": bomb}))


def test_a_shape_that_is_too_large_is_refused() -> None:
    data = dump(xr.Dataset({"a": ("x", np.ones(4))}), media_type=KIND).data
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        told = json.loads(file.read(".zmetadata"))
    told["metadata"]["a/.zarray"]["shape"] = [400_000_000_000]
    with pytest.raises(UserError, match="would become 3200000000000"):
        load(KIND, changed(data, **{".zmetadata": json.dumps(told).encode()}))


def test_no_array_is_unpickled(tmp_path: Path) -> None:
    root = zarr.open_group(str(tmp_path / "z"), mode="w", zarr_format=2)
    root.create_array("a", data=np.ones(4), chunks=(4,))
    path = tmp_path / "z" / "a" / ".zarray"
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"filters": [{"id": "pickle"}]}))
    (tmp_path / "z" / "a" / "0").write_bytes(pickle.dumps([1]))
    with pytest.raises(UserError, match="which can run any code"):
        driver("zarr")(url=str(tmp_path / "z")).get("a")


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"PK\x03\x04" + bytes(50), bytes(30)])
def test_what_is_no_zarr_is_told(data: bytes) -> None:
    with pytest.raises(UserError, match="is not what its media type"):
        load(KIND, data)


def test_the_driver_reads_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "e.zarr.zip"
    path.write_bytes(dump(ARRAY.to_dataset(), media_type=KIND).data)
    found = driver("zarr")(url=str(path))
    assert list(found.keys()) == ["E", "k", "t"]
    assert found.get("E")[1].tolist() == [2, 3]


@pytest.mark.parametrize("size", [0, 1, 100, 300, 70_000, 3_000_000])
def test_sizes_are_never_told_too_small(size: int) -> None:
    data = bytes(size)
    packed = [gzip.compress(data), zlib.compress(data), bz2.compress(data), data]
    packed += [bytes(codec.encode(data)) for codec in (numcodecs.Zstd(3), numcodecs.Zstd(1, True))]
    if size:
        packed.append(bytes(numcodecs.Blosc().encode(data)))
    for one in packed:
        assert unpacked_size(one, 1 << 30) >= size
        assert unpacked_size(one, 1 << 30) <= max(1 << 17, 2 * size)
    assert unpacked_size(b"\x1f\x8b only begins so", 10) == 17
