"""`whence put`, `get`, `artifacts` and `cat`."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from whence.base.digest import digest_file
from whence.store import Store
from whence.testing.command import CommandLine


@pytest.fixture
def whence(tmp_path: Path) -> CommandLine:
    project = tmp_path / "project"
    project.mkdir()
    line = CommandLine(project, tmp_path / "cache")
    line("init")
    line("run", "--name", "melt", "--", "true")
    (project / "system" / "inner").mkdir(parents=True)
    (project / "system" / "controlDict").write_text("startTime 0;\n")
    (project / "system" / "inner" / "mesh.bin").write_bytes(b"\xff\x00" * 50_000)
    return line


def test_files_go_in_and_come_out(whence: CommandLine) -> None:
    put = whence("put", "melt", "system", "--category", "input", "--preserve-path", "--meta", "n=3")
    assert put.stdout == "saved 2 files, 100.0 kB\n"
    listed = whence("artifacts", "melt").stdout.splitlines()
    assert listed[0].split() == ["name", "category", "type", "size", "digest"]
    assert listed[1].split()[:5] == [
        *("system/controlDict", "input", "application/octet-stream", "13", "B")
    ]
    told = whence.json("artifacts", "melt")
    assert [item["name"] for item in told] == ["system/controlDict", "system/inner/mesh.bin"]
    assert [item["meta"] for item in told] == [{"n": 3}] * 2
    assert [item["kept"] for item in told] == ["pack", "object"]

    assert whence("get", "melt", "-o", "got").stdout == "got 2 files, 100.0 kB\n"
    assert whence("get", "melt", "-o", "got").stdout == "got 0 files, 0 B; 2 were there\n"
    files = whence.json("get", "melt", "system/controlDict", "-o", "got")
    assert [(file["name"], file["status"]) for file in files] == [("system/controlDict", "there")]
    assert Path(files[0]["path"]).read_text() == "startTime 0;\n"
    assert whence.json("get", "melt", "--category", "output", "-o", "none") == []
    assert whence.json("get", "melt", "--endswith", "bin", "-o", "bin")[0]["status"] == "fetched"

    assert whence("cat", "melt", "system/controlDict").stdout == "startTime 0;\n"
    assert whence.json("cat", "melt", "system/controlDict")["text"] == "startTime 0;\n"
    assert whence.json("cat", "melt", "system/inner/mesh.bin")["text"] is None


def test_the_page_of_a_run_with_thousands_of_files_tells_the_first(whence: CommandLine) -> None:
    (whence.cwd / "out").mkdir()
    for number in range(1000):
        (whence.cwd / "out" / f"{number:04}").write_text(str(number))
    whence("put", "melt", "out")
    page = whence("show", "melt").stdout.splitlines()
    told = [row.split()[1] for row in page if row.split()[:1] == ["out"]]
    assert told == [f"{number:04}" for number in range(24)]
    (more,) = (row for row in page if "and 976 more: whence artifacts" in row)
    assert len(whence("artifacts", more.split()[-1]).stdout.splitlines()) > 1000


def test_what_goes_wrong_is_said(whence: CommandLine) -> None:
    whence("put", "melt", "system/controlDict")
    store = Store.open(whence.cwd)
    (run,) = store.index().ids()
    (facts,) = store.index().state(run)["artifacts"]
    store.writer().append("artifact", run, {**facts, "name": "../../x"})  # as others may write
    store.writer().close()
    for words, code, part in (
        (("get", "melt", "nothing"), 2, "`whence artifacts"),
        (("get", "melt", "-o", "got"), 2, "would lead elsewhere"),
        (("get", "nobody"), 2, "no run fits 'nobody'"),
        (("put", "melt", "system/controlDict", "--name", "../../y"), 2, "would lead elsewhere"),
        (("put", "melt", "missing"), 2, "no file or folder 'missing'"),
        (("put", "melt", "system", "--name", "x"), 2, "only one file"),
        (("put", "melt", "system", "--type", "x"), 2, "no media type"),
        (("cat", "melt", "x"), 2, "no artifact 'x'"),
    ):
        done = whence(*words, check=False)
        assert (done.returncode, part in done.stderr) == (code, True), done.stderr
        assert "Traceback" not in done.stderr
    assert {path.name for path in (whence.cwd / "got").iterdir()} == {"controlDict"}
    assert {path.name for path in whence.cwd.parent.iterdir()} == {"cache", "project"}
    assert whence("cat", "melt", "../../x").stdout == "startTime 0;\n"


def test_a_reference_is_told_and_followed(whence: CommandLine) -> None:
    whence("put", "melt", "system/inner/mesh.bin", "--reference")
    assert "(where it lies)" in whence("artifacts", "melt").stdout
    assert whence.json("get", "melt", "-o", "got")[0]["status"] == "fetched"
    os.truncate(whence.cwd / "system" / "inner" / "mesh.bin", 10)
    done = whence("get", "melt", "-o", "again", check=False)
    assert done.returncode == 1
    assert "has changed since" in done.stderr


def broken_off(whence: CommandLine, words: list[str], begun: Callable[[], bool]) -> bool:
    """Begin a command and end it by Ctrl-C as soon as it is at work; whether that was in time."""
    with subprocess.Popen(
        whence.words(*words), cwd=whence.cwd, env=whence.environment, stderr=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        while process.poll() is None and not begun():
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    if process.returncode == 0:
        return False
    assert process.returncode == 130
    # The interpreter may just have been about to end.
    return "broken off; the same command goes on" in err


def many(folder: Path, seed: int) -> dict[str, bytes]:
    rng = random.Random(seed)
    files = {f"s{number}": rng.randbytes(2_000) for number in range(2_000)}
    files |= {f"large{number}": rng.randbytes(6_000_000) for number in range(10)}
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return files


def test_a_put_that_is_broken_off_goes_on(whence: CommandLine) -> None:
    store, objects = Store.open(whence.cwd), whence.cwd / ".whence" / "objects"
    for seed in range(8):
        name = f"data{seed}"
        files = many(whence.cwd / name, seed)
        before = len(list(objects.glob("*/*")))
        words = ["put", "melt", name, "--preserve-path"]
        if broken_off(whence, words, lambda n=before: len(list(objects.glob("*/*"))) > n):
            break
    else:
        pytest.fail("it was too quick each time")
    for item in whence.json("artifacts", "melt"):
        assert digest_file(whence.cwd / item["name"]) == item["digest"]
        assert len(store.get(item["digest"])) == item["size"]
    whence(*words)
    names = {item["name"] for item in whence.json("artifacts", "melt")}
    assert names >= {f"{name}/{file}" for file in files}
    assert "all is as it was written" in whence("verify").stdout


def test_a_get_that_is_broken_off_goes_on(whence: CommandLine) -> None:
    files = many(whence.cwd / "data", 0)
    whence("put", "melt", "data")
    got = whence.cwd / "got"
    for _ in range(8):
        shutil.rmtree(got, ignore_errors=True)
        if broken_off(whence, ["get", "melt", "-o", "got"], lambda: len(list(got.glob("*"))) > 1):
            break
    else:
        pytest.fail("it was too quick each time")
    there = {path.name: path.read_bytes() for path in got.iterdir()}
    assert there == {name: files[name] for name in there}
    whence("get", "melt", "-o", "got")
    assert {path.name: path.read_bytes() for path in got.iterdir()} == files
