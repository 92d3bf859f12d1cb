"""What saving does with files and folders of every kind, and what it says of the rest."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whence.app.client import Client
from whence.artifacts import meter
from whence.base.error import UserError
from whence.runs import Run
from whence.store import Store


def names(client: Client, run: Run) -> list[str]:
    return [item.name for item in client.list_artifacts(run.id)]


def events(store: Store, run: Run) -> list[str]:
    return [line["message"] for line in store.lines(run.id, ("event",))]


def test_content_is_kept_whatever_becomes_of_the_file(run: Run, client: Client) -> None:
    data = os.urandom(100_000)
    Path("out.bin").write_bytes(data)
    run.save_file("out.bin")
    Path("out.bin").write_bytes(b"other")
    assert client.get_artifact(run.id, "out.bin") == data


def test_a_reference_leaves_the_content_where_it_lies(
    run: Run, client: Client, store: Store, project: Path
) -> None:
    Path("huge.bin").write_bytes(b"huge" * 50_000)
    digest = run.save_file("huge.bin", reference=True, metadata={"cells": 3})
    assert not store.has(digest)
    (item,) = client.list_artifacts(run.id)
    assert (item.kept, item.path, item.meta) == ("reference", "huge.bin", {"cells": 3})
    with client.open_artifact(run.id, "huge.bin") as file:
        file.seek(-4, os.SEEK_END)
        assert file.read() == b"huge"
    got = client.get_artifact_as_file(run.id, "huge.bin", path="got")
    assert got.read_bytes() == b"huge" * 50_000
    Path("huge.bin").write_bytes(b"hugo" * 50_000)
    for get in (client.get_artifact, client.open_artifact):
        with pytest.raises(Exception, match=r"refers to '.*huge.bin', which has changed since"):
            get(run.id, "huge.bin")
    with pytest.raises(Exception, match="which has changed since"):
        client.get_artifact_as_file(run.id, "huge.bin", path="again")
    assert os.listdir("again") == []
    Path("huge.bin").unlink()
    with pytest.raises(Exception, match="is not there any more"):
        client.get_artifact(run.id, "huge.bin")
    with pytest.raises(UserError, match="cannot be a copy too"):
        run.save_file("huge.bin", reference=True, snapshot=True)


def test_references_move_with_the_run_and_the_project(
    store: Store, project: Path, tmp_path: Path
) -> None:
    run = Run(store).init("run1")
    folder = project / "runs" / "a"
    folder.mkdir(parents=True)
    run.set_dir(folder)
    (folder / "data.bin").write_bytes(b"x" * 70_000)
    run.save_file(folder / "data.bin", reference=True)
    run.close()
    store.writer().close()
    os.chdir(tmp_path)
    project.rename(tmp_path / "moved")
    client = Client(tmp_path / "moved")
    (item,) = client.list_artifacts("run1")
    assert item.path == "./data.bin"
    assert client.get_artifact("run1", "data.bin") == b"x" * 70_000


def test_links_to_files_stand_for_them_and_links_to_folders_are_left_out(
    run: Run, client: Client, store: Store, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "big").write_text("content")
    Path("data").mkdir()
    Path("data/file").symlink_to(tmp_path / "elsewhere" / "big")
    Path("data/folder").symlink_to(tmp_path / "elsewhere")
    Path("data/around").symlink_to("..")
    os.mkfifo("data/pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("data/sock")
        with pytest.warns(UserWarning, match="not saved") as warned:
            run.save_directory("data")
    assert names(client, run) == ["file"]
    assert client.list_artifacts(run.id)[0].meta["link"] == str(tmp_path / "elsewhere" / "big")
    assert client.get_artifact(run.id, "file") == b"content"
    told = sorted(str(warning.message) for warning in warned)
    assert [text.rpartition(" is ")[2] for text in told] == [
        "a link to the folder ..",
        f"a link to the folder {tmp_path / 'elsewhere'}",
        "a pipe",
        "a socket",
    ]
    assert sorted(events(store, run)) == told


def test_what_cannot_be_read_is_told_and_the_rest_is_saved(
    run: Run, client: Client, project: Path
) -> None:
    Path("data").mkdir()
    Path("data/good").write_text("good")
    Path("data/broken").symlink_to("nowhere")
    Path("data/loop").symlink_to("loop")
    with pytest.raises(UserError) as raised:
        run.save_all(["data", "missing"], "input")
    text = str(raised.value)
    for part in (
        "data/broken' is a link to 'nowhere'",
        "loop",
        "'missing'",
        "the other file was saved",
    ):
        assert part in text
    assert names(client, run) == ["good"]


def test_files_that_may_not_be_read_are_named() -> None:
    program = """
import os, sys
from whence.base.error import UserError
from whence.runs import Run
os.chdir(sys.argv[1])
if os.getuid() == 0:  # root may read everything
    os.makedirs("warm")
    open("warm/up", "w").close()
    Run(None).init("warm").save_directory("warm")  # imports what nobody else may read
    os.system("chmod -R a+rwX .")
    os.seteuid(65534)
os.makedirs("data/closed")
for path in ("data/secret", "data/open"):
    open(path, "w").close()
os.chmod("data/secret", 0)
os.chmod("data/closed", 0)
run = Run(None).init("run")
try:
    run.save_directory("data")
except UserError as error:
    print(error)
(item,) = run.store.index().state(run.id)["artifacts"]
print(item["name"])
try:
    run.save_file("data/secret")
except UserError as error:
    print(error)
"""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        done = subprocess.run(
            [sys.executable, "-c", program, folder],
            env={**os.environ, "WHENCE_CACHE": folder, "HOME": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told = done.stdout
    assert "data/closed' cannot be read: Permission denied" in told
    assert "the other file was saved" in told
    assert "open" in told.splitlines()
    assert told.count("you may not read") == 2


def test_a_file_that_changes_all_the_while_is_refused(
    run: Run, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "_PATIENCE", 0.0)
    monkeypatch.setattr(meter, "_PAUSE", 0.0)
    Path("log").write_bytes(b"x" * (1 << 20))

    def grow(done: int, total: int, note: str) -> None:
        with open("log", "ab") as file:
            file.write(b"x")

    with pytest.raises(UserError, match="changed each of the 3 times"):
        run.save_file("log", progress=grow)
    assert names(client, run) == []


def test_names_that_are_no_text_are_written_readably(
    run: Run, client: Client, project: Path
) -> None:
    Path("data").mkdir()
    with open(b"data/caf\xe9", "w") as file:
        file.write("old")
    Path("data/new\nline").write_text("x")
    run.save_directory("data")
    run.save_file(os.fsdecode(b"data/caf\xe9"), "input")
    assert names(client, run) == ["caf\\xe9", "new\nline", "caf\\xe9"]
    client.get_artifacts_as_files(run.id, path="got")
    assert sorted(os.listdir("got")) == ["caf\\xe9", "new\nline"]


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda run: run.save_file("missing"), "no file 'missing'"),
        (lambda run: run.save_file("."), "save_directory"),
        (lambda run: run.save_directory("missing"), "no folder 'missing'"),
        (lambda run: run.save_directory("file"), "save_file"),
        (lambda run: run.save_file("file", "outputs"), "'outputs'"),
        (lambda run: run.save_file("file", "output", "text"), "no media type"),
        (lambda run: run.save_file("file", "output", 5), "5 is no media type"),
        (lambda run: run.save_file("file", file_type="a/b", filetype="c/d"), "two spellings"),
        (lambda run: run.save_file("file", name=""), "it is empty"),
        (lambda run: run.save_file("file", name="a\0b"), "NUL"),
        (lambda run: run.save_file("file", name="\ud800"), "UTF-8"),
        (lambda run: run.save_file("file", name="x" * 10_000), "255 bytes"),
        (lambda run: run.save_file("file", name="x/" * 5_000 + "x"), "4096 bytes"),
        (lambda run: run.save_file("file", name="../../evil"), "would lead elsewhere"),
        (lambda run: run.save_object(1, name="/etc/passwd"), "an absolute path"),
        (lambda run: run.save_object(1, name="a//b"), "would lead elsewhere"),
        (lambda run: run.save_file("file", metadata={"f": open}), "metadata.f"),
        (lambda run: run.save_file("/etc/hosts", preserve_path_relative_to="cwd"), "does not lie"),
        (lambda run: run.save_object(1, object=2), "one object"),
        (lambda run: run.save_object(), "one object"),
        (lambda run: run.save_object(open, name="f"), "allow_pickle=True"),
        (lambda run: run.save_object(1, "nothing", name="f"), "'nothing'"),
        (lambda run: run.save_all(["file", "other/file"]), "would both be called"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    run: Run, client: Client, project: Path, call: Callable[[Run], Any], why: str
) -> None:
    Path("other").mkdir()
    Path("file").write_text("x")
    Path("other/file").write_text("y")
    with pytest.raises(UserError, match=why):
        call(run)
    assert [item for item in client.list_artifacts(run.id) if item.path != "file"] == []


def test_a_name_means_what_was_saved_last(run: Run, client: Client) -> None:
    for text in ("a", "b", "a"):
        run.save_object(text, name="state")
    assert client.get_artifact(run.id, "state") == "a"
    run.save_object("b", name="state")
    assert client.get_artifact(run.id, "state") == "b"
    run.save_object("in", "input", name="state")
    with pytest.raises(UserError, match="another as output than as input"):
        client.get_artifact(run.id, "state")
    assert client.get_artifact(run.id, "state", category="input") == "in"


def test_what_keeps_an_object_may_be_chosen(run: Run, client: Client) -> None:
    xr = pytest.importorskip("xarray")
    pytest.importorskip("zarr", reason="pip install 'whence[zarr]'")
    field = xr.DataArray([1.0, 2.0], dims="x", name="u")
    run.save_object(field, name="default")
    run.save_object(field, name="chosen", file_type="application/vnd.zarr+zip")
    types = {item.name: item.type for item in client.list_artifacts(run.id)}
    assert types == {"default": "application/x-netcdf", "chosen": "application/vnd.zarr+zip"}
    for name in types:
        assert client.get_artifact(run.id, name).identical(field)
    with pytest.raises(UserError, match="'text/csv' does not keep"):
        run.save_object(field, name="other", file_type="text/csv")


def test_progress_is_told_of_what_takes_long(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("data").mkdir()
    for number in range(5):
        Path(f"data/{number}").write_bytes(b"x" * 100_000)
    told: list[tuple[int, int]] = []
    run.save_directory("data", progress=lambda done, total, note: told.append((done, total)))
    assert told == []
    monkeypatch.setattr(meter, "_PATIENCE", 0.0)
    monkeypatch.setattr(meter, "_PAUSE", 0.0)
    run.save_directory("data", progress=lambda done, total, note: told.append((done, total)))
    assert told[-1] == (500_000, 500_000)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_saving_takes_little_memory(store: Store, project: Path) -> None:
    program = """
import resource, sys
from whence.runs import Run
run = Run().init("big")
open("big", "wb").truncate(300_000_000)
run.save_file("small")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run.save_file("big")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    Path("small").write_text("x")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 32_000  # kilobytes


def test_ten_thousand_files_make_few(run: Run, client: Client, store: Store) -> None:
    Path("data").mkdir()
    for number in range(10_000):
        Path(f"data/{number}").write_bytes(b"%d" % number)
    before = sum(path.is_file() for path in store.root.rglob("*"))
    saved = run.save_directory("data")
    assert len(saved) == 10_000
    assert sum(path.is_file() for path in store.root.rglob("*")) - before <= 10
    assert client.get_artifact(run.id, "7777") == b"7777"
