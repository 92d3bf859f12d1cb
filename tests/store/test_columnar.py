"""The columnar copy of metric values says what the journals say, whatever becomes of either."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from whence.store import Files, Store, cache_folder, collect, tables, tables_of_runs
from whence.store.columnar import ColumnarCopy
from whence.store.table import Table, once
from whence.testing.point import points


def log(store: Store, run: str, step: int | None, **values: float) -> None:
    store.writer().metrics(run, step, 0.5, 1.5, values)


def journal_of(store: Store) -> Path:
    (path,) = (store.root / "journals").glob("*/*.metrics.jsonl")
    return path


def segments(store: Store) -> list[Path]:
    return sorted(cache_folder(store.root).path.glob("metrics/*/*/*"))


def steps(store: Store, run: str) -> list[int]:
    return [int(step) for table in tables(store, run) for step in table.step]


def test_numbers_keep_their_kind(store: Store) -> None:
    for i in range(3):
        log(store, "r", i, real=i / 2, whole=i, truth=i > 0, mixed=i if i else 0.5)
        log(store, "r", None, strange=[math.nan, math.inf, 2.0**80][i])
    log(store, "r", 3, strange=2**70)
    first, second = tables(store, "r")
    assert [column.dtype for column in first.values] == [float, int, bool, float]
    assert second.values[0].tolist()[1:] == [math.inf, 2.0**80, 2.0**70]
    assert math.isnan(second.values[0][0])


def test_runs_and_metrics_of_one_journal_are_told_apart(store: Store) -> None:
    for i in range(10):
        log(store, f"run{i % 2}", i, **{f"metric{i % 3}": float(i)})
    assert sorted(steps(store, "run1")) == [1, 3, 5, 7, 9]
    found = {table.names: table.values[0].tolist() for table in tables(store, "run0")}
    assert found == {("metric0",): [0.0, 6.0], ("metric1",): [4.0], ("metric2",): [2.0, 8.0]}


def test_only_what_has_grown_is_parsed(store: Store) -> None:
    for i in range(1000):
        log(store, "r", i, y=1.0)
    assert len(steps(store, "r")) == 1000
    data = bytearray(journal_of(store).read_bytes())
    data[len(data) // 2] ^= 1
    journal_of(store).write_bytes(data)
    log(store, "r", 1000, y=1.0)
    assert steps(store, "r") == list(range(1001))  # the damaged line came from the copy


def test_a_journal_read_while_it_grows_has_few_segments(store: Store) -> None:
    for i in range(150):
        for _ in range(5):
            log(store, "r", i, y=1.0)
        assert len(steps(store, "r")) == 5 * (i + 1)
    assert len(segments(store)) < 10


def test_an_unfinished_line_waits(store: Store) -> None:
    log(store, "r", 0, y=1.0)
    log(store, "r", 1, y=1.0)
    whole = journal_of(store).read_bytes()
    with journal_of(store).open("r+b") as file:
        file.truncate(len(whole) - 5)
    assert steps(store, "r") == [0]
    journal_of(store).write_bytes(whole)
    assert steps(store, "r") == [0, 1]


@pytest.mark.parametrize("cut", [0, 10, 40, -8])
def test_a_damaged_copy_is_made_anew(store: Store, cut: int) -> None:
    for i in range(100):
        log(store, "r", i, y=float(i))
    tables(store, "r")
    (kept,) = segments(store)
    data = kept.read_bytes()
    kept.write_bytes(data[:cut])
    assert steps(store, "r") == list(range(100))
    for other in (b"x" * len(data), data[:32] + b"{}x" + data[35:], data.replace(b"mark", b"milk")):
        kept.write_bytes(other)
        assert steps(store, "r") == list(range(100))


def test_a_copy_from_before_the_last_boot_does_not_count(store: Store) -> None:
    log(store, "r", 0, y=1.0)
    tables(store, "r")
    (kept,) = segments(store)
    data = kept.read_bytes()
    start = data.index(b'"boot":"') + 8
    kept.write_bytes(data[:start] + b"0" * 8 + data[start + 8 :].replace(b'"r"', b'"q"'))
    assert steps(store, "r") == [0]


def test_another_journal_of_the_same_name_is_parsed(tmp_path: Path) -> None:
    one, other = Store.create(tmp_path / "one"), Store.create(tmp_path / "other")
    for i in range(50):
        log(one, "r", i, y=1.0)
        log(other, "r", 100 + i, y=1.0)
    assert steps(one, "r") == list(range(50))
    journal_of(one).write_bytes(journal_of(other).read_bytes())
    assert steps(one, "r") == list(range(100, 150))


def test_a_cache_that_cannot_be_written_is_done_without(store: Store) -> None:
    log(store, "r", 0, y=1.0)
    store.index()
    (cache_folder(store.root).path / "metrics").write_text("in the way")
    assert steps(store, "r") == [0]


def test_skipped_lines_are_counted(store: Store) -> None:
    for i in range(20):
        log(store, "r", i, y=1.0)
    store.index()
    lines = journal_of(store).read_bytes().splitlines(keepends=True)
    lines[5] = lines[5].replace(b'"s":4', b'"s":9')
    journal_of(store).write_bytes(b"".join(lines))
    copy = ColumnarCopy(Files(), journal_of(store), cache_folder(store.root))
    assert copy.bad == 1
    assert [int(s) for s in copy.tables(["r"])[0].step] == [0, 1, 2, 3, *range(5, 20)]


def test_a_line_counts_once() -> None:
    def table(run: str, writer: str, *numbers: int) -> Table:
        n = np.array(numbers)
        return Table.of((run, writer, ("y",)), [n, n, n * 1.0, n * 1.0, n * 1.0])

    found = once([table("r", "w", 0, 1, 2), table("r", "v", 1, 2), table("r", "w", 2, 3, 1, 4)])
    assert [(t.writer, t.n.tolist()) for t in found] == [
        ("w", [0, 1, 2]),
        ("w", [3, 4]),
        ("v", [1, 2]),
    ]


def test_values_folded_into_another_journal_count_once(store: Store) -> None:
    other = Store.open(store.root)
    for i in range(5):
        log(store, "r", i, y=float(i))
        log(other, "r", 10 + i, y=float(i))
    store.writer().close()
    other.writer().close()
    whole = sorted(steps(store, "r"))
    originals = {path: path.read_bytes() for path in store.root.glob("journals/*/*.jsonl")}
    folder = Store.open(store.root, clock=lambda: time.time() + 20 * 86400)
    collect(folder, act=True)
    assert not any(path.exists() for path in originals if path.name.endswith(".metrics.jsonl"))
    assert sorted(steps(store, "r")) == whole
    for path, data in originals.items():  # a copy that was on its way
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    assert sorted(steps(store, "r")) == whole
    assert sorted(point.step for point in points(store, "r")) == whole


_READER = """
import sys
from whence.store import Store, tables
store = Store.open(sys.argv[1])
count = 0
while count < 2000:
    found = [int(step) for table in tables(store, "r") for step in table.step]
    assert found == list(range(len(found))), found
    assert len(found) >= count
    count = len(found)
"""


def test_readers_side_by_side_see_all_that_is_there(store: Store) -> None:
    log(store, "r", 0, y=1.0)
    words = [sys.executable, "-c", _READER, str(store.root)]
    readers = [subprocess.Popen(words, env=dict(os.environ)) for _ in range(3)]
    for i in range(1, 2000):
        log(store, "r", i, y=1.0)
        if i % 100 == 0:
            tables(store, "r")
    assert [reader.wait(60) for reader in readers] == [0, 0, 0]
    assert len(list(points(store, "r"))) == 2000


class Counting(Files):
    """Notes which files with metrics are opened."""

    def __init__(self, shared: bool = False) -> None:
        super().__init__(shared)
        self.opened: list[str] = []

    def open(self, path: os.PathLike[str] | str, flags: int, *args: int) -> int:
        if "metrics" in os.fspath(path):
            self.opened.append(os.fspath(path))
        return super().open(path, flags, *args)


def test_the_values_of_many_runs_are_read_in_one_go(store: Store) -> None:
    for run in range(20):
        store.writer().append("set", f"run{run}", {"f": {"kind": "run"}})
        log(store, f"run{run}", run, y=float(run))
    wanted = [f"run{run}" for run in range(0, 20, 2)]
    first = tables_of_runs(store, wanted)
    other = Store.open(store.root, files=Counting)
    found = tables_of_runs(other, wanted)
    assert list(found) == wanted
    for run in wanted:
        (table,), (before,) = found[run], first[run]
        assert table.values[0].tolist() == before.values[0].tolist() == [float(run[3:])]
    assert isinstance(other.files, Counting)
    assert len(other.files.opened) == 2  # the journal and its columns
