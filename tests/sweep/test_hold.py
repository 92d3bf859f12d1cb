"""Only one process at a time is at work in the folder of a sweep, and only one sweep ever."""

import errno
import os
import subprocess
import sys
import threading
import time

import orjson
import pytest

from whence.base.error import StoreError, UserError
from whence.params import ParamDim, ParamSpace
from whence.store import this_process
from whence.sweep import sweep, sweep_point
from whence.sweep.hold import held
from whence.sweep.scheme import scheme_of

MODEL = "def simulate(out_dir, seed):\n    (out_dir / 'y').write_text(str(seed))\n"


@pytest.fixture
def space(project):
    (project / "sim.py").write_text(MODEL)
    return ParamSpace({"seed": ParamDim(default=0, values=[1, 2, 3])})


def scheme(space, store, name="s", out=None):
    return scheme_of("sim.py:simulate", space, store, name, out, None)


def rivals(count, hold):
    """How many of so many threads that begin at once get a hold, and what the others are told."""
    start, told = threading.Barrier(count), threading.Barrier(count)
    won, errors = [], []

    def try_it():
        start.wait()
        try:
            with hold():
                won.append(1)
                told.wait()
        except UserError as error:
            errors.append(str(error))
            told.wait()

    threads = [threading.Thread(target=try_it) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(won), errors


def dead_process():
    code = "import json; from whence.store import this_process; print(json.dumps(this_process()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return orjson.loads(done.stdout)


@pytest.mark.parametrize("remains", [0, 2])
def test_of_many_that_begin_at_once_one_runs(space, store, remains):
    plan = scheme(space, store)
    plan.out.mkdir(parents=True)
    dead = dead_process() if remains else None
    for number in range(1, remains + 1):
        told = {"sweep": "s", "process": dead}
        (plan.out / f".sweep.held-{number}").write_bytes(orjson.dumps(told))
    for _ in range(10):
        won, errors = rivals(6, lambda: held(plan))
        assert won == 1
        assert len(errors) == 5
        assert all("the sweep 's' is running in" in error for error in errors)
    assert list(plan.out.iterdir()) == []  # those of the dead are removed


def test_a_point_is_held_by_one_and_beside_a_whole_sweep_by_none(space, store):
    plan = scheme(space, store)
    first, second, _ = plan.space.points()
    with held(plan, first):
        won, errors = rivals(4, lambda: held(plan, first))
        assert won == 0
        assert all("point 0 (state 1) of 's' is running" in error for error in errors)
        with held(plan, second):
            pass
        with pytest.raises(UserError, match=r"point 0 \(state 1\) of 's' is running"):
            sweep("sim.py:simulate", space, store=store, name="s")
    with held(plan), pytest.raises(UserError, match="the sweep 's' is running"):
        sweep_point("sim.py:simulate", space, 0, store=store, name="s")
    assert not plan.out.exists()
    assert store.index().ids() == []


def test_a_holder_on_another_host_counts_while_it_is_young(space, store):
    plan = scheme(space, store)
    plan.out.mkdir(parents=True)
    elsewhere = {**this_process(), "host": "node7", "boot": "another"}
    hold = plan.out / ".sweep.held-1"
    hold.write_bytes(orjson.dumps({"sweep": "s", "process": elsewhere}))
    with pytest.raises(UserError, match="on node7"), held(plan):
        pass
    os.utime(hold, (1e9, 1e9))
    with held(plan):
        pass


@pytest.mark.parametrize("content", [b"", b'{"sweep": "s", "pro', b"[1]", b'{"sweep": "s"}'])
def test_a_torn_hold_counts_while_it_is_young(space, store, content):
    plan = scheme(space, store)
    plan.out.mkdir(parents=True)
    hold = plan.out / ".sweep.held-1"
    hold.write_bytes(content)
    with pytest.raises(UserError, match="if nothing is at work there, remove"), held(plan):
        pass
    os.utime(hold, (1e9, 1e9))
    with held(plan):
        assert not hold.exists()
    assert list(plan.out.iterdir()) == []


def test_a_number_that_becomes_free_lets_no_second_in(space, store):
    plan = scheme(space, store)
    plan.out.mkdir(parents=True)
    silent = {**this_process(), "host": "node7", "boot": "another"}
    hold = plan.out / ".sweep.held-1"
    hold.write_bytes(orjson.dumps({"sweep": "s", "process": silent}))
    an_hour_ago = time.time() - 3600
    os.utime(hold, (an_hour_ago, an_hour_ago))
    with held(plan):
        assert hold.exists()  # it may live after all
        hold.unlink()
        won, errors = rivals(4, lambda: held(plan))
        assert (won, len(errors)) == (0, 4)
    assert list(plan.out.iterdir()) == []


def test_who_was_taken_for_dead_removes_no_other_s_hold(space, store):
    plan = scheme(space, store)
    plan.out.mkdir(parents=True)
    hold = plan.out / ".sweep.held-1"
    with held(plan):
        hold.write_bytes(orjson.dumps({"sweep": "s", "process": this_process()}))
    assert hold.exists()


@pytest.mark.parametrize("made", [True, False])
def test_links_that_are_not_there_or_told_of_twice(space, store, monkeypatch, made):
    link = os.link

    def strange(source, target):
        if made:  # the answer of the server was lost, and it was asked again
            link(source, target)
        if made or os.path.exists(target):
            raise FileExistsError(errno.EEXIST, "File exists")
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", strange)
    plan = scheme(space, store)
    plan.out.mkdir(parents=True)
    for _ in range(3):
        won, errors = rivals(4, lambda: held(plan))
        assert (won, len(errors)) == (1, 3)
    assert list(plan.out.iterdir()) == []
    assert sweep_point("sim.py:simulate", space, 0, store=store, name="s").failed == {}
    assert len(sweep("sim.py:simulate", space, store=store, name="s").runs) == 3


def test_a_folder_that_cannot_be_is_refused_with_a_reason(space, store, project):
    (project / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot work in .*file/s"):
        sweep("sim.py:simulate", space, store=store, name="s", out="file/s")
    assert store.index().ids() == []


def test_a_folder_belongs_to_sweeps_of_one_name(space, store, project):
    first = sweep("sim.py:simulate", space, store=store, name="one", out="data")
    with pytest.raises(UserError, match="holds the output of the sweep 'one'"):
        sweep("sim.py:simulate", space, store=store, name="two", out="data")
    with pytest.raises(UserError, match="--name one"):
        sweep_point("sim.py:simulate", space, 0, store=store, name="two", out="data")
    assert store.index().ids("sweep") == [first.id]
    again = sweep("sim.py:simulate", space, store=store, name="one", out="data")
    assert len(again.skipped) == 3
    for path in (project / "data").glob("*"):
        path.rename(project / f"kept-{path.name}")
    other = sweep("sim.py:simulate", space, store=store, name="two", out="data")
    assert other.failed == {}


def test_what_another_sweep_left_in_a_point_s_folder_keeps_its_record(space, store, project):
    first = sweep("sim.py:simulate", space, store=store, name="one", out="data")
    (project / "data" / "pspace.yml").unlink()
    for path in (project / "data").glob("sim_*"):
        path.rename(project / "data" / f".{path.name}")
    (project / "sim.py").write_text(MODEL.replace("str(seed)", "str(-seed)"))
    with held(scheme(space, store, "two", "data")):
        for path in (project / "data").glob(".sim_*"):
            path.rename(project / "data" / path.name[1:])
        steps = scheme(space, store, "two", "data").steps(space.points())
    assert {step.earlier["id"] for step in steps} == set(first.runs.values())
    assert {step.why for step in steps} == {"sim.py changed"}
