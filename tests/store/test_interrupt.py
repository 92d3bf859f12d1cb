"""Ctrl-C may come between any two steps; what was acknowledged stays, and the next call works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whence.base.digest import digest_bytes
from whence.store import Store
from whence.store.files import Files
from whence.testing.point import points

_STORM = """
import json, signal, sys
from whence.store import Store, layout

layout.LIMIT = 100_000
armed = False

def strike(number, frame):
    global armed
    if armed:
        armed = False
        raise KeyboardInterrupt

signal.signal(signal.SIGALRM, strike)
store = Store.open(sys.argv[1])
writer = store.writer()
told, measured, kept, hits, i = [], [], [], 0, 0

def write():
    global i
    for _ in range(2000):
        if not armed:
            break
        i += 1
        run = f"r{i // 100}"
        writer.append("meta", run, {"m": {f"k{i}": i}}, sync=i % 200 == 0)
        told.append((run, i))
        writer.metrics("r0", i, 0.0, 0.0, {"y": 1.0})
        measured.append(i)
        writer.append_many("tags", run, [{"add": [f"a{i}"]}, {"add": [f"b{i}"]}])
        told.extend([(run, f"a{i}"), (run, f"b{i}")])
        if i % 3 == 0:
            kept.append(writer.put(b"c%d" % i).digest)

for turn in range(600):
    try:
        armed = True
        signal.setitimer(signal.ITIMER_REAL, 0.0004 + 0.000001 * (turn % 400))
        write()  # some Pythons take a loop's jump back to be outside of the `try` around it
    except KeyboardInterrupt:
        hits += 1
    armed = False
writer.close()
print(json.dumps([told, measured, kept, hits]))
"""


def test_nothing_acknowledged_is_lost_in_a_storm_of_interrupts(tmp_path: Path) -> None:
    Store.create(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", _STORM, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    told, measured, kept, hits = json.loads(done.stdout)
    assert hits > 300
    store = Store.open(tmp_path)
    index = store.index()
    there = {
        (run, item)
        for run in index.ids()
        for item in (*index.state(run)["meta"].values(), *index.state(run)["tags"])
    }
    assert [item for item in told if tuple(item) not in there] == []
    assert set(measured) <= {point.step for point in points(store, "r0")}
    for digest in kept[::5]:
        assert digest_bytes(store.get(digest)) == digest
    report = store.verify()
    assert report.incomplete == []
    assert [problem for problem in report.corrupt if problem.code != "damaged-line"] == []
    index.close()


class _Interrupted(Files):
    """Ctrl-C right after the system has written a part of what it was given."""

    strike: int | None = None

    def write(self, fd: int, data: bytes | memoryview) -> int:  # type: ignore[override]
        strike, self.strike = self.strike, None
        if strike is None:
            return os.write(fd, data)
        os.write(fd, memoryview(data)[: len(data) - strike])
        raise KeyboardInterrupt


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(cuts=st.lists(st.one_of(st.none(), st.integers(0, 25)), min_size=1, max_size=12))
def test_a_write_cut_short_is_made_out_before_the_next(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int | None]
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    Store.create(folder)
    files = _Interrupted()
    store = Store.open(folder, files=lambda shared: files)
    writer = store.writer()
    writer.append("set", "r", {"f": {"name": "x"}})
    writer.metrics("r", 0, 0.0, 0.0, {"y": 1.0})
    writer.put(b"first")
    tags, steps, digests = set(), {0}, [digest_bytes(b"first")]
    for number, cut in enumerate(cuts, 1):
        for kind in ("one", "many", "point", "content"):
            files.strike = cut
            try:
                if kind == "one":
                    writer.append("tags", "r", {"add": [f"{number}"]})
                    tags.add(f"{number}")
                elif kind == "many":
                    names = [f"{number}a", f"{number}b"]
                    writer.append_many("tags", "r", [{"add": [name]} for name in names])
                    tags.update(names)
                elif kind == "point":
                    writer.metrics("r", number, 0.0, 0.0, {"y": 1.0})
                    steps.add(number)
                else:
                    digests.append(writer.put(b"content %d" % number).digest)
            except KeyboardInterrupt:
                continue
    writer.close()
    state = store.index().state("r")
    assert tags <= set(state["tags"])
    assert steps <= {point.step for point in points(store, "r")}
    for digest in digests:
        assert digest_bytes(store.get(digest)) == digest
    report = store.verify()
    codes = {problem.code for problem in report.corrupt}
    assert codes <= ({"damaged-line", "damaged-journal"} if any(cuts) else set())
    assert report.incomplete == []
    store.index().close()


def test_a_file_left_behind_by_an_interrupt_is_in_nobodys_way(tmp_path: Path) -> None:
    class Struck(Files):
        struck = 0

        def open(self, path: Path | str, flags: int) -> int:
            fd = super().open(path, flags)
            if flags & os.O_CREAT and self.struck < 2:
                self.struck += 1
                os.close(fd)
                raise KeyboardInterrupt
            return fd

    Store.create(tmp_path)
    files = Struck()
    store = Store.open(tmp_path, files=lambda shared: files)
    writer = store.writer()
    with pytest.raises(KeyboardInterrupt):
        writer.append("tags", "r", {"add": ["a"]})
    with pytest.raises(KeyboardInterrupt):
        writer.put(b"content")
    writer.append("tags", "r", {"add": ["b"]})
    content = writer.put(b"content")
    writer.close()
    assert store.index().state("r")["tags"] == ["b"]
    assert store.get(content.digest) == b"content"
    assert store.verify().corrupt == []
    store.index().close()
