from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from whence.base.error import StoreError, UserError
from whence.base.escape import encode
from whence.store import Files, Store, layout
from whence.store.layout import SMALL
from whence.testing.point import points


def test_create_makes_a_folder_that_git_ignores(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    assert json.loads((tmp_path / ".whence/store.json").read_text()) == {
        "format": 1,
        "shared": False,
    }
    assert (tmp_path / ".whence/.gitignore").read_text() == "*\n"
    assert (store.root, store.project) == (tmp_path / ".whence", tmp_path)


def test_create_again_changes_nothing(store: Store) -> None:
    store.writer().append("set", "r", {"f": {"name": "x"}})
    again = Store.create(store.project, shared=True)
    assert not again.shared
    assert again.index().state("r")["name"] == "x"


@pytest.mark.parametrize("part", ["", ".whence"])
def test_open_takes_the_project_or_the_store_folder(store: Store, part: str) -> None:
    assert Store.open(store.project / part).root == store.root


def test_open_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no store in"):
        Store.open(tmp_path)


def test_a_newer_format_is_refused(store: Store) -> None:
    (store.root / "store.json").write_text('{"format":2,"shared":false}')
    with pytest.raises(UserError, match=r"format 2.*up to 1"):
        Store.open(store.root)


def test_a_store_without_its_store_file_is_not_passed_over(store: Store) -> None:
    """The line for rsync leaves it out, and another store may lie further up."""
    store.writer().append("set", "r", {"f": {"name": "x"}})
    store.writer().close()
    (store.root / "store.json").unlink()
    for look in (Store.find, Store.find_or_create, Store.open):
        with pytest.raises(StoreError, match=r"no store\.json"):
            look(store.project)
    assert Store.create(store.project).index().state("r")["name"] == "x"
    assert Store.find(store.project) is not None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format":"x"}'])
def test_a_damaged_store_file_is_said(store: Store, text: str) -> None:
    (store.root / "store.json").write_text(text)
    with pytest.raises(StoreError, match="does not say which format"):
        Store.open(store.root)


def test_find_goes_upward_then_to_the_environment(
    store: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = store.project / "a/b"
    deep.mkdir(parents=True)
    found = Store.find(deep)
    assert found is not None
    assert found.root == store.root
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert Store.find(elsewhere) is None
    monkeypatch.setenv("WHENCE_STORE", str(store.project))
    found = Store.find(elsewhere)
    assert found is not None
    assert found.root == store.root


def test_find_or_create_says_it_once_and_prefers_the_git_root(tmp_path: Path) -> None:
    os.system(f"git init -q {tmp_path}")
    (tmp_path / "deep").mkdir()
    said: list[str] = []
    store = Store.find_or_create(tmp_path / "deep", said.append)
    assert store.project == tmp_path
    assert Store.find_or_create(tmp_path / "deep", said.append).root == store.root
    assert said == [f"made a store in {store.root}"]


def test_a_state_comes_back(store: Store) -> None:
    writer = store.writer()
    params = {"a": (1, float("nan")), "b": {"c": 2**80}, "é": "ü"}
    writer.append("set", "r", {"f": {"kind": "run", "name": "first", "params": encode(params)}})
    writer.append("meta", "r", {"m": {"k": 1}})
    writer.append("tags", "r", {"add": ["b", "a"]})
    writer.append("artifact", "r", {"name": "x", "category": "output", "digest": "0" * 64})
    writer.append("event", "r", {"level": "info", "message": "hello", "at": 1.0})
    writer.append("out", "r", {"stream": "out", "text": "line\n", "at": 1.0})
    state = store.index().state("r")
    assert state["params"] == encode(params)
    assert (state["meta"], state["tags"]) == ({"k": 1}, ["a", "b"])
    assert (state["events"], state["out"], state["writer"]) == (1, 1, writer.id)
    assert state["artifacts"] == [{"name": "x", "category": "output", "digest": "0" * 64}]
    assert store.index().ids("run") == ["r"]
    assert [line["op"] for line in store.lines("r", ("event", "out"))] == ["event", "out"]


def test_an_unknown_run_is_said(store: Store) -> None:
    store.writer().append("set", "run1", {"f": {}})
    with pytest.raises(UserError, match="no run 'run2'") as caught:
        store.index().state("run2")
    assert "run1" in str(caught.value)


def test_facts_must_be_json_and_leave_the_frame_alone(store: Store) -> None:
    writer = store.writer()
    with pytest.raises(UserError, match="not plain JSON"):
        writer.append("set", "r", {"f": {"x": object()}})
    with pytest.raises(UserError, match="facts named lc, op"):
        writer.append("set", "r", {"op": "delete", "lc": 3})
    writer.append("set", "r", {"f": {"name": "goes on"}})
    assert store.index().state("r")["name"] == "goes on"
    assert store.verify().sound


def test_a_thousand_runs_make_three_files(store: Store) -> None:
    writer = store.writer()
    for number in range(1000):
        writer.append("set", f"r{number}", {"f": {"params": {"x": number}}})
        writer.metrics(f"r{number}", 0, 0.0, 0.0, {"y": 1.0})
        writer.put(b"%d" % number)
    writer.close()
    names = [name for _, _, files in os.walk(store.root) for name in files]
    assert len(names) == 2 + 3
    assert len(store.index().ids()) == 1000
    assert store.verify().sound


def test_what_is_read_comes_before_what_is_written_then(tmp_path: Path) -> None:
    import time

    ahead = Store.create(tmp_path)
    ahead = Store.open(tmp_path, clock=lambda: time.time() + 120)
    ahead.writer().append("set", "r", {"f": {"status": "running"}})
    behind = Store.open(tmp_path)
    behind.index()
    behind.writer().append("set", "r", {"f": {"status": "completed"}})
    assert ahead.index().state("r")["status"] == "completed"


def test_a_wrong_clock_pulls_nobody_along(tmp_path: Path) -> None:
    import time

    Store.create(tmp_path)
    wrong = Store.open(tmp_path, clock=lambda: time.time() + 10 * 86400)
    wrong.writer().append("set", "r", {"f": {"status": "running"}})
    right = Store.open(tmp_path)
    right.index()
    right.writer().append("set", "s", {"f": {}})
    assert right.index().state("s")["lc"] < (time.time() + 3600) * 1e6
    assert right.verify().ahead >= 1


def test_files_rotate(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "LIMIT", 2000)
    writer = store.writer()
    for number in range(60):
        writer.append("event", "r", {"message": "x" * 50})
        writer.metrics("r", number, 0.0, 0.0, {"y": 1.0})
        writer.put(b"%d" % number * 60)
    writer.close()
    names = sorted(path.name for path in (store.root / "journals").glob("*/*"))
    assert len(names) > 6
    assert f"{writer.id}-1.jsonl" in names
    assert store.index().state("r")["events"] == 60
    report = store.verify()
    assert (report.sound, report.unended, report.packed) == (True, [], 60)
    numbers = [
        json.loads(row)["n"]
        for path in (store.root / "journals").glob(f"*/{writer.id}*")
        if ".metrics" not in path.name
        for row in path.read_text().splitlines()
    ]
    assert sorted(numbers) == list(range(len(numbers)))


def test_a_new_day_begins_a_new_file(tmp_path: Path) -> None:
    now = 86400.0 * 20000 - 0.5
    Store.create(tmp_path)
    store = Store.open(tmp_path, clock=lambda: now)
    store.writer().append("set", "r", {"f": {"a": 1}})
    now += 1
    store.writer().append("set", "r", {"f": {"b": 2}})
    store.writer().close()
    assert sorted(path.name for path in (store.root / "journals").iterdir()) == [
        "2024-10-03",
        "2024-10-04",
    ]
    state = store.index().state("r")
    assert (state["a"], state["b"]) == (1, 2)
    assert store.verify().unended == []


def test_a_new_day_begins_a_new_pack(tmp_path: Path) -> None:
    now = 86400.0 * 20000 - 0.5
    Store.create(tmp_path)
    store = Store.open(tmp_path, clock=lambda: now)
    writer = store.writer()
    before = [writer.put(b"one").digest, writer.put(b"two").digest]
    now += 1
    after = writer.put(b"three").digest
    writer.put(b"one")
    writer.close()
    found = sorted(path.relative_to(store.root).as_posix() for path in store.root.glob("packs/*/*"))
    assert found == [
        f"packs/2024-10-03/{writer.id}.pack",
        f"packs/2024-10-04/{writer.id}-1.pack",
    ]
    assert [store.get(digest) for digest in [*before, after]] == [b"one", b"two", b"three"]
    assert store.verify().sound


def test_a_closed_writer_goes_on_in_a_new_file(store: Store) -> None:
    writer = store.writer()
    writer.append("set", "r", {"f": {"a": 1}})
    writer.close()
    writer.append("set", "r", {"f": {"b": 2}})
    writer.close()
    assert store.index().state("r")["b"] == 2
    assert store.verify().unended == []


def test_shared_is_writable_for_the_group_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        store = Store.create(tmp_path, shared=True)
        writer = store.writer()
        writer.append("set", "r", {"f": {}})
        writer.put(b"x")
        writer.put(b"y" * SMALL)
        writer.close()
    finally:
        os.umask(before)
    for folder, _, names in os.walk(store.root):
        assert os.stat(folder).st_mode & 0o070 == 0o070
        for name in names:
            mode = os.stat(os.path.join(folder, name)).st_mode & 0o060
            assert mode == (0o040 if "objects" in folder else 0o060), (folder, name)


def test_of_two_packed_copies_the_good_one_is_given(store: Store) -> None:
    other = Store.open(store.root)
    place = other.writer().put(b"once")
    other.writer().append("set", "r", {"f": {"name": "x"}})
    pack = next((store.root / "packs").rglob("*.pack"))
    assert store.get(place.digest) == b"once"
    good = pack.read_bytes()
    pack.write_bytes(b"!" * len(good))
    with pytest.raises(StoreError, match="altered"):
        store.get(place.digest)
    third = Store.open(store.root)
    third.writer().put(b"once")
    assert store.get(place.digest) == b"once"
    other.writer().close()
    third.writer().close()


def test_packed_content_that_is_known_is_read_without_looking_at_the_journals(
    tmp_path: Path,
) -> None:
    looked: list[str] = []

    class Counting(Files):
        def list(self, folder: Path | str) -> list[str]:
            looked.append(str(folder))
            return super().list(folder)

        def stat(self, target: Path | str | int) -> os.stat_result:
            if "journals" in str(target):
                looked.append(str(target))
            return super().stat(target)

    with_content = Store.create(tmp_path)
    digests = [with_content.writer().put(b"%d" % number).digest for number in range(20)]
    reader = Store.open(tmp_path, files=Counting)
    assert reader.get(digests[0]) == b"0"
    assert looked
    looked.clear()
    assert [reader.get(digest) for digest in digests] == [b"%d" % number for number in range(20)]
    assert looked == []
    with_content.writer().close()


def test_copies_that_tools_make_of_journals_count_for_nothing(store: Store) -> None:
    store.writer().append("event", "r", {"message": "x"})
    store.writer().metrics("r", 1, 0.0, 0.0, {"y": 1.0})
    for path in list(store.root.glob("journals/*/*.jsonl")):
        stem, ending = path.name.split(".", 1)
        for name in (f"{stem} (1).{ending}", f"{stem}.sync-conflict.{ending}", f".~{path.name}"):
            path.with_name(name).write_bytes(path.read_bytes())
    assert Store.open(store.root).index().state("r")["events"] == 1
    assert [point.step for point in points(store, "r")] == [1]
    assert store.verify().journals == 2
