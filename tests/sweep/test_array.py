"""Sweeps one point at a time, as job arrays run them, and how their points stand."""

import json
import subprocess
import sys
import textwrap

import pytest

from whence.base.error import UserError
from whence.sweep import SweepOptions, ranges, sweep, sweep_point, sweep_status
from whence.testing.wait import until

SPACE = """\
parameter_space: !pspace
  seed: !sweep
    default: 0
    range: [6]
"""
MODEL = textwrap.dedent(
    """
    import pathlib, time

    def simulate(out_dir, seed):
        (out_dir / "begun").write_text("")
        if seed == 4 and not pathlib.Path("mended").exists():
            raise ValueError("four")
        if seed == 5:
            while pathlib.Path("slow").exists():
                time.sleep(0.05)
        (out_dir / "y.txt").write_text(str(seed))
    """
)
TASK = textwrap.dedent(
    """
    import sys
    from whence.store import Store
    from whence.sweep import sweep_point
    result = sweep_point("sim.py:simulate", "space.yml", int(sys.argv[1]), store=Store.open("."))
    sys.exit(len(result.failed))
    """
)


@pytest.fixture
def model(project, store):
    (project / "space.yml").write_text(SPACE)
    (project / "sim.py").write_text(MODEL)
    return project


def task(index):
    return subprocess.Popen([sys.executable, "-c", TASK, str(index)], stderr=subprocess.PIPE)


def standing(store):
    return [p.status for p in sweep_status("sim.py:simulate", "space.yml", store=store).points]


def test_tasks_of_an_array_share_one_sweep(model, store):
    assert standing(store) == ["missing"] * 6
    assert not (model / "runs").exists()
    tasks = [task(index) for index in range(6)]
    codes = [one.wait(300) for one in tasks]
    errors = [one.stderr.read().decode() for one in tasks]
    [one.stderr.close() for one in tasks]
    assert codes == [0, 0, 0, 0, 1, 0], errors
    assert standing(store) == ["done"] * 4 + ["failed", "done"]
    (sweep_run,) = store.index().ids("sweep")
    points = [store.index().state(run) for run in store.index().ids("run")]
    assert {point["parent"] for point in points} == {sweep_run}
    assert store.index().state(sweep_run)["status"] == "running"
    assert (model / "runs/sim/pspace.yml").is_file()

    (model / "mended").touch()
    again = task(4)
    assert (again.wait(300), again.stderr.close()) == (0, None)
    assert standing(store) == ["done"] * 6
    state = store.index().state(sweep_run)
    assert (state["status"], state["progress"]) == ("completed", 1.0)
    assert store.index().ids("sweep") == [sweep_run]


def test_a_sweep_that_a_killed_task_did_not_put_on_record_is_by_the_next(model, store):
    sweep_point("sim.py:simulate", "space.yml", 0, store=store)
    (claim,) = (model / "runs/sim").glob(".sweep-*")
    claim.write_text("20261121T000000abcdefg")  # killed before it could say a word of it
    sweep_point("sim.py:simulate", "space.yml", 1, store=store)
    state = store.index().state("20261121T000000abcdefg")
    assert (state["kind"], state["name"], state["status"]) == ("sweep", "sim", "running")


def test_a_point_that_is_done_is_not_run_again_but_by_request(model, store):
    first = sweep_point("sim.py:simulate", "space.yml", 2, store=store)
    again = sweep_point("sim.py:simulate", "space.yml", 2, store=store)
    assert (first.done, first.skipped) == (("3",), ())
    assert (again.done, again.skipped, again.runs) == ((), ("3",), first.runs)
    asked = SweepOptions(again=True)
    assert sweep_point("sim.py:simulate", "space.yml", 2, store=store, options=asked).done == ("3",)
    (model / "runs/sim/sim_3/y.txt").unlink()
    restored = sweep_point("sim.py:simulate", "space.yml", 2, store=store)
    assert restored.skipped == ("3",)
    assert (model / "runs/sim/sim_3/y.txt").read_text() == "2"


def test_what_is_running_is_not_run_twice(model, store):
    (model / "slow").touch()
    (model / "mended").touch()
    running = task(5)
    begun = model / "runs/sim/sim_6/begun"
    until(begun.exists)
    assert standing(store)[5] == "running"
    with pytest.raises(UserError, match="running"):
        sweep_point("sim.py:simulate", "space.yml", 5, store=store)
    with pytest.raises(UserError, match=r"point 5 \(state 6\) of"):
        sweep("sim.py:simulate", "space.yml", store=store)
    sweep_point("sim.py:simulate", "space.yml", 0, store=store)
    running.kill()
    running.communicate()
    until(lambda: standing(store)[5] == "lost")
    (model / "slow").unlink()
    whole = sweep("sim.py:simulate", "space.yml", store=store)
    assert (len(whole.done), len(whole.skipped)) == (5, 1)
    assert [store.index().state(run)["status"] for run in store.index().ids("sweep")] == [
        "completed",
        "completed",
    ]


def test_an_edit_makes_points_missing_and_why_is_told(model, store):
    (model / "mended").touch()
    sweep("sim.py:simulate", "space.yml", store=store)
    (model / "sim.py").write_text(MODEL + "# more\n")
    told = sweep_status("sim.py:simulate", "space.yml", store=store)
    assert told.counts == {"missing": 6}
    assert {point.message for point in told.points} == {"sim.py changed"}
    assert json.loads(json.dumps(told.as_dict()))["to_run"] == "0-5"


@pytest.mark.parametrize("index", [6, -1, 10**9])
def test_there_is_no_such_point(model, store, index):
    with pytest.raises(UserError, match="6 points"):
        sweep_point("sim.py:simulate", "space.yml", index, store=store)
    assert store.index().ids() == []


def test_ranges():
    assert ranges([]) == ""
    assert ranges([3]) == "3"
    assert ranges([9, 0, 1, 2, 7, 10]) == "0-2,7,9-10"


def test_functions_of_a_point_tell_progress_and_know_their_run(project, store):
    import sim_of_test_array as module

    result = sweep(module.simulate, space(), store=store, name="s")
    assert result.failed == {}
    for run in result.runs.values():
        state = store.index().state(run)
        assert (state["progress"], state["events"]) == (0.5, 1)


def test_an_alert_in_a_point_ends_that_point_and_no_other(project, store, monkeypatch):
    """The function's own `Run()` does not have the run; its worker ends it."""
    import sim_of_test_array as module

    monkeypatch.setattr("whence.runs.keeper.LOOK", 0.05)
    result = sweep(module.heat, space(), store=store, name="s")
    assert result.done == ("1",)
    (failed,) = result.failed
    states = {
        str(s["point"]["state"]): s for s in map(store.index().state, store.index().ids("run"))
    }
    assert states["1"]["status"] == "completed"
    assert states[failed]["status"] == "terminated"
    assert states[failed]["error"]["message"] == "the alert 'hot' is critical"


def space():
    from whence.params import ParamDim, ParamSpace

    return ParamSpace({"seed": ParamDim(default=0, values=[1, 2])})


@pytest.fixture(autouse=True)
def module(project, monkeypatch):
    (project / "sim_of_test_array.py").write_text(
        "from whence.runs import Run\n"
        "def simulate(out_dir, seed):\n"
        "    print('!!map {progress: 0.5}')\n"
        "    with Run() as run:\n"
        "        run.log_event(f'seed {seed}')\n"
        "def heat(out_dir, seed):\n"
        "    import time\n"
        "    run = Run()\n"
        "    run.create_metric_threshold_alert(name='hot', metric='T', threshold=1.5,\n"
        "                                      rule='is above', trigger_abort=True)\n"
        "    run.log_metrics({'T': seed})\n"
        "    end = time.monotonic() + 120\n"
        "    while run.ended and time.monotonic() < end: time.sleep(0.01)\n"
    )
    monkeypatch.syspath_prepend(project)
    yield
    sys.modules.pop("sim_of_test_array", None)
