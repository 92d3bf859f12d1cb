"""Journals cut short, databases damaged, indexers killed: what was acknowledged is there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from whence.store import Store
from whence.store.index import Index

_INDEXER = """
import sys
from whence.store import Store
store = Store.open(sys.argv[1])
print("go", flush=True)
while True:
    store.index().rebuild()
    store.writer().append("tags", "r1", {"add": ["x"]})
    store.index()
"""


@pytest.mark.parametrize("turn", range(4))
def test_an_index_being_made_by_a_killed_process_is_no_trouble(store: Store, turn: int) -> None:
    for number in range(300):
        store.writer().append("set", f"r{number}", {"f": {"params": {"x": number}}})
    with subprocess.Popen(
        [sys.executable, "-c", _INDEXER, str(store.root)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.random() * 0.1)
        process.send_signal(signal.SIGKILL)
    assert len(store.index().ids()) == 300
    (count,) = store.index().connection.execute("SELECT count(*) FROM param").fetchone()
    assert count == 300


def test_a_half_written_last_line_waits_for_its_rest(store: Store) -> None:
    store.writer().append("set", "r", {"f": {"a": 1}})
    store.writer().append("set", "r", {"f": {"a": 2}})
    (path,) = (store.root / "journals").glob("*/*.jsonl")
    whole = path.read_bytes()
    for cut in range(whole.rfind(b"\n", 0, -1) + 1, len(whole)):
        path.write_bytes(whole[:cut])
        assert store.index().state("r")["a"] == 1
    path.write_bytes(whole)
    assert store.index().state("r")["a"] == 2


def test_a_shorter_or_other_journal_is_folded_from_zero(store: Store) -> None:
    writer = store.writer()
    writer.append("set", "r", {"f": {"a": 1}})
    (path,) = (store.root / "journals").glob("*/*.jsonl")
    early = path.read_bytes()
    writer.append("set", "s", {"f": {}})
    assert store.index().ids() == ["r", "s"]
    path.write_bytes(early)
    assert store.index().ids() == ["r"]
    path.unlink()
    os.utime(path.parent)
    assert store.index().ids() == []


@pytest.mark.parametrize("damage", ["gone", "cut", "garbage", "empty", "header", "tables"])
def test_a_damaged_database_is_made_anew(store: Store, damage: str) -> None:
    for number in range(50):
        store.writer().append("set", f"r{number}", {"f": {"params": {"x": number}}})
    index = store.index()
    path = index.path
    expected = [index.state(run) for run in index.ids()]
    index.close()
    _damage(path, damage)
    anew = Store.open(store.root)
    assert [anew.index().state(run) for run in anew.index().ids()] == expected


def _damage(path: Path, how: str) -> None:
    import sqlite3

    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "tables":
        db = sqlite3.connect(path)
        db.execute("DROP TABLE state")
        db.close()
    else:
        path.write_bytes(
            {
                "cut": data[: len(data) // 2],
                "garbage": os.urandom(len(data)),
                "empty": b"",
                "header": b"X" + data[1:],
            }[how]
        )


def test_deleting_the_database_under_an_open_index(store: Store) -> None:
    store.writer().append("set", "r", {"f": {}})
    index: Index = store.index()
    index.path.unlink()
    store.writer().append("set", "s", {"f": {}})
    assert store.index().ids() == ["r", "s"]
    assert Store.open(store.root).index().ids() == ["r", "s"]
