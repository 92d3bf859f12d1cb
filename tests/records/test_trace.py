"""Who made a file, when several runs could have."""

import pytest

from whence.app import Workspace, lineage_of, trace_file
from whence.base.error import UserError
from whence.runs import Origin, Run
from whence.store import Store


@pytest.fixture
def workspace(tmp_path):
    store = Store.create(tmp_path)
    return Workspace(store.project, store)


def made(workspace, name, n, text="ok\n"):
    folder = workspace.project / name
    folder.mkdir(exist_ok=True)
    with Run(workspace.store) as run:
        run.init(name, parameters={"n": n}, origin=Origin(dir=folder))
        (folder / "status.txt").write_text(text)
        run.save_file(folder / "status.txt")
    return run.id


def test_the_place_decides_between_runs_that_put_out_the_same_bytes(workspace):
    runs = [made(workspace, f"sim_{n}", n) for n in (1, 2, 3)]
    for n, run in enumerate(runs, 1):
        found = trace_file(workspace, workspace.project / f"sim_{n}/status.txt")
        assert (list(found.runs), found.constant, found.alike) == ([run], {"n": n}, 1)


def test_a_copy_of_what_many_runs_put_out_names_them_all(workspace, tmp_path):
    runs = [made(workspace, f"sim_{n}", n) for n in (1, 2, 3)]
    (tmp_path / "copy.txt").write_text("ok\n")
    found = trace_file(workspace, tmp_path / "copy.txt")
    assert sorted(found.runs) == sorted(runs)
    assert found.varied == {"n": [1, 2, 3]}
    assert "3 runs put out the same bytes" in "\n".join(found.warnings())


def test_an_empty_file_is_known_by_its_place_only(workspace, tmp_path):
    run = made(workspace, "sim_1", 1, "")
    assert list(trace_file(workspace, workspace.project / "sim_1/status.txt").runs) == [run]
    (tmp_path / "empty").write_text("")
    found = trace_file(workspace, tmp_path / "empty")
    assert not found.known
    assert "empty" in found.what()


def test_a_folder_tells_of_each_of_its_files(workspace):
    runs = [made(workspace, f"sim_{n}", n, f"{n}\n") for n in (1, 2, 3)]
    (workspace.project / "sim_2" / "notes.md").write_text("mine")
    (workspace.project / "sim_3" / "status.txt").write_text("edited")
    found = trace_file(workspace, workspace.project)
    rows = {row["path"]: (row["category"], row["run"]) for row in found.files}
    assert rows == {
        "sim_1/status.txt": ("output", runs[0]),
        "sim_2/status.txt": ("output", runs[1]),
        "sim_2/notes.md": (None, None),
        "sim_3/status.txt": (None, None),
    }
    assert sorted(found.runs) == sorted(runs)
    assert found.varied == {"n": [1, 2, 3]}
    assert [(change.path, change.run) for change in found.changed] == [
        ("sim_3/status.txt", runs[2])
    ]
    assert found.what() == "a folder of 4 files: 2 put out, 2 not on record"
    assert found.as_dict()["digest"] is None
    assert list(trace_file(workspace, workspace.project / "sim_1").runs) == runs[:1]


def test_a_registered_directory_and_the_files_in_it_answer(workspace, tmp_path):
    system = workspace.project / "system" / "deep"
    system.mkdir(parents=True)
    (system / "controlDict").write_text("application icoFoam;")
    (system / "empty").write_text("")
    with Run(workspace.store) as run:
        run.init("case", parameters={"Re": 100})
        run.save_directory(workspace.project / "system", "input", preserve_path=True)
    for thing in (workspace.project / "system", system, system / "controlDict", system / "empty"):
        found = trace_file(workspace, thing)
        assert (found.known, list(found.runs)) == (True, [run.id])
        assert found.constant == {"Re": 100}
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / "x").write_text("unheard of")
    assert not trace_file(workspace, stranger).known


def test_a_changed_file_names_the_run_that_left_another_there_without_a_folder(workspace):
    file = workspace.project / "results" / "out.txt"
    file.parent.mkdir()
    for number in range(2):
        file.write_text(f"{number}")
        with Run(workspace.store) as run:
            run.init(f"r{number}", parameters={"n": number})
            run.save_file(file, "output")
    file.write_text("edited")
    found = trace_file(workspace, file)
    assert (found.found_by, list(found.runs)) == ("place", [run.id])
    assert found.constant == {"n": 1}
    with pytest.raises(UserError, match=f"changed since run {run.id} left it there"):
        lineage_of(workspace, (file,))
    (folder,) = trace_file(workspace, file.parent).changed
    assert (folder.path, folder.run) == ("results/out.txt", run.id)


def test_a_changed_file_names_the_run_that_left_another_there(workspace):
    run = made(workspace, "sim_1", 1)
    (workspace.project / "sim_1/status.txt").write_text("edited")
    found = trace_file(workspace, workspace.project / "sim_1/status.txt")
    assert (found.found_by, list(found.runs)) == ("place", [run])
    assert "edited after this was made" in "\n".join(found.warnings())
