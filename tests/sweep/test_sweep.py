import functools
import multiprocessing
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from whence.base.error import UserError
from whence.base.yaml import read
from whence.params import ParamDim, ParamSpace, yaml_tags
from whence.records import RecordStoreView
from whence.sweep import SweepOptions, sweep, sweep_status
from whence.sweep.scheme import read_space

SPACE = """\
parameter_space: !pspace
  seed: !pdim {default: 0, values: [1, 2, 3]}
  model: {rate: !pdim {default: 1.0, values: [0.5, 1.5]}, steps: 10}
"""
SIMULATION = """\
import physics

def simulate(out_dir, *, seed, model):
    print(f"seed {seed}")
    result = physics.run(seed, **model)
    (out_dir / "data.txt").write_text(f"{result}\\n")
    (out_dir / "sub").mkdir()
    (out_dir / "sub" / "log.txt").write_text("done\\n")
"""
PHYSICS = "def run(seed, rate, steps):\n    return seed * rate * steps\n"


@pytest.fixture
def model(project):
    (project / "space.yml").write_text(SPACE)
    (project / "simulate.py").write_text(SIMULATION)
    (project / "physics.py").write_text(PHYSICS)
    return project


def run(store, target="simulate.py:simulate", space="space.yml", name="first", **options):
    news = []
    found = SweepOptions(workers=2, **options)
    result = sweep(target, space, store=store, name=name, options=found, progress=news.append)
    return result, news


def states(store, status=None, kind="run"):
    found = map(store.index().state, store.index().ids(kind))
    return [state for state in found if status in (None, state["status"])]


def output(store, run):
    return "".join(line["text"] for line in store.lines(run, ("out",)))


def test_every_point_is_a_run_on_record(store, model):
    result, news = run(store, tags=("trial",))
    points = [point.state_str for point in read_space("space.yml").points()]
    assert len(points) == 6
    assert sorted(result.done) == sorted(result.runs) == sorted(points)
    assert (result.skipped, result.failed, result.why) == ((), {}, {})
    assert repr(result) == f"<SweepResult {result.id}: 6 run; output in {result.out}>"
    folders = sorted(path.name for path in (model / "runs" / "first").iterdir())
    assert folders == ["pspace.yml", *sorted(f"sim_{state}" for state in result.runs)]
    for state, id_ in result.runs.items():
        record = store.index().state(id_)
        assert record["name"] == f"first/sim_{state}"
        assert record["folder"] == "/first"
        assert record["parent"] == result.id
        assert record["point"]["state"] == int(state)
        assert record["dir"] == f"runs/first/sim_{state}"
        assert record["tags"] == ["trial"]
        assert record["status"] == "completed"
        seed, rate = record["params"]["seed"], record["params"]["model"]["rate"]
        assert record["point"]["coords"] == {"seed": seed, "rate": rate}
        text = (model / record["dir"] / "data.txt").read_text()
        assert text == f"{seed * rate * 10}\n"
        assert output(store, id_) == f"seed {seed}\n"
        named = {(a["category"], a["name"]) for a in record["artifacts"]}
        assert named == {
            ("code", "simulate.py"),
            ("code", "physics.py"),
            ("input", "space.yml"),
            ("output", "data.txt"),
            ("output", "sub/log.txt"),
        }
    (own,) = states(store, kind="sweep")
    assert own["status"] == "completed"
    assert own["params"]["model"]["steps"] == 10
    assert read(model / "runs/first/pspace.yml", yaml_tags()).value.volume == 6
    assert [step.status for step in news].count("started") == 6
    assert [step.ended for step in news if step.status == "completed"] == [1, 2, 3, 4, 5, 6]
    assert {step.total for step in news} == {6}


def test_the_workers_make_few_files(store, model):
    run(store)
    journals = list((store.root / "journals").rglob("*.jsonl"))
    main = [path for path in journals if not path.name.endswith(".metrics.jsonl")]
    assert len(main) <= 3  # the parent and two workers, each with metrics if it took long enough
    assert len(journals) <= 6


def test_done_points_are_not_run_again(store, model):
    first, _ = run(store)
    second, news = run(store)
    assert second.runs == first.runs
    assert second.done == ()
    assert set(second.skipped) == set(first.runs)
    assert {step.status for step in news} == {"skipped"}
    third, _ = run(store, again=True)
    assert set(third.done) == set(first.runs)
    assert set(third.why.values()) == {"asked to run again"}
    for state, id_ in first.runs.items():
        moved = model / "runs" / "first" / "earlier" / id_
        assert (moved / "data.txt").is_file()
        assert store.index().state(id_)["dir"] == f"runs/first/earlier/{id_}"
        assert third.runs[state] != id_


def test_an_edit_of_imported_code_runs_the_points_again_and_says_so(store, model):
    run(store)
    (model / "physics.py").write_text(PHYSICS.replace("* steps", "* steps + 1"))
    result, _ = run(store)
    assert len(result.done) == 6
    assert set(result.why.values()) == {"physics.py changed"}
    record = store.index().state(result.runs[result.done[0]])
    seed, rate = record["params"]["seed"], record["params"]["model"]["rate"]
    assert (model / record["dir"] / "data.txt").read_text() == f"{seed * rate * 10 + 1}\n"


def test_a_changed_constant_and_a_new_value_run_only_what_is_new(store, model):
    run(store)
    (model / "space.yml").write_text(SPACE.replace("steps: 10", "steps: 20"))
    result, _ = run(store)
    assert set(result.why.values()) == {"parameter model.steps changed from 10 to 20"}
    (model / "space.yml").write_text(SPACE.replace("[0.5, 1.5]", "[0.5, 1.5, 2.5]"))
    result, _ = run(store)
    assert len(result.skipped) == 6
    assert len(result.done) == 3
    for state, id_ in result.runs.items():
        record = store.index().state(id_)
        text = (model / "runs/first" / f"sim_{state}" / "data.txt").read_text()
        assert text == f"{record['params']['seed'] * record['params']['model']['rate'] * 10}\n"


def test_a_point_that_raises_is_recorded_and_the_others_go_on(store, model):
    (model / "physics.py").write_text(
        PHYSICS.replace("return", "if seed == 2: raise ValueError('too cold')\n    return")
    )
    result, _ = run(store)
    assert len(result.done) == 4
    assert len(result.failed) == 2
    assert "2 failed" in repr(result)
    for state, message in result.failed.items():
        assert message == "ValueError: too cold"
        record = store.index().state(result.runs[state])
        assert record["status"] == "failed"
        assert "physics.py" in record["error"]["traceback"]
        assert output(store, record["id"]) == "seed 2\n"
    (own,) = states(store, kind="sweep")
    assert own["status"] == "failed"
    assert own["error"]["message"] == "2 of 6 points did not complete"
    again, _ = run(store)
    assert set(again.failed) == set(result.failed)
    assert set(again.why.values()) == {"it was left failed"}
    (model / "physics.py").write_text(PHYSICS)
    mended, _ = run(store)
    assert (len(mended.done), mended.failed) == (6, {})


@pytest.mark.parametrize(
    "crash",
    [
        "os._exit(3)",
        "os.kill(os.getpid(), 9)",
        "import faulthandler; faulthandler.disable(); os.abort()",
    ],
)
def test_a_worker_that_dies_fails_its_point_and_no_other(store, model, crash):
    (model / "physics.py").write_text(
        f"import os, time\ndef run(seed, rate, steps):\n    time.sleep(0.05)\n"
        f"    if seed == 2 and rate == 0.5:\n        {crash}\n    return seed * rate * steps\n"
    )
    result, _ = run(store)
    assert len(result.done) == 5
    ((state, message),) = result.failed.items()
    assert "worker process died" in message
    record = store.index().state(result.runs[state])
    assert record["status"] == "failed"
    assert record["params"]["model"]["rate"] == 0.5
    assert len(states(store, "completed")) == 5
    assert states(store, "running") == []


def test_missing_output_is_restored_and_edited_output_kept_aside(store, model):
    first, _ = run(store)
    one, two = sorted(first.runs)[:2]
    out = model / "runs" / "first"
    original = (out / f"sim_{two}" / "data.txt").read_text()
    shutil.rmtree(out / f"sim_{one}")
    (out / f"sim_{two}" / "data.txt").write_text("edited\n")
    standing = sweep_status("simulate.py:simulate", "space.yml", store=store, name="first")
    assert {p.state: p.message for p in standing.points if p.message} == {
        one: "output data.txt is missing and 1 more; would be restored",
        two: "output data.txt changed; would be restored",
    }
    second, _ = run(store)
    assert second.runs == first.runs
    assert second.done == ()
    assert second.why == {
        one: "output data.txt is missing and 1 more; was restored",
        two: "output data.txt changed; was restored; the edited file is in "
        f"runs/first/earlier/{first.runs[two]}/data.txt",
    }
    assert (out / f"sim_{one}" / "sub" / "log.txt").read_text() == "done\n"
    assert (out / f"sim_{two}" / "data.txt").read_text() == original
    assert (out / "earlier" / first.runs[two] / "data.txt").read_text() == "edited\n"


def test_output_that_cannot_be_restored_is_made_again(store, model):
    (model / "physics.py").write_text(
        "def run(seed, rate, steps):\n    return str(seed) * 100_000\n"
    )
    first, _ = run(store)
    one, two = sorted(first.runs)[:2]
    out = model / "runs" / "first"
    kept = {a["name"]: a["kept"] for a in store.index().state(first.runs[one])["artifacts"]}[
        "data.txt"
    ]
    (out / f"sim_{one}" / "data.txt").unlink()
    with open(out / f"sim_{two}" / "data.txt", "a") as file:
        file.write("edited\n")
    second, _ = run(store)
    if kept == "reference":
        assert set(second.done) == {one, two}
        assert second.why == {
            one: "output data.txt is missing",
            two: "output data.txt changed; the edited file is in "
            f"runs/first/earlier/{first.runs[two]}/data.txt",
        }
        moved = out / "earlier" / first.runs[two] / "data.txt"
        assert moved.read_text().endswith("edited\n")
    else:
        assert second.done == ()


def test_another_sweep_of_the_same_work_takes_over_what_is_done(store, model):
    first, _ = run(store)
    second, _ = run(store, name="second")
    assert second.runs == first.runs
    assert second.done == ()
    for state in second.runs:
        assert (model / "runs" / "second" / f"sim_{state}" / "sub" / "log.txt").is_file()


def simulate_here(out_dir, x, y=0):
    (out_dir / "pid").write_text(str(os.getpid()))
    print("x is", x)


SMALL = ParamSpace({"x": ParamDim(default=0, values=[1, 2, 3])})


def test_a_function_is_a_target_too(store):
    result, _ = run(store, simulate_here, SMALL)
    assert len(result.done) == 3
    pids = {(result.out / f"sim_{state}" / "pid").read_text() for state in result.runs}
    assert str(os.getpid()) not in pids
    record = store.index().state(result.runs[result.done[0]])
    assert record["target"].endswith("test_sweep.py:simulate_here")
    again, _ = run(store, simulate_here, SMALL)
    assert again.done == ()


def test_an_executor_of_the_callers_is_used(store):
    with ThreadPoolExecutor(2) as threads:
        result, _ = run(store, simulate_here, SMALL, executor=threads)
    assert len(result.done) == 3
    pids = {(result.out / f"sim_{state}" / "pid").read_text() for state in result.runs}
    assert pids == {str(os.getpid())}
    (event,) = store.lines(result.runs["1"], ("event",))
    assert "not captured" in event["message"]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as processes:
        other, _ = run(store, "walk.py:walk", SMALL, name="other", executor=processes)
    assert len(other.done) == 3
    assert output(store, other.runs["1"]) == "walked 1\n"


@pytest.fixture(autouse=True)
def walk(project):
    (project / "walk.py").write_text("def walk(out_dir, x):\n    print('walked', x)\n")


def test_a_command_is_filled_in_and_recorded(store, model):
    (model / "solve.py").write_text(
        "import sys, yaml\n"
        "seed, rate, out, params = sys.argv[1:]\n"
        "assert yaml.safe_load(open(params))['model']['steps'] == 10\n"
        "open(out + '/y.txt', 'w').write(seed + ' ' + rate)\n"
        "print('solved', seed)\n"
    )
    command = [sys.executable, "solve.py", "{seed}", "{model.rate:.2f}", "{out}", "{params_file}"]
    result, _ = run(store, command)
    assert len(result.done) == 6
    record = store.index().state(result.runs[result.done[0]])
    assert record["command"] == command
    assert record["target"] == command
    text = (model / record["dir"] / "y.txt").read_text()
    assert text == f"{record['params']['seed']} {record['params']['model']['rate']:.2f}"
    assert output(store, record["id"]) == f"solved {record['params']['seed']}\n"
    assert {a["name"] for a in record["artifacts"] if a["category"] == "output"} == {
        "y.txt",
        "params.yml",
    }
    assert run(store, command)[0].done == ()
    (model / "solve.py").write_text((model / "solve.py").read_text() + "# edited\n")
    assert set(run(store, command)[0].why.values()) == {"solve.py changed"}


def test_a_command_that_fails_fails_its_point(store, model):
    result, _ = run(store, ["sh", "-c", "echo bad >&2; test {seed} != 2"])
    assert set(result.failed.values()) == {"exit status 1: bad"}
    assert (len(result.done), len(result.failed)) == (4, 2)
    record = store.index().state(result.runs[next(iter(result.failed))])
    assert (record["status"], record["exit"]) == ("failed", 1)
    assert output(store, record["id"]) == "bad\n"


def test_an_edited_input_runs_the_points_again(store, model):
    (model / "table.csv").write_text("1\n")
    command = ["sh", "-c", "cat table.csv"]
    run(store, command, inputs=("table.csv",))
    (model / "table.csv").write_text("2\n")
    result, _ = run(store, command, inputs=("table.csv",))
    assert set(result.why.values()) == {"input table.csv changed"}


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("simulate.py:simulat", "Did you mean 'simulate'"),
        ("simulate.py:print", "no function 'print'"),
        ("missing.py:f", "no file"),
        (functools.partial(print, 1), "no name"),
        ("broken.py:f", "broken.py:1:"),
        (["sh", "-c", "{sede}"], "Did you mean 'seed'"),
        (["sh", "-c", "{model}"], "{model}"),
        (["no-such-program"], "no program"),
        ([], "no command"),
        (["simulate.py:simulate", "extra"], "stands alone"),
        (lambda out_dir: None, "top level"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_recorded(store, model, target, said):
    (model / "broken.py").write_text("def f(:\n")
    with pytest.raises(UserError) as refused:
        run(store, target)
    assert said in str(refused.value)
    assert store.index().ids() == []
    assert not (model / "runs").exists()


def test_a_space_must_be_there_and_fit(store, model):
    (model / "empty.yml").write_text("parameter_space: {a: 1}\n")
    with pytest.raises(UserError, match="no parameter space"):
        run(store, space="empty.yml")
    with pytest.raises(UserError, match="'a b'"):
        run(store, space=ParamSpace({"a b": ParamDim(default=0, values=[1])}))
    with pytest.raises(UserError, match="cannot name"):
        run(store, name="a/b")
    with pytest.raises(UserError, match="workers"):
        SweepOptions(workers=0)


def test_what_is_left_by_an_unknown_attempt_is_moved_too(store, model):
    left = model / "runs" / "first" / "sim_05"
    left.mkdir(parents=True)
    (left / "precious.txt").write_text("mine\n")
    result, _ = run(store)
    assert result.failed == {}
    (found,) = (model / "runs" / "first").rglob("precious.txt")
    if "05" in result.runs:
        assert found.parts[-3] == "earlier"


def test_a_function_whose_file_was_edited_since_is_told_of(store, model, monkeypatch):
    monkeypatch.syspath_prepend(model)
    import simulate

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    first, _ = run(store, simulate.simulate, name="edited")
    assert list(store.lines(first.id, ("event",))) == []
    (model / "physics.py").write_text(PHYSICS.replace("* steps", "* steps + 1"))
    result, _ = run(store, simulate.simulate, name="edited")
    told = [event["message"] for event in store.lines(result.id, ("event",))]
    assert any("physics.run was edited after it was imported" in said for said in told)
    for name in ("simulate", "physics"):
        sys.modules.pop(name)
    again, _ = run(store, "simulate.py:simulate", name="edited")
    assert set(again.done) == set(again.runs)  # what ran before was the older code


def test_a_mapping_is_a_space_and_anything_else_is_refused(store, model):
    space = {"seed": ParamDim(default=0, values=[1, 2]), "model": {"rate": 1.0, "steps": 1}}
    result, _ = run(store, space=space, name="mapping")
    assert len(result.done) == 2
    for wrong in (3, [1, 2], None):
        with pytest.raises(UserError, match="parameter space is not a"):
            run(store, space=wrong)


def test_points_that_were_invalidated_run_again(store, model):
    run(store)
    RecordStoreView(store).filter.kind("run").limit(2).invalidate()
    second, _ = run(store)
    assert len(second.done) == 2
    assert set(second.why.values()) == {"it was invalidated"}
    assert run(store)[0].done == ()
