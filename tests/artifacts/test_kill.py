"""A killed save or get leaves no part of an artifact, and the next attempt finishes the work."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from whence.app.client import Client
from whence.base.digest import digest_bytes
from whence.runs import Run
from whence.store import Store

ROUNDS = 12
SAVE = """
from whence.artifacts import Label, Manner, Owner, save_directory
from whence.store import Store
owner = Owner(Store.open("."), {run!r})
print("ready", flush=True)
save_directory(owner, "data", Manner(Label()))
"""
GET = """
from whence.app.client import Client
client = Client(".")
print("ready", flush=True)
client.get_artifacts_as_files({run!r}, path="got")
"""


@pytest.fixture
def files(project: Path) -> dict[str, bytes]:
    rng = random.Random(3)
    datas = {f"small{number}": rng.randbytes(5_000) for number in range(300)}
    datas |= {f"large{number}": rng.randbytes(4_000_000) for number in range(6)}
    (project / "data").mkdir()
    for name, data in datas.items():
        (project / "data" / name).write_bytes(data)
    return datas


def killed(program: str, moments: Iterator[float]) -> None:
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(next(moments))
        process.send_signal(signal.SIGKILL)


def moments(slowest: float) -> Iterator[float]:
    rng = random.Random(os.environ.get("PYTEST_SEED", "7"))
    while True:
        yield rng.uniform(0.0, slowest)


def test_killed_saves(store: Store, run: Run, client: Client, files: dict[str, bytes]) -> None:
    when = moments(0.25)
    for _ in range(ROUNDS):
        killed(SAVE.format(run=run.id), when)
        for item in client.list_artifacts(run.id):
            assert digest_bytes(files[item.name]) == item.digest
            assert store.get(item.digest) == files[item.name]
    subprocess.run([sys.executable, "-c", SAVE.format(run=run.id)], check=True)
    assert {item.name for item in client.list_artifacts(run.id)} == set(files)
    assert all(client.get_artifact(run.id, name) == data for name, data in files.items())
    assert [problem for problem in store.verify().corrupt if problem.code != "damaged-line"] == []


def test_killed_gets(run: Run, client: Client, files: dict[str, bytes], project: Path) -> None:
    run.save_directory("data")
    when = moments(0.15)
    for _ in range(ROUNDS):
        killed(GET.format(run=run.id), when)
        there = project / "got"
        for path in there.iterdir() if there.exists() else ():
            assert path.name.startswith(".") or path.read_bytes() == files[path.name]
    client.get_artifacts_as_files(run.id, path="got")
    assert {path.name: path.read_bytes() for path in (project / "got").iterdir()} == files
