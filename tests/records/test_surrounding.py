"""What surrounded a run, in Sumatra's words: of runs recorded here, and of imported ones."""

import json
import subprocess
import sys

from whence.app import import_records
from whence.app.workspace import Workspace
from whence.records import RecordStoreView
from whence.records.surrounding import DataStore, Executable, LaunchMode
from whence.runs import Run
from whence.testing.repository import git

SUMATRA = {
    "label": "melt-1",
    "timestamp": "2019-03-05 10:11:12+01:00",
    "reason": "first look",
    "duration": 1.5,
    "executable": {"path": "/usr/bin/python3", "version": "3.6.1", "name": "Python", "options": ""},
    "repository": {"type": "GitRepository", "url": "/data/ada/melt", "upstream": "git@h:melt"},
    "main_file": "melt.py",
    "version": "1d2c3b",
    "diff": "--- a/melt.py\n",
    "parameters": {"content": '{"T": 1.5}', "type": "json"},
    "input_data": [],
    "output_data": [
        {
            "path": "energy.csv",
            "digest": "6367c48dd193d56ea7b0baad25b19455e529f5ee",
            "creation": "2019-03-05 10:11:13",
            "metadata": {"mimetype": "text/csv", "encoding": None, "size": 12},
        }
    ],
    "script_arguments": "--fast",
    "launch_mode": {"type": "SerialLaunchMode", "parameters": {}},
    "datastore": {"type": "FileSystemDataStore", "parameters": {"root": "/data/ada/Data"}},
    "input_datastore": {"type": "FileSystemDataStore", "parameters": {"root": "/data/ada"}},
    "outcome": "",
    "tags": ["_finished_"],
    "user": "Ada",
    "on_changed": "error",
    "stdout_stderr": "",
    "repeats": "melt-0",
    "dependencies": [{"name": "numpy", "path": "/np", "version": "1.19.5", "source": "x"}],
    "platforms": [{"machine": "x86_64", "network_name": "melt01", "system_name": "Linux"}],
}  # fmt: skip

MODEL = """
from whence import Run

with Run() as run:
    run.init("m")
    with open("e.csv", "w") as file:
        file.write("1")
    run.save_file("e.csv")
"""


def test_what_was_imported_from_sumatra(store, tmp_path):
    file = tmp_path / "sumatra.json"
    bare = {"label": "bare", "timestamp": "2019-03-06 10:11:12"}
    file.write_text(json.dumps([SUMATRA, bare]))
    import_records(Workspace(store.project, store), file)
    record = RecordStoreView(store)["melt-1"]
    assert record.executable == Executable("/usr/bin/python3", "3.6.1", "Python")
    assert (record.repository.type, record.repository.upstream) == ("GitRepository", "git@h:melt")
    assert record.diff == "--- a/melt.py\n"
    assert record.input_data == ()
    (key,) = record.output_data
    assert (key.path, key.digest[:6]) == ("energy.csv", "6367c4")
    assert key.metadata == {"mimetype": "text/csv", "encoding": None, "size": 12}
    assert f"{key.creation:%Y-%m-%d %H:%M:%S}" == "2019-03-05 10:11:13"
    assert record.launch_mode == LaunchMode("SerialLaunchMode", {})
    assert record.datastore == DataStore("FileSystemDataStore", "/data/ada/Data")
    assert record.input_datastore.root == "/data/ada"
    assert (record.on_changed, record.repeats) == ("error", "melt-0")
    (package,) = record.dependencies
    assert (package.name, package.path, package.version) == ("numpy", "/np", "1.19.5")
    (platform,) = record.platforms
    assert (platform.machine, platform.network_name) == ("x86_64", "melt01")

    bare = RecordStoreView(store)["bare"]
    assert bare.executable is bare.repository is bare.launch_mode is bare.datastore is None
    assert bare.dependencies == bare.platforms == bare.output_data == ()
    assert (bare.diff, bare.on_changed, bare.repeats) == ("", "", None)


def test_what_a_run_captured(store, tmp_path):
    model = tmp_path / "model.py"
    model.write_text(MODEL)
    for words in (["init", "-q"], ["add", "model.py"], ["commit", "-qm", "model"]):
        git(tmp_path, *words)
    model.write_text(model.read_text() + "# changed\n")
    subprocess.run([sys.executable, "model.py"], cwd=tmp_path, check=True)
    (record,) = RecordStoreView(store)
    assert record.executable.name == "Python"
    assert record.executable.version == sys.version.split()[0]
    assert (record.repository.type, record.repository.url) == ("git", str(tmp_path))
    assert "+# changed" in record.diff
    (key,) = record.output_data
    assert (key.path, len(key.digest), key.metadata["size"]) == ("e.csv", 64, 1)
    assert record.launch_mode == LaunchMode("serial", {})
    assert record.datastore == record.input_datastore
    assert record.datastore == DataStore("FileSystemDataStore", str(tmp_path))
    assert (record.on_changed, record.repeats) == ("store-diff", None)
    assert "numpy" in {one.name.lower() for one in record.dependencies}
    (platform,) = record.platforms
    assert platform.system_name
    assert platform.network_name == record.state["host"]
    described = record.describe()
    assert described.startswith(f"Label            : {record.label}\n")
    assert "Output_Data      : e.csv (" in described


def test_jobs_programs_and_what_is_not_on_record(store, run):
    facts = {
        "a": {"job": {"slurm": {"id": "7"}}, "command": ["/opt/lmp", "-in", "x"]},
        "b": {"job": {"slurm": {"id": "7"}, "mpi": {"rank": 0}}},
        "c": {"job": {"pbs": {"id": "8"}}, "repeats": "x" * 22},
        "p": {"command": ["/opt/python3", "x.py"], "target": ["/opt/python3", "x.py"]},
        "d": {"command": "no list", "system": 7, "code": [], "job": None},
    }
    for number, told in enumerate(facts.values()):
        run(number, **told)
    d, p, c, b, a = RecordStoreView(store)
    assert p.executable == Executable("/opt/python3", name="python3")
    assert a.executable == Executable("/opt/lmp", name="lmp")
    assert [one.launch_mode.type for one in (a, b, c, d)] == ["slurm", "slurm-mpi", "pbs", "serial"]
    assert c.repeats == "x" * 22
    assert d.executable is d.repository is None
    assert d.platforms == d.dependencies == ()


def test_a_part_has_the_changes_of_its_whole(store, run):
    whole = run(0, kind="sweep")
    run(1, parent=whole)
    content = store.writer().put(b"+one line\n")
    kept = {"digest": content.digest, "size": content.size, "kept": content.kept}
    facts = {"name": "git.diff", "category": "code", "type": "text/x-diff", **kept}
    store.writer().append("artifact", whole, facts)
    assert [one.diff for one in RecordStoreView(store)] == ["+one line\n"] * 2


def test_parameters_of_these_names_are_meant_where_records_are_split(store):
    for repeats in (1, 2):
        with Run(store) as run:
            run.init(f"r{repeats}", parameters={"repeats": repeats, "task": "melt"})
    view = RecordStoreView(store)
    assert sorted(key.repeats for key in view.splitby("repeats")) == [1, 2]
    assert set(view.summary.dataframe(parameters=["task"])["task"]) == {"melt"}
