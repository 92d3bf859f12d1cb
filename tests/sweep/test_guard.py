"""A point is done only for the code, data and setting that it ran with."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from whence.params import ParamDim
from whence.sweep import SweepOptions, sweep, sweep_status

PROGRAM = """
import os, sys
seed, words = sys.argv[1], sys.argv[2:]
for word in words:
    if os.path.isfile(word):
        print(open(word).read())
    elif os.path.isdir(word):
        print(sorted(os.listdir(word)))
"""
SEEDS = {"seed": ParamDim(default=0, values=[1, 2])}


@pytest.fixture
def solver(project):
    (project / "solve.py").write_text(PROGRAM)
    return project


def run(store, *words, space=SEEDS, workers=1, **options):
    options = SweepOptions(workers=workers, **options)
    command = [sys.executable, "-B", "solve.py", "{seed}", *words]
    return sweep(command, space, store=store, name="first", options=options)


def why(result):
    return set(result.why.values())


def messages(store, run):
    return [event["message"] for event in store.lines(run, ("event",))]


def test_files_that_words_name_with_parameters_filled_in_count(store, solver):
    for seed in (1, 2):
        (solver / f"in_{seed}.dat").write_text(f"{seed}\n")
    first = run(store, "in_{seed}.dat")
    assert len(run(store, "in_{seed}.dat").skipped) == 2
    (solver / "in_2.dat").write_text("3\n")
    again = run(store, "in_{seed}.dat")
    assert (again.done, again.skipped) == (("2",), ("1",))
    assert why(again) == {"input in_2.dat changed"}
    record = store.index().state(first.runs["1"])
    assert record["inputs"].keys() == {"in_1.dat"}
    assert [a["name"] for a in record["artifacts"] if a["category"] == "input"] == ["in_1.dat"]


@pytest.mark.parametrize("changed", ["in_2.dat", "solve.py", "mesh/deep", "beside.py"])
def test_what_a_text_for_a_shell_names_counts_as_words_of_the_command_do(store, solver, changed):
    (solver / "mesh").mkdir()
    (solver / "beside.py").write_text("")
    (solver / "solve.py").write_text("import beside\n" + PROGRAM)
    for seed in (1, 2):
        (solver / f"in_{seed}.dat").write_text(f"{seed}\n")
    text = (
        f"{sys.executable} -B solve.py {{seed}} <in_{{seed}}.dat 'mesh' 2>&1 >> {{out}}/o |tee log"
    )

    def swept():
        command = ["sh", "-ec", f"{text}; echo {{seed}} >>all.txt"]
        return sweep(command, SEEDS, store=store, name="s", options=SweepOptions(workers=1))

    assert len(swept().done) == 2
    assert len(swept().skipped) == 2
    (solver / changed).write_text("x = 1\n")
    done = {"in_2.dat": 1, "solve.py": 2, "mesh/deep": 2, "beside.py": 2}[changed]
    again = swept()
    assert (len(again.done), len(again.skipped)) == (done, 2 - done)
    (told,) = why(again)
    assert changed.split("/")[0] in told


def test_what_a_text_for_python_imports_counts(store, solver):
    (solver / "model.py").write_text("rate = 1\n")

    def swept():
        text = "import model; print(model.rate, f'{{3}}', '{seed:.1f}')"
        return sweep([sys.executable, "-Bc", text], SEEDS, store=store, name="s")

    assert len(swept().done) == 2
    assert len(swept().skipped) == 2
    (solver / "model.py").write_text("rate = 2\n")
    assert why(swept()) == {"model.py changed"}


def test_files_that_parameters_of_a_function_name_count(store, project):
    (project / "model.py").write_text(
        "def model(out, *, data):\n    (out / 'x').write_text(open(data).read())\n"
    )
    for name in "ab":
        (project / f"{name}.txt").write_text(name)
    space = {"data": ParamDim(default="a.txt", values=["a.txt", "b.txt"])}

    def swept():
        return sweep("model.py:model", space, store=store, name="m")

    assert len(swept().done) == 2
    assert len(swept().skipped) == 2
    (project / "b.txt").write_text("c")
    assert why(swept()) == {"input b.txt changed"}


def test_folders_that_words_name_count_by_what_is_in_them(store, solver, tmp_path):
    data = solver / "mesh"
    (data / "deep").mkdir(parents=True)
    run(store, "mesh")
    assert len(run(store, "mesh").skipped) == 2
    (data / "deep" / "new").write_text("x")
    assert why(run(store, "mesh")) == {"input mesh changed"}


@pytest.mark.parametrize("how", ["named", "linked", "given"])
def test_folders_outside_of_the_project_count_if_they_are_linked_or_given(
    store, solver, tmp_path, how
):
    data = tmp_path / "elsewhere"
    data.mkdir()
    (solver / "link").symlink_to(data)
    words = ("link",) if how == "linked" else (str(data),)
    inputs = (str(data),) if how == "given" else ()
    first = run(store, *words, inputs=inputs)
    assert [messages(store, id_) for id_ in first.runs.values()] == [[], []]
    assert len(run(store, *words, inputs=inputs).skipped) == 2
    (data / "new").write_text("x")
    again = run(store, *words, inputs=inputs)
    assert why(again) == (set() if how == "named" else {f"input {data} changed"})
    assert len(again.skipped) == (2 if how == "named" else 0)


def test_the_working_directory_of_a_command_counts(store, solver, monkeypatch):
    (solver / "sub").mkdir()
    (solver / "sub" / "solve.py").write_text(PROGRAM)
    program = str(solver / "solve.py")

    def swept():
        options = SweepOptions(workers=1)
        command = [sys.executable, program, "{seed}"]
        return sweep(command, SEEDS, store=store, name="first", options=options)

    swept()
    assert len(swept().skipped) == 2
    monkeypatch.chdir(solver / "sub")
    assert why(swept()) == {"the working directory changed from '.' to 'sub'"}
    assert len(swept().skipped) == 2


def test_variables_count_if_they_are_chosen(store, solver, monkeypatch):
    monkeypatch.setenv("SOLVER_TOL", "1e-3")
    run(store, variables=("SOLVER_*",))
    assert len(run(store, variables=("SOLVER_*",)).skipped) == 2
    monkeypatch.setenv("SOLVER_TOL", "1e-4")
    again = run(store, variables=("SOLVER_*",))
    assert why(again) == {"$SOLVER_TOL changed from '1e-3' to '1e-4'"}
    monkeypatch.setenv("SOLVER_TOL", "1e-5")
    monkeypatch.delenv("SOLVER_TOL")
    assert len(run(store).done) == 2


WRITER = """
import sys
name = sys.argv[2]
open(name, "a").write(sys.argv[1])
"""


def test_what_a_program_makes_itself_is_no_input(store, project):
    (project / "solve.py").write_text(WRITER)
    first = run(store, "out_{seed}.txt")
    assert len(first.done) == 2
    assert store.index().state(first.runs["1"])["wrote"].keys() == {"out_1.txt"}
    assert len(run(store, "out_{seed}.txt").skipped) == 2
    run(store, "log.txt", again=True)
    assert len(run(store, "log.txt").skipped) == 2


STATEFUL = """
import os, sys
name = sys.argv[2]
if not os.path.isfile(name):
    open(name, "w").write("made here")
print(open(name).read())
"""


@pytest.mark.parametrize("name", ["state.dat", "state_{seed}.dat"])
def test_what_a_program_made_is_an_input_once_somebody_wrote_to_it(store, project, name):
    (project / "solve.py").write_text(STATEFUL)
    file = project / name.format(seed=1)
    run(store, name)
    assert len(run(store, name).skipped) == 2
    file.write_text("edited")
    again = run(store, name)
    assert "1" in again.done
    record = store.index().state(again.runs["1"])
    assert file.name in {**record["inputs"], **record["code"]["files"]}
    assert len(run(store, name).skipped) == 2
    file.write_text("edited again")
    assert "1" in run(store, name).done


REMOVING = """
import os, sys
print(os.path.exists("in.dat") and open("in.dat").read())
if sys.argv[1] == "1":
    os.remove("in.dat")
"""


def test_a_point_that_misses_its_input_is_not_taken_for_done(store, project):
    (project / "solve.py").write_text(REMOVING)
    (project / "in.dat").write_text("data")
    first = run(store, "in.dat")
    told = messages(store, first.runs["2"])
    assert any("in.dat changed after the sweep began" in message for message in told)
    (project / "in.dat").write_text("data")
    assert run(store, "in.dat").done == ("2",)


def test_an_input_that_changes_while_a_point_runs_is_told_of(store, project):
    (project / "solve.py").write_text(WRITER)
    (project / "in_1.txt").write_text("mine")
    result = run(store, "in_{seed}.txt")
    assert store.index().state(result.runs["1"])["status"] == "completed"
    assert any("in_1.txt changed while it ran" in m for m in messages(store, result.runs["1"]))
    assert run(store, "in_{seed}.txt").done == ("1",)


SELF_EDITING = """
import law, pathlib, sys
print(law.rate)
pathlib.Path("law.py").write_text("rate = 2  # edited while the sweep goes on\\n")
"""


def test_points_that_ran_with_code_of_later_are_not_taken_for_done(store, project):
    (project / "solve.py").write_text(SELF_EDITING)
    (project / "law.py").write_text("rate = 1\n")
    first = run(store)
    assert messages(store, first.runs["1"]) == []
    assert any(
        "law.py changed after the sweep began" in m for m in messages(store, first.runs["2"])
    )
    (project / "law.py").write_text("rate = 1\n")
    assert run(store).skipped == ("1",)


def test_a_module_that_this_process_has_imported_before_is_not_taken_for_the_file(store, project):
    (project / "model.py").write_text(
        "import law_of_model\ndef model(out, *, seed):\n"
        "    (out / 'x').write_text(str(law_of_model.rate()))\n"
    )
    law = project / "law_of_model.py"
    law.write_text("def rate():\n    return 1\n")

    def swept():
        with ThreadPoolExecutor(1) as executor:
            options = SweepOptions(executor=executor)
            return sweep("model.py:model", SEEDS, store=store, name="m", options=options)

    try:
        swept()
        law.write_text("def rate():\n    return 2\n")
        old = swept()
        assert all("changed after it was loaded" in messages(store, run)[-1]
                   for run in old.runs.values())  # fmt: skip
    finally:
        sys.modules.pop("law_of_model")
    assert len(swept().done) == 2


READS = """
import whence

def read(out, *, n):
    manager = whence.DataManager(".", load_cfg=LOAD, out_dir=False)
    manager.load_from_cfg()
    (out / "mean.txt").write_text(str(float(manager[f"data/{n}"][...].mean())))

LOAD = {"data": {"loader": "numpy", "glob_str": "data/*.npy"}}
"""


@pytest.fixture
def reader(project):
    """A function that reads a file which no parameter names; gives a sweep over two of them."""
    (project / "read.py").write_text(READS)
    (project / "data").mkdir()
    for n in (1, 2):
        np.save(project / f"data/{n}.npy", np.arange(n))
    space = project / "space.yml"
    space.write_text("!pspace\nn: !pdim {default: 1, values: [1, 2]}\n")
    options = SweepOptions(workers=1)
    return lambda: sweep("read.py:read", space, name="r", options=options)


def test_files_that_a_point_was_heard_to_read_count(store, project, reader):
    assert len(reader().done) == 2
    assert len(reader().skipped) == 2
    np.save(project / "data/2.npy", np.ones(2))
    again = reader()
    assert (again.done, again.skipped) == (("2",), ("1",))
    assert why(again) == {"data/2.npy changed since it was read"}
    assert (project / "runs/r/sim_2/mean.txt").read_text() == "1.0"
    np.save(project / "data/2.npy", np.arange(2))  # as it was: what it made is put back
    assert len(reader().skipped) == 2
    assert (project / "runs/r/sim_2/mean.txt").read_text() == "0.5"


def test_the_plan_says_so(store, project, reader):
    reader()
    np.save(project / "data/1.npy", np.ones(2))
    status = sweep_status("read.py:read", project / "space.yml", store=store, name="r")
    assert {p.state: (p.status, p.message) for p in status.points} == {
        "1": ("missing", "data/1.npy changed since it was read"),
        "2": ("done", ""),
    }


def test_files_that_are_gone_and_new_points_change_nothing(store, project, reader):
    reader()
    (project / "data/1.npy").unlink()
    np.save(project / "data/3.npy", np.arange(3))
    (project / "space.yml").write_text("!pspace\nn: !pdim {default: 1, values: [1, 2, 3]}\n")
    assert (reader().done, len(reader().skipped)) == (("3",), 3)


def test_files_that_a_point_saves_as_inputs_count(store, project):
    (project / "m.py").write_text(
        "import whence\n"
        "def m(out, *, n):\n"
        "    run = whence.Run().reconnect()\n"
        "    run.save_file('mesh.txt', 'input')\n"
    )
    (project / "mesh.txt").write_text("a")
    (project / "space.yml").write_text("!pspace\nn: !pdim {default: 1, values: [1, 2]}\n")

    def swept():
        return sweep("m.py:m", "space.yml", store=store, name="m")

    assert len(swept().done) == 2
    assert len(swept().skipped) == 2
    (project / "mesh.txt").write_text("b")
    assert why(swept()) == {"mesh.txt changed since it was read"}


def test_files_that_a_task_in_a_point_has_read_count(store, project):
    (project / "t.py").write_text(
        "import whence\n"
        "@whence.RecordedTask\n"
        "def mean(n: int) -> float:\n"
        "    load = {'data': {'loader': 'numpy', 'glob_str': '*.npy'}}\n"
        "    manager = whence.DataManager('.', load_cfg=load, out_dir=False)\n"
        "    manager.load_from_cfg()\n"
        "    return float(manager['data/mesh'][...].mean())\n"
        "def t(out, *, n):\n"
        "    (out / 'mean.txt').write_text(str(mean(1)))\n"
    )
    np.save(project / "mesh.npy", np.arange(3))

    def swept():
        space = {"n": ParamDim(default=1, values=[1, 2])}
        return sweep("t.py:t", space, store=store, name="t", options=SweepOptions(workers=1))

    assert len(swept().done) == 2
    assert len(swept().skipped) == 2
    np.save(project / "mesh.npy", np.ones(3))
    again = swept()
    assert why(again) == {"mesh.npy changed since it was read"}
    assert [(project / f"runs/t/sim_{n}/mean.txt").read_text() for n in (1, 2)] == ["1.0"] * 2
