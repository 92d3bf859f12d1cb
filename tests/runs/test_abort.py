"""A run is asked to end by another process, wherever it is."""

import os
import subprocess
import sys
import threading
import time

import pytest

from whence.base.error import StoreError, UserError
from whence.runs import ProcessOptions, Run, record_process
from whence.runs.keeper import keeper_of
from whence.store import Store
from whence.testing.wait import until


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    monkeypatch.setattr("whence.runs.keeper.LOOK", 0.05)


def ask(store, run, reason="it drifts"):
    """As another process does it: through a store of its own."""
    Store.open(store.root).ask_to_end(run, {"reason": reason})


def events(store, run):
    return [line["message"] for line in store.lines(run, ("event",))]


def test_a_live_run_ends_with_the_reason_and_calls_back(store):
    told = []
    run = Run(store, abort_callback=lambda run: told.append(run.status)).init("long")
    other = Run(store).init("other")
    run.add_process("sleeper", "sleep", "600")
    ask(store, run.id)
    until(lambda: told)
    assert told == ["terminated"]
    assert run.wait_for_processes(120)["sleeper"] < 0
    with pytest.raises(UserError, match="has ended as terminated: it drifts"):
        run.log_metrics({"e": 1.0})
    run.close()
    state = store.index().state(run.id)
    assert state["status"] == "terminated"
    assert state["error"] == {"type": "Aborted", "message": "it drifts", "traceback": None}
    assert "aborted: it drifts" in events(store, run.id)
    assert other.status == "running"


def test_what_a_run_has_started_ends_with_it(store):
    outer = Run(store).init("outer")
    script = (
        "import time; from whence.runs import Run, keeper; keeper.LOOK = 0.05\n"
        "run = Run(); run.init('inner'); print(run.id, flush=True)\n"
        "while not run.ended: time.sleep(0.02)\n"
    )
    told = {
        "WHENCE_RUN": outer.id,
        "WHENCE_RUN_STORE": str(store.root),
        "PYTHONPATH": ":".join(sys.path),
    }
    inner = subprocess.Popen(
        [sys.executable, "-c", script],
        env=told,
        stdout=subprocess.PIPE,
        text=True,
        cwd=store.project,
    )
    run = inner.stdout.readline().strip()
    ask(store, outer.id)
    assert inner.wait(120) == 0
    inner.stdout.close()
    assert store.index().state(run)["error"]["message"] == "it drifts"
    until(lambda: outer.ended)


def test_a_program_is_ended_and_its_outputs_are_kept(store, project):
    outcome = []

    def record():
        script = f"echo some > out.txt; echo ready; sleep 652.{os.getpid()}; true"
        options = ProcessOptions(outputs=("out.txt",), quiet=True)
        outcome.append(record_process(store, ["sh", "-c", f"exec 2>&1; {script}"], options))

    thread = threading.Thread(target=record)
    thread.start()
    until(lambda: (project / "out.txt").exists() and store.index().ids())
    (run,) = store.index().ids()
    ask(store, run)
    thread.join(300)
    (ended,) = outcome
    assert (ended.run, ended.status) == (run, "terminated")
    assert ended.exit < 0
    left = subprocess.run(["pgrep", "-f", f"^sleep 652.{os.getpid()}"], check=False)
    assert left.returncode == 1
    state = store.index().state(run)
    assert state["error"]["message"] == "it drifts"
    assert state["exit"] == ended.exit
    assert [item["name"] for item in state["artifacts"] if item["category"] == "output"] == [
        "out.txt"
    ]


def test_a_word_for_a_run_that_was_not_heeded_is_forgotten_when_it_is_taken_up(store):
    run = Run(store).init()
    keeper_of(store).leave(run.id)
    ask(store, run.id)
    again = Run(store).reconnect(run.id)
    time.sleep(0.3)
    assert not again.ended
    ask(store, run.id)
    until(lambda: again.ended)


def test_a_damaged_word_is_no_word_and_harms_nothing(store):
    run = Run(store).init()
    (store.root / "aborts").mkdir()
    (store.root / "aborts" / run.id).write_bytes(b"{")
    time.sleep(0.3)
    assert not run.ended
    ask(store, run.id, "")
    until(lambda: run.ended)
    assert store.index().state(run.id)["error"]["message"] == "somebody asked for it"


@pytest.mark.parametrize("run", ["../../out", "a/b", ".", ""])
def test_a_word_stays_in_its_folder_whatever_journals_call_a_run(store, run):
    store.writer().append("set", "..", {"f": {"name": "x"}})
    with pytest.raises(StoreError, match="cannot be asked"):
        ask(store, run)
    assert store.asked_to_end([run]) == {}
    assert not list(store.project.rglob("*out*"))
    live = Run(store).init()
    ask(store, live.id)
    until(lambda: live.ended)


def test_a_callback_that_raises_leaves_the_others_alone(store, caplog):
    def fail(run):
        raise ZeroDivisionError("mine")

    first, second = Run(store, abort_callback=fail).init(), Run(store).init()
    ask(store, first.id)
    until(lambda: first.ended)
    ask(store, second.id)
    until(lambda: second.ended)
    until(lambda: "mine" in caplog.text)


def test_a_callback_that_waits_stops_no_signs_of_life(store, monkeypatch):
    monkeypatch.setattr("whence.runs.keeper.BEAT", 0.05)
    called, free = [], threading.Event()

    def wait(run):
        called.append(run.id)
        free.wait(120)

    def beats():
        journals = (store.root / "journals").glob("*/*.jsonl")
        return sum(journal.read_text().count('"op":"beat"') for journal in journals)

    first, second = Run(store, abort_callback=wait).init(), Run(store).init()
    ask(store, first.id)
    until(lambda: called)
    before = beats()
    until(lambda: beats() > before + 2)
    ask(store, second.id)
    until(lambda: second.ended)
    assert called == [first.id]
    free.set()
