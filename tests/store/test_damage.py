"""What is read of metric points where a byte of a journal is another than was written."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from whence.store import Store, cache_folder, collect, merge, tables
from whence.store.metric import untold_runs

MANY = 5000  # lines; a good half is in pieces of the file that have no damage
Place = Callable[[bytes, bytes], int]

PLACES: dict[str, Place] = {
    "first byte": lambda data, row: data.index(row),
    "middle": lambda data, row: data.index(row) + len(row) // 2,
    "check": lambda data, row: data.index(row) + len(row) - 4,
    "brace": lambda data, row: data.index(row) + len(row) - 1,
    "newline": lambda data, row: data.index(row) + len(row),
    "newline before": lambda data, row: data.index(row) - 1,
}


def log(store: Store, run: str, steps: range) -> None:
    for step in steps:
        store.writer().metrics(run, step, step / 2, 1.5, {"y": float(step)})


def journal_of(store: Store, metrics: bool = False) -> Path:
    found = store.root.glob("journals/*/*.jsonl")
    (path,) = [path for path in found if (".metrics." in path.name) is metrics]
    return path


def flip(path: Path, mark: bytes, place: Place) -> bytes:
    """Change a bit of the only line that holds `mark`; gives the file as it was."""
    data = path.read_bytes()
    (row,) = [row for row in data.split(b"\n") if mark in row]
    changed = bytearray(data)
    changed[place(data, row)] ^= 1
    path.write_bytes(changed)
    return data


def steps(store: Store, run: str) -> list[int]:
    """The steps there are values of, each of which is the one that was logged."""
    found = tables(Store.open(store.root), run)
    for table in found:
        assert table.values[0].tolist() == table.step.tolist()
        assert (2 * table.time).tolist() == table.step.tolist()
    return sorted(step for table in found for step in table.step.tolist())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("step", [0, MANY // 2, MANY - 1])
def test_a_flipped_byte_costs_its_line_of_points(store: Store, step: int, place: str) -> None:
    store.writer().append("set", "r", {"f": {"kind": "run"}})
    log(store, "r", range(MANY))
    store.writer().close()
    path = journal_of(store, metrics=True)
    whole = flip(path, b'"s":%d,' % step, PLACES[place])
    beside = {"newline": {step + 1}, "newline before": {step - 1}}.get(place, set())
    found = steps(store, "r")
    assert set(range(MANY)).difference(found) <= {step} | beside
    assert not store.verify().sound
    assert steps(store, "r") == found  # of the copy in the cache
    path.write_bytes(whole)
    assert steps(store, "r") == list(range(MANY))


@pytest.mark.parametrize("way", ["in place", "by another file", "by a merge", "grown since"])
def test_points_are_back_once_their_journal_is_mended(
    store: Store, tmp_path: Path, way: str
) -> None:
    store.writer().append("set", "r", {"f": {"kind": "run"}})
    log(store, "r", range(100))
    path = journal_of(store, metrics=True)
    other = tmp_path / "other/.whence"
    other.mkdir(parents=True)
    for file in (*store.root.glob("journals/*/*"), store.root / "store.json"):
        copy = other / file.relative_to(store.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    whole = flip(path, b'"s":50,', PLACES["middle"])
    assert len(steps(store, "r")) == 99
    if way == "in place":
        path.write_bytes(whole)
    elif way == "by another file":
        (tmp_path / "new").write_bytes(whole)
        os.replace(tmp_path / "new", path)
    elif way == "by a merge":
        merge(store, Store.open(other), thorough=True)
    else:
        log(store, "r", range(100, 110))
        assert len(steps(store, "r")) == 109
        path.write_bytes(whole + path.read_bytes()[len(whole) :])
    assert len(steps(store, "r")) == (110 if way == "grown since" else 100)
    store.writer().close()  # while the folder is there that a file is written back to


def test_what_is_damaged_is_not_parsed_again(store: Store) -> None:
    store.writer().append("set", "r", {"f": {"kind": "run"}})
    log(store, "r", range(MANY))
    flip(journal_of(store, metrics=True), b'"s":9,', PLACES["middle"])
    assert len(steps(store, "r")) == MANY - 1
    (kept,) = cache_folder(store.root).path.glob("metrics/*/*/*")
    before = kept.stat()
    assert len(steps(store, "r")) == MANY - 1
    after = kept.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("place", PLACES)
def test_points_are_read_without_the_line_that_tells_of_them(store: Store, place: str) -> None:
    for run in ("r", "other"):
        store.writer().append("set", run, {"f": {"kind": "run"}})
        store.writer().append("event", run, {"level": "info", "message": "begun", "at": 1.0})
        log(store, run, range(50))
        store.writer().append("event", run, {"level": "info", "message": "on", "at": 2.0})
    mark = b'"op":"points","of":"r"'
    whole = flip(journal_of(store), mark, PLACES[place])
    assert store.index().state("r")["points"] == []
    assert steps(store, "r") == steps(store, "other") == list(range(50))
    assert untold_runs(store) == {"r", "other"}
    assert not store.verify().sound
    log(store, "r", range(50, 60))
    assert steps(store, "r") == list(range(60))
    path = journal_of(store)
    path.write_bytes(whole)
    assert Store.open(store.root).verify().sound
    store.index().rebuild()
    assert untold_runs(store) == set()
    assert steps(store, "r") == list(range(60))


def test_points_are_read_where_the_end_of_the_line_that_tells_of_them_is_lost(store: Store) -> None:
    store.writer().append("set", "r", {"f": {"kind": "run"}})
    log(store, "r", range(50))
    flip(journal_of(store), b'"op":"points"', PLACES["newline"])
    assert store.index().state("r")["points"] == []
    assert steps(store, "r") == list(range(50))


@pytest.mark.parametrize("mark", [b'"op":"points"', b'metrics.jsonl"', b'"file":'])
def test_points_of_folded_journals_are_read_though_a_line_is_lost(
    store: Store, mark: bytes
) -> None:
    for begin in (0, 50):
        writing = Store.open(store.root)
        writing.writer().append("set", f"r{begin}", {"f": {"kind": "run"}})
        log(writing, f"r{begin}", range(begin, begin + 50))
        writing.writer().close()
    collect(Store.open(store.root, clock=lambda: time.time() + 20 * 86400), act=True)
    path = journal_of(store)
    whole = path.read_bytes()
    rows = [row for row in whole.split(b"\n") if mark in row]
    assert rows
    for row in rows:
        flip(path, row, PLACES["middle"])
        store.index().rebuild()
        assert steps(store, "r0") == list(range(50))
        assert steps(store, "r50") == list(range(50, 100))
        path.write_bytes(whole)


def test_what_is_left_out_is_told(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.writer().append("set", "r", {"f": {"kind": "run"}})
    log(store, "r", range(50))
    path = journal_of(store, metrics=True)
    assert len(steps(store, "r")) == 50
    assert caplog.messages == []
    (kept,) = cache_folder(store.root).path.glob("metrics/*/*/*")
    kept.unlink()
    flip(path, b'"s":9,', PLACES["middle"])
    for _ in range(2):
        caplog.clear()
        assert len(steps(store, "r")) == 49
        (told,) = caplog.messages
        assert (
            f"left out a line of metric values in journals/{path.parent.name}/{path.name}" in told
        )


def test_a_run_without_points_has_none_in_a_damaged_store(store: Store) -> None:
    for run in ("r", "bare"):
        store.writer().append("set", run, {"f": {"kind": "run"}})
    log(store, "r", range(5))
    flip(journal_of(store), b'"op":"points"', PLACES["middle"])
    assert tables(store, "bare") == []
    assert untold_runs(store) == {"r"}
