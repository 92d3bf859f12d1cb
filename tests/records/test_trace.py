"""Who made a file, when several runs could have."""

import pytest

from whence.app import Workspace, trace_file
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
