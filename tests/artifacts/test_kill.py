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
from whence.artifacts import ArtifactManager, StoreBackend
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
SAVE_FILE = """
from whence.artifacts import Deposit, Owner, save_file
from whence.store import Store
owner = Owner(Store.open("."), {run!r})
print("ready", flush=True)
save_file(owner, Deposit("large", "output", mode="copy"))
"""
LOG = """
import shutil, sys
from whence import ArtifactManager
kind = {kind!r}
manager = ArtifactManager("c") if kind == "store" else ArtifactManager("c", kind)
print("ready", flush=True)
with manager.log_folder("mesh") as folder:
    shutil.copytree("data", folder, dirs_exist_ok=True)
"""
GET_VERSION = """
from whence import ArtifactManager
print("ready", flush=True)
ArtifactManager("c").download_artifact("mesh", to="got")
"""
GET = """
from whence.app.client import Client
from whence.artifacts import ArtifactManager, StoreBackend
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


def test_killed_saves_of_one_file(store: Store, run: Run, client: Client, project: Path) -> None:
    data = random.Random(5).randbytes(30_000_000)
    (project / "large").write_bytes(data)
    when = moments(0.15)
    for _ in range(ROUNDS // 2):
        killed(SAVE_FILE.format(run=run.id), when)
        for item in client.list_artifacts(run.id):
            assert store.get(item.digest) == data
    subprocess.run([sys.executable, "-c", SAVE_FILE.format(run=run.id)], check=True)
    assert client.get_artifact(run.id, "large") == data
    assert [problem for problem in store.verify().corrupt if problem.code != "damaged-line"] == []


@pytest.mark.parametrize("kind", ["store", "shelf"])
def test_killed_logs_of_a_folder(
    store: Store, files: dict[str, bytes], project: Path, kind: str
) -> None:
    program, when = LOG.format(kind=kind), moments(0.4)
    manager = ArtifactManager("c", StoreBackend(store) if kind == "store" else kind)
    for _ in range(ROUNDS // 2):
        killed(program, when)
    subprocess.run([sys.executable, "-c", program], check=True)
    assert manager.versions("mesh")
    for version in manager.versions("mesh"):
        with manager.download_artifact("mesh", version=version.name) as folder:
            assert tree(folder) == files


def test_killed_gets_of_a_version(store: Store, files: dict[str, bytes], project: Path) -> None:
    ArtifactManager("c", StoreBackend(store)).log_files("mesh", "data")
    when, there = moments(0.25), project / "got" / "mesh"
    for _ in range(ROUNDS // 2):
        killed(GET_VERSION, when)
        for path in there.iterdir() if there.exists() else ():
            assert path.name.startswith(".") or path.read_bytes() == files[path.name]
    subprocess.run([sys.executable, "-c", GET_VERSION], check=True)
    assert tree(there) == files


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
