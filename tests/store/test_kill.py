"""Processes that record and tend stores are killed at random moments, on two file systems.

Every call that was acknowledged is there after, `verify` finds nothing damaged, and the next
command works.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from whence.base.digest import digest_bytes
from whence.store import Store, collect, merge
from whence.testing.point import points

_PRELUDE = """
import itertools, os, sys, time
from pathlib import Path
from whence.store import Store, collect, layout, merge
from whence.testing.fault import FaultyFiles

layout.LIMIT = 20_000
root, other, kind = sys.argv[1:4]
files = FaultyFiles.network if kind == "faulty" else FaultyFiles

def open_store(path, days=0.0):
    return Store.open(path, files=files, clock=lambda: time.time() + days * 86400)

def tell(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def record(store, number):
    writer, run = store.writer(), f"r{number // 20}"
    writer.append("tags", run, {"add": [f"t{number}"]}, sync=number % 50 == 0)
    tell("tag", run, f"t{number}")
    writer.metrics(run, number, 0.0, float(number), {"y": 1.0})
    tell("point", run, number)
    path = Path(root).parent / "file"
    path.write_bytes(b"%d " % number * (20_000 if number % 10 == 0 else 5))
    content = writer.put_file(path, "copy")
    facts = {"digest": content.digest, "kept": content.kept, "category": "output", "name": "x"}
    writer.append("artifact", run, facts)
    tell("content", content.digest, "-")

store = open_store(root)
"""
_SCRIPTS = {
    "record": """
tell("go", "-", "-")
for number in itertools.count():
    record(store, number)
    if number % 40 == 39:
        store.writer().close()
""",
    "gc": """
for number in range(200):
    record(store, number)
    if number % 20 == 19:
        store.writer().close()
        store = open_store(root)
store.writer().close()
tell("go", "-", "-")
for days in itertools.count(10, 8):
    collect(open_store(root, days), act=True)
    for number in range(1000 * days, 1000 * days + 60):
        record(store, number)
        if number % 20 == 19:
            store.writer().close()
            store = open_store(root)
""",
    "reindex": """
for number in range(200):
    record(store, number)
tell("go", "-", "-")
for number in itertools.count(200):
    store.index().rebuild()
    record(store, number)
    store.index()
""",
    "merge": """
theirs = open_store(other)
for number in range(200):
    record(store, number)
    record(theirs, 1000 + number)
tell("go", "-", "-")
for number in itertools.count(2000):
    record(theirs, number)
    merge(store, theirs, thorough=number % 2 == 0)
    merge(theirs, store)
    record(store, 10_000 + number)
""",
}
_DELAY = {"record": 0.4, "gc": 0.5, "reindex": 0.3, "merge": 0.5}


def _kill(folder: Path, script: str, kind: str, after: float) -> list[tuple[str, str, str]]:
    """What a process acknowledged before it was killed."""
    roots = [str(Store.create(folder / name).root) for name in "ab"]
    with subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + _SCRIPTS[script], *roots, kind], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if line.startswith(b"go"):
                break
        time.sleep(after)
        assert process.poll() is None, "it ended by itself"
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    return [tuple(line.decode().split()) for line in told]  # type: ignore[misc]


def _check(folder: Path, told: list[Any], both: bool) -> None:
    store, other = Store.open(folder / "a"), Store.open(folder / "b")
    report = store.verify()
    assert (report.corrupt, report.incomplete) == ([], [])
    if both:
        merge(store, other)
    index = store.index()
    for kind, one, two in told:
        if kind == "tag":
            assert two in index.state(one)["tags"], (one, two)
        elif kind == "content":
            assert digest_bytes(store.get(one)) == one
    steps: dict[str, set[int]] = {}
    for kind, one, two in told:
        if kind == "point":
            steps.setdefault(one, set()).add(int(two))
    for run, expected in steps.items():
        assert expected <= {int(point.step or 0) for point in points(store, run)}
    store.writer().append("tags", "r0", {"add": ["after"]})
    assert "after" in store.index().state("r0")["tags"]
    store.writer().close()
    for days in (100.0, 120.0, 140.0):  # what was left behind is tidied up, and nothing is lost
        later = Store.open(store.root, clock=lambda: time.time() + days * 86400)  # noqa: B023
        assert collect(later, act=True).problems == ()
    anew = Store.open(store.root)
    for kind, one, two in told:
        if kind == "tag":
            assert two in anew.index().state(one)["tags"], (one, two)
        elif kind == "content":
            assert digest_bytes(anew.get(one)) == one
    for run, expected in steps.items():
        assert expected <= {int(point.step or 0) for point in points(anew, run)}
    report = anew.verify()
    assert (report.corrupt, report.incomplete) == ([], [])


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("kind", ["real", "faulty"])
@pytest.mark.parametrize("script", list(_SCRIPTS))
def test_everything_acknowledged_is_there(
    tmp_path: Path, script: str, kind: str, turn: int
) -> None:
    told = _kill(tmp_path, script, kind, random.random() * _DELAY[script])
    _check(tmp_path, told, both=script == "merge")


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(25))
@pytest.mark.parametrize("kind", ["real", "faulty"])
@pytest.mark.parametrize("script", list(_SCRIPTS))
def test_everything_acknowledged_is_there_200_times(
    tmp_path: Path, script: str, kind: str, turn: int
) -> None:
    told = _kill(tmp_path, script, kind, random.random() * 3 * _DELAY[script])
    _check(tmp_path, told, both=script == "merge")
