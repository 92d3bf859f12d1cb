"""What drivers read, at any fsspec URL."""

from __future__ import annotations

import gzip
import importlib
import uuid
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import orjson
import pandas as pd
import pytest

from whence.base.error import UserError
from whence.formats import driver, drivers, formats, register_driver

SAMPLES = [{"x": 1, "y": [1, 2]}, {"x": 2, "y": None}, {"x": 3, "y": "ü"}]


@pytest.fixture(params=["path", "file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty folder."""
    return {
        "path": str(tmp_path),
        "file": f"file://{tmp_path}",
        "memory": f"memory://{uuid.uuid4().hex}",
    }[request.param]


def put(url: str, data: bytes) -> str:
    with fsspec.open(url, "wb") as file:
        file.write(data)
    return url


def test_all_are_there() -> None:
    assert set(drivers()) >= {
        "file", "directory", "csv", "parquet", "jsonl", "messagepack", "zarr", "hdf5",
        "excel", "feather", "store_driver", "source_combiner",
    }  # fmt: skip


def test_file(place: str) -> None:
    found = driver("file")(url=f"{place}/deep/er/a.txt")
    with found.open("w", create_if_not_exists=True) as file:
        file.write("text")
    with found.open() as file:
        assert file.read() == "text"
    with found.open("rb") as file:
        assert file.read() == b"text"
    with pytest.raises(UserError, match="cannot read"):
        driver("file")(url=f"{place}/none").open()
    with pytest.raises(UserError, match="cannot use"):
        driver("file")(url="nonsense://x").open()


def test_directory(place: str) -> None:
    for name in ("b.txt", "a/deep/c.txt"):
        with driver("file")(url=f"{place}/{name}").open("w", create_if_not_exists=True) as file:
            file.write(name)
    found = driver("directory")(url=place)
    assert list(found.keys()) == ["a/deep/c.txt", "b.txt"]
    assert found.get("a/deep/c.txt") == b"a/deep/c.txt"
    assert found.get_iter().collect() == [b"a/deep/c.txt", b"b.txt"]
    with found.open_key("b.txt", "r") as file:
        assert file.read() == "b.txt"
    for key in ("none", "../b.txt", "/b.txt"):
        with pytest.raises(UserError):
            found.get(key)
    with pytest.raises(UserError, match="no such folder"):
        list(driver("directory")(url=f"{place}/none").keys())


def test_csv(place: str) -> None:
    url = put(f"{place}/t.csv", b"a,b\n1,x\n2,y\n3,z\n")
    found = driver("csv")(url=url)
    assert found.get_df()["a"].tolist() == [1, 2, 3]
    assert found.get_df(nrows=1).shape == (1, 2)
    assert [tuple(row) for row in found.get_iter(chunksize=2)] == [(1, "x"), (2, "y"), (3, "z")]
    assert found.get_iter().map(lambda row: row.b).take(2).collect() == ["x", "y"]
    with pytest.raises(UserError, match="not as its driver wants it"):
        driver("csv")(url=put(f"{place}/bad.csv", b'a,b\n"1')).get_df()


def test_parquet(place: str, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pip install 'whence[parquet]'")
    frame = pd.DataFrame({"a": range(5), "b": list("vwxyz")})
    frame.to_parquet(tmp_path / "made.parquet")
    url = put(f"{place}/t.parquet", (tmp_path / "made.parquet").read_bytes())
    found = driver("parquet")(url=url)
    pd.testing.assert_frame_equal(found.get_df(), frame)
    assert list(found.get_df(columns=["b"])) == ["b"]
    rows = found.get_iter(batch_size=2).collect()
    assert [(row.a, row.b) for row in rows] == list(zip(range(5), "vwxyz", strict=True))
    with pytest.raises(UserError, match=r"t\.txt"):
        driver("parquet")(url=put(f"{place}/t.txt", b"no")).get_df()


def lines(samples: list[Any]) -> bytes:
    return b"".join(orjson.dumps(sample) + b"\n" for sample in samples)


def test_jsonl(place: str) -> None:
    one = driver("jsonl")(url=put(f"{place}/one.jsonl", lines(SAMPLES) + b"\n"))
    assert list(one.keys()) == ["one"]
    assert one.get_iter().collect() == SAMPLES
    assert one.get_df()["x"].tolist() == [1, 2, 3]
    shards = f"{place}/shards"
    fsspec.core.url_to_fs(shards)[0].makedirs(fsspec.core.url_to_fs(shards)[1], exist_ok=True)
    put(f"{shards}/b.jsonl", lines(SAMPLES[2:]))
    put(f"{shards}/a.gz", gzip.compress(lines(SAMPLES[:2])))
    put(f"{shards}/notes.md", b"# no shard")
    many = driver("jsonl")(url=shards)
    assert list(many.keys()) == ["a", "b"]
    assert list(many.get("a")) == SAMPLES[:2]
    assert many.get_iter().collect() == SAMPLES
    assert many.get_iter(flatten=False).collect() == [SAMPLES[:2], SAMPLES[2:]]
    with pytest.raises(UserError, match="no shard 'c'"):
        many.get("c")
    with pytest.raises(UserError, match="not as its driver"):
        driver("jsonl")(url=put(f"{place}/bad.jsonl", b"{")).get_iter().collect()


def test_a_sample_that_becomes_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("whence.formats.shard"), "_LONGEST", 1000)
    url = put(f"{tmp_path}/bomb.gz", gzip.compress(b"1\n" + b" " * 100_000))
    samples = iter(driver("jsonl")(url=url).get_iter())
    assert next(samples) == 1
    with pytest.raises(UserError, match="a line has more than 1000 bytes"):
        next(samples)


def test_messagepack(place: str) -> None:
    msgpack = pytest.importorskip("msgpack", reason="pip install 'whence[msgpack]'")
    data = b"".join(msgpack.packb(sample) for sample in SAMPLES)
    for name, packed in (("a.msgpack", data), ("b.gz", gzip.compress(data))):
        found = driver("messagepack")(url=put(f"{place}/{name}", packed))
        assert found.get_iter().collect() == SAMPLES
        assert list(found.keys()) == [name[0]]


@pytest.mark.parametrize("name", ["messagepack", "jsonl"])
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_cut_short_is_told(place: str, name: str, packed: bool) -> None:
    msgpack = pytest.importorskip("msgpack", reason="pip install 'whence[msgpack]'")
    data = lines(SAMPLES) if name == "jsonl" else b"".join(map(msgpack.packb, SAMPLES))
    short = gzip.compress(data)[:-9] if packed else data[:-3]
    with pytest.raises(UserError, match="not as its driver wants it"):
        driver(name)(url=put(f"{place}/short", short)).get_iter().collect()


def test_a_damaged_gzip_is_told(place: str) -> None:
    data = bytearray(gzip.compress(lines(SAMPLES * 100)))
    data[30] ^= 0xFF
    with pytest.raises(UserError, match="not as its driver wants it"):
        driver("jsonl")(url=put(f"{place}/a.gz", bytes(data))).get_iter().collect()


def test_zarr(tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr", reason="pip install 'whence[zarr]'")
    root = zarr.open_group(str(tmp_path / "z.zarr"), mode="w")
    root.create_array("a", data=np.arange(6).reshape(2, 3))
    root.create_group("g").create_array("b", data=np.ones(4, "f4"))
    for url in (str(tmp_path / "z.zarr"), f"file://{tmp_path}/z.zarr"):
        found = driver("zarr")(url=url)
        assert list(found.keys()) == ["a", "g/b"]
        assert found.get("a")[1].tolist() == [3, 4, 5]
        assert {key: array.dtype.str for key, array in found.get_iter()} == {
            "a": "<i8",
            "g/b": "<f4",
        }
        assert found.get_root_group()["g/b"].shape == (4,)
        sums = found.get_iter(lambda key, group: (key, float(group[key][...].sum())))
        assert sums.collect() == sums.collect() == [("a", 15.0), ("g/b", 4.0)]
        with pytest.raises(UserError, match="no 'c'"):
            found.get("c")
    with pytest.raises(UserError, match=r"none\.zarr"):
        driver("zarr")(url=str(tmp_path / "none.zarr")).get("a")


def test_hdf5(place: str, tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "made.h5", "w") as root:
        root["a"] = np.arange(6).reshape(2, 3)
        root["g/b"] = 2.5
    found = driver("hdf5")(url=put(f"{place}/t.h5", (tmp_path / "made.h5").read_bytes()))
    assert list(found.keys()) == ["a", "g/b"]
    assert found.get("a").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found.get("a", np.s_[1, :2]).tolist() == [3, 4]
    assert {key: np.shape(values) for key, values in found.get_iter()} == {"a": (2, 3), "g/b": ()}
    with pytest.raises(UserError, match="no 'c'"):
        found.get("c")
    with pytest.raises(UserError, match=r"x\.h5"):
        list(driver("hdf5")(url=put(f"{place}/x.h5", b"no")).keys())


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is registered in the test is gone after it."""
    monkeypatch.setattr(formats(), "_entries", dict(formats()))


def test_registering(apart: None, place: str) -> None:
    class Lines:
        name = "lines"

        def __init__(self, url: str) -> None:
            self.url = url

    def shout(url: str) -> str:
        return url.upper()

    assert register_driver(Lines) is register_driver(Lines) is driver("lines") is Lines
    assert driver(register_driver(shout, "shout") and "shout")("a") == "A"
    assert register_driver(Lines, "npy") is driver("npy")
    assert formats()["npy"].media_type == "application/x-npy"
    for wrong in ((shout, "lines"), (shout, "csv"), (shout, None), (3, "three"), (shout, "")):
        with pytest.raises(UserError):
            register_driver(*wrong)  # type: ignore[type-var]
    register_driver(shout, "csv", replace=True)
    assert driver("csv") is shout
    assert formats()["csv"].extensions == (".csv",)


def test_a_store_of_files(place: str) -> None:
    found = driver("directory")(url=f"{place}/new")
    store = found.store
    assert store.set(b"1", "a/b.bin") == "a/b.bin"
    assert store.set(b"2", "a/b.bin") == "a/b.bin"
    drawn = store.set(b"3")
    assert len(drawn) == 16
    assert sorted(store.keys()) == sorted([drawn, "a/b.bin"]) == sorted(found.keys())
    assert store.get("a/b.bin") == b"2"
    assert found.get_iter(["a/b.bin"]).collect() == [b"2"]
    for key, value in (
        ("../out", b""),
        ("", b""),
        ("/out", b""),
        ("a", "text"),
        ("a/b.bin/c", b""),
    ):
        with pytest.raises(UserError):
            store.set(value, key)
        assert sorted(store.keys()) == sorted([drawn, "a/b.bin"])
