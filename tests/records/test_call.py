"""The task of a record: imported, called again, read as it was, and invalidated."""

import os
import subprocess
import sys

import pytest

from whence.base.error import UserError
from whence.records import RecordStoreView
from whence.runs import Run
from whence.store import Store

MODULE = '''
from whence import RecordedTask


@RecordedTask
def scale(x: float, *more: int, factor: float = 2.0, **names: str) -> float:
    """Told once."""
    print("ran")
    return x * factor + sum(more)


def other():
    return 1
'''
CALL = "from {module} import scale; scale(1.5, 1, 2, a='b')"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = Store.create(tmp_path)
    yield tmp_path
    store.writer().close()


def called(project, module):
    file = project / f"{module.replace('.', '/')}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(MODULE)
    run(project, module)
    (record,) = RecordStoreView(project)
    return record


def run(project, module):
    environment = {**os.environ, "PYTHONPATH": f"{project}:{os.environ.get('PYTHONPATH', '')}"}
    words = [sys.executable, "-c", CALL.format(module=module)]
    subprocess.run(words, cwd=project, check=True, env=environment)


def test_a_task_is_imported_and_bound_to_what_it_was_given(project):
    record = called(project, "scaling_a")
    path = list(sys.path)
    assert record.task_type(1.0, factor=3.0) == 3.0
    task = record.task
    assert (task.args, task.keywords) == ((1.5, 1, 2), {"factor": 2.0, "a": "b"})
    assert task() == record.get_output("result") == 6.0
    assert record.task_type is record.task_type
    assert sys.path == path
    assert record.task_code.startswith("@RecordedTask\ndef scale(")
    assert record.task_code.endswith("sum(more)\n")


def test_a_task_of_a_package(project):
    (project / "pack_a").mkdir()
    (project / "pack_a/__init__.py").write_text("")
    record = called(project, "pack_a.scaling")
    assert record.task_type.__module__ == "pack_a.scaling"


def test_a_task_that_is_gone(project):
    record = called(project, "scaling_b")
    file = project / "scaling_b.py"
    file.write_text("def unlike():\n    pass\n")
    with pytest.raises(UserError, match="has no 'scale' any more"):
        record.task_type  # noqa: B018
    record = called_again(project, "scaling_c", "raise RuntimeError('no')\n")
    with pytest.raises(UserError, match="cannot be imported: RuntimeError"):
        record.task  # noqa: B018
    record = called_again(project, "scaling_d", None)
    with pytest.raises(UserError, match="is not there any more"):
        record.task  # noqa: B018
    changed = MODULE.replace("x: float, *more: int, ", "y: float, ")
    record = called_again(project, "scaling_e", changed)
    with pytest.raises(UserError, match="takes other arguments"):
        record.task  # noqa: B018
    assert "def scale(x: float" in record.task_code


def called_again(project, module, text):
    file = project / f"{module}.py"
    file.write_text(MODULE)
    run(project, module)
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    return RecordStoreView(project).latest


def test_what_is_of_no_task(project):
    with Run(Store.open(project)) as live:
        live.init("r")
    (record,) = RecordStoreView(project)
    for name in ("task", "task_type"):
        with pytest.raises(UserError, match="is of no task"):
            getattr(record, name)
    assert record.task_code == record.script_content


def test_a_description_of_smttask_names_its_module(project):
    (project / "smt_tasks.py").write_text("def Mean(n, seed=1):\n    return n + seed\n")
    params = {"taskname": "Mean", "module": "smt_tasks", "inputs": {"n": 5, "digest": "ab",
              "hashed_digest": "ab", "unhashed_digests": {}}}  # fmt: skip
    store = Store.open(project)
    store.writer().append(
        "set", "20260101T000000abcdefg", {"f": {"created": 1.7e9, "kind": "task", "params": params}}
    )
    (record,) = RecordStoreView(store)
    with pytest.raises(UserError, match="'smt_tasks' cannot be imported"):
        record.task  # noqa: B018
    sys.path.insert(0, str(project))
    try:
        assert record.task() == 6
    finally:
        sys.path.remove(str(project))


def test_what_is_invalid_runs_again_and_can_be_valid_again(project):
    record = called(project, "scaling_f")
    run(project, "scaling_f")
    view = RecordStoreView(project)
    assert len(view) == 1
    assert record.invalidate() is record
    assert record.state["call"] is None
    run(project, "scaling_f")
    assert len(view) == 2
    run(project, "scaling_f")
    assert len(view) == 2
    view.invalidate()
    assert [one.state["call"] for one in view] == [None, None]
    record.invalidate(undo=True)
    run(project, "scaling_f")
    assert len(view) == 2


def test_all_of_one_call_are_invalid(project):
    record = called(project, "scaling_g")
    text = "from scaling_g import scale; scale.run(1.5, 1, 2, a='b')"
    environment = {**os.environ, "PYTHONPATH": f"{project}:{os.environ.get('PYTHONPATH', '')}"}
    subprocess.run([sys.executable, "-c", text], cwd=project, check=True, env=environment)
    view = RecordStoreView(project)
    assert len(view) == 2
    record.invalidate()
    run(project, "scaling_g")
    assert len(view) == 3
