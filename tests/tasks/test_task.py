import importlib
import json
import logging
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from whence.base.digest import digest_file
from whence.base.error import UserError
from whence.runs import Run
from whence.runs.input import digest_folder, named_inputs
from whence.store import Store
from whence.tasks import MemoizedTask, RecordedTask
from whence.tree import DataManager

_log = logging.getLogger("calls")  # a list of this module would count as what a task depends on


def energy(temperature: float, steps: int = 3) -> dict:
    _log.warning("%r", temperature)
    return {"mean": temperature * steps, "trace": (temperature, float("nan"))}


@pytest.fixture
def calls(caplog):
    """What the tasks here were called with, so far."""
    return lambda: [r.args[0] for r in caplog.records if r.name == "calls"]


def runs(store):
    return [store.index().state(id_) for id_ in store.index().ids("task")]


def test_a_call_is_a_run_and_the_same_call_is_remembered(store, calls):
    task = RecordedTask(energy, store)
    first = task(1.5)
    again = task(temperature=1.5, steps=3)
    assert again["mean"] == first["mean"] == 4.5
    assert isinstance(again["trace"], tuple)
    assert calls() == [1.5]
    (state,) = runs(store)
    assert state["status"] == "completed"
    assert state["name"] == "energy"
    assert state["params"] == {"temperature": 1.5, "steps": 3}
    assert {a["name"] for a in state["artifacts"]} == {"test_task.py", "result"}
    task(2.0)
    task.run(2.0)
    assert calls() == [1.5, 2.0, 2.0]
    assert len(runs(store)) == 3


def test_a_result_is_remembered_by_another_process_until_the_code_is_edited(store, project):
    (project / "work.py").write_text(
        textwrap.dedent(
            """
            from whence.tasks import RecordedTask
            import law

            @RecordedTask
            def double(x: int) -> int:
                print("working")
                return law.factor * x

            if __name__ == "__main__":
                print(double(4))
            """
        )
    )
    (project / "law.py").write_text("factor = 2\n")

    def said():
        command = [sys.executable, "-B", "-m", "work"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert said() == ["working", "8"]
    assert said() == ["8"]
    (project / "law.py").write_text("factor = 30\n")
    assert said() == ["working", "120"]


def test_a_failed_call_is_on_record_and_tried_again(store, calls):
    def explode(x: int) -> int:
        _log.warning("%r", x)
        raise ValueError("no")

    task = RecordedTask(explode, store)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            task(1)
    assert calls() == [1, 1]
    assert [state["status"] for state in runs(store)] == ["failed", "failed"]


def results(store):
    return [
        (artifact["name"], artifact["type"])
        for state in runs(store)
        for artifact in state["artifacts"]
        if artifact["category"] != "code"
    ]


RESULTS = {
    "application/x-npy": lambda n: np.arange(n) / 2,
    "application/vnd.apache.parquet": lambda n: pd.DataFrame({"x": np.arange(n), "y": ["a"] * n}),
    "application/x-netcdf": lambda n: xr.DataArray(np.arange(n), dims="x", name="u"),
    "text/plain": lambda n: "a\r\n" * n,
    "application/vnd.whence.value+json": lambda n: {"u": np.arange(n), 1: (n, {n}, Path("x"))},
}


@pytest.mark.parametrize("kind", RESULTS)
def test_a_result_is_kept_by_its_type(store, kind, calls):
    make = RESULTS[kind]
    recorded = RecordedTask(plain_task, store)
    first, again = recorded(kind, 3), recorded(kind, 3)
    assert calls() == [kind]
    assert type(again) is type(first)
    assert equal(first, again)
    assert equal(make(3), again)
    assert results(store) == [("result", kind)]


def plain_task(kind: str, n: int) -> object:
    _log.warning("%s", kind)
    return RESULTS[kind](n)


def equal(left, right):
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if hasattr(left, "equals"):
        return left.equals(right)
    return np.array_equal(left, right) if isinstance(left, np.ndarray) else left == right


def test_a_result_that_no_format_keeps_is_not_lost(store, calls, caplog):
    def model(n: int) -> object:
        _log.warning("%r", n)
        return object

    task = RecordedTask(model, store)
    assert task(1) is task(1) is object
    assert calls() == [1, 1]
    assert "is not remembered, so the same call runs again" in caplog.text
    assert [state["status"] for state in runs(store)] == ["completed", "completed"]
    assert results(store) == []


def test_a_result_that_was_kept_as_json_once_is_found(store, calls):
    task = RecordedTask(energy, store)
    first = task(1.5)
    (state,) = runs(store)
    (fact,) = (one for one in state["artifacts"] if one["name"] == "result")
    assert fact["type"] == "application/vnd.whence.value+json"
    store.writer().append("artifact", state["id"], {**fact, "type": "application/json", "meta": {}})
    assert task(1.5)["mean"] == first["mean"]
    assert isinstance(task(1.5)["trace"], tuple)
    assert calls() == [1.5]


def test_an_array_that_is_handed_on_leads_back_to_the_task_that_made_it(store):
    def grid(n: int) -> np.ndarray:
        return np.linspace(0, 1, n)

    def mean(u: np.ndarray, other: np.ndarray) -> float:
        return float(u.mean() + other.mean())

    RecordedTask(mean, store)(RecordedTask(grid, store)(5), np.zeros(3))
    taken, made = sorted(runs(store), key=lambda state: state["name"], reverse=True)
    assert (made["name"], taken["name"]) == ("grid", "mean")
    (result,) = (one for one in made["artifacts"] if one["category"] == "output")
    (given,) = (one for one in taken["artifacts"] if one["category"] == "input")
    assert (given["name"], given["digest"]) == ("u", result["digest"])


def test_a_call_that_does_not_fit_names_the_task(store):
    with pytest.raises(TypeError, match=r"^energy\(temperature: .* missing a required argument"):
        RecordedTask(energy, store)()


def test_a_task_says_what_it_is(store):
    assert "<RecordedTask tests" in repr(RecordedTask(energy, store)).replace("test_task", "tests")
    assert repr(MemoizedTask(energy)).endswith(
        "energy(temperature: float, steps: int = 3) -> dict>"
    )


def test_what_is_not_annotated_is_refused():
    def bare(x, y: int):
        return x

    with pytest.raises(UserError, match="the type of x"):
        RecordedTask(bare)


def test_a_memoized_task_gives_the_same_object_and_records_nothing(store, calls):
    task = MemoizedTask(energy)
    first = task(1.0)
    assert task(temperature=1.0) is first
    assert task(2.0) is not first
    assert calls() == [1.0, 2.0]
    task.clear()
    assert task(1.0) is not first
    assert store.index().ids() == []
    assert task.__name__ == "energy"


def total(values: np.ndarray) -> float:
    _log.warning("%r", values.shape)
    return float(values.sum())


def test_a_memoized_task_knows_arrays_by_their_values(calls):
    task, values = MemoizedTask(total), np.arange(3_000_000.0).reshape(3, -1)
    assert task(values) == task(values.copy()) == values.sum()
    assert len(calls()) == 1
    values[1, 2] += 1
    assert task(values) == values.sum()
    task(values.T)
    task(values.astype("f4"))
    assert len(calls()) == 4


LOUD = "import sys\nsys.intern('done')\nfactor = 2\n"
LATE = """
def late(x: int) -> int:
    from loud_of_a_task import factor
    return factor * x
"""


def test_a_module_that_a_task_imports_is_not_imported_to_look_at_it(store, project, monkeypatch):
    late = imported(monkeypatch, project, LATE, "late_of_tests")
    (project / "loud_of_a_task.py").write_text(LOUD)
    task = RecordedTask(late.late, store)
    assert [task(3), task(3), task(3)] == [6, 6, 6]
    told = [said for state in runs(store) for said in warnings_of(store, state["id"])]
    assert len(runs(store)) == 2
    assert ["do it at the top of the file" in said for said in told] == [True]
    monkeypatch.delitem(sys.modules, "loud_of_a_task")


def test_a_closure_is_refused_for_what_its_arguments_do_not_tell(store):
    def make(factor):
        def scaled(x: int) -> int:
            return factor * x

        return RecordedTask(scaled, store)

    with pytest.raises(UserError, match="'factor'"):
        make(2)


def half(x: float, n: "int" = 2, *more: int, label: str | None = None) -> float:
    _log.warning("%r", x)
    return x / n


@pytest.mark.parametrize("kind", [RecordedTask, MemoizedTask])
def test_an_int_for_a_float_is_the_same_call(store, kind, calls):
    task = kind(half, store) if kind is RecordedTask else kind(half)
    assert task(1) == task(1.0) == task(np.float64(1)) == 0.5
    assert [(x, type(x)) for x in calls()] == [(1.0, float)]
    task(1, 2, 3, label="x")
    assert len(calls()) == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [(("1",), "takes x as float"), ((1.0, 2.5), "takes n as int"), ((None,), "NoneType")],
)
def test_an_argument_of_another_type_is_refused(store, args, said):
    with pytest.raises(UserError, match=said):
        RecordedTask(half, store)(*args)
    with pytest.raises(UserError, match=said):
        MemoizedTask(half)(*args)
    assert runs(store) == []


def imported(monkeypatch, project, text, name="live"):
    (project / f"{name}.py").write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(project)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return importlib.import_module(name)


LIVE = """
FACTOR = 2
seen = []

def times(x: int) -> int:
    return scaled(x)

def scaled(x):
    return FACTOR * x

def counting(x: int) -> int:
    seen.append(x)
    return len(seen)
"""


def warnings_of(store, run):
    return [line["message"] for line in store.lines(run, ("event",)) if line["level"] == "warning"]


def test_what_was_edited_after_its_import_is_not_taken_for_the_file(store, project, monkeypatch):
    old = imported(monkeypatch, project, LIVE)
    task = RecordedTask(old.times, store)
    (project / "live.py").write_text(LIVE.replace("FACTOR * x", "FACTOR * x + 1"))
    assert task(3) == task(3) == 6
    (state,) = runs(store)
    assert any("edited after it was imported" in said for said in warnings_of(store, state["id"]))
    fresh = imported(monkeypatch, project, LIVE.replace("FACTOR * x", "FACTOR * x + 1"))
    assert RecordedTask(fresh.times, store)(3) == 7
    before = imported(monkeypatch, project, LIVE)
    assert RecordedTask(before.times, store)(3) == 6
    assert len(runs(store)) == 3


@pytest.mark.parametrize("kind", [RecordedTask, MemoizedTask])
def test_a_global_that_is_put_anew_makes_another_call(store, project, monkeypatch, kind):
    live = imported(monkeypatch, project, LIVE)
    task = kind(live.times, store) if kind is RecordedTask else kind(live.times)
    assert task(3) == 6
    monkeypatch.setattr(live, "FACTOR", 5)
    assert task(3) == 15
    monkeypatch.setattr(live, "FACTOR", 2)
    assert task(3) == 6


def test_a_task_that_changes_what_it_depends_on_is_told_of(store, project, monkeypatch):
    live = imported(monkeypatch, project, LIVE)
    task = RecordedTask(live.counting, store)
    assert [task(0), task(0)] == [1, 2]
    told = [warnings_of(store, state["id"]) for state in runs(store)]
    assert all("changed a value that it depends on" in said for (said,) in told)


def head(source: Path, lines: int = 1) -> str:
    return "".join(source.read_text().splitlines(True)[:lines])


def listed(folder: str) -> list:
    return sorted(path.name for path in Path(folder).iterdir())


def test_files_that_arguments_name_count_by_their_content(store, project):
    (project / "in.txt").write_text("one\n")
    (project / "data").mkdir()
    read, look = RecordedTask(head, store), RecordedTask(listed, store)
    assert (read(Path("in.txt")), look("data")) == ("one\n", [])
    (project / "in.txt").write_text("two\n")
    (project / "data" / "x").write_text("")
    assert (read(Path("in.txt")), look("data")) == ("two\n", ["x"])
    assert (read(Path("in.txt")), look("data")) == ("two\n", ["x"])
    assert len(runs(store)) == 4
    taken = {(a["name"], a["digest"]) for state in runs(store) for a in state["artifacts"]}
    assert ("in.txt", digest_file(project / "in.txt")) in taken


def rewriting(source: Path) -> str:
    said = source.read_text()
    source.write_text(said + "more\n")
    return said


def test_a_result_of_a_file_that_changed_meanwhile_is_not_used_again(store, project):
    (project / "in.txt").write_text("one\n")
    task = RecordedTask(rewriting, store)
    assert task(Path("in.txt")) == "one\n"
    (project / "in.txt").write_text("one\n")
    assert task(Path("in.txt")) == "one\n"
    assert len(runs(store)) == 2
    assert "changed while it ran" in warnings_of(store, runs(store)[0]["id"])[0]


def test_a_damaged_result_is_computed_again(store, calls, caplog):
    task = RecordedTask(energy, store)
    first = task(1.5)
    (pack,) = (store.root / "packs").rglob("*.pack")
    result = json.dumps({"mean": 4.5}, separators=(",", ":"))[1:-1].encode()
    assert result in pack.read_bytes()
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes().replace(result, result.replace(b"4.5", b"9.5")))
    again = RecordedTask(energy, Store.open(store.root.parent))(1.5)
    assert again["mean"] == first["mean"]
    assert calls() == [1.5, 1.5]
    assert "cannot be read, so it is computed again" in caplog.text
    told = [said for state in runs(store) for said in warnings_of(store, state["id"])]
    assert ["computed again" in said for said in told] == [True]


def outer(n: int) -> int:
    return inner_task(n) + 1


def inner(n: int) -> int:
    return 2 * n


inner_task = RecordedTask(inner)


def test_a_task_inside_of_a_run_is_part_of_it(store, project):
    with Run() as run:
        run.init("mine")
        assert RecordedTask(outer, store)(3) == RecordedTask(outer, store)(3) == 7
    first, second = sorted(runs(store), key=lambda state: state["name"], reverse=True)
    assert (first["name"], first["parent"]) == ("outer", run.id)
    assert (second["name"], second["parent"]) == ("inner", first["id"])
    made = {state["name"]: a["digest"] for state in (first, second) for a in state["artifacts"]
            if a["name"] == "result"}  # fmt: skip
    mine = store.index().state(run.id)
    assert {(a["category"], a["digest"]) for a in mine["artifacts"] if "outer" in a["name"]} == {
        ("input", made["outer"])
    }
    assert ("input", made["inner"]) in {(a["category"], a["digest"]) for a in first["artifacts"]}
    assert RecordedTask(outer, store)(4) == 9
    assert (
        next(s for s in runs(store) if s["params"] == {"n": 4} and s["name"] == "outer").get(
            "parent"
        )
        is None
    )


LOAD = {"data": {"loader": "numpy", "glob_str": "*.npy"}}


def mean_of_mesh(times: float) -> float:
    manager = DataManager(".", load_cfg=LOAD, out_dir=False)
    manager.load_from_cfg()
    return float(np.mean(manager["data/mesh"])) * times


def test_a_result_is_not_taken_for_that_of_a_file_that_it_was_not_made_from(store, project):
    np.save("mesh.npy", np.arange(3.0))
    task = RecordedTask(mean_of_mesh, store)
    assert [task(2.0), task(2.0)] == [2.0, 2.0]
    assert len(runs(store)) == 1
    np.save("mesh.npy", np.full(3, 4.0))
    assert [task(2.0), task(2.0)] == [8.0, 8.0]
    assert len(runs(store)) == 2
    said = [e["message"] for s in runs(store) for e in store.lines(s["id"], ("event",))]
    assert said == ["mesh.npy changed since it was read"]
    np.save("mesh.npy", np.arange(3.0))
    assert task(2.0) == 2.0  # the older run's result
    (project / "mesh.npy").unlink()
    assert task(2.0) == 8.0
    assert len(runs(store)) == 2


def test_what_a_task_has_read_is_an_input_of_the_run_around_it_too(store, project):
    np.save("mesh.npy", np.arange(3.0))
    (project / "a.txt").write_text("a")
    task, length = RecordedTask(mean_of_mesh, store), RecordedTask(length_of, store)
    task(2.0)  # kept from here on
    with Run(store) as run:
        run.init("outer")
        task(2.0)
        task(3.0)
        length("a.txt")
    facts = store.index().state(run.id)["artifacts"]
    paths = [fact.get("path") for fact in facts if fact["category"] == "input"]
    assert sorted(filter(None, paths)) == ["a.txt", "mesh.npy"]


def length_of(path: str) -> int:
    return len(Path(path).read_text())


def test_a_text_that_is_no_path_names_nothing(store, calls, monkeypatch):
    monkeypatch.chdir(store.project)
    for text in ("x" * 300, "a/" * 1500, "/proc/self/mem", "~", "/"):
        for task in (RecordedTask(_told, store), MemoizedTask(_told)):
            assert task(text) == task(text) == len(text)
    assert len(calls()) == 2 * 5


def _told(text: str) -> int:
    _log.warning("%r", text)
    return len(text)


def test_a_large_folder_is_not_walked_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("whence.runs.input.MOST_SEEN", 5)
    for name in ("a", "b", "c", "d/e"):
        (tmp_path / name).mkdir(parents=True)
    small = digest_folder(tmp_path, digest_file)
    (tmp_path / "d" / "e" / "f").mkdir()
    large = digest_folder(tmp_path, digest_file)
    assert small != large
    (tmp_path / "d" / "e" / "f" / "file").write_text("deep")
    assert digest_folder(tmp_path, digest_file) == large
    (tmp_path / "file").write_text("here")
    assert digest_folder(tmp_path, digest_file) != large


def test_a_file_that_cannot_be_read_goes_by_size_and_time(tmp_path):
    def refused(path):
        raise PermissionError(13, "no", str(path))

    def look():
        return named_inputs(["secret", "folder"], tmp_path, tmp_path, refused)

    (tmp_path / "folder").mkdir()
    for name in ("secret", "folder/secret"):
        (tmp_path / name).write_text("x")
    before = look()
    assert before.keys() == {"secret", "folder"}
    assert look() == before
    for name in ("secret", "folder/secret"):
        (tmp_path / name).write_text("xy")
    after = look()
    assert all(before[name] != after[name] for name in before)
