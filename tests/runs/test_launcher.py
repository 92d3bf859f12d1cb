import errno
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from whence.base.error import StoreError, UserError
from whence.runs import Run, record_process
from whence.store import Store
from whence.store.layout import SMALL
from whence.testing.fault import FaultyFiles
from whence.testing.wait import until


def state_of(store, run):
    return store.index().state(run.id)


def test_a_process_is_recorded_with_what_it_printed_and_how_it_ended(store, project):
    (project / "solve.sh").write_text("echo solving $@; cat $1; echo oh >&2\n")
    (project / "in.dat").write_text("4 5\n")
    told, ended = [], threading.Event()
    with Run(store) as run:
        run.init()
        pid = run.add_process(
            "solver",
            "last",
            executable="sh",
            script="solve.sh",
            input_file="in.dat",
            completion_callback=lambda **facts: told.append(facts),
            completion_trigger=ended,
            env={"X": "1"},
            n=4,
            dry_run=True,
            off=False,
        )
        assert run.wait_for_processes(120) == {"solver": 0}
    assert pid > 0
    assert ended.is_set()
    text = "solving in.dat -n 4 --dry-run last\n4 5\n"
    assert told == [{"status_code": 0, "std_out": text, "std_err": "oh\n"}]
    state = state_of(store, run)
    assert state["status"] == "completed"
    held = {(a["category"], a["name"]): a["digest"] for a in state["artifacts"]}
    assert set(held) == {
        ("code", "solve.sh"),
        ("input", "in.dat"),
        ("output", "solver.out"),
        ("output", "solver.err"),
    }
    assert store.get(held["output", "solver.out"]).decode() == text
    assert state["meta"]["solver_command"].startswith("sh solve.sh in.dat -n 4")
    assert state["meta"]["solver_status"] == 0
    (alert,) = state["alerts"].values()
    assert (alert["name"], alert["status"]) == ("solver_exit_status", "ok")
    printed = [piece for piece in store.lines(run.id, ("out",)) if piece["process"] == "solver"]
    for stream, whole in (("out", text), ("err", "oh\n")):
        assert "".join(p["text"] for p in printed if p["stream"] == stream) == whole


def test_a_program_beside_the_script_is_started(store, project):
    (project / "solve").write_text("#!/bin/sh\necho solved\n")
    (project / "solve").chmod(0o755)
    with Run(store) as run:
        run.init()
        run.add_process("p", "./solve")
    assert state_of(store, run)["meta"]["p_status"] == 0


def test_the_run_waits_for_its_processes_and_fails_if_one_does(store):
    before = time.monotonic()
    with Run(store) as run:
        run.init()
        run.add_process("good", "sleep", "0.3")
        run.add_process("bad", "sh", "-c", "exit 3")
    assert time.monotonic() - before >= 0.3
    state = state_of(store, run)
    assert state["status"] == "failed"
    assert state["exit"] == 3
    assert state["error"]["message"] == "bad: exit status 3"
    alerts = {a["name"]: a["status"] for a in state["alerts"].values()}
    assert alerts == {"good_exit_status": "ok", "bad_exit_status": "critical"}


def test_processes_that_a_child_started_are_waited_for_too(store, monkeypatch):
    outer = Run(store).init()
    monkeypatch.setenv("WHENCE_RUN", outer.id)
    with Run(store) as run:
        run.add_process("late", "sh", "-c", "sleep 0.3; echo there")
    state = state_of(store, outer)
    assert (state["status"], state["meta"]["late_status"]) == ("running", 0)
    assert ("output", "late.out") in {(a["category"], a["name"]) for a in state["artifacts"]}
    outer.close()


def test_processes_can_be_ended_with_all_they_have_started(store):
    run = Run(store).init()
    long = f"671.{os.getpid()}"
    pid = run.add_process("a", "sh", "-c", f"sleep {long} & sleep {long}")
    run.add_process("b", "sleep", long)
    count = ["pgrep", "-cf", f"^sleep {long}"]
    until(lambda: subprocess.run(count, stdout=subprocess.PIPE).stdout == b"3\n")
    run.kill_process(pid)
    run.kill_process("b")
    assert all(status < 0 for status in run.wait_for_processes(120).values())
    assert subprocess.run(count, stdout=subprocess.PIPE).stdout == b"0\n"
    run.close()
    assert state_of(store, run)["status"] == "completed"  # they were ended on purpose


def test_an_exception_ends_the_processes(store):
    with pytest.raises(ZeroDivisionError), Run(store) as run:  # noqa: PT012
        run.init()
        run.add_process("a", "sleep", "600")
        print(1 / 0)
    assert run.wait_for_processes(120)["a"] < 0
    assert state_of(store, run)["status"] == "failed"


@pytest.mark.parametrize(
    ("words", "given", "named"),
    [
        ((), {}, "no command"),
        (("no-such-solver",), {}, "no-such-solver"),
        (("sh",), {"script": "missing.sh"}, "missing.sh"),
        (("true",), {"cwd": "nowhere"}, "nowhere"),
    ],
)
def test_what_cannot_be_started_is_refused(store, project, words, given, named):
    run = Run(store).init()
    lines = len(list(store.lines(run.id)))
    with pytest.raises(UserError, match=named):
        run.add_process("p", *words, **given)
    with pytest.raises(UserError, match="no process"):
        run.kill_process("p")
    run.kill_all_processes()
    assert len(list(store.lines(run.id))) == lines
    run.add_process("p", "true")
    with pytest.raises(UserError, match="already"):
        run.add_process("p", "true")
    run.close()


def test_what_the_system_cannot_start_is_told(store, project):
    (project / "solve").write_text("echo hi\n")
    (project / "solve").chmod(0o755)
    run = Run(store).init()
    with pytest.raises(UserError, match=r"cannot be started: Exec format error[^$]*-- sh \./solve"):
        run.add_process("p", "./solve")
    run.close()
    with pytest.raises(UserError, match="Exec format error"):
        record_process(store, ["./solve"])
    failed = [store.index().state(one) for one in store.index().ids() if one != run.id]
    assert [state["status"] for state in failed] == ["failed"]


def test_nothing_is_started_whose_files_cannot_be_put_on_record(project, tmp_path):
    (project / "in.dat").write_bytes(bytes(SMALL))
    files = FaultyFiles()
    run = Run(Store.open(Store.create(tmp_path).root, files=lambda shared: files)).init()
    files.failing["create"] = errno.ENOSPC
    with pytest.raises(StoreError, match="No space"):
        run.add_process("p", "marker", executable="touch", input_file="in.dat", cwd=project)
    files.failing.clear()
    run.close()
    assert not (project / "marker").exists()
    run.store.writer().close()


SCRIPT = textwrap.dedent(
    """
    import os, sys, time
    from whence.runs import Run
    run = Run().init()
    run.add_process("a", "sh", "-c", "sleep 673.5 & sleep 673.5")
    print("there", flush=True)
    time.sleep(600)
    """
)


def test_kill_9_ends_the_processes_too(store, project):
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "there\n"
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    until(lambda: subprocess.run(["pgrep", "-f", "^sleep 673.5"], check=False).returncode == 1)


def test_variables_that_the_system_cannot_take_are_refused_by_name(store, project):
    with Run(store) as run:
        run.init()
        for env, told in (
            ({"A": None}, "'A' cannot be None"),
            ({"A": True}, "'A' cannot be True"),
            ({"A": "x\0"}, "'A' cannot be"),
            ({"A=": "x"}, "called 'A='"),
            ({1: "x"}, "called 1"),
        ):
            before = state_of(store, run)["lc"]
            with pytest.raises(UserError, match=told):
                run.add_process("p", executable="true", env=env)
            assert state_of(store, run)["lc"] == before
        words = ["-c", "echo $A $B $C"]
        run.add_process("p", *words, executable="sh", env={"A": 1, "B": 0.5, "C": project})
        run.wait_for_processes()
    found = {item["name"]: item for item in state_of(store, run)["artifacts"]}
    assert store.get(found["p.out"]["digest"]).decode() == f"1 0.5 {project}\n"


def test_waiting_is_over_after_a_while_and_hears_ctrl_c_that_comes_just_before_it(store):
    run = Run(store).init()
    for name in "ab":
        run.add_process(name, "sleep", "600")
    run.add_process("c", "true")
    until(lambda: run.wait_for_processes(0) == {"c": 0})
    assert run.wait_for_processes(0.1) == {"c": 0}

    def tell():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    def waited():
        threading.Timer(0.1, tell).start()
        run.wait_for_processes()

    with pytest.raises(KeyboardInterrupt):
        waited()
    run.kill_all_processes()
    assert run.wait_for_processes() == {"a": -15, "b": -15, "c": 0}
    run.close()
