"""Logging metrics: what is taken, what is refused, and that nothing acknowledged is lost."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from whence.base.error import StoreError, UserError
from whence.runs import Run
from whence.store import Store
from whence.testing.fault import FaultyFiles
from whence.testing.point import points


@pytest.fixture
def run(store):
    return Run(store).config(disable_resources_metrics=True).init("it")


def recorded(store, run):
    """All that is on record of a run's metrics."""
    told = store.index().state(run.id).get("metrics")
    return [(p.step, p.values) for p in points(store, run.id)], told


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0.1, 0.1),
        (3, 3),
        (True, True),
        (2**80, 2**80),
        (math.inf, math.inf),
        (np.float32(0.5), 0.5),
        (np.int64(2**62 + 1), 2**62 + 1),
        (np.bool_(True), True),
        (np.array(2.5), 2.5),
        (np.array(7), 7),
        (decimal.Decimal("0.25"), 0.25),
    ],
)
def test_one_real_number_of_any_type_is_taken(store, run, value, kept):
    run.log_metrics({"x": value})
    run.log_metrics({"x": value})
    assert [p.values for p in points(store, run.id)] == [{"x": kept}] * 2
    assert type(next(points(store, run.id)).values["x"]) is type(kept)


@pytest.mark.parametrize(
    ("metrics", "named"),
    [
        ({"good": 1.0, "x": "high"}, "'x'"),
        ({"good": 1.0, "x": None}, "'x'"),
        ({"good": 1.0, "x": 1j}, "'x'"),
        ({"good": 1.0, "x": [1.0, 2.0]}, "'x'"),
        ({"good": 1.0, "x": np.array(["a"])}, "'x'"),
        ({"good": 1.0, "x": np.array([object()])}, "'x'"),
        ({"good": 1.0, "line": np.zeros(2), "x": "high"}, "'x'"),
        ({"good": 1.0, "grid": np.zeros(4)}, "'grid'"),
        ({"good": 1.0, "": 1.0}, "''"),
        ({"good": 1.0, 3: 1.0}, "3"),
        ({"good": 1.0, "$float": 1.0}, "float"),
        ([("good", 1.0)], "list"),
        (3.0, "float"),
        ("good", "str"),
        (None, "NoneType"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_recorded(store, run, metrics, named):
    run.assign_metric_to_grid("grid", [[0.0, 1.0]])
    run.log_metrics({"good": 0.0})
    before = recorded(store, run)
    with pytest.raises(UserError) as refused:
        run.log_metrics(metrics)
    assert named in str(refused.value)
    assert recorded(store, run) == before


@pytest.mark.parametrize(
    "where",
    [
        {"step": 1.5},
        {"step": "one"},
        {"step": 2**64},
        {"time": "now"},
        {"time": math.nan},
        {"time": 10**400},
        {"timestamp": "yesterday"},
        {"timestamp": math.inf},
        {"timestamp": [1]},
    ],
)
def test_a_place_that_is_none_is_refused(store, run, where):
    (given,) = where.values()
    with pytest.raises(UserError) as refused:
        run.log_metrics({"x": 1.0}, **where)
    assert repr(given)[:20] in str(refused.value)
    assert recorded(store, run)[0] == []


@pytest.mark.parametrize(
    "timestamp",
    [
        0.25,
        "1970-01-01T00:00:00.250000",
        dt.datetime(1970, 1, 1, 0, 0, 0, 250000),
        dt.datetime(1970, 1, 1, 1, 0, 0, 250000, dt.timezone(dt.timedelta(hours=1))),
    ],
)
def test_an_instant_is_spelled_as_one_likes(store, run, timestamp):
    run.log_metrics({"x": 1.0}, timestamp=timestamp)
    assert [p.stamp for p in points(store, run.id)] == [0.25]


def test_steps_are_counted_where_none_is_given(store, run):
    run.log_metrics({"x": 1.0})
    run.log_metrics({"x": 1.0, "line": np.zeros(2)})
    run.log_metrics({"x": 1.0}, step=np.int32(40))
    run.log_metrics({"x": 1.0})
    assert [p.step for p in points(store, run.id)] == [0, 1, 40, 2]
    assert [line["s"] for line in store.lines(run.id, ("tensor",))] == [1]


def test_nothing_is_written_for_no_metrics(store, run):
    run.log_metrics({})
    assert recorded(store, run) == ([], None)


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ([], []),
        ([[0.0, 1.0]], ["x", "y"]),
        ([[[0.0], [1.0]]], ["x"]),
        ([[0.0, 1.0], [0.0]], ["x", "x"]),
        ([[0.0, 1.0]], ["step"]),
        ([[0.0, 1.0]], [""]),
        ([[object()]], ["x"]),
        ([[0.0, 1.0, 2.0]], ["x"]),  # it has logged two values
    ],
)
def test_a_grid_that_cannot_be_is_refused(store, run, ticks, labels):
    run.log_metrics({"line": np.zeros(2)})
    before = recorded(store, run)
    with pytest.raises(UserError, match="'line'"):
        run.assign_metric_to_grid("line", ticks, labels)
    assert recorded(store, run) == before


def test_equal_arrays_are_kept_once(store, run):
    for _ in range(5):
        run.log_metrics({"line": np.zeros(100)})
    assert store.verify().packed == len({*_digests(store)})
    assert len(list(store.lines(run.id, ("tensor",)))) == 5


def _digests(store):
    for path in store.root.glob("journals/*/*.jsonl"):
        for line in path.read_text().splitlines():
            if '"op":"pack"' in line:
                yield line.split('"digest":"')[1][:64]


def test_a_full_disk_is_told_and_recording_goes_on_after(project):
    Store.create(project)
    files = FaultyFiles()
    store = Store.open(project, files=lambda shared: files)
    run = Run(store).config(disable_resources_metrics=True).init("it")
    run.log_metrics({"x": 0.0})
    files.room = 30
    with pytest.raises(StoreError, match="space"):
        run.log_metrics({"x": 1.0})
    with pytest.raises(StoreError, match="space"):
        run.log_metrics({"line": np.zeros(9)})
    files.room = None
    run.log_metrics({"x": 2.0})
    assert [p.values["x"] for p in points(store, run.id)] == [0.0, 2.0]
    assert list(store.lines(run.id, ("tensor",))) == []


_RECORDER = """
import os, sys
import numpy as np
from whence.runs import Run
from whence.store import Store
run = Run(Store.open(sys.argv[1])).config(disable_resources_metrics=True).init("killed")
os.write(1, b"%s\\n" % run.id.encode())
for i in range(10**9):
    run.log_metrics({"x": i / 2, "y": i})
    if i % 50 == 0:
        run.log_metrics({"field": np.full(10, i)}, step=i)
    os.write(1, b"%d\\n" % i)
"""


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.2])
def test_every_point_acknowledged_is_there_after_a_kill(store, pause):
    words = [sys.executable, "-c", _RECORDER, str(store.root)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        run, first = process.stdout.readline(), process.stdout.readline()
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        told = (first + process.stdout.read()).decode().split("\n")[:-1]
    last = int(told[-1])
    found = [p for p in points(store, run.decode().strip()) if "x" in p.values]
    assert [p.values for p in found][: last + 1] == [{"x": i / 2, "y": i} for i in range(last + 1)]
    assert len(found) <= last + 2
    tensors = [line["s"] for line in store.lines(run.decode().strip(), ("tensor",))]
    assert tensors[: last // 50 + 1] == list(range(0, last + 1, 50))
    assert store.verify().sound
