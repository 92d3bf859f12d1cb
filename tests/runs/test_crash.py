"""Recording processes are killed at any moment: what a call acknowledged must be there."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict

import pytest

from whence.runs import Run
from whence.store import Store
from whence.testing.point import points
from whence.testing.wait import until

RECORDER = """
import os, sys
from whence.runs import Run
from whence.store import Store
store = Store.open(sys.argv[1])
def told(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
number = 0
while True:
    number += 1
    run = Run(store).init(f"run {number}", parameters={"n": number}, tags=["a"])
    told("begun", run.id)
    for step in range(20):
        run.log_metrics({"e": float(step)})
        told("point", run.id, step)
        if step % 4 == 0:
            run.log_event(f"step {step}")
            told("event", run.id, step)
    for size in (10, 200_000):
        with open(f"out{size}", "wb") as file:
            file.write(os.urandom(size))
        told("saving", run.id)
        digest = run.save_file(f"out{size}", mode="copy")
        told("saved", run.id, digest)
    run.update_metadata({"m": number})
    told("meta", run.id, number)
    told("closing", run.id)
    run.close()
    told("closed", run.id)
"""


def record(store, project, during, delay):
    """What a process was told is done until it was killed, a while after something was told."""
    with subprocess.Popen(
        [sys.executable, "-c", RECORDER, str(store.root)], cwd=project, stdout=subprocess.PIPE
    ) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith(during):
                break
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    said = (b"".join(lines) + rest).decode()
    return [line.split() for line in said[: said.rfind("\n")].splitlines()]


def check(store, told):
    known = defaultdict(lambda: defaultdict(list))
    for word, run, *more in told:
        known[run][word] += more or [""]
    for run, facts in known.items():
        state = store.index().state(run)
        assert state["tags"] == ["a"]
        if "begun" in facts:
            assert state["params"]["n"] > 0
        steps = [str(point.step) for point in points(store, run) if point.step is not None]
        assert set(facts["point"]) <= set(steps)
        assert len(steps) == len(set(steps))
        assert state["events"] >= len(facts["event"])
        for digest in facts["saved"]:
            assert len(store.get(digest)) in (10, 200_000)
            assert digest in [item["digest"] for item in state["artifacts"]]
        assert [str(state["meta"]["m"])] == facts["meta"] if facts["meta"] else True
        if "closed" in facts:
            assert state["status"] == "completed"
        elif state["status"] != "completed":  # a close that was not acknowledged may have been
            assert state["status"] == "running"


def kill(store, project, turns, seed):
    chance = random.Random(seed)
    words = (b"begun", b"point", b"saving", b"saved", b"closing", b"closed")
    for turn in range(turns):
        during = words[turn % len(words)]
        told = record(store, project, during, chance.choice([0, 0.001, 0.003, 0.02, 0.2]))
        check(store, told)
    anew = Store.open(store.root)
    report = anew.verify()
    assert (report.corrupt, report.incomplete) == ([], [])
    with Run(anew) as run:
        run.init("after all that")
    assert anew.index().state(run.id)["status"] == "completed"


@pytest.mark.parametrize("seed", range(5))
def test_what_was_acknowledged_outlives_kills(store, project, seed):
    kill(store, project, 5, seed)


@pytest.mark.slow
def test_what_was_acknowledged_outlives_two_hundred_kills(store, project):
    kill(store, project, 200, 99)


def test_a_run_that_was_killed_is_lost_and_one_that_is_stuck_is_not(store, project):
    from whence.records import Records

    record(store, project, b"point", 0)
    stuck = subprocess.Popen(
        [sys.executable, "-c", "from whence.runs import Run\nRun().init('stuck')\n"
         "import ctypes; ctypes.PyDLL(None).sleep(600)"],
        cwd=project,
    )  # fmt: skip
    until(lambda: "stuck" in [store.index().state(run)["name"] for run in store.index().ids()])
    try:
        found = [Records(store).get(run) for run in store.index().ids()]
        assert {record.name: record.status for record in found if record.status != "completed"} == {
            **{r.name: "lost" for r in found if r.name != "stuck" and r.status != "completed"},
            "stuck": "running",
        }
        assert sum(record.status == "lost" for record in found) == 1
    finally:
        os.kill(stuck.pid, signal.SIGKILL)
        stuck.wait()
