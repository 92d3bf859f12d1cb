"""Sweeps in processes of their own, ended in the middle."""

import os
import signal
import subprocess
import textwrap
import time

import pytest

from whence.store import is_alive
from whence.testing.sweeping import begun, started
from whence.testing.wait import until

SPACE = """\
parameter_space: !pspace
  seed: !pdim {default: 0, range: [8]}
"""
SLOW = """\
import subprocess, time

def simulate(out_dir, seed):
    print("begun", seed, flush=True)
    (out_dir / "begun").write_text(str(seed))
    if not (out_dir.parents[2] / "fast").exists():
        time.sleep(600)
"""
SPAWNS = """\
import subprocess

def simulate(out_dir, seed):
    (out_dir / "begun").write_text("")
    subprocess.run(["sleep", "661.PID"])
"""
STUBBORN = """\
import signal, time

def simulate(out_dir, seed):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    (out_dir / "begun").write_text("")
    time.sleep(600)
"""
SCRIPT = textwrap.dedent(
    """
    import sys
    from whence.store import Store
    from whence.sweep import SweepOptions, sweep
    words = sys.argv[1:]
    target = words[0] if len(words) == 1 else words
    result = sweep(target, "space.yml", store=Store.open("."), name="s",
                   options=SweepOptions(workers=2))
    print(len(result.done), len(result.skipped), len(result.failed))
    """
)


@pytest.fixture
def slow(project, store):
    (project / "space.yml").write_text(SPACE)
    (project / "sim.py").write_text(SLOW)
    return project


def states(store, status=None, kind="run"):
    found = map(store.index().state, store.index().ids(kind))
    return [state for state in found if status in (None, state["status"])]


def alive(state):
    return is_alive(state["process"], state["last"], time.time())


def finish(project):
    (project / "fast").touch()
    done = started(SCRIPT, "sim.py:simulate")
    out, err = done.communicate(timeout=300)
    assert done.returncode == 0, err
    return out.split()


def test_kill_9_ends_the_workers_and_the_sweep_goes_on(slow, store):
    first = started(SCRIPT, "sim.py:simulate")
    begun(slow / "runs/s", 2)
    until(lambda: len(states(store, "running")) == 2)
    first.kill()
    first.communicate()
    until(lambda: not any(alive(state) for state in states(store, "running")))
    lost = states(store, "running")
    assert len(lost) == 2
    assert finish(slow) == ["8", "0", "0"]
    assert len(states(store, "completed")) == 8
    for state in lost:
        now = store.index().state(state["id"])
        assert now["dir"] == f"runs/s/earlier/{state['id']}"
        assert (slow / now["dir"] / "begun").is_file()
    assert finish(slow) == ["0", "8", "0"]


def test_kill_9_half_way_keeps_what_was_done(slow, store):
    (slow / "sim.py").write_text(SLOW.replace("if not", "if seed > 3 and not"))
    first = started(SCRIPT, "sim.py:simulate")
    begun(slow / "runs/s", 6)
    first.kill()
    first.communicate()
    until(lambda: not any(alive(state) for state in states(store, "running")))
    assert len(states(store, "completed")) == 4
    assert finish(slow) == ["4", "4", "0"]


def processes(pattern):
    found = subprocess.run(["pgrep", "-f", pattern], capture_output=True, text=True, check=False)
    return found.stdout.split()


def test_kill_9_ends_what_the_points_have_started(slow, store):
    (slow / "sim.py").write_text(SPAWNS.replace("PID", str(os.getpid())))
    first = started(SCRIPT, "sim.py:simulate")
    begun(slow / "runs/s", 2)
    until(lambda: len(processes(f"^sleep 661.{os.getpid()}")) == 2)
    first.kill()
    first.communicate()
    until(lambda: not processes(f"^sleep 661.{os.getpid()}"))


def test_kill_9_ends_commands(slow, store):
    first = started(SCRIPT, "sh", "-c", "echo {seed} > {out}/begun; sleep 662." + str(os.getpid()))
    begun(slow / "runs/s", 2)
    first.kill()
    first.communicate()
    until(lambda: not processes(f"^sleep 662.{os.getpid()}"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_records_what_it_ends(slow, store, number):
    first = started(SCRIPT, "sim.py:simulate")
    begun(slow / "runs/s", 2)
    first.send_signal(number)
    _, err = first.communicate(timeout=300)
    assert err.count("Traceback") == 1
    assert len(states(store, "terminated")) == 2
    assert [s["status"] for s in states(store, kind="sweep")] == ["terminated"]
    assert len(states(store)) == 2
    for state in states(store):
        lines = store.lines(state["id"], ("out",))
        assert "begun" in "".join(line["text"] for line in lines)
    assert finish(slow) == ["8", "0", "0"]


def test_ctrl_c_that_comes_just_before_the_waiting_is_heard(slow, store):
    """Python takes note of it then, as of one that another thread gets, but nothing wakes it."""
    tell = "\n".join((
        "import glob, signal, threading",
        "from whence.testing.wait import until",
        "def tell():",
        "    until(lambda: glob.glob('runs/s/*/begun'))",
        "    signal.pthread_kill(threading.get_ident(), signal.SIGINT)",
        "threading.Thread(target=tell).start()",
    ))  # fmt: skip
    first = started(tell + SCRIPT, "sim.py:simulate")
    _, err = first.communicate(timeout=300)
    assert err.count("Traceback") == 1
    assert {state["status"] for state in states(store)} == {"terminated"}


def test_ctrl_c_ends_commands_too(slow, store):
    first = started(SCRIPT, "sh", "-c", "echo {seed} > {out}/begun; sleep 663." + str(os.getpid()))
    begun(slow / "runs/s", 2)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=300)
    assert len(states(store, "terminated")) == 2
    until(lambda: not processes(f"^sleep 663.{os.getpid()}"))


def test_ctrl_c_twice_ends_what_does_not_heed_it(slow, store):
    (slow / "sim.py").write_text(STUBBORN)
    first = started(SCRIPT, "sim.py:simulate")
    begun(slow / "runs/s", 2)
    first.send_signal(signal.SIGINT)
    time.sleep(0.5)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=300)
    assert len(states(store, "terminated")) == 2
    assert [s["status"] for s in states(store, kind="sweep")] == ["terminated"]


def test_the_same_sweep_does_not_run_twice_at_once(slow, store):
    first = started(SCRIPT, "sim.py:simulate")
    begun(slow / "runs/s", 2)
    second = started(SCRIPT, "sim.py:simulate")
    _, err = second.communicate(timeout=300)
    assert f"running in {slow / 'runs' / 's'} already, as process {first.pid}" in err
    (whole,) = states(store, kind="sweep")
    assert f"`whence abort {whole['id']}`" in err
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=300)
    assert len(states(store)) == 2
    assert os.path.isdir(slow / "runs" / "s")
