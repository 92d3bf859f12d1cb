import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from whence.base.error import UserError
from whence.runs import ProcessOptions, record_process
from whence.testing.wait import until

PYTHON = sys.executable


def state_of(store, run):
    return store.index().state(run)


def output(store, run, stream="out"):
    lines = store.lines(run, ("out",))
    return "".join(line["text"] for line in lines if line["stream"] == stream)


def test_a_program_is_recorded_with_what_went_in_and_came_out(store, project, capfd):
    (project / "in.dat").write_text("4\n")
    (project / "solve.sh").write_text("#!/bin/sh\nread x < in.dat\necho $x > out/y.dat\necho ok\n")
    (project / "solve.sh").chmod(0o755)
    (project / "out").mkdir()
    options = ProcessOptions(
        name="solving",
        parameters={"x": 4},
        inputs=("in.dat",),
        outputs=("out/*.dat", "*.nothing"),
        tags=("t",),
        repeat="whence run -- ./solve.sh",
    )
    ended = record_process(store, ["./solve.sh"], options)
    assert (ended.status, ended.exit) == ("completed", 0)
    assert capfd.readouterr().out == "ok\n"
    state = state_of(store, ended.run)
    assert state["command"] == ["./solve.sh"]
    assert state["repeat"] == "whence run -- ./solve.sh"
    assert state["exit"] == 0
    assert output(store, ended.run) == "ok\n"
    named = {(a["category"], a["name"]) for a in state["artifacts"]}
    assert named == {("code", "solve.sh"), ("input", "in.dat"), ("output", "out/y.dat")}
    assert list(state["code"]["files"]) == ["solve.sh"]
    assert list(state["inputs"]) == ["in.dat"]
    (warning,) = store.lines(ended.run, ("event",))
    assert "*.nothing" in warning["message"]


def test_a_failing_program_fails_its_run_and_its_output_is_kept(store, project, capfd):
    command = ["sh", "-c", "echo partial > left.txt; echo oh >&2; exit 3"]
    ended = record_process(store, command, ProcessOptions(outputs=("left.txt",)))
    assert (ended.status, ended.exit) == ("failed", 3)
    assert capfd.readouterr().err == "oh\n"
    state = state_of(store, ended.run)
    assert state["error"]["message"] == "exit status 3: oh"
    assert output(store, ended.run, "err") == "oh\n"
    assert "left.txt" in {a["name"] for a in state["artifacts"]}


def test_files_that_lay_there_before_are_no_output_unless_written(store, project, capfd):
    (project / "out").mkdir()
    for name in ("old", "same", "grown", "replaced"):
        (project / "out" / name).write_text("x")
    work = "cd out; printf x > same; echo y >> grown; mv old.new replaced; echo n > new"
    (project / "out" / "old.new").write_text("x")
    options = ProcessOptions(outputs=("out/*", "out/old"))
    ended = record_process(store, ["sh", "-c", work], options)
    names = {
        a["name"] for a in state_of(store, ended.run)["artifacts"] if a["category"] == "output"
    }
    assert names == {"out/same", "out/grown", "out/replaced", "out/new"}
    assert [note.split(" but ")[0] for note in ended.notes] == [
        "1 file matches 'out/*'",
        "1 file matches 'out/old'",
    ]
    assert [e["message"] for e in store.lines(ended.run, ("event",))] == list(ended.notes)


def test_files_whose_names_are_no_utf8_are_put_on_record(store, project):
    file = os.fsdecode(b"\xe9")
    (project / file).write_text("in")
    work = f"echo 1 > {file}.txt; echo 2 > z.txt; echo 3 > {{out}}/{file}"
    options = ProcessOptions(inputs=(file,), outputs=("*.txt",))
    ended = record_process(store, ["sh", "-c", work], options)
    assert ended.status == "completed"
    names = sorted((a["category"], a["name"]) for a in state_of(store, ended.run)["artifacts"])
    assert [one for one in names if one[0] != "code"] == [
        ("input", r"\xe9"),
        ("output", r"\xe9"),
        ("output", r"\xe9.txt"),
        ("output", "z.txt"),
    ]


def test_a_folder_of_its_own_that_was_there_gives_only_what_was_written(store, project):
    (project / "mine").mkdir()
    (project / "mine" / "before").write_text("x")
    options = ProcessOptions(out="mine")
    ended = record_process(store, ["sh", "-c", "echo > {out}/now"], options)
    names = {
        a["name"] for a in state_of(store, ended.run)["artifacts"] if a["category"] == "output"
    }
    assert names == {"now"}
    assert len(ended.notes) == 1


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGSEGV, "failed"), (signal.SIGKILL, "failed"), (signal.SIGTERM, "terminated")],
)
def test_a_signal_is_told_by_name(store, number, status):
    ended = record_process(store, ["sh", "-c", f"kill -{int(number)} $$"])
    assert (ended.status, ended.exit) == (status, -number)
    message = state_of(store, ended.run)["error"]["message"]
    assert message == f"killed by signal {int(number)} ({number.name})"


def test_quiet_spares_the_terminal_but_not_the_record(store, capfd):
    ended = record_process(store, ["echo", "hush"], ProcessOptions(quiet=True))
    assert capfd.readouterr().out == ""
    assert output(store, ended.run) == "hush\n"


def test_children_find_the_run_in_their_environment(store, project):
    script = "import whence.runs as w; r = w.Run(); r.init('inner'); r.close()"
    ended = record_process(store, [PYTHON, "-c", script])
    inner = [i for i in store.index().ids() if i != ended.run]
    assert [state_of(store, i)["parent"] for i in inner] == [ended.run]


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ([], {}, "no command"),
        (["no-such-solver"], {}, "no program 'no-such-solver'"),
        (["./plain.txt"], {}, "not executable"),
        (["true"], {"inputs": ("missing.dat",)}, "missing.dat"),
        (["true"], {"parameters": {"x": object()}}, "x"),
    ],
)
def test_what_cannot_be_started_is_not_recorded(store, project, command, options, said):
    (project / "plain.txt").write_text("")
    with pytest.raises(UserError, match=said):
        record_process(store, command, ProcessOptions(**options))
    assert store.index().ids() == []


def test_the_same_work_has_the_same_key_and_an_edit_another(store, project):
    (project / "job.py").write_text("print(1)")
    keys = []
    for text in ("print(1)", "print(1)", "print(2)"):
        (project / "job.py").write_text(text)
        ended = record_process(store, [PYTHON, "job.py"], ProcessOptions(quiet=True))
        keys.append(state_of(store, ended.run)["call"])
    assert keys[0] == keys[1] != keys[2]


SCRIPT = textwrap.dedent(
    """
    import sys
    from whence.runs import ProcessOptions, process, record_process
    from whence.store import Store
    process._PATIENCE = 1.0
    record_process(Store.open("."), sys.argv[1:], ProcessOptions())
    """
)


@pytest.mark.parametrize("number", ["INT", "TERM"])
def test_a_signal_while_the_program_starts_ends_it_too(store, project, number):
    """On a busy machine a program may print before who started it knows of it."""
    words = ["sh", "-c", f"kill -{number} $PPID; exec sleep 64.{os.getpid()}"]
    for _ in range(3):
        subprocess.run(
            [PYTHON, "-c", SCRIPT, *words], capture_output=True, check=False, timeout=300
        )
        found = subprocess.run(["pgrep", "-f", f"^sleep 64.{os.getpid()}"], check=False)
        assert found.returncode == 1
    states = [store.index().state(run) for run in store.index().ids()]
    assert [state["status"] for state in states] == ["terminated"] * 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stubborn", [False, True])
def test_ctrl_c_ends_program_and_run(store, project, number, stubborn):
    sleep = "import time; print('here', flush=True); time.sleep(600)"
    if stubborn:
        sleep = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {sleep}"
    whole = [PYTHON, "-c", SCRIPT, PYTHON, "-c", sleep]
    parent = subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "here\n"
    child = int(subprocess.check_output(["pgrep", "-P", str(parent.pid)]).split()[0])
    parent.send_signal(number)
    _, err = parent.communicate(timeout=300)
    assert "was terminated" in err
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    (run,) = store.index().ids()
    assert state_of(store, run)["status"] == "terminated"
    assert "here" in output(store, run)


UNHEARD = textwrap.dedent(
    """
    import os, signal, sys, threading
    from whence.runs import record_process
    from whence.store import Store
    from whence.testing.wait import until
    number, pidfd = map(int, sys.argv[1:])
    if not pidfd:
        del os.pidfd_open
    def tell():
        until(lambda: os.path.exists("here"))
        signal.pthread_kill(threading.get_ident(), number)
    threading.Thread(target=tell).start()
    record_process(Store.open("."), ["sh", "-c", "> here; exec sleep 600"])
    """
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("pidfd", [1, 0])
def test_a_signal_that_comes_just_before_the_waiting_is_heard(store, project, number, pidfd):
    """Python takes note of it then, as of one that another thread gets, but nothing wakes it."""
    words = [PYTHON, "-c", UNHEARD, str(int(number)), str(pidfd)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert "was terminated" in done.stderr
    (run,) = store.index().ids()
    assert state_of(store, run)["status"] == "terminated"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stubborn", [False, True])
def test_what_a_program_has_started_ends_with_it_unless_it_was_detached(
    store, project, number, stubborn
):
    """A shell does not pass signals on, and ends where it was told to end."""
    here = os.getpid()
    ignored = "trap '' INT TERM; " if stubborn else ""
    text = f"setsid sleep 650.{here} & ({ignored}sleep 651.{here}; true); true"

    def runs(name):
        return subprocess.run(["pgrep", "-f", f"^sleep {name}.{here}"], check=False).returncode == 0

    parent = subprocess.Popen([PYTHON, "-c", SCRIPT, "sh", "-c", text], stderr=subprocess.PIPE)
    until(lambda: runs(650) and runs(651))
    parent.send_signal(number)
    assert b"was terminated" in parent.communicate(timeout=300)[1]
    assert not runs(651)
    assert runs(650)
    subprocess.run(["pkill", "-f", f"^sleep 650.{here}"], check=True)


def test_a_program_can_be_recorded_from_a_thread(store):
    found = []
    thread = threading.Thread(target=lambda: found.append(record_process(store, ["true"])))
    thread.start()
    thread.join()
    assert found[0].status == "completed"
