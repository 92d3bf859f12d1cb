import multiprocessing
import sqlite3
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from whence.testing.cache import CacheSuite
from whence.transform import MISSING, DiskCache, MemoryCache, TieredCache
from whence.transform.codec import UnstorableError, freeze, thaw


class TestMemoryCache(CacheSuite):
    @pytest.fixture
    def cache(self):
        return MemoryCache()


class TestDiskCache(CacheSuite):
    @pytest.fixture
    def cache(self, tmp_path):
        cache = DiskCache(tmp_path / "cache")
        yield cache
        cache.close()


class TestTieredCache(CacheSuite):
    @pytest.fixture
    def cache(self, tmp_path):
        disk = DiskCache(tmp_path / "cache")
        yield TieredCache(MemoryCache(), disk)
        disk.close()


@pytest.fixture
def disk(tmp_path):
    made = []

    def open_it(**options):
        made.append(DiskCache(tmp_path / "cache", **options))
        return made[-1]

    yield open_it
    for cache in made:
        cache.close()


def large(n=1):
    return np.full(200_000, float(n))


def test_values_outlive_the_process(disk):
    first = disk()
    first.put("a" * 64, (1, "x"), 0.1)
    first.put("b" * 64, large(), 0.1)
    first.flush()
    second = disk()
    assert second.get("a" * 64) == (1, "x")
    assert np.array_equal(second.get("b" * 64), large())
    assert (second.folder / "large" / "bb" / ("b" * 62)).stat().st_size > 1_600_000
    assert second.size() > 1_600_000


def test_what_comes_back_can_be_changed(disk):
    cache = disk()
    for n, size in enumerate((10, 200_000)):
        cache.put(f"{n}" * 64, np.zeros(size), 0.1)
    cache.flush()
    for n in range(2):
        cache.get(f"{n}" * 64)[0] = 1
        assert cache.get(f"{n}" * 64)[0] == 0


def test_an_empty_cache_makes_no_folder(disk):
    cache = disk()
    assert cache.get("a" * 64) is MISSING
    cache.flush()
    assert not cache.folder.exists()


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
def test_a_damaged_file_is_missing(disk, damage, caplog):
    cache = disk()
    cache.put("b" * 64, large(), 0.1)
    cache.flush()
    file = cache.folder / "large" / "bb" / ("b" * 62)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes({"flip": data, "cut": data[:-5], "empty": b""}[damage])
    assert cache.get("b" * 64) is MISSING
    assert ("damaged" in caplog.text) == (damage != "gone")
    cache.put("b" * 64, large(2), 0.1)
    cache.flush()
    assert cache.get("b" * 64)[0] == 2


def test_a_damaged_row_or_database_is_missing(disk):
    cache = disk()
    cache.put("a" * 64, "text", 0.1)
    cache.close()
    with sqlite3.connect(cache.folder / "results.sqlite") as database:
        database.execute("UPDATE result SET data = ?", (b"nonsense",))
    database.close()
    assert disk().get("a" * 64) is MISSING
    for name in ("results.sqlite", "results.sqlite-wal", "results.sqlite-shm"):
        if (cache.folder / name).exists():
            (cache.folder / name).write_bytes(b"this is no database" * 100)
    cache = disk()
    assert cache.get("a" * 64) is MISSING
    cache.put("a" * 64, "text", 0.1)
    cache.flush()
    assert disk().get("a" * 64) == "text"


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    cache = DiskCache(tmp_path / "file" / "cache")
    cache.put("a" * 64, 1, 0.1)
    cache.put("b" * 64, large(), 0.1)
    cache.flush()
    assert cache.get("a" * 64) is MISSING
    assert "could not" in caplog.text


def test_the_least_recently_used_goes_first(disk, monkeypatch):
    cache = disk(limit=6 << 20)
    clock = iter(range(1, 1000))
    monkeypatch.setattr(time, "time", lambda: 1e9 + 7200 * next(clock))
    for n in range(5):
        if n == 3:
            assert cache.get("0" * 64) is not MISSING  # used again
        cache.put(f"{n}" * 64, large(n), 0.1)
        cache.flush()
    kept = [n for n in range(5) if cache.get(f"{n}" * 64) is not MISSING]
    assert kept == [0, 3, 4]
    assert cache.size() <= 6 << 20
    assert len(list((cache.folder / "large").glob("*/*"))) == 3


def test_a_value_beyond_the_limit_is_not_kept(disk):
    cache = disk(limit=1000)
    assert not cache.put("a" * 64, large(), 0.1)


def test_the_memory_cache_drops_the_oldest():
    cache = MemoryCache(limit=4_000_000)
    for n in range(4):
        cache.put(str(n), large(n), 0.1)
        cache.get("0")
    assert [n for n in range(4) if cache.get(str(n)) is not MISSING] == [0, 3]


def _fill(folder, who):
    cache = DiskCache(folder)
    for n in range(40):
        cache.put(f"{n:064d}", [n, "same for all"], 0.0)
        cache.put(f"{who}{n:063d}", np.full(10, n), 0.0)
        if n % 20 == 0:
            cache.put(f"{n:02d}" + "f" * 62, large(n), 0.0)
        if n % 5 == 0:
            cache.flush()
    cache.close()


def test_processes_share_a_folder(disk):
    context = multiprocessing.get_context("spawn")
    folder = disk().folder
    processes = [context.Process(target=_fill, args=(folder, who)) for who in range(1, 4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
        assert process.exitcode == 0
    cache = disk()
    for n in range(40):
        assert cache.get(f"{n:064d}") == [n, "same for all"]
        for who in range(1, 4):
            assert cache.get(f"{who}{n:063d}")[0] == n


def labelled():
    return xr.DataArray(
        np.arange(6, dtype=">i2").reshape(2, 3),
        dims=("time", "x"),
        coords={
            "time": ("time", np.array(["2020-01-01", "NaT"], dtype="datetime64[ns]"), {"a": 1}),
            "x": np.array(["a", "bb", "c"]),
            "scalar": np.float32(2.5),
            "along": ("x", np.array([True, False, True]), {"unit": "m"}),
        },
        name="energy",
        attrs={"unit": "J", "n": np.int8(3), "list": [1, (2, None)]},
    )


EXACT = [
    None, True, 0, 2**70, -0.0, float("inf"), 1 + 2j, "ü\udcff", b"\0", (1, [2, {3}]),
    frozenset([1]),
    {1: "a", "b": [None], (1, 2): {}}, np.float32(1.5), np.int64(3), np.bool_(True),
    np.datetime64("2020-01-01", "s"), np.str_("x"), np.array(5), np.zeros((0, 3), "c8"),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(["a", "bb"]),
    np.array(["a", None, 1.5], dtype=object), pd.Timestamp("2020-01-01").to_pydatetime(),
    range(3), slice(1, None),
]  # fmt: skip


@pytest.mark.parametrize("value", EXACT, ids=repr)
def test_values_come_back_exactly(value):
    back = thaw(b"".join(freeze(value)))
    assert type(back) is type(value)
    assert repr(back) == repr(value)
    if isinstance(value, np.ndarray):
        assert back.dtype == value.dtype
        assert back.flags.f_contiguous == value.flags.f_contiguous


def test_labelled_arrays_come_back_exactly():
    array = labelled()
    for value in (array, array.T, array.to_dataset(), array.isel(time=0), array.drop_vars("x")):
        back = thaw(b"".join(freeze(value)))
        xr.testing.assert_identical(back, value)
        assert list(back.coords) == list(value.coords)
        assert back.sizes == value.sizes
        for name in value.coords:
            assert back.coords[name].dtype == value.coords[name].dtype
            assert back.coords[name].attrs == value.coords[name].attrs
    assert back.attrs == array.attrs
    assert type(back.attrs["n"]) is np.int8


@pytest.mark.parametrize(
    "value",
    [
        object(),
        len,
        np.ma.masked_array([1, 2], [True, False]),
        np.zeros(3, dtype=[("a", int)]),
        np.array([object()]),
        pd.DataFrame({"a": [1]}),
        labelled().stack(z=("time", "x")),
        labelled().groupby("x"),
        [1, object()],
        type("Text", (str,), {})("x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_not_come_back_exactly_is_refused(value, disk):
    with pytest.raises(UnstorableError):
        freeze(value)
    assert not disk().put("a" * 64, value, 0.1)


def test_a_forked_process_goes_on_by_itself(disk):
    cache = disk()
    cache.put("a" * 64, 1, 0.1)
    cache.flush()
    context = multiprocessing.get_context("fork")

    def child():
        assert cache.get("a" * 64) == 1
        cache.put("b" * 64, 2, 0.1)
        cache.flush()

    process = context.Process(target=child)
    process.start()
    process.join(300)
    assert process.exitcode == 0
    assert cache.get("b" * 64) == 2


def test_memory_counts_what_containers_hold():
    cache = MemoryCache(limit=1 << 20)
    for value in ({"a": large()}, [[large()]], ["x" * (1 << 21)]):
        assert not cache.put("a" * 64, value, 0.1)
    for n in range(3):
        cache.put(f"{n}" * 64, {"a": np.zeros(60_000)}, 0.1)
    assert [cache.get(f"{n}" * 64) is MISSING for n in range(3)] == [True, False, False]


class Loose:
    """Neither Python's own nor fit to be pickled by its name."""

    def __init__(self):
        self.items = [1]

    def __reduce__(self):
        raise AssertionError

    def __deepcopy__(self, memo):
        return Loose()


@pytest.mark.parametrize("inner", [1.5, float("inf"), 1j, b"x", {1, 2}, None, range(3)])
def test_plain_containers_in_memory_come_back_as_they_are(inner):
    shared = [inner]
    value = {"a": (shared, shared), 1: [True, {"deep": inner}], "own": bytearray(b"y")}
    cache = MemoryCache()
    assert cache.put("a" * 64, value, 0.1)
    shared.append("changed")
    got = cache.get("a" * 64)
    assert got == {"a": ([inner], [inner]), 1: [True, {"deep": inner}], "own": bytearray(b"y")}
    assert got["a"][0] is got["a"][1]
    got["a"][0].append(2)
    assert cache.get("a" * 64)["a"] == ([inner], [inner])


def test_containers_of_other_objects_in_memory_are_copied_by_them():
    value = [Loose(), {"loop": None}]
    value[1]["loop"] = value
    cache = MemoryCache()
    assert cache.put("a" * 64, value, 0.1)
    value[0].items.append(2)
    got = cache.get("a" * 64)
    assert type(got[0]) is Loose
    assert got[0].items == [1]
    assert got[1]["loop"] is got
