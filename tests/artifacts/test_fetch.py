"""Getting files: nothing leaves the folder, nothing is fetched twice, nothing arrives damaged."""

from __future__ import annotations

import importlib
import os
import threading
from pathlib import Path

import pytest

from whence.app.client import Client
from whence.artifacts.name import parts_of
from whence.base.digest import digest_bytes
from whence.base.error import StoreError, UserError, WhenceError
from whence.base.problem import Problem
from whence.runs import Run
from whence.store import Store
from whence.store.layout import object_path

HOSTILE = [
    *("../../x", "/etc/x", "..", ".", "a/../../x", "a//b", "a/", "", "./x"),
    *("nul\0byte", "x" * 10_000, "y" * 300, "\ud800"),
]
HARMLESS = ["CON", "a\\b", "..x", "...", "-rf", "a b", "C:\\x", "~", "$HOME", "é", "e\u0301", "É"]


def attach(store: Store, run: Run, name: str, data: bytes, category: str = "output") -> None:
    """As a store that somebody else wrote may hold it."""
    content = store.writer().put(data)
    facts = {
        "name": name,
        "category": category,
        "type": "application/octet-stream",
        "digest": content.digest,
        "size": content.size,
        "kept": content.kept,
    }
    store.writer().append("artifact", run.id, facts)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused_and_the_rest_arrives(
    store: Store, run: Run, client: Client, project: Path, name: str
) -> None:
    if name != "\ud800":  # no journal can hold that one
        attach(store, run, name, b"evil")
    attach(store, run, "good", b"good")
    outside = {path for path in project.parent.rglob("*") if ".whence" not in path.parts}
    if name == "\ud800":
        assert isinstance(parts_of(name), Problem)
        return
    with pytest.raises(UserError, match="cannot become a file of that name") as raised:
        client.get_artifacts_as_files(run.id, path="got/inner")
    assert "whence cat" in str(raised.value)
    assert len(str(raised.value)) < 1000
    assert tree(Path("got/inner")) == {"good": b"good"}
    made = {path for path in project.parent.rglob("*") if ".whence" not in path.parts} - outside
    assert {path.name for path in made if "cache" not in str(path)} == {"got", "inner", "good"}
    assert client.get_artifact(run.id, name) == b"evil"


def test_odd_names_are_just_names(store: Store, run: Run, client: Client) -> None:
    for name in HARMLESS:
        attach(store, run, name, name.encode())
    files = client.get_artifacts_as_files(run.id, path="got")
    assert tree(Path("got")) == {name: name.encode() for name in HARMLESS}
    assert sorted(file.name for file in files) == sorted(HARMLESS)


def test_names_that_a_file_system_takes_for_one_are_refused(
    store: Store, run: Run, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("whence.artifacts.fetch")
    for name in ("a", "A", "b"):
        attach(store, run, name, name.encode())
    assert module.tells_apart(Path.cwd())
    monkeypatch.setattr(module, "tells_apart", lambda folder: False)
    with pytest.raises(UserError, match="are one name here"):
        client.get_artifacts_as_files(run.id, path="got")
    assert set(tree(Path("got"))) in ({"a", "b"}, {"A", "b"})


def test_a_folder_that_is_a_link_is_the_folder_it_leads_to(
    store: Store, run: Run, client: Client, tmp_path: Path
) -> None:
    attach(store, run, "a/b", b"content")
    (tmp_path / "real").mkdir()
    Path("link").symlink_to(tmp_path / "real")
    client.get_artifacts_as_files(run.id, path="link")
    assert tree(tmp_path / "real") == {"a/b": b"content"}


@pytest.mark.parametrize("at", ["a", "a/b"])
def test_links_inside_the_folder_are_not_followed(
    store: Store, run: Run, client: Client, tmp_path: Path, at: str
) -> None:
    attach(store, run, "a/b", b"content")
    attach(store, run, "c", b"content")
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "b").write_text("mine")
    Path("got", at).parent.mkdir(parents=True)
    Path("got", at).symlink_to(victim if at == "a" else victim / "b")
    with pytest.raises(UserError, match="is a symbolic link, which could lead"):
        client.get_artifacts_as_files(run.id, path="got")
    assert tree(victim) == {"b": b"mine"}
    assert Path("got/c").read_bytes() == b"content"


def test_what_stands_in_the_way_is_told(store: Store, run: Run, client: Client) -> None:
    for name in ("file/inner", "folder", "pipe"):
        attach(store, run, name, b"content")
    Path("got/folder").mkdir(parents=True)
    Path("got/file").write_text("mine")
    os.mkfifo("got/pipe")
    with pytest.raises(UserError) as raised:
        client.get_artifacts_as_files(run.id, path="got")
    for part in ("'folder'", "got/file' is no folder", "'pipe'"):
        assert part in str(raised.value)
    assert Path("got/file").read_text() == "mine"
    with pytest.raises(UserError, match="cannot put files into"):
        client.get_artifacts_as_files(run.id, path="got/file")


@pytest.mark.parametrize("size", [10, 200_000])
def test_only_what_is_not_there_is_fetched(
    store: Store, run: Run, client: Client, size: int
) -> None:
    data = os.urandom(size)
    attach(store, run, "a", data)
    (file,) = client.get_artifacts_as_files(run.id, path="got")
    os.utime(file, (1, 1))
    client.get_artifacts_as_files(run.id, path="got")
    assert file.stat().st_mtime == 1
    for other in (data[:-1], data[:-1] + b"?", b"", data + b"more"):
        file.write_bytes(other)
        client.get_artifacts_as_files(run.id, path="got")
        assert file.read_bytes() == data
    assert os.listdir("got") == ["a"]


def test_a_broken_off_fetch_is_gone_on_with(store: Store, run: Run, client: Client) -> None:
    data = os.urandom(3_000_000)
    attach(store, run, "a", data)
    part = Path("got", f".{digest_bytes(data)[:24]}.whence-part")
    for left in (data[:1_000_000], b"rubbish" * 1000, data, data + b"x", b""):
        Path("got").mkdir(exist_ok=True)
        part.write_bytes(left)
        Path("got/a").unlink(missing_ok=True)
        client.get_artifact_as_file(run.id, "a", path="got")
        assert tree(Path("got")) == {"a": data}


def test_damage_is_seen_on_arrival(store: Store, run: Run, client: Client) -> None:
    large, small = os.urandom(100_000), b"small"
    attach(store, run, "large", large)
    attach(store, run, "small", small)
    attach(store, run, "good", b"good" * 20_000)
    kept = object_path(store.root, digest_bytes(large))
    kept.chmod(0o644)
    kept.write_bytes(large[:-1] + b"?")
    (pack,) = store.root.glob("packs/*/*")
    raw = pack.read_bytes()
    pack.write_bytes(raw.replace(b"small", b"smell"))
    with pytest.raises(StoreError, match="was altered") as raised:
        client.get_artifacts_as_files(run.id, path="got")
    assert "'large'" in str(raised.value)
    assert "'small'" in str(raised.value)
    assert set(tree(Path("got"))) == {"good"}
    with pytest.raises(StoreError, match="altered"):
        client.get_artifact(run.id, "large")
    kept.unlink()
    with pytest.raises(StoreError, match="no content for the artifact 'large'"):
        client.get_artifact_as_file(run.id, "large", path="got")


def test_many_fetch_into_one_folder_at_once(store: Store, run: Run) -> None:
    datas = {f"f{number}": os.urandom(70_000) for number in range(20)}
    for name, data in datas.items():
        attach(store, run, name, data)
    errors: list[BaseException] = []

    def get() -> None:
        try:
            Client(store).get_artifacts_as_files(run.id, path="got")
        except WhenceError as error:
            errors.append(error)

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert tree(Path("got")) == datas


def test_what_is_asked_for_and_not_there_is_told(store: Store, run: Run, client: Client) -> None:
    attach(store, run, "energy", b"1")
    with pytest.raises(UserError, match="Did you mean 'energy'"):
        client.get_artifact(run.id, "enrgy")
    with pytest.raises(UserError, match="no input artifact 'energy'"):
        client.get_artifact(run.id, "energy", category="input")
    with pytest.raises(UserError, match="no run fits"):
        client.get_artifacts_as_files("nothing")
    with pytest.raises(UserError, match="no artifact category 'ouput'"):
        client.get_artifacts_as_files(run.id, "ouput")
    with pytest.raises(UserError, match="two spellings"):
        client.get_artifacts_as_files(run.id, path="a", output_dir="b")
    assert client.get_artifacts_as_files(run.id, startswith="none", path="got") == []
    attach(store, run, "energy", b"2", "input")
    with pytest.raises(UserError, match="another as"):
        client.get_artifacts_as_files(run.id, path="got")
    client.get_artifacts_as_files(run.id, "input", path="got")
    assert tree(Path("got")) == {"energy": b"2"}


def test_content_is_read_in_parts(store: Store, run: Run, client: Client) -> None:
    attach(store, run, "large", bytes(range(256)) * 1000)
    attach(store, run, "small", b"small")
    with client.open_artifact("run1", "large") as file:
        assert file.seekable()
        file.seek(1000)
        assert file.read(3) == bytes([232, 233, 234])
    with client.open_artifact("run1", "small") as file:
        file.seek(1)
        assert file.read() == b"mall"
