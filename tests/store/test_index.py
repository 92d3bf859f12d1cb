from __future__ import annotations

import datetime as dt
import decimal
import errno
import math
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whence.base.escape import encode
from whence.store import Store, cache_folder, cell, is_alive, leaves, this_process
from whence.store.cache import is_local
from whence.store.files import Files
from whence.store.index import Index
from whence.store.leaf import DIGITS, LIST, OTHER, TEXT
from whence.testing.point import points


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, (1, None)),
        (True, (1, None)),
        (1.5, (1.5, None)),
        (None, (None, None)),
        ("x", (None, "x")),
        (math.inf, (math.inf, None)),
        (math.nan, (None, OTHER + '{"$float":"nan"}')),
        (np.float32(0.5), (0.5, None)),
        (np.int8(-3), (-3, None)),
        (np.uint64(2**64 - 1), (float(2**64 - 1), f"{DIGITS}{2**64 - 1}")),
        (np.bool_(True), (1, None)),
        (2**70, (float(2**70), f"{DIGITS}{2**70}")),
        ([1, "a"], (None, f'{LIST}[1,"a"]')),
        ((1, (2,)), (None, f"{LIST}[1,[2]]")),
        ({}, (None, OTHER + "{}")),
        ("{}", (None, "{}")),
        (LIST, (None, TEXT + LIST)),
        (np.uint64(2**63), (2.0**63, f"{DIGITS}{2**63}")),
        (Path("a/b"), (None, "a/b")),
        (dt.date(2020, 1, 2), (None, "2020-01-02")),
        (decimal.Decimal("1.5"), (None, "1.5")),
    ],
)
def test_cells(value: Any, expected: Any) -> None:
    assert cell(value) == expected
    assert leaves(encode({"p": {"q": value}})) == {"p.q": expected}


def test_leaves_of_odd_mappings() -> None:
    params = {"a": {1: "x", "$b": 2}, "c": {"d.e": {"f/g": 3}}, "h": {}}
    assert leaves(encode(params)) == {
        "a[1]": (None, "x"),
        "a.$b": (2, None),
        'c."d.e".f/g': (3, None),
        "h": (None, OTHER + "{}"),
    }


def test_fifty_levels_down(store: Store) -> None:
    params: Any = 7
    for _ in range(50):
        params = {"k": params}
    store.writer().append("set", "r", {"f": {"params": encode(params)}})
    name = ".".join("k" * 50)
    assert _runs(store, name, "num = 7") == ["r"]


def test_long_lists_are_found_by_equality(store: Store) -> None:
    long = list(range(5000))
    store.writer().append("set", "r", {"f": {"params": {"long": long}}})
    _, text = cell(long)
    assert text is not None
    assert len(text) < 100
    assert _runs(store, "long", f"text = '{text}'") == ["r"]


def _runs(store: Store, name: str, where: str) -> list[str]:
    rows = store.index().connection.execute(
        "SELECT run.id FROM param JOIN run ON run.key = param.run JOIN name ON name.id = "
        f"param.name WHERE name.name = ? AND {where}",
        (name,),
    )
    return [row[0] for row in rows]


def test_a_deleted_run_is_not_found_until_undeleted(store: Store) -> None:
    writer = store.writer()
    writer.append("set", "r", {"f": {"params": {"x": 1}}})
    writer.append("delete", "r", {})
    assert store.index().ids() == []
    assert _runs(store, "x", "num = 1") == []
    assert store.index().state("r")["deleted"] is True
    writer.append("undelete", "r", {})
    assert store.index().ids() == ["r"]
    assert _runs(store, "x", "num = 1") == ["r"]


def test_metric_values_survive_exactly(store: Store) -> None:
    values = {"nan": math.nan, "inf": -math.inf, "int": 2**80, "np": np.float32(0.1), "a null": 1}
    writer = store.writer()
    writer.metrics("r", 3, 0.5, 100.0, values)
    writer.metrics("r", None, 0.75, 101.0, {"x": 1e-300})
    writer.metrics("s", 1, 0.0, 0.0, {"x": 1})
    first, second = points(store, "r")
    assert math.isnan(first.values.pop("nan"))
    assert first.values == {k: v for k, v in values.items() if k != "nan"}
    assert type(first.values["np"]) is np.float32
    assert (first.step, first.time, first.stamp) == (3, 0.5, 100.0)
    assert (second.step, second.values) == (None, {"x": 1e-300})


def test_lines_by_writers_in_turn_are_read_in_order(store: Store) -> None:
    others = [Store.open(store.root) for _ in range(3)]
    for number in range(12):
        others[number % 3].index()
        others[number % 3].writer().append("event", "r", {"message": str(number)})
    messages = [line["message"] for line in store.lines("r", ("event",))]
    assert messages == [str(number) for number in range(12)]


def test_an_idle_refresh_writes_nothing(store: Store) -> None:
    store.writer().append("set", "r", {"f": {}})
    store.writer().close()
    index = store.index()
    before = index.connection.total_changes
    for _ in range(3):
        store.index()
    assert index.connection.total_changes == before


def test_a_day_that_could_not_be_looked_at_is_looked_at_again(store: Store) -> None:
    class Flaky(Files):
        """The folder of the next day is listed before it can be asked about."""

        fails = True

        def stat(self, target: Path | str | int) -> os.stat_result:
            if self.fails and str(target).endswith("2035-01-01"):
                raise OSError(errno.ESTALE, "stale handle")
            return super().stat(target)

    def add(run: str, day: str) -> None:
        writer = Store.open(store.root).writer()
        writer.append("set", run, {"f": {}})
        writer.close()
        folder = store.root / "journals" / day
        folder.mkdir(exist_ok=True)
        for path in store.root.glob(f"journals/*/{writer.id}.jsonl"):
            path.rename(folder / path.name)

    files = Flaky()
    late = Store.open(store.root, files=lambda shared: files, clock=lambda: time.time() + 1e6)
    add("known", "2034-12-31")
    add("missed", "2035-01-01")
    assert late.index().ids() == ["known"]
    Flaky.fails = False
    assert late.index().ids() == ["known", "missed"]
    add("later", "2035-01-02")
    assert late.index().ids() == ["known", "later", "missed"]


def test_the_cache_is_chosen_by_the_environment(store: Store, tmp_path: Path) -> None:
    env = {"WHENCE_CACHE": str(tmp_path / "a")}
    assert cache_folder(store.root, env).path.parent == tmp_path / "a"
    env = {"XDG_CACHE_HOME": str(tmp_path / "b")}
    assert cache_folder(store.root, env).path.parent == tmp_path / "b/whence"
    env = {"HOME": str(tmp_path / "c")}
    assert cache_folder(store.root, env).path.parent == tmp_path / "c/.cache/whence"
    assert is_local(tmp_path)


def test_a_cache_that_cannot_be_made_gives_way_to_a_temporary_one(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    found = cache_folder(store.root, {"WHENCE_CACHE": str(tmp_path / "file")})
    assert found.path.parent == tmp_path / f"whence-{os.getuid()}"
    assert found.why.startswith("temporary")


def test_a_moved_store_has_another_cache(store: Store, tmp_path: Path) -> None:
    before = cache_folder(store.root).path
    moved = tmp_path / "moved"
    os.rename(store.root, moved)
    assert cache_folder(moved).path != before


def test_who_is_alive() -> None:
    now = time.time()
    me = this_process()
    assert is_alive(me, None, now) is True
    assert is_alive({**me, "start": 1.0}, now, now) is False
    assert is_alive({**me, "pid": 2**22 + 1}, now, now) is False
    assert is_alive({**me, "boot": "other"}, now, now) is False
    elsewhere = {**me, "boot": "other", "host": "elsewhere"}
    assert is_alive(elsewhere, now - 60, now) is True
    assert is_alive(elsewhere, now - 86400, now) is False
    assert is_alive(elsewhere, None, now) is None
    assert is_alive(None, None, now) is None


def test_a_zombie_is_dead() -> None:
    import subprocess
    import sys

    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        deadline = time.time() + 120
        while is_alive({**this_process(), "pid": process.pid, "start": None}, None, 0):
            assert time.time() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize("how", ["renamed", "in place", "mended"])
def test_another_file_in_place_of_an_ended_journal_is_noticed(store: Store, how: str) -> None:
    paths = []
    for name in ("one", "two"):
        writer = Store.open(store.root).writer()
        writer.append("set", name, {"f": {"name": name}})
        paths += store.root.glob(f"journals/*/{writer.id}.jsonl")
        writer.close()
    first, second = paths
    whole = first.read_bytes()
    if how == "mended":
        first.write_bytes(whole.replace(b'"one"', b'"eno"'))
    assert len(store.index().ids()) == (1 if how == "mended" else 2)
    if how == "in place":
        first.write_bytes(second.read_bytes())
    else:
        fresh = first.with_name("fresh")
        fresh.write_bytes(whole if how == "mended" else second.read_bytes())
        fresh.rename(first)
    expected = ["one", "two"] if how == "mended" else ["two"]
    assert sorted(store.index().ids()) == expected


def test_an_index_that_another_made_meanwhile_is_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.writer().append("set", "one", {"f": {}})
    asked, is_made = [], Index._is_made

    def slow(index: Index, db: sqlite3.Connection) -> bool:
        made = is_made(index, db)
        asked.append(made)
        if len(asked) == 2:  # between finding none and making one
            monkeypatch.setattr(Index, "_is_made", is_made)
            assert other.index().ids() == ["one"]
        return made

    other = Store.open(store.root)
    monkeypatch.setattr(Index, "_is_made", slow)
    assert store.index().ids() == ["one"]
    assert asked == [False, False]


@pytest.mark.parametrize("how", ["rebuilt", "damaged", "a journal is gone"])
def test_an_index_made_anew_leaves_alone_who_has_the_old_one_open(store: Store, how: str) -> None:
    for name in ("one", "two"):
        writer = Store.open(store.root).writer()
        writer.append("set", name, {"f": {}})
        writer.close()
    held, mine = Store.open(store.root).index(), store.index()
    old = mine.path
    if how == "rebuilt":
        mine.rebuild()
    elif how == "damaged":
        mine.close()
        os.truncate(old, 100)
        os.pwrite(fd := os.open(old, os.O_WRONLY), b"damaged", 0)
        os.close(fd)
        mine.refresh()
    else:
        (path,) = store.root.glob(f"journals/*/{writer.id}.jsonl")
        path.unlink()
        mine.refresh()
    expected = ["one"] if how == "a journal is gone" else ["one", "two"]
    assert mine.ids() == expected
    assert not old.exists()
    late = Store.open(store.root).writer()
    late.append("set", "three", {"f": {}})
    late.close()
    for index in (mine, held):
        index.refresh()
        assert sorted(index.ids()) == sorted([*expected, "three"])
    held.close()  # who closes a database last removes its log
    index = Store.open(store.root).index()
    assert index.path == mine.path
    assert index.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert sorted(index.ids()) == sorted([*expected, "three"])


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda index: [line["f"] for _, line in index.lines("r")], [{"name": "x"}]),
        (lambda index: index.last_of("nobody"), None),
        (lambda index: index.metrics_files("nobody"), []),
        (lambda index: index.state("r")["name"], "x"),
    ],
)
def test_an_index_damaged_under_who_reads_it_is_made_anew(
    store: Store, ask: Callable[[Index], Any], answer: Any
) -> None:
    store.writer().append("set", "r", {"f": {"name": "x"}})
    store.writer().close()
    index = store.index()
    index.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with index.path.open("r+b") as file:
        file.write(bytes(1 << 13))
    assert ask(index) == answer


def test_an_index_that_lacks_a_table_is_made_anew(store: Store) -> None:
    store.writer().append("set", "r", {"f": {}})
    index = store.index()
    index.connection.execute("DROP TABLE run")
    assert index.ids() == ["r"]
    store.writer().close()
