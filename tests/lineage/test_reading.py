"""What a run reads through a data tree is what it took in, with no call by the user."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from whence.app.client import Client
from whence.formats import listener
from whence.records import Records
from whence.runs import Origin, Run
from whence.store import Store
from whence.testing.fault import FaultyFiles
from whence.transform import Graph, MemoryCache, Step
from whence.tree import DataManager, sources

LOAD = {
    "numbers": {"loader": "hdf5", "glob_str": "data/*.h5"},
    "table": {"loader": "numpy", "glob_str": "data/*.npy"},
    "note": {"loader": "text", "glob_str": "data/*.txt"},
}


@pytest.fixture
def data(project):
    folder = project.folder / "data"
    folder.mkdir()
    for name in ("a", "b"):
        with h5py.File(folder / f"{name}.h5", "w") as file:
            file["x"] = np.arange(5.0)
    np.save(folder / "t.npy", np.eye(3))
    (folder / "n.txt").write_text("a note")
    return project


def managed(project):
    manager = DataManager(project.folder, load_cfg=LOAD, out_dir=False)
    manager.load_from_cfg()
    return manager


def inputs(project, run):
    return {item.path for item in Records(project.store).get(run).of_category("input")}


@pytest.mark.parametrize(
    "use",
    [
        lambda container: container.data,
        lambda container: container[1:3],
        lambda container: np.sum(container),
        lambda container: container.read_into(np.empty(container.shape)),
    ],
)
def test_what_is_read_is_an_input_and_what_is_not_is_none(data, use):
    with Run(data.store) as run:
        run.init("analysis")
        manager = managed(data)
        assert not inputs(data, run.id)
        use(manager["numbers/a/x"])
        use(manager["numbers/a/x"])
    assert inputs(data, run.id) == {"data/a.h5"}
    (item,) = Records(data.store).get(run.id).of_category("input")
    assert (item.digest, item.kept) == (data.digest("data/a.h5"), "reference")
    assert item.type == "application/x-hdf5"


def test_readers_that_read_whole_files_count_and_so_does_what_was_loaded_before(data):
    manager = managed(data)
    manager["numbers/a/x"].read()
    with Run(data.store) as run:
        assert str(manager["note/n"].data) == "a note"  # before the run has begun
        run.init("analysis")
        assert manager["table/t"][0, 0] == 1.0
    assert inputs(data, run.id) == {"data/n.txt", "data/t.npy"}
    manager["numbers/b/x"].read()  # after it
    assert inputs(data, run.id) == {"data/n.txt", "data/t.npy"}


def test_reading_joins_the_runs_of_others(data):
    maker = data.run("simulation", puts=["data/a.h5"])
    with Run(data.store) as run:
        run.init("analysis")
        total = float(managed(data)["numbers/a/x"].sum())
        data.file("total.txt", str(total))
        run.save_file(data.folder / "total.txt")
    above = data.lineage(data.digest("total.txt")).upstream()
    assert {member.name for member in above.members.values() if member.is_run} == {
        "simulation", "analysis",
    }  # fmt: skip
    assert maker in above.members


def test_what_the_run_itself_put_out_is_no_input(data):
    with Run(data.store) as run:
        run.init("all in one")
        run.save_file(data.folder / "data" / "a.h5")
        managed(data)["numbers/a/x"].read()
    assert not inputs(data, run.id)


def test_the_inner_of_two_runs_has_read_it(data):
    manager = managed(data)
    with Run(data.store) as outer:
        outer.init("outer")
        with Run(data.store) as inner:
            inner.init("inner")
            manager["numbers/a/x"].read()
        manager["numbers/b/x"].read()
    assert inputs(data, inner.id) == {"data/a.h5"}
    assert inputs(data, outer.id) == {"data/b.h5"}


def test_a_run_that_records_nothing_hears_nothing(data):
    def kept():
        return {path: path.read_bytes() for path in data.store.root.rglob("*") if path.is_file()}

    before = kept()
    with Run(data.store, mode="disabled") as run:
        run.init("nothing")
        assert listener() is None
        managed(data)["numbers/a/x"].read()
    assert kept() == before


def test_a_program_that_a_run_has_started(data, monkeypatch):
    script = data.file(
        "analyse.py",
        "from whence import DataManager\n"
        "load = {'numbers': {'loader': 'hdf5', 'glob_str': 'data/*.h5'}}\n"
        "manager = DataManager('.', load_cfg=load, out_dir=False)\n"
        "manager.load_from_cfg()\n"
        "print(manager['numbers/b/x'].sum())\n",
    )
    monkeypatch.chdir(data.folder)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "whence",
            "run",
            "--name",
            "analyse",
            "--",
            sys.executable,
            script.name,
        ],
        check=True,
    )
    run = Records(data.store).resolve("analyse")
    assert "data/b.h5" in inputs(data, run.id)
    assert "data/a.h5" not in inputs(data, run.id)


def test_a_transformation_counts_even_where_its_result_was_cached(data):
    cache = MemoryCache()
    for _ in range(2):
        with Run(data.store) as run:
            run.init("analysis")
            x = managed(data)["numbers/a/x"]
            graph = Graph(digest_of=data.store.digest_of)
            node = graph.read(lambda x=x: x.data, "x of a", sources(x))
            graph.add("mul", [node, 2], step=Step(tag="twice"))
            assert graph.evaluate(cache=cache)["twice"].tolist() == [0, 2, 4, 6, 8]
        assert inputs(data, run.id) == {"data/a.h5"}


@pytest.mark.parametrize(
    "get",
    [
        lambda client, run: client.get_artifact(run, "x.npy"),
        lambda client, run: client.get_artifact_as_file(run, "x.npy", "got"),
        lambda client, run: client.get_artifacts_as_files(run, path="got", endswith=".npy"),
        lambda client, run: client.open_artifact(run, "x.npy").close(),
    ],
)
def test_what_is_got_of_a_run_is_an_input(data, get):
    with Run(data.store) as maker:
        maker.init("simulation")
        maker.save_object(np.arange(3), name="x.npy")
    client = Client(data.store)
    get(client, maker.id)  # in no run
    with Run(data.store) as run:
        get(client, maker.id)  # before it has begun
        run.init("analysis")
        for _ in range(2):
            get(client, maker.id)
        run.save_object(np.ones(2), name="own.npy")
        client.get_artifact(run.id, "own.npy")
    (item,) = Records(data.store).get(run.id).of_category("input")
    (made,) = Records(data.store).get(maker.id).of_category("output")
    assert (item.name, item.digest, item.kept) == ("simulation/x.npy", made.digest, made.kept)
    assert maker.id in data.lineage(run.id).upstream().members


def test_what_is_got_of_runs_of_one_name_and_of_another_store(data, tmp_path):
    other = Store.create(tmp_path / "other")
    makers = []
    for store in (data.store, data.store, other):
        with Run(store) as maker:
            maker.init("simulation")
            maker.save_object(np.arange(len(makers) + 3), name="x.npy")
        makers.append(maker)
    with Run(data.store) as run:
        run.init("analysis")
        for maker in makers:
            Client(maker.store).get_artifact(maker.id, "x.npy")
    items = {each.name: each.kept for each in Records(data.store).get(run.id).of_category("input")}
    assert items == {
        "simulation/x.npy": "pack",
        f"{makers[1].id}/x.npy": "pack",
        f"{makers[2].id}/x.npy": "reference",
    }


def test_a_reference_that_is_got_is_found_without_its_run(data):
    folder = data.folder / "own"
    with Run(data.store) as maker:
        maker.init("simulation", origin=Origin(dir=folder))
        folder.mkdir()
        (folder / "x.txt").write_text("x")
        maker.save_file(folder / "x.txt", mode="reference")
    with Run(data.store) as run:
        run.init("analysis")
        Client(data.store).get_artifact(maker.id, "x.txt")
    assert inputs(data, run.id) == {"own/x.txt"}
    assert Client(data.store).get_artifact(run.id, "simulation/x.txt") == "x"


def test_what_a_program_of_a_run_gets(data, monkeypatch):
    data.run("simulation", puts=["data/n.txt"])
    monkeypatch.chdir(data.folder)
    whence = (sys.executable, "-m", "whence")
    get = (*whence, "get", "simulation", "-o", "got")
    subprocess.run([*whence, "run", "--name", "analysis", "--", *get], check=True)
    run = Records(data.store).resolve("analysis")
    assert [item.name for item in run.of_category("input")] == ["simulation/n.txt"]


def test_what_cannot_be_put_on_record_is_read_and_recorded_once_there_is_room(data, caplog):
    files = FaultyFiles()
    store = Store.open(data.store.root, files=lambda shared: files)
    with Run(store) as maker:
        maker.init("simulation")
        maker.save_object(np.arange(3), name="x.npy")
    with Run(store) as run:
        run.init("analysis")
        manager = managed(data)
        files.room = 0
        assert manager["table/t"].data.shape == (3, 3)
        assert str(manager["note/n"].data) == "a note"
        assert len(Client(store).get_artifact(maker.id, "x.npy")) == 3
        files.room = None
        assert manager["numbers/a/x"][0] == 0.0
        assert {item.name for item in Records(store).get(run.id).of_category("input")} == {
            "data/t.npy",
            "data/n.txt",
            "data/a.h5",
            "simulation/x.npy",
        }
    assert caplog.text.count("cannot be put on record") == 1
    store.writer().close()


def test_what_is_read_while_the_disk_is_full_is_no_error_at_the_end_either(data, caplog):
    files = FaultyFiles()
    store = Store.open(data.store.root, files=lambda shared: files)
    run = Run(store)
    with run:
        run.init("analysis")
        manager = managed(data)
        files.room = 0
        assert manager["table/t"].data.shape == (3, 3)
        files.room = None
    assert inputs(data, run.id) == {"data/t.npy"}
    store.writer().close()
