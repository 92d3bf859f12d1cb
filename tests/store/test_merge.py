from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whence.base.digest import digest_bytes
from whence.base.error import StoreError, UserError
from whence.store import Store, merge
from whence.store.layout import SMALL
from whence.testing.fault import FaultyFiles
from whence.testing.merging import Way, by_merge, by_rsync, has_rsync, rsync, told
from whence.testing.record import operations

needs_rsync = pytest.mark.skipif(not has_rsync(), reason="`apt-get install rsync` to run this")
WAYS = [by_merge, pytest.param(by_rsync, marks=needs_rsync)]


@pytest.fixture
def two(tmp_path: Path) -> tuple[Store, Store]:
    return Store.create(tmp_path / "a"), Store.create(tmp_path / "b")


def record(store: Store, name: str, count: int = 3) -> None:
    writer = store.writer()
    for number in range(count):
        run = f"{name}{number}"
        writer.append("set", run, {"f": {"kind": "run", "name": run}})
        writer.append("tags", "shared", {"add": [run]})
        writer.metrics(run, number, 0.5, float(number), {"y": 1.0})
        for data in (f"small {run}".encode(), f"{run} ".encode() * SMALL):
            content = writer.put(data)
            facts = {"digest": content.digest, "kept": content.kept, "size": content.size}
            writer.append("artifact", run, {"name": "x", "category": "output"} | facts)


@pytest.mark.parametrize("way", WAYS)
def test_both_tell_the_same_after(two: tuple[Store, Store], way: Way) -> None:
    a, b = two
    record(a, "a")
    record(b, "b")
    way(a, b)
    assert set(told(a)) == {"a0", "a1", "a2", "b0", "b1", "b2", "shared"}
    way(b, a)
    assert told(a) == told(b)
    for store in two:
        assert all(all(contents.values()) for _, _, contents in told(store).values())
        store.writer().close()
    for one, other in ((a, b), (b, a)):
        way(one, other)
    for store in two:
        report = store.verify()
        assert (report.corrupt, report.incomplete, report.unended) == ([], [], [])


def test_a_dry_run_changes_nothing(two: tuple[Store, Store]) -> None:
    a, b = two
    record(b, "b")
    before = sorted(path for path in a.root.rglob("*"))
    found = merge(a, b, dry_run=True)
    assert [found.count(kind) for kind in ("journal", "pack", "object", "claim")] == [2, 1, 3, 0]
    assert sorted(path for path in a.root.rglob("*")) == before
    seen: list[tuple[int, int]] = []
    merge(a, b, watch=lambda done, total, note: seen.append((done, total)))
    assert (seen[0], seen[-1]) == ((0, 6), (6, 6))
    assert merge(a, b).copies == []
    b.writer().close()


def test_claims_are_taken_over(two: tuple[Store, Store]) -> None:
    a, b = two
    claim = b.root / "claims/figures/melt/v3"
    claim.parent.mkdir(parents=True)
    claim.touch()
    assert merge(a, b).count("claim") == 1
    assert (a.root / "claims/figures/melt/v3").is_file()
    assert merge(a, b).copies == []


def test_a_store_is_not_merged_with_itself(two: tuple[Store, Store]) -> None:
    with pytest.raises(UserError, match="with itself"):
        merge(two[0], Store.open(two[0].root))


def test_what_grew_since_is_taken_over_by_whole_lines(two: tuple[Store, Store]) -> None:
    a, b = two
    record(b, "b", 1)
    merge(a, b)
    record(b, "c", 1)
    (journal,) = [p for p in b.root.glob("journals/*/*.jsonl") if ".metrics" not in p.name]
    with journal.open("ab") as file:
        file.write(b'{"n":99,"half a li')
    found = merge(a, b)
    assert {copy.kind for copy in found.copies} == {"journal", "pack", "object"}
    assert (a.root / journal.relative_to(b.root)).read_bytes().endswith(b"}\n")
    assert "c0" in a.index().ids()
    assert merge(a, b).copies == []
    b.writer().close()


@pytest.mark.parametrize("kind", ["journals/*/*[0-9a-z].jsonl", "packs/*/*", "objects/*/*"])
def test_damage_is_mended_from_a_store_that_is_whole(two: tuple[Store, Store], kind: str) -> None:
    a, b = two
    record(b, "b")
    b.writer().close()
    merge(a, b)
    path = sorted(p for p in a.root.glob(kind) if ".metrics" not in p.name)[0]
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole[:300] + bytes([whole[300] ^ 1]) + whole[301:] if len(whole) > 400
                     else bytes([whole[0] ^ 1]) + whole[1:])  # fmt: skip
    assert not a.verify().sound
    found = merge(a, b, thorough=True)
    assert len(found.copies) == 1
    assert len(found.conflicts) == (0 if kind.startswith("objects") else 1)
    assert path.read_bytes() == whole
    assert a.verify().sound
    assert "b0" in a.index().ids()


def test_what_is_damaged_there_stays_there(two: tuple[Store, Store]) -> None:
    a, b = two
    record(b, "b", 1)
    b.writer().close()
    (path,) = b.root.glob("objects/*/*")
    path.chmod(0o644)
    path.write_bytes(b"X" + path.read_bytes()[1:])
    found = merge(a, b)
    assert [problem.code for problem in found.damaged] == ["damaged-content"]
    assert a.verify().sound
    assert list(a.root.glob("objects/*/*")) == []


def test_files_of_one_name_that_differ_are_a_conflict(two: tuple[Store, Store]) -> None:
    a, b = two
    record(b, "b", 1)
    b.writer().close()
    merge(a, b)
    (path,) = [p for p in a.root.glob("journals/*/*.jsonl") if ".metrics" not in p.name]
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-3]) + b"something else\n")
    (problem,) = merge(a, b).conflicts
    assert "whole there: taken from there" in str(problem)
    assert path.read_bytes() == whole
    third = Store.open(b.root)
    record(third, "c", 1)
    third.writer().close()
    (other,) = b.root.glob(f"journals/*/{third.writer().id}.jsonl")
    path.write_bytes(other.read_bytes())
    (problem,) = merge(a, b).conflicts
    assert "left as it is here" in str(problem)
    assert path.read_bytes() == other.read_bytes()


def test_content_in_the_trash_there_is_found_if_it_is_named(two: tuple[Store, Store]) -> None:
    a, b = two
    record(b, "b", 1)
    b.writer().close()
    for kind in ("objects", "packs"):
        for path in list(b.root.glob(f"{kind}/*/*")):
            target = b.root / "trash/2026-01-01" / path.relative_to(b.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
    assert b.verify().incomplete == []
    merge(a, b)
    for digest in told(a)["b0"][2]:
        assert digest_bytes(a.get(digest)) == digest
    assert a.verify().incomplete == []
    assert not (a.root / "trash").exists()


_LAWS = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
_STEPS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("pqr"), operations()), max_size=12)


@pytest.mark.parametrize("way", WAYS)
@_LAWS
@given(steps=_STEPS, pairs=st.lists(st.sampled_from([*itertools.permutations(range(3), 2)])))
def test_merging_commutes_associates_and_repeats(way: Way, steps: Any, pairs: Any) -> None:
    """Whichever pairs met before, all tell the same when all have met all."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WHENCE_CACHE"] = folder + "/cache"
        stores = []
        for skew in (0.0, 120.0, -120.0):
            Store.create(f"{folder}/{skew}")
            clock = lambda skew=skew: time.time() + skew  # noqa: E731
            stores.append(Store.open(f"{folder}/{skew}", clock=clock))
        for which, run, (op, facts) in steps:
            stores[which].writer().append(op, run, facts)
            if op == "event":
                stores[which].index()
        for one, other in pairs:
            way(stores[one], stores[other])
        for one, other in ((0, 1), (2, 0), (1, 2), (0, 2), (1, 0), (2, 1)):
            way(stores[one], stores[other])
        first = told(stores[0])
        assert told(stores[1]) == first
        assert told(stores[2]) == first
        way(stores[0], stores[1])
        assert told(stores[0]) == first
        for store in stores:
            store.writer().close()
            assert store.verify().corrupt == []
            store.index().close()


_RECORDER = """
import sys, time
from whence.store import Store
from whence.testing.fault import FaultyFiles
root, name, skew, faulty = sys.argv[1:]
skew = float(skew)
files = FaultyFiles.network if faulty == "faulty" else lambda shared: FaultyFiles()
store = Store.open(root, files=files, clock=lambda: time.time() + skew)
writer = store.writer()
print("go", flush=True)
begin, number = time.time(), 0
while time.time() < begin + 0.8:
    run = f"{name}{number // 10}"
    writer.append("set", run, {"f": {"name": f"{number}"}})
    writer.append("tags", "shared", {"add": [f"{name}{number}"]}, sync=number % 20 == 0)
    writer.metrics(run, number, 0.0, float(number), {"y": 1.0})
    content = writer.put(b"%s %d" % (name.encode(), number) * (20_000 if number % 7 == 0 else 1))
    facts = {"name": "x", "category": "output", "digest": content.digest, "kept": content.kept}
    writer.append("artifact", run, facts)
    number += 1
    time.sleep(0.002)
writer.close()
print(number, flush=True)
"""


@pytest.mark.parametrize("faulty", ["real", "faulty"])
@pytest.mark.parametrize("way", WAYS)
def test_merging_while_both_are_written_by_clocks_two_minutes_apart(
    two: tuple[Store, Store], way: Way, faulty: str
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _RECORDER, str(store.root), name, skew, faulty],
            stdout=subprocess.PIPE,
            text=True,
        )
        for store, name, skew in ((two[0], "a", "0"), (two[1], "b", "-120"))
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    while any(process.poll() is None for process in processes):
        one, other = random.sample(two, 2)
        way(one, other)
        report = one.verify()
        assert report.corrupt == []
        if way is by_merge:  # rsync copies content before the journals that it reads last
            assert report.incomplete == []
    counts = [int(process.communicate()[0]) for process in processes]
    for one, other in (two, two[::-1]):
        way(one, other)
    first, second = told(two[0]), told(two[1])
    assert first == second
    assert len(first["shared"][0]["tags"]) == sum(counts)
    for store in two:
        report = store.verify()
        assert (report.corrupt, report.incomplete, report.unended) == ([], [], [])


@needs_rsync
@pytest.mark.parametrize("when", ["beat", "close"])
def test_a_writer_survives_a_plain_rsync_over_its_journal(
    two: tuple[Store, Store], when: str
) -> None:
    store, backup = two
    record(store, "a")
    rsync("-a", ours=backup, theirs=store)
    record(store, "b")
    for path in backup.root.glob("*/*/*"):  # rsync takes files of one size and time for the same
        os.utime(path, (1, 1))
    rsync("-a", ours=store, theirs=backup)
    assert "b0" not in store.index().ids()
    record(store, "c")
    (store.writer().beat if when == "beat" else store.writer().close)()
    assert set(store.index().ids()) >= {"a0", "b0", "c0", "c2"}
    record(store, "d")
    store.writer().close()
    report = store.verify()
    assert (report.corrupt, report.incomplete, report.unended) == ([], [], [])
    assert set(told(store)) == {f"{n}{i}" for n in "abcd" for i in range(3)} | {"shared"}


def test_a_merge_that_runs_out_of_room_goes_on_later(two: tuple[Store, Store]) -> None:
    a, b = two
    record(b, "b")
    b.writer().close()
    files = FaultyFiles()
    full = Store.open(a.root, files=lambda shared: files)
    for room in (0, 100, 70_000, 200_000):
        files.room = room
        with pytest.raises(StoreError, match="No space left"):
            merge(full, b)
        report = a.verify()
        assert (report.corrupt, report.incomplete) == ([], [])
    files.room = None
    merge(full, b)
    assert told(a) == told(b)
    names = [path.name for path in a.root.rglob("*") if path.is_file()]
    assert len(names) == len([path for path in b.root.rglob("*") if path.is_file()])
