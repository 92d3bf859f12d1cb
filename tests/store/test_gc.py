from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from whence.base.digest import digest_bytes
from whence.base.error import StoreError
from whence.store import Store, collect, merge, tables
from whence.store.layout import SMALL
from whence.testing.fault import FaultyFiles
from whence.testing.merging import by_merge, by_rsync, has_rsync, told
from whence.testing.point import points

LARGE = b"large " * SMALL
WAYS = [
    by_merge,
    pytest.param(
        by_rsync, marks=pytest.mark.skipif(not has_rsync(), reason="`apt-get install rsync`")
    ),
]


class Calendar:
    """A store whose clock, and that of its file system, can be set ahead by days."""

    def __init__(self, folder: Path) -> None:
        self.ahead = 0.0
        self.files = FaultyFiles()
        self.files.clock = self.now
        self.folder = folder
        Store.create(folder)
        self.store = self.open()

    def now(self) -> float:
        return time.time() + self.ahead

    def open(self) -> Store:
        """As another process would."""
        return Store.open(self.folder, files=lambda shared: self.files, clock=self.now)

    def wait(self, days: float) -> None:
        self.ahead += days * 86400

    def gc(self) -> Any:
        done = collect(self.open(), act=True)
        assert done.problems == ()
        return done.plan


@pytest.fixture
def calendar(tmp_path: Path) -> Calendar:
    return Calendar(tmp_path / "a")


def save(store: Store, run: str, data: bytes, name: str = "x") -> str:
    content = store.writer().put(data)
    facts = {"digest": content.digest, "kept": content.kept, "size": content.size}
    store.writer().append("artifact", run, {"name": name, "category": "output"} | facts)
    return content.digest


def names(store: Store, kind: str) -> list[str]:
    return [p.name for p in store.root.glob(f"{kind}/*/*")]


def test_a_new_store_needs_nothing(calendar: Calendar) -> None:
    save(calendar.store, "r", b"small")
    save(calendar.store, "r", LARGE)
    calendar.store.writer().close()
    for days in (0, 6):
        calendar.wait(days)
        assert calendar.gc().idle


@pytest.mark.parametrize("data", [b"small", LARGE])
def test_unnamed_content_rests_in_the_trash_before_it_goes(calendar: Calendar, data: bytes) -> None:
    digest = calendar.store.writer().put(data).digest
    calendar.store.writer().close()
    calendar.wait(13)
    calendar.gc()
    assert calendar.open().get(digest) == data
    calendar.wait(2)
    dry = collect(calendar.open(), act=False).plan
    assert bool(dry.aside or dry.packs)
    assert not list(calendar.store.root.glob("trash/*"))
    calendar.gc()
    assert calendar.open().get(digest) == data  # look-ups look in the trash
    assert list(calendar.store.root.glob("trash/*/*/*/*"))
    calendar.wait(6)
    assert not calendar.gc().gone
    calendar.wait(3)
    plan = calendar.gc()
    assert len(plan.gone) == 1
    assert plan.freed == len(data)
    with pytest.raises(StoreError, match="no content"):
        calendar.open().get(digest)
    calendar.wait(9)
    calendar.gc()
    assert not list(calendar.store.root.glob("trash/*"))


@pytest.mark.parametrize("data", [b"small", LARGE])
def test_what_was_named_since_comes_back(calendar: Calendar, data: bytes) -> None:
    digest = calendar.store.writer().put(data).digest
    calendar.store.writer().close()
    calendar.wait(15)
    calendar.gc()
    late = calendar.open()
    facts = {"name": "x", "category": "output", "digest": digest, "kept": "object"}
    late.writer().append("artifact", "r", facts)
    late.writer().close()
    assert calendar.open().verify().incomplete == []
    calendar.wait(9)
    assert len(calendar.gc().back) == 1
    calendar.wait(9)
    calendar.gc()
    assert calendar.open().get(digest) == data
    assert not list(calendar.store.root.glob("trash/*/objects/*/*"))
    report = calendar.open().verify()
    assert (report.corrupt, report.incomplete) == ([], [])


@pytest.mark.parametrize("data", [b"small", LARGE])
def test_content_that_a_writer_meets_is_young_again(calendar: Calendar, data: bytes) -> None:
    calendar.store.writer().put(data)
    calendar.store.writer().close()
    other = calendar.open()
    other.index()
    calendar.wait(15)
    digest = other.writer().put(data).digest
    calendar.gc()
    assert not list(calendar.store.root.glob("trash/*/*/*/*"))
    save(other, "r", data)
    other.writer().close()
    calendar.wait(30)
    calendar.gc()
    calendar.wait(30)
    calendar.gc()
    assert calendar.open().get(digest) == data


def test_content_that_gc_took_is_stored_again(calendar: Calendar) -> None:
    store = calendar.store
    for data in (b"small", LARGE):
        store.writer().put(data)
    store.writer().close()  # the process lives on
    for _ in range(3):
        calendar.wait(15)
        calendar.gc()
    for data in (b"small", LARGE):
        with pytest.raises(StoreError):
            calendar.open().get(digest_bytes(data))
        assert store.get(save(store, "r", data)) == data
        assert calendar.open().get(digest_bytes(data)) == data
    store.writer().close()


def test_journals_and_packs_fold_into_few_and_tell_the_same(calendar: Calendar) -> None:
    for number in range(6):
        store = calendar.open()
        writer = store.writer()
        writer.append("set", f"r{number}", {"f": {"kind": "run", "name": str(number)}})
        writer.append("tags", "shared", {"add": [str(number)]})
        writer.append("event", "shared", {"message": "x"})
        for step in range(3):
            writer.metrics("shared", step, 0.0, number + step / 10, {"y": float(number)})
        save(store, f"r{number}", b"small %d" % number)
        save(store, f"r{number}", b"in all of them", "same")
        writer.close()
    before, lines = told(calendar.store), list(calendar.store.lines("shared"))
    assert len(names(calendar.store, "journals")) == 12
    calendar.wait(8)
    plan = calendar.gc()
    assert (len(plan.journals), len(plan.packs)) == (12, 6)
    assert len(names(calendar.store, "journals")) == 2
    (pack,) = calendar.store.root.glob("packs/*/*")
    assert pack.stat().st_size == len(b"in all of them") + 6 * len(b"small 0")
    assert told(calendar.store) == before
    assert list(calendar.open().lines("shared")) == _by(lines, calendar)
    assert len(list(points(calendar.open(), "shared"))) == 18
    assert sum(len(table.n) for table in tables(calendar.open(), "shared")) == 18
    report = calendar.open().verify()
    assert (report.corrupt, report.incomplete, report.unended) == ([], [], [])
    index = calendar.open().index()
    assert index.last_of(index.state("r0")["writer"]) is not None
    for _ in range(3):
        calendar.wait(8)
        calendar.gc()
        assert told(calendar.open()) == before
    assert not list(calendar.store.root.glob("trash/*"))
    assert len(names(calendar.store, "journals")) == 2


def test_metric_points_are_folded_as_they_are(calendar: Calendar) -> None:
    """As text, to the last bit: see docs/decisions/0006."""
    odd = [{"y": math.inf}, {"y": -0.0}, {"y": 10**30}, {"y": True}, {"a": 1, "b": 0.1 + 0.2}]
    for number in range(3):
        writer = calendar.open().writer()
        for step, values in enumerate(odd):
            writer.metrics("kept", step if number else None, 1.5 * step, 9.0 + number, values)
            writer.metrics("gone", step, 0.0, 0.0, {"secret": 1.0})
        writer.metrics("kept", 99, 0.0, 0.0, {"y": math.nan})
        writer.append("delete", "gone", {})
        writer.close()

    def exact() -> list[str]:
        return sorted(map(repr, points(calendar.open(), "kept")))

    before = exact()
    assert len(before) == 18
    for days in (8, 15, 8):
        calendar.wait(days)
        calendar.gc()
        assert exact() == before
    files = list(calendar.store.root.glob("journals/*/*.metrics.jsonl"))
    assert len(files) == 1
    assert b"secret" not in files[0].read_bytes()


def test_damaged_metric_points_are_left_to_be_mended(calendar: Calendar, tmp_path: Path) -> None:
    for number in range(2):
        writer = calendar.open().writer()
        for step in range(3):
            writer.metrics(f"r{number}", step, 0.0, 0.0, {"y": 1.0})
        writer.close()
    copy = Store.create(tmp_path / "b")
    merge(copy, calendar.store)
    damaged = min(calendar.store.root.glob("journals/*/*.metrics.jsonl"))
    damaged.write_bytes(damaged.read_bytes().replace(b'"s":1', b'"s":7', 1))
    calendar.wait(8)
    assert calendar.gc().journals
    assert damaged.exists()
    merge(calendar.open(), copy, thorough=True)
    runs = ("r0", "r1")
    assert [[p.step for p in points(calendar.open(), run)] for run in runs] == [[0, 1, 2]] * 2


@pytest.mark.parametrize("other", [b"", b"\0" * 5])
def test_the_only_whole_copy_stays(calendar: Calendar, other: bytes) -> None:
    """Another pack is said to have it too, but did not arrive whole or was altered."""
    for number in range(2):
        store = calendar.open()
        store.writer().put(b"waste %d" % number)
        digest = save(store, f"r{number}", b"small")
        store.writer().close()
        calendar.wait(12)
    _, last = sorted(calendar.store.root.glob("packs/*/*"))
    last.write_bytes(last.read_bytes()[:-5] + other)
    for days in (-9, 5, 9, 9):  # the other pack is too young at first
        calendar.wait(days)
        collect(calendar.open(), act=True)
        assert calendar.open().get(digest) == b"small"


def _by(lines: list[Any], calendar: Calendar) -> list[Any]:
    """The lines as they are in the folded journal, which says by whom they are."""
    index = calendar.open().index()
    keys = {line["lc"]: key[1] for key, line in index.lines("shared")}
    folded = {line["lc"]: line["crc"] for _, line in index.lines("shared")}
    return [{**line, "by": keys[line["lc"]], "crc": folded[line["lc"]]} for line in lines]


@pytest.mark.parametrize("way", WAYS)
def test_copies_that_arrive_after_they_were_folded_add_nothing(
    calendar: Calendar, tmp_path: Path, way: Any
) -> None:
    for number in range(3):
        store = calendar.open()
        store.writer().append("event", "r", {"message": "x"})
        store.writer().metrics("r", number, 0.0, 0.0, {"y": 1.0})
        save(store, "r", b"small %d" % number)
        store.writer().close()
    copy = Store.create(tmp_path / "b")
    merge(copy, calendar.store)
    calendar.wait(8)
    calendar.gc()
    before, files = told(calendar.open()), len(names(calendar.store, "journals"))
    if way is by_merge:
        assert merge(calendar.open(), copy).copies == []
    way(calendar.open(), copy)
    assert told(calendar.open()) == before
    way(copy, calendar.open())
    assert told(copy) == before
    calendar.wait(40)
    calendar.gc()
    assert told(calendar.open()) == before
    calendar.wait(40)
    calendar.gc()
    assert len(names(calendar.store, "journals")) == files
    report = calendar.open().verify()
    assert (report.corrupt, report.incomplete, report.unended) == ([], [], [])


def test_a_deletion_becomes_final_and_frees_its_content(calendar: Calendar, tmp_path: Path) -> None:
    store = calendar.store
    store.writer().append("set", "r", {"f": {"name": "secret"}})
    small, large = save(store, "r", b"small"), save(store, "r", LARGE)
    kept = save(store, "other", b"other")
    store.writer().append("delete", "r", {})
    store.writer().close()
    copy = Store.create(tmp_path / "b")
    merge(copy, store)
    calendar.wait(13)
    calendar.gc()
    assert "final" not in calendar.open().index().state("r")
    calendar.wait(2)
    assert calendar.gc().final == ("r",)
    state = calendar.open().index().state("r")
    assert (state["deleted"], state["final"], state.get("name")) == (True, True, None)
    for _ in range(3):
        calendar.wait(15)
        calendar.gc()
    later = calendar.open()
    assert later.get(kept) == b"other"
    for digest in (small, large):
        assert not later.has(digest)
    assert not any(b"secret" in path.read_bytes() for path in later.root.glob("journals/*/*"))
    # A copy that knows nothing of it brings its lines back, but not the run.
    copy.writer().append("undelete", "r", {})
    copy.writer().close()
    merge(calendar.open(), copy)
    assert "final" in calendar.open().index().state("r")
    report = calendar.open().verify()
    assert (report.corrupt, report.incomplete) == ([], [])


def test_an_undone_deletion_stays_undone(calendar: Calendar) -> None:
    store = calendar.store
    digest = save(store, "r", b"small")
    store.writer().append("delete", "r", {})
    calendar.wait(10)
    store.writer().append("undelete", "r", {})
    store.writer().close()
    for _ in range(3):
        calendar.wait(15)
        assert calendar.gc().final == ()
    assert calendar.open().get(digest) == b"small"


def test_what_a_manifest_names_is_named(calendar: Calendar) -> None:
    store = calendar.store
    parts = [store.writer().put(data).digest for data in (b"part", LARGE)]
    manifest = store.writer().put(b'{"parts":["%b","%b"]}' % tuple(p.encode() for p in parts))
    facts = {"name": "v0", "category": "output", "digest": manifest.digest, "kept": "pack"}
    store.writer().append("artifact", "r", facts | {"type": "application/vnd.x.manifest+json"})
    store.writer().close()
    for _ in range(4):
        calendar.wait(15)
        calendar.gc()
    for digest in parts:
        assert digest_bytes(calendar.open().get(digest)) == digest


def test_a_live_writer_is_left_alone(calendar: Calendar) -> None:
    calendar.store.writer().append("set", "r", {"f": {"a": 1}})
    calendar.store.writer().put(b"small")
    other = calendar.open()
    other.writer().append("set", "r", {"f": {"b": 1}})
    for _ in range(3):
        calendar.wait(30)
        assert calendar.gc().idle
    for store in (calendar.store, other):
        store.writer().append("set", "r", {"f": {"c": 1}})
        store.writer().close()
    assert calendar.open().verify().unended == []


def test_a_killed_writer_is_folded_too(calendar: Calendar) -> None:
    code = (
        "import os, sys; from whence.store import Store; w = Store.open(sys.argv[1]).writer(); "
        "w.append('set', 'r', {'f': {'a': 1}}); w.metrics('r', 1, 0., 0., {'y': 1.}); "
        "os.kill(os.getpid(), 9)"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code, str(calendar.store.root)])
    assert len(names(calendar.store, "journals")) == 4
    calendar.wait(8)
    assert len(calendar.gc().journals) == 4
    assert len(names(calendar.store, "journals")) == 2
    assert calendar.open().index().state("r")["a"] == 1
    assert len(list(points(calendar.open(), "r"))) == 2


def test_damage_is_left_as_it_is_and_named(calendar: Calendar) -> None:
    for number in range(3):
        store = calendar.open()
        store.writer().append("set", f"r{number}", {"f": {}})
        save(store, f"r{number}", b"small %d" % number)
        store.writer().close()
    first, second, _ = sorted(calendar.store.root.glob("journals/*/*"))
    data = first.read_bytes()
    first.write_bytes(data[:30] + b"X" + data[31:])
    pack = calendar.store.root / "packs" / second.parent.name / f"{second.name[:22]}.pack"
    pack.write_bytes(b"X" + pack.read_bytes()[1:])
    calendar.wait(8)
    done = collect(calendar.open(), act=True)
    assert [problem.code for problem in done.problems] == ["damaged-content"]
    assert first.exists()
    assert pack.exists()
    assert calendar.open().index().ids() == ["r0", "r1", "r2"]


def test_leftovers_and_empty_folders_go(calendar: Calendar) -> None:
    store = calendar.store
    store.writer().append("set", "r", {"f": {}})
    store.writer().close()
    (journal,) = store.root.glob("journals/*/*")
    leftover = journal.with_name(journal.name + ".1a2b3c4d")
    leftover.write_bytes(b"half")
    (store.root / "journals/2020-01-01").mkdir()
    (store.root / "objects").mkdir()
    (store.root / "objects/new-x-1-00").write_bytes(b"half")
    calendar.wait(15)
    assert len(calendar.gc().unfinished) == 2
    assert not leftover.exists()
    assert names(store, "objects") == []
    assert not (store.root / "journals/2020-01-01").exists()
    assert calendar.open().index().ids() == ["r"]


def test_a_full_disk_stops_gc_before_it_removes_anything(calendar: Calendar) -> None:
    for number in range(4):
        store = calendar.open()
        save(store, f"r{number}", b"small %d" % number)
        store.writer().close()
    before = told(calendar.open())
    calendar.wait(8)
    for room in (0, 50, 500, 1500):
        calendar.files.room = room
        with pytest.raises(StoreError, match="No space left"):
            collect(calendar.open(), act=True)
        calendar.files.room = None
        assert told(calendar.open()) == before
        assert len(names(calendar.store, "packs")) >= 4
    calendar.gc()
    assert told(calendar.open()) == before


def test_two_at_once_lose_nothing(calendar: Calendar) -> None:
    for number in range(4):
        store = calendar.open()
        save(store, f"r{number}", b"small %d" % number)
        store.writer().put(b"unnamed %d" % number * SMALL)
        store.writer().close()
    before = told(calendar.open())
    calendar.wait(15)
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                collect(calendar.open(), act=True)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 3
    assert told(calendar.open()) == before
    calendar.wait(8)
    calendar.gc()
    assert told(calendar.open()) == before


def test_content_that_another_store_packed_anew_is_still_found_here(
    calendar: Calendar, tmp_path: Path
) -> None:
    other = Calendar(tmp_path / "b")
    digest = save(calendar.store, "r", b"small")
    calendar.store.writer().close()
    merge(other.store, calendar.store)
    for number in range(2):
        there = other.open()
        save(there, f"r{number}", b"small")
        there.writer().close()
    other.wait(8)
    other.gc()  # three packs become one
    merge(calendar.open(), other.open())  # the content is here: its new pack is not needed
    calendar.wait(8)
    for days in (0, 9, 15):
        calendar.wait(days)
        calendar.gc()
        assert calendar.open().get(digest) == b"small"
    assert calendar.open().verify().incomplete == []
