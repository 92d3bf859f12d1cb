"""Lines that differ in nothing but their numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from whence.store import Store
from whence.store.frame import columns, groups
from whence.store.line import SEAL_LENGTH


def bodies_of(store: Store) -> list[bytes]:
    """What was written of metric values, without seals, head and closing line."""
    store.writer().close()
    (path,) = (store.root / "journals").glob("*/*.metrics.jsonl")
    return [line[:-SEAL_LENGTH] for line in path.read_bytes().splitlines()[1:-1]]


@pytest.mark.parametrize(
    "values",
    [
        [0.5, 1e-9, -0.0],
        [1, -(2**63), 2**63 - 1],
        [True, True],
        [None, None],
        [math.nan, math.nan],
        [-math.inf, -math.inf],
    ],
)
def test_lines_as_they_are_written_are_read_by_columns(tmp_path: Path, values: list[Any]) -> None:
    store = Store.create(tmp_path)
    for i in range(20):
        both = {'odd ",w": {1}/ü': values[i % len(values)], "m2": 0.25}
        store.writer().metrics("r", i, 0.5, 1.5, both)
    lines = bodies_of(store)
    assert groups(lines) == ([lines], [])
    read = columns(lines)
    assert read is not None
    run, names, (n, step, time, stamp, first, second) = read
    assert (run, names) == ("r", ('odd ",w": {1}/ü', "m2"))
    assert (n, step) == (list(range(1, 21)), list(range(20)))
    assert (time, stamp, second) == ([0.5] * 20, [1.5] * 20, [0.25] * 20)
    plain = [{"$float": str(v)} if v in (math.inf, -math.inf) or v != v else v for v in values]
    assert list(map(repr, first)) == [repr(plain[i % len(plain)]) for i in range(20)]


def test_lines_of_two_frames_are_read_by_frame_and_few_others_are_left(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    for i in range(40):
        store.writer().metrics("rq"[i % 2], i, 0.5, 1.5, {"loss": i / 3})
        if i % 20 == 0:
            store.writer().metrics("r", i, 0.5, 1.5, {"memory": i})
    alike, others = groups(bodies_of(store))
    assert [len(group) for group in alike] == [20, 20]
    assert all(columns(group) for group in alike)
    assert [b'"memory"' in line for line in others] == [True, True]


def test_names_that_differ_in_their_digits_are_not_taken_for_one(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    for i in range(40):
        store.writer().metrics("r", i, 0.5, 1.5, {f"m{i // 20}": 0.5})
    lines = bodies_of(store)
    assert groups(lines) == ([lines], [])
    assert columns(lines) is None
