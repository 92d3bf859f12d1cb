from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whence.base.digest import digest_bytes
from whence.base.error import StoreError
from whence.store import Store, tables
from whence.store.line import Chain
from whence.store.part import Part
from whence.testing.fault import FaultyFiles
from whence.testing.point import points

Faulty = tuple[Store, FaultyFiles]


@pytest.mark.parametrize("piece", [1, 7, 50])
def test_short_writes_are_gone_on_with(faulty: Faulty, piece: int) -> None:
    store, files = faulty
    files.piece = piece
    writer = store.writer()
    writer.append("set", "r", {"f": {"name": "x"}})
    writer.metrics("r", 1, 0.0, 0.0, {"y": 2.0})
    digest = writer.put(b"small").digest
    writer.close()
    assert store.index().state("r")["name"] == "x"
    assert [point.values for point in points(store, "r")] == [{"y": 2.0}]
    assert store.get(digest) == b"small"
    assert store.verify().corrupt == []


@pytest.mark.parametrize("also", ["remove", "close"])
def test_a_file_that_could_neither_be_begun_nor_removed_is_left(faulty: Faulty, also: str) -> None:
    store, files = faulty
    writer = store.writer()
    files.failing |= {"write": errno.ENOSPC, also: errno.ESTALE}
    for _ in range(2):
        with pytest.raises(StoreError, match="No space left"):
            writer.append("set", "r", {"f": {"name": "x"}})
    files.failing.clear()
    writer.append("set", "r", {"f": {"name": "y"}})
    writer.close()
    assert store.index().state("r")["name"] == "y"
    assert store.verify().sound


@settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=list(HealthCheck),
)
@given(rooms=st.lists(st.integers(0, 400), max_size=8))
def test_a_full_disk_loses_nothing_acknowledged(tmp_path_factory: Any, rooms: list[int]) -> None:
    folder = tmp_path_factory.mktemp("full")
    Store.create(folder)
    files = FaultyFiles()
    store = Store.open(folder, files=lambda shared: files)
    writer = store.writer()
    kept, measured, packed = set(), [], []

    def done(call: Callable[[], object]) -> bool:
        try:
            call()
        except StoreError as error:
            return error.problems[0].code != "no-space" and pytest.fail(str(error))
        return True

    for number, room in enumerate([*rooms, None, 0, None]):
        files.room = room
        for part in range(3):
            name, value = f"{number}-{part}", float(part)
            if done(lambda: writer.append("tags", "r", {"add": [name]})):  # noqa: B023
                kept.add(name)
            if done(lambda: writer.metrics("r", number, 0.0, 0.0, {"y": value})):  # noqa: B023
                measured.append((number, value))
            if done(lambda: writer.put(name.encode())):  # noqa: B023
                packed.append(name.encode())
    files.room = None
    writer.close()
    assert kept <= set(store.index().state("r")["tags"])
    read = [(point.step, point.values["y"]) for point in points(store, "r")]
    assert [item for item in read if item in measured] == measured
    for data in packed:
        assert store.get(digest_bytes(data)) == data
    store.index().close()


@pytest.mark.parametrize("missing", range(1, 12))
def test_a_line_that_lacks_its_last_bytes(tmp_path: Path, missing: int) -> None:
    files = FaultyFiles()
    part = Part(files, tmp_path / "w.jsonl", 0)
    part.put(b'{"n":0')
    files.room = part.size - missing
    with pytest.raises(StoreError, match="No space left"):
        part.put(b'{"n":1')
    files.room = None
    part.settle()
    for number in (2, 3):
        part.put(b'{"n":%d' % number)
    part.close()
    chain = Chain()
    rows = [orjson.loads(row)["n"] for _, row in chain.lines(part.path.read_bytes())]
    # What lacks only its newline is whole with the next one: there, though not acknowledged.
    assert rows == ([0, 1, 2, 3] if missing == 1 else [0, 2, 3])
    assert (chain.bad, chain.torn) == (0, missing > 1)
    assert part.count == len(rows)


def test_a_cut_line_is_skipped_and_no_damage(faulty: Faulty) -> None:
    store, files = faulty
    writer = store.writer()
    writer.append("tags", "r", {"add": ["a"]})
    files.room = 20
    with pytest.raises(StoreError):
        writer.append("tags", "r", {"add": ["b"]})
    files.room = None
    writer.append("tags", "r", {"add": ["c"]})
    writer.close()
    assert store.index().state("r")["tags"] == ["a", "c"]
    assert store.index().state("r")["lc"]
    report = store.verify()
    assert (report.corrupt, report.torn) == ([], 1)


@pytest.mark.parametrize("suffix", ["", ".metrics"])
@pytest.mark.parametrize("ended", [True, False])
def test_what_a_full_disk_leaves_is_told_from_damage(
    faulty: Faulty, caplog: pytest.LogCaptureFixture, suffix: str, ended: bool
) -> None:
    store, files = faulty
    writer = store.writer()

    def log(step: int) -> None:
        writer.metrics("r", step, 0.0, 0.0, {"y": 1.0})
        writer.append("event", "r", {"level": "info", "message": str(step), "at": 1.0})

    for step in range(6):
        if step in (2, 4):
            for room in (20, 9):  # the second is torn too
                for call in (
                    lambda: writer.metrics("r", -1, 0.0, 0.0, {"y": 1.0}),
                    lambda: writer.append("tags", "r", {"add": ["refused"]}),
                ):
                    files.room = room
                    with pytest.raises(StoreError):
                        call()
            files.room = None
            assert table_steps(store) == list(range(step))  # while what was cut is last
        log(step)
    if ended:
        writer.close()
    report = store.verify()
    assert (report.corrupt, report.torn) == ([], 8)
    caplog.clear()
    assert sorted(table_steps(store)) == [0, 1, 2, 3, 4, 5]
    assert caplog.messages == []
    assert store.index().untold_metrics() == []
    path = store.root / f"journals/{writer.id[:4]}-{writer.id[4:6]}-{writer.id[6:8]}"
    path /= f"{writer.id}{suffix}.jsonl"
    whole = path.read_bytes()
    for number, row in enumerate(whole.split(b"\n")[:-1]):
        at = sum(len(line) + 1 for line in whole.split(b"\n")[:number]) + len(row) // 2
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        damaged = store.verify()
        if ended or row.endswith(b"}"):  # else nothing says how what was refused began
            assert damaged.corrupt, row
    path.write_bytes(whole)
    writer.close()


def table_steps(store: Store) -> list[int]:
    return [step for table in tables(store, "r") for step in table.step.tolist()]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.ESTALE])
def test_a_failing_fsync_is_raised_by_the_call(faulty: Faulty, number: int) -> None:
    store, files = faulty
    writer = store.writer()
    files.failing["sync"] = number
    writer.append("set", "r", {"f": {"name": "x"}})
    for call in (
        lambda: writer.append("set", "r", {"f": {"status": "completed"}}, sync=True),
        writer.beat,
        writer.close,
    ):
        with pytest.raises(StoreError, match="bring to the disk"):
            call()
    files.failing.clear()
    writer.append("set", "r", {"f": {"more": 1}}, sync=True)
    state = store.index().state("r")
    assert (state["name"], state["status"], state["more"]) == ("x", "completed", 1)
    writer.close()


def test_a_failing_close_is_raised_and_loses_nothing(faulty: Faulty) -> None:
    store, files = faulty
    writer = store.writer()
    writer.append("set", "r", {"f": {"name": "x"}})
    files.failing["close"] = errno.EIO
    with pytest.raises(StoreError):
        writer.close()
    files.failing.clear()
    assert store.index().state("r")["name"] == "x"


def test_no_file_can_be_made(faulty: Faulty) -> None:
    store, files = faulty
    files.failing["create"] = errno.EACCES
    with pytest.raises(StoreError, match="Permission denied") as caught:
        store.writer().append("set", "r", {"f": {}})
    assert "--shared" in str(caught.value)
    files.failing.clear()
    store.writer().append("set", "r", {"f": {}})
    assert store.index().ids() == ["r"]
    store.writer().close()


def test_coarse_times_hide_no_lines(faulty: Faulty) -> None:
    store, files = faulty
    files.coarse = 2.0
    for number in range(5):
        other = Store.open(store.root)
        other.writer().append("set", f"r{number}", {"f": {}})
        assert len(store.index().ids()) == number + 1
        other.writer().append("tags", f"r{number}", {"add": ["x"]})
        assert store.index().state(f"r{number}")["tags"] == ["x"]
        other.writer().close()


def _journal(store: Store) -> Any:
    (path,) = (store.root / "journals").glob("*/*.jsonl")
    return path


@pytest.mark.parametrize("call", ["write", "sync", "close", "create", "rename", "read", "list"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.ESTALE, errno.EDQUOT])
def test_whatever_fails_raises_our_error_and_loses_nothing(
    faulty: Faulty, call: str, number: int
) -> None:
    store, files = faulty
    writer = store.writer()
    writer.append("set", "r", {"f": {"a": 1}}, sync=True)
    digest = writer.put(b"small").digest
    for turn in range(2):
        files.failing = {call: number} if turn == 0 else {}
        for act in (
            lambda: writer.append("set", "r", {"f": {"b": 1}}),
            lambda: writer.metrics("r", 1, 0.0, 0.0, {"y": 1.0}),
            lambda: writer.put(b"more"),
            lambda: writer.put(b"large" * 20_000),
            writer.beat,
            store.index,
            lambda: store.get(digest),
            writer.close,
        ):
            with contextlib.suppress(*((StoreError,) if turn == 0 else ())):
                act()
    index = store.index()
    assert index.state("r")["a"] == 1
    assert store.get(digest) == b"small"
    assert list(store.root.rglob("new-*")) == []
    report = Store.open(store.root).verify()
    assert report.incomplete == []


def test_a_network_file_system_at_its_worst_shows_everything_in_the_end(tmp_path: Path) -> None:
    now = 1.8e9
    Store.create(tmp_path)
    files = FaultyFiles.network()
    files.clock = lambda: now
    reader = Store.open(tmp_path, files=lambda shared: files, clock=lambda: now)
    writers = [Store.open(tmp_path, clock=lambda: now + skew) for skew in (0.0, 120.0, -120.0)]  # noqa: B023
    for turn in range(3):
        for number, store in enumerate(writers):
            store.writer().append("set", f"r{number}", {"f": {"turn": turn}})
            store.writer().append("tags", "shared", {"add": [f"{turn}-{number}"]})
        reader.index()
        now += 20.0
    now += 31.0
    index = reader.index()
    assert [index.state(f"r{n}")["turn"] for n in range(3)] == [2, 2, 2]
    assert len(index.state("shared")["tags"]) == 9
    for store in writers:
        store.writer().close()
    late = Store.open(tmp_path, clock=lambda: now)
    late.writer().append("set", "late", {"f": {}})
    late.writer().close()
    now += 31.0
    assert "late" in reader.index().ids()


@pytest.mark.parametrize("skew", [0.0, 90.0, 120.0, -120.0])
@pytest.mark.parametrize("delay", [0.0, 30.0])
def test_a_journal_made_within_the_times_of_a_listing_is_seen(
    tmp_path: Path, skew: float, delay: float
) -> None:
    now = 1.8e9
    Store.create(tmp_path)
    files = FaultyFiles()
    files.clock, files.coarse, files.delay = lambda: now, 2.0, delay
    reader = Store.open(tmp_path, files=lambda shared: files, clock=lambda: now + skew)
    early, late = (Store.open(tmp_path, clock=lambda: now) for _ in range(2))
    early.writer().append("set", "early", {"f": {}})
    assert reader.index().ids() == ["early"]
    now += 0.5
    late.writer().append("set", "late", {"f": {}})
    reader.index()
    now += 31.0
    for wait in (0.0, 60.0):
        now += wait
        assert reader.index().ids() == ["early", "late"]
    for store in (early, late):
        store.writer().close()


class Asked(FaultyFiles):
    """Remembers which folders were listed."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[str] = []

    def list(self, folder: Path | str) -> list[str]:
        self.listed.append(str(folder))
        return super().list(folder)


def test_a_folder_that_rests_is_listed_no_more(tmp_path: Path) -> None:
    now = 1.8e9
    files = Asked()
    files.clock = lambda: now
    Store.create(tmp_path)
    store = Store.open(tmp_path, files=lambda shared: files, clock=lambda: now)
    store.writer().append("set", "r", {"f": {}})
    store.writer().close()
    (day,) = (store.root / "journals").iterdir()
    seen = []
    for age in (0.0, 59.0, 2.0, 0.0):
        now += age
        store.index()
        seen.append(files.listed.count(str(day)))
    assert seen == [1, 2, 3, 3]


def test_a_stale_handle_is_told_and_passes(faulty: Faulty) -> None:
    store, files = faulty
    store.writer().append("set", "r", {"f": {"a": 1}})
    files.stale_handles = 1
    with pytest.raises(StoreError, match="Stale"):
        store.index()
    assert store.index().state("r")["a"] == 1
    store.writer().close()
