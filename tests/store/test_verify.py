from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from whence.store import Store, merge
from whence.store.layout import SMALL
from whence.testing.fault import FaultyFiles


@pytest.fixture
def full(store: Store) -> Store:
    writer = store.writer()
    for number in range(5):
        writer.append("set", f"r{number}", {"f": {"name": f"n{number}"}})
        writer.metrics(f"r{number}", 1, 0.5, 1.0, {"y": 0.5})
        for data in (b"small %d" % number, os.urandom(SMALL)):
            content = writer.put(data)
            facts = {"digest": content.digest, "kept": content.kept, "size": content.size}
            writer.append("artifact", f"r{number}", {"name": "a", "category": "output"} | facts)
    writer.close()
    return store


def test_a_whole_store_is_sound(full: Store) -> None:
    report = full.verify()
    assert (report.corrupt, report.incomplete, report.unended) == ([], [], [])
    assert (report.journals, report.objects, report.packed) == (2, 5, 5)


@pytest.mark.parametrize("pattern", ["journals/*/*[a-z0-9].jsonl", "journals/*/*.metrics.jsonl",
                                     "objects/*/*", "packs/*/*"])  # fmt: skip
def test_a_flipped_byte_anywhere_is_found(full: Store, pattern: str) -> None:
    path = sorted(full.root.glob(pattern))[0]
    path.chmod(0o644)
    whole = path.read_bytes()
    chosen = range(len(whole)) if len(whole) < 400 else random.sample(range(len(whole)), 150)
    for at in {*chosen, 0, len(whole) - 1, len(whole) - 2}:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert full.verify().corrupt, (at, whole[at - 20 : at + 20])
    path.write_bytes(whole)
    assert full.verify().sound


def test_an_object_that_a_writer_meets_meanwhile_is_whole(full: Store) -> None:
    files = FaultyFiles()
    store = Store.open(full.root, files=lambda shared: files)

    def meet() -> None:
        for path in full.root.glob("objects/*/*"):
            os.utime(path)

    files.before_read = meet
    assert store.verify().sound
    other = Store.create(full.project / "other")
    merge(other, full)
    assert merge(store, other, thorough=True).copies == []


class Collecting(FaultyFiles):
    """Has gc set an object aside just before it is read."""

    def open(self, path: Path | str, flags: int) -> int:
        place = Path(path)
        if place.parent.parent.name == "objects" and "trash" not in place.parts and not self.done:
            self.done = True
            aside = place.parents[2] / "trash/2026-11-21/objects" / place.parent.name / place.name
            aside.parent.mkdir(parents=True)
            place.rename(aside)
        return super().open(path, flags)

    done = False


def test_an_object_that_gc_sets_aside_meanwhile_is_looked_at_there(full: Store) -> None:
    report = Store.open(full.root, files=Collecting).verify()
    assert (report.objects, report.corrupt, report.incomplete) == (5, [], [])


def test_lines_taken_out_are_found(full: Store) -> None:
    (path,) = [p for p in full.root.glob("journals/*/*.jsonl") if ".metrics" not in p.name]
    lines = path.read_bytes().splitlines(keepends=True)
    for number in range(len(lines) - 1):
        path.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
        assert full.verify().corrupt
    path.write_bytes(b"".join(lines[:-1]))
    assert full.verify().unended == [str(path.relative_to(full.root))]


@pytest.mark.parametrize("pattern", ["objects/*/*", "packs/*/*"])
def test_content_that_has_not_arrived_is_incomplete(full: Store, pattern: str) -> None:
    for path in full.root.glob(pattern):
        path.unlink()
    report = full.verify()
    assert report.sound
    assert len(report.incomplete) == 5


def test_an_object_that_is_still_arriving_is_incomplete(full: Store) -> None:
    """The line for rsync writes to a file under its name, and may be interrupted."""
    path = sorted(full.root.glob("objects/*/*"))[0]
    path.chmod(0o644)
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    report = full.verify()
    assert report.sound
    assert ["file has not arrived whole" in str(one) for one in report.incomplete] == [True]
    path.write_bytes(whole + b"x")
    assert full.verify().corrupt


def test_a_pack_that_is_still_arriving_is_incomplete(full: Store) -> None:
    (path,) = full.root.glob("packs/*/*")
    path.write_bytes(path.read_bytes()[:-2])
    report = full.verify()
    assert report.sound
    assert len(report.incomplete) == 1
    assert "not arrived whole" in str(report.incomplete[0])


def test_a_named_environment_counts_as_named(store: Store) -> None:
    store.writer().append("set", "r", {"f": {"environment": "0" * 64}})
    assert len(store.verify().incomplete) == 1


def test_files_of_a_version_count_as_named(store: Store) -> None:
    files = [["a", "0" * 64, 3, 0], ["b", "1" * 64, SMALL, 0], ["c", "none", 3, 0]]
    facts = {"category": "input", "lead": "c/x/v0/", "types": ["text/plain"], "files": files}
    store.writer().append("artifacts", "r", facts)
    report = store.verify()
    assert "'c/x/v0/b' of r" in str(report.incomplete)
    assert (len(report.incomplete), report.unknown) == (2, 0)


def test_an_unfinished_object_of_a_killed_process_is_no_damage(full: Store, tmp_path: Path) -> None:
    (full.root / "objects/new-x-1-00").write_bytes(b"half")
    assert full.verify().sound
