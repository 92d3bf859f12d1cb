"""Labelled arrays as Zarr, and what Zarr promises and does not keep."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import json
import lzma
import pickle
import warnings
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


PACK: dict[str, Any] = {
    "zstd": numcodecs.Zstd(1).encode,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "blosc": numcodecs.Blosc().encode,
    "bz2": bz2.compress,
    "lzma": lzma.compress,
    "lz4": numcodecs.LZ4().encode,
}


def described(path: Path, **told: Any) -> Path:
    """A group with an array of four values, of which the description tells something else."""
    root = zarr.open_group(str(path), mode="w", zarr_format=2)
    array = root.create_array("a", data=np.ones(4), chunks=(4,))
    array.attrs["_ARRAY_DIMENSIONS"] = ["x"]
    file = path / "a" / ".zarray"
    file.write_text(json.dumps(json.loads(file.read_text()) | told))
    return path


def zipped(path: Path) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as file:
        for part in path.rglob("*"):
            if part.is_file():
                file.write(part, str(part.relative_to(path)))
    return found.getvalue()


@pytest.mark.parametrize("codec", PACK)
@pytest.mark.usefixtures("low_limits")
def test_a_chunk_that_becomes_too_much_is_refused(codec: str, tmp_path: Path) -> None:
    path = described(tmp_path / "z", compressor={"id": codec})
    (path / "a" / "0").write_bytes(bytes(PACK[codec](HUGE)))
    found = driver("zarr")(url=str(path)).get("a")
    with pytest.raises(UserError, match=r"the chunk 'a/0' of .* would become more"):
        found[:]
    with pytest.raises(UserError, match="the chunk 'a/0'"):
        load(KIND, zipped(path))


@pytest.mark.usefixtures("low_limits")
def test_a_chunk_is_looked_at_as_its_codec_reads_it(tmp_path: Path) -> None:
    small = zlib.compressobj(wbits=9)  # does not begin like what `zlib.compress` gives
    path = described(tmp_path / "z", compressor={"id": "zlib"})
    (path / "a" / "0").write_bytes(small.compress(HUGE) + small.flush())
    with pytest.raises(UserError, match="the chunk 'a/0'"):
        load(KIND, zipped(path))
    path = described(path, compressor=None)
    (path / "a" / "0").write_bytes(zlib.compress(HUGE))
    assert driver("zarr")(url=str(path)).get("a").shape == (4,)


@pytest.mark.parametrize(
    ("compressor", "filters", "why"),
    [
        ({"id": "zlib"}, [{"id": "zlib"}], "'zlib' in 'zlib'"),
        ({"id": "shuffle"}, [{"id": "zstd"}], "'zstd' in 'shuffle'"),
        (None, [{"id": "packbits"}] * 2, "'packbits' in 'packbits'"),
        (None, [{"id": "astype", "encode_dtype": "i1", "decode_dtype": "c16"}] * 2, "256 times"),
        (None, [{"id": "delta", "dtype": "U1000000", "astype": "u1"}], "times as wide"),
        ({"id": "lzma", "format": 3}, None, "without a header"),
        ({"id": "json2"}, None, "uses 'json2'"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_be_checked_is_refused(
    compressor: Any, filters: Any, why: str, tmp_path: Path
) -> None:
    path = described(tmp_path / "z", compressor=compressor, filters=filters)
    with pytest.raises(UserError, match=why) as caught:
        load(KIND, zipped(path))
    assert "get it as a file" in str(caught.value)


PLACES = ("start", "end")


def sharded(path: Path, place: str = "end", length: int = 8, **options: Any) -> Path:
    """A group with an array in shards of four values, two in a chunk."""
    root = zarr.open_group(str(path), mode="w", zarr_format=3)
    size = {"chunks": (2,), "shards": {"shape": (4,), "index_location": place}}
    array = root.create_array(
        "a", shape=(length,), dtype="f8", dimension_names=["x"], **size, **options
    )
    array[:] = np.arange(float(length))
    return path


@pytest.mark.parametrize("length", [1, 3, 6, 8])
@pytest.mark.parametrize("place", PLACES)
def test_shards_are_read(place: str, length: int, tmp_path: Path) -> None:
    path = sharded(tmp_path / "z", place, length)
    assert driver("zarr")(url=str(path)).get("a")[:].tolist() == list(range(length))
    assert driver("zarr")(url=str(path)).get("a")[length - 1] == length - 1
    assert load(KIND, zipped(path)).a.values.tolist() == list(range(length))


def test_a_part_of_an_empty_shard_is_read(tmp_path: Path) -> None:
    path = sharded(tmp_path / "z", fill_value=7)
    zarr.open_array(str(path / "a"))[:3] = 7
    assert load(KIND, zipped(path)).a.values.tolist() == [7, 7, 7, *range(3, 8)]
    (path / "a" / "c" / "0").unlink()
    assert load(KIND, zipped(path)).a.values.tolist() == [7, 7, 7, 7, *range(4, 8)]


def shard(chunks: list[bytes], places: list[tuple[int, int]], place: str) -> bytes:
    """A shard of two chunks with an index that says so."""
    index = np.array(places, "<u8").tobytes()
    return index + b"".join(chunks) if place == "start" else b"".join(chunks) + index


@pytest.mark.parametrize("length", [6, 8])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("codec", ["zstd", "gzip", "blosc"])
@pytest.mark.usefixtures("low_limits")
def test_a_chunk_of_a_shard_that_becomes_too_much_is_refused(
    codec: str, place: str, length: int, tmp_path: Path
) -> None:
    packed = {"zstd": zarr.codecs.ZstdCodec, "gzip": zarr.codecs.GzipCodec,
              "blosc": zarr.codecs.BloscCodec}[codec]()  # fmt: skip
    path = without_check(sharded(tmp_path / "z", place, length, compressors=[packed]))
    bomb = bytes(PACK[codec](HUGE))
    begin = 32 if place == "start" else 0
    for places in ([(begin, len(bomb)), (2**64 - 1, 2**64 - 1)],
                   [(2**64 - 1, 2**64 - 1), (begin, len(bomb))]):  # fmt: skip
        for name in "01":
            (path / "a" / "c" / name).write_bytes(shard([bomb], places, place))
        with pytest.raises(UserError, match=r"the chunk 'a/c/.' of .* would become more"):
            load(KIND, zipped(path))
        with pytest.raises(UserError, match="the chunk 'a/c/0'"):
            driver("zarr")(url=str(path)).get("a")[:4]


def without_check(path: Path) -> Path:
    """The group, with an index of shards that has no checksum."""
    return told(path, lambda codec: codec["index_codecs"].pop())


def told(path: Path, change: Any) -> Path:
    file = path / "a" / "zarr.json"
    found = json.loads(file.read_text())
    change(found["codecs"][0]["configuration"])
    file.write_text(json.dumps(found))
    return path


def test_chunks_that_share_bytes_are_refused(tmp_path: Path) -> None:
    path = without_check(sharded(tmp_path / "z", length=4, compressors=None))
    file, data = path / "a" / "c" / "0", np.arange(2.0).tobytes()
    file.write_bytes(shard([data] * 2, [(0, 16), (16, 16)], "end"))
    assert load(KIND, zipped(path)).a.values.tolist() == [0, 1, 0, 1]
    file.write_bytes(shard([data], [(0, 40), (8, 40)], "end"))
    with pytest.raises(UserError, match="would become more"):
        load(KIND, zipped(path))


@pytest.mark.parametrize(
    "change",
    [
        lambda codec: codec["codecs"].append({"name": "json2"}),
        lambda codec: codec["codecs"].insert(0, {"name": "sharding_indexed"}),
        lambda codec: codec["index_codecs"].append({"name": "gzip"}),
        lambda codec: codec.update(chunk_shape=[0]),
        lambda codec: codec.update(chunk_shape=["2"]),
        lambda codec: codec.update(chunk_shape=None),
        lambda codec: codec.update(index_location="middle"),
    ],
)
def test_strange_shards_are_refused(change: Any, tmp_path: Path) -> None:
    path = told(sharded(tmp_path / "z"), change)
    with pytest.raises(UserError, match="cannot be known before"):
        load(KIND, zipped(path))


def test_a_shard_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    path = sharded(tmp_path / "z")
    file = path / "a" / "zarr.json"
    found = json.loads(file.read_text())
    for size in (1 << 40, 1 << 22):
        found["chunk_grid"]["configuration"]["chunk_shape"] = [size]
        file.write_text(json.dumps(found))
        with pytest.raises(UserError, match="cannot be known before"):
            load(KIND, zipped(path))


@pytest.mark.parametrize("version", [2, 3])
def test_what_others_write_is_read(version: Any, tmp_path: Path) -> None:
    path, compressors = tmp_path / "z", zarr.codecs
    data = xr.Dataset({"a": ("x", np.arange(6.0)), "t": ("x", list("abcdef"))}, attrs={"codecs": 1})
    packed = compressors.BloscCodec() if version == 3 else numcodecs.GZip()
    scale = {"scale_factor": 0.5, "dtype": "i2", "compressors": (packed,)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # text in version 3
        data.to_zarr(path, zarr_format=version, encoding={"a": scale})
    assert load(KIND, zipped(path)).a.values.tolist() == list(range(6))


def test_a_shape_that_is_too_large_is_refused() -> None:
    data = dump(xr.Dataset({"a": ("x", np.ones(4))}), media_type=KIND).data
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        told = json.loads(file.read("a/.zarray"))
    told["shape"] = [400_000_000_000]
    with pytest.raises(UserError, match="would become 3200000000000"):
        load(KIND, changed(data, **{"a/.zarray": json.dumps(told).encode()}))


def test_no_array_is_unpickled(tmp_path: Path) -> None:
    described(tmp_path / "z", filters=[{"id": "pickle"}])
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
    packed = [(codec, bytes(pack(data))) for codec, pack in PACK.items() if size or codec != "lz4"]
    packed += [("zstd", bytes(numcodecs.Zstd(1, checksum).encode(data))) for checksum in (0, 1)]
    packed += [("lzma", lzma.compress(data, lzma.FORMAT_ALONE))]
    for codec, one in packed:
        assert size <= unpacked_size(codec, one, 1 << 30) <= max(1 << 17, 2 * size)
        if codec not in ("blosc", "lz4", "zlib"):  # the others go on after the end
            twice = PACK[codec](b"x") + one
            assert unpacked_size(codec, twice, 1 << 30) >= size
            assert unpacked_size(codec, memoryview(one + twice), 1 << 30) >= size
    assert unpacked_size("gzip", b"\x1f\x8b only begins so", 10) == 0


def test_frames_to_be_skipped_do_not_hide_others() -> None:
    frame = bytes(numcodecs.Zstd(1).encode(bytes(5000)))
    skipped = b"\x5a\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"abcd"
    checked = bytes(numcodecs.Zstd(1, checksum=True).encode(b"x"))
    assert unpacked_size("zstd", skipped + checked + skipped + frame + b"rest", 1 << 30) == 5001
