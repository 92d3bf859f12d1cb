"""`whence put`, `get`, `artifacts` and `cat`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
    assert not (whence.cwd.parent.parent / "x").exists()
    assert whence("cat", "melt", "../../x").stdout == "startTime 0;\n"


def test_a_reference_is_told_and_followed(whence: CommandLine) -> None:
    whence("put", "melt", "system/inner/mesh.bin", "--reference")
    assert "(where it lies)" in whence("artifacts", "melt").stdout
    assert whence.json("get", "melt", "-o", "got")[0]["status"] == "fetched"
    os.truncate(whence.cwd / "system" / "inner" / "mesh.bin", 10)
    done = whence("get", "melt", "-o", "again", check=False)
    assert done.returncode == 1
    assert "has changed since" in done.stderr
