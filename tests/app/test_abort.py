"""Asking runs to end: which are asked, and what is on record of it."""

import time

import pytest

from whence.app import abort_runs, chosen_runs
from whence.app.client import Client
from whence.base.error import UserError
from whence.runs import Run
from whence.store import Store, collect
from whence.testing.sweeping import begun, started

SWEEP = """
import sys
from whence.runs import keeper
keeper.LOOK = 0.05
from whence.store import Store
from whence.sweep import SweepOptions, sweep, sweep_point
how = {"store": Store.open("."), "name": "s"}
target, space = sys.argv[2:], "space.yml"
target = target[0] if len(target) == 1 else target
if sys.argv[1] == "whole":
    found = sweep(target, space, options=SweepOptions(workers=2), **how)
else:
    found = sweep_point(target, space, int(sys.argv[1]), **how)
print(len(found.done), len(found.failed))
"""
SPACE = "parameter_space: !pspace\n  seed: !sweep {default: 0, range: [6]}\n"
MODEL = """
import time

def simulate(out_dir, seed):
    (out_dir / "begun").write_text("")
    while True:
        time.sleep(0.01)
"""


@pytest.fixture
def model(project):
    (project / "space.yml").write_text(SPACE)
    (project / "sim.py").write_text(MODEL)
    return project


def states(workspace, kind="run"):
    index = workspace.store.index()
    return [index.state(run) for run in index.ids(kind)]


@pytest.mark.parametrize(
    "target", [["sim.py:simulate"], ["sh", "-c", "> {out}/begun; exec sleep 600"]]
)
def test_of_a_sweep_the_points_end_and_no_more_begin(workspace, model, target):
    process = started(SWEEP, "whole", *target)
    begun(model / "runs/s", 2)
    (sweep,) = states(workspace, "sweep")
    asked = abort_runs(workspace.store, chosen_runs(workspace, [sweep["id"]]), "too hot")
    assert [record.id for record in asked] == [sweep["id"]]
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert out == "0 2\n"
    assert [state["status"] for state in states(workspace)] == ["terminated"] * 2
    assert {state["error"]["message"] for state in states(workspace)} == {"too hot"}
    (sweep,) = states(workspace, "sweep")
    assert (sweep["status"], sweep["error"]["message"]) == ("terminated", "too hot")


def test_of_a_sweep_that_an_array_runs_the_running_points_are_asked(workspace, model):
    tasks = [started(SWEEP, index, "sim.py:simulate") for index in "02"]
    begun(model / "runs/s", 2)
    (sweep,) = states(workspace, "sweep")
    asked = abort_runs(workspace.store, chosen_runs(workspace, [sweep["id"]]), "")
    assert {record.id for record in asked} == {state["id"] for state in states(workspace)}
    for task in tasks:
        out, err = task.communicate(timeout=300)
        assert out == "0 1\n", err
    assert {state["error"]["message"] for state in states(workspace)} == {"asked to end"}


def test_who_asked_and_why_is_on_record(workspace):
    run = Run(workspace.store).init("melt")
    Client(workspace.store).abort_run("melt", "the energy drifts")
    (event,) = (line["message"] for line in workspace.store.lines(run.id, ("event",)))
    assert event.startswith("asked to end by ")
    assert event.endswith(": the energy drifts")
    run.close()


def test_a_reason_may_be_left_out_and_must_be_text(workspace):
    client = Client(workspace.store)
    with Run(workspace.store) as run:
        run.init("melt")
        with pytest.raises(UserError, match="the reason must be text, not 3"):
            client.abort_run("melt", 3)
        assert list(workspace.store.lines(run.id, ("event",))) == []
        client.abort_run(run.id, None)
        (event,) = (line["message"] for line in workspace.store.lines(run.id, ("event",)))
        assert event.endswith(": asked to end")


def test_only_what_runs_can_be_asked(workspace, record):
    done = record("done")
    live = Run(workspace.store).init("live")
    with pytest.raises(UserError, match=r"done .* is not running: it is completed"):
        abort_runs(workspace.store, chosen_runs(workspace, ["live", done]), "x")
    assert not (workspace.store.root / "aborts").exists()
    live.close()


def test_words_that_nobody_heeded_are_cleared_away(workspace):
    store = workspace.store
    store.ask_to_end("20261121T000000abcdefg", {"reason": "x"})
    place = "aborts/20261121T000000abcdefg"
    assert collect(store, act=False).plan.unfinished == ()
    later = Store.open(store.root, clock=lambda: time.time() + 20 * 86400)
    assert collect(later, act=True).plan.unfinished == (place,)
    assert not (store.root / place).exists()
