"""How a run is begun, taken up, configured and left, and in which processes."""

import datetime as dt
import gc
import logging
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import time
import weakref

import pytest

from whence.artifacts import StoreBackend
from whence.base.error import UserError
from whence.runs import Handler, ProcessOptions, Run, record_process
from whence.runs.keeper import keeper_of
from whence.runs.rank import job, rank
from whence.runs.variable import variables
from whence.store import Store
from whence.testing.point import points
from whence.testing.wait import until

FULL = """
import errno
from whence.base.error import StoreError
from whence.runs import Run
from whence.store import Store
from whence.testing.fault import FaultyFiles
files = FaultyFiles()
run = Run(Store.open(".", files=lambda shared: files)).init()
files.failing["write"] = errno.ENOSPC
try:
    run.close()
except StoreError as error:
    print(error.problems[0].code, run.status)
files.failing.clear()
"""


def state_of(store, run):
    return store.index().state(run.id)


def test_a_disabled_run_does_nothing_at_all(project):
    with Run(mode="disabled") as run:
        assert run.init("x", parameters={"a": object()}) is run
        assert run.config(suppress_errors=True) is run
        run.log_metrics({"a": "no number"})
        run.save_file("missing")
        run.create_user_alert(name="")
        run.add_process("p", "no-such-program")
        run.set_status("nonsense")
        assert run.id == ""
    assert list(project.iterdir()) == []


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_online_and_offline_are_the_local_store(store, mode):
    run = Run(store, mode=mode).init()
    assert state_of(store, run)["status"] == "running"


@pytest.mark.parametrize(("given", "named"), [({"mode": "ofline"}, "offline"), ({"ranks": 3}, "3")])
def test_what_no_run_can_be_is_refused(store, given, named):
    with pytest.raises(UserError, match=named):
        Run(store, **given)


def test_what_a_server_will_act_on_is_on_record(store):
    run = Run(store).init(
        notification="error",
        retention_period="30 days",
        timeout=None,
        visibility=["ada", "grace"],
        folder=None,
        tags=None,
    )
    run.set_folder_details(metadata={"site": 3}, tags=["f"], description="the folder")
    state = state_of(store, run)
    assert (state["notification"], state["retention"]) == ("error", 30 * 86400)
    assert state["visibility"] == ["ada", "grace"]
    assert state["folder_metadata"] == {"site": 3}
    assert state["folder_description"] == "the folder"
    run.set_folder_details(metadata={"by": "ada"})
    assert state_of(store, run)["folder_metadata"] == {"site": 3, "by": "ada"}


@pytest.mark.parametrize(
    "given",
    [
        {"notification": "mail"},
        {"retention_period": "soon"},
        {"retention_period": -1},
        {"visibility": "all"},
        {"record_shell_vars": ["API_TOKEN"]},
    ],
)
def test_what_cannot_be_acted_on_is_refused(store, given):
    with pytest.raises(UserError):
        Run(store).init(**given)
    assert store.index().ids() == []


def test_variables_are_recorded_by_name_and_secrets_never(store, monkeypatch):
    for name, value in {
        "SOLVER_TOL": "1e-3",
        "SOLVER_API_KEY": "hush",
        "SOLVER_PASSWORD": "hush",
        "SOLVER_URL": "https://me:hush@host/x",
        "OMP_NUM_THREADS": "4",
    }.items():
        monkeypatch.setenv(name, value)
    run = Run(store).init(record_shell_vars={"SOLVER_*"})
    told = state_of(store, run)["variables"]
    assert told["SOLVER_TOL"] == "1e-3"
    assert told["SOLVER_URL"] == "https://host/x"
    assert told["OMP_NUM_THREADS"] == "4"
    assert "hush" not in str(state_of(store, run))
    with pytest.raises(UserError, match="secret"):
        variables(["MY_SECRET"])


def test_a_run_is_taken_up_again_and_goes_on_counting(store, project):
    run = Run(store).init("first", tags=["a"])
    run.log_metrics({"e": 1.0})
    run.log_metrics({"e": 2.0}, step=7)
    run.set_status("failed")
    again = Run(store).reconnect(run.id)
    assert state_of(store, run)["status"] == "running"
    assert again.name == "first"
    again.log_metrics({"e": 3.0})
    again.set_tags(["b"])
    again.close()
    state = state_of(store, run)
    assert state["status"] == "completed"
    assert state["tags"] == ["b"]
    steps = [point.step for point in points(store, run.id) if "e" in point.values]
    assert steps == [0, 7, 8]
    with pytest.raises(UserError, match="no run"):
        Run(store).reconnect("20261121T000000abcdefg")
    with pytest.raises(UserError, match="begun"):
        again.reconnect(run.id)
    with pytest.raises(UserError, match="which run"):
        Run(store).reconnect()


@pytest.mark.parametrize("how", ["reconnect", "set_status"])
def test_a_run_that_goes_on_has_not_ended(store, how):
    run = Run(store).init()
    run.fail(SystemExit(3))
    again = Run(store).reconnect(run.id) if how == "reconnect" else run
    again.set_status("running")
    state = state_of(store, run)
    assert [state[name] for name in ("status", "ended", "exit", "error")] == ["running"] + [
        None
    ] * 3
    again.close()
    state = state_of(store, run)
    assert (state["status"], state["error"]) == ("completed", None)


def test_a_run_whose_end_could_not_be_written_ends_with_its_process(store, project):
    script = project / "s.py"
    script.write_text(FULL)
    done = subprocess.run([sys.executable, script], cwd=project, capture_output=True, text=True)
    assert done.stdout == "no-space running\n", done.stderr
    (run,) = store.index().ids()
    assert store.index().state(run)["status"] == "completed"


def test_a_run_that_was_only_created_starts_when_taken_up(store):
    run = Run(store).init(running=False)
    assert state_of(store, run).get("started") is None
    Run(store).reconnect(run.id)
    assert state_of(store, run)["status"] == "running"
    assert state_of(store, run)["started"] is not None


def test_a_run_that_was_only_created_has_no_outputs(store, project):
    (project / "in.txt").write_text("x")
    run = Run(store).init(running=False)
    for refused in (
        lambda: run.save_file(project / "in.txt"),
        lambda: run.save_object([1]),
        lambda: run.save_directory(project),
        lambda: run.save_all([project / "in.txt"], "output"),
    ):
        with pytest.raises(UserError, match="has not started"):
            refused()
    assert state_of(store, run)["artifacts"] == []
    run.save_file(project / "in.txt", "input")
    run.save_object([1], "code")
    run.set_status("running")
    run.save_file(project / "in.txt")
    assert len(state_of(store, run)["artifacts"]) == 3


def test_words_of_simvue_are_taken_as_it_has_them(store):
    with Run(
        store, server_token="t", server_url="https://x", server_profile="p", debug=True
    ) as run:
        run.init()
        run.log_event("first", "2026-11-21T01:52:21.638402", "warning")
        run.log_event("second", dt.datetime(2026, 11, 21, tzinfo=dt.UTC))
        run.log_event("third", "error", 6.0)
        run.set_metric_units("energy", "kJ", mks_unit="J", mks_conversion=1000)
        with pytest.raises(UserError, match="there is no level"):
            run.log_event("a number is no time here", 30)
        with pytest.raises(UserError, match="must be a number, not 'k'"):
            run.set_metric_units("energy", "kJ", "J", "k")
    told = [
        (line["message"], line["level"], line["at"]) for line in store.lines(run.id, ("event",))
    ]
    assert [line[:2] for line in told] == [
        ("first", "warning"), ("second", "info"), ("third", "error"),
    ]  # fmt: skip
    assert [line[2] for line in told] == [1795225941.638402, 1795219200.0, 6.0]
    assert state_of(store, run)["metrics"]["energy"] == {
        "units": "kJ", "mks_units": "J", "mks_conversion": 1000.0,
    }  # fmt: skip


def test_an_alert_is_named_by_its_name_or_its_id(store):
    with Run(store) as run:
        run.init()
        known = run.create_user_alert(name="mine")
        run.log_alert("mine", state="critical")
        assert state_of(store, run)["alerts"][known]["status"] == "critical"
        run.log_alert(known, state="ok")
        assert state_of(store, run)["alerts"][known]["status"] == "ok"
        with pytest.raises(UserError, match="which alert"):
            run.log_alert(state="ok")
    with Run(store) as other:
        other.init()
        other.add_alerts(known)
        other.add_alerts(names="mine")
        assert list(state_of(store, other)["alerts"]) == [known]


def test_a_child_logs_to_the_run_it_was_started_by_and_does_not_end_it(store, monkeypatch):
    outer = Run(store).init("outer")
    monkeypatch.setenv("WHENCE_RUN", outer.id)
    monkeypatch.setenv("WHENCE_STORE", str(store.root))
    with Run() as inner:
        inner.log_metrics({"e": 1.0})
        inner.log_event("from within")
    assert inner.id == outer.id
    state = state_of(store, outer)
    assert (state["status"], state["events"]) == ("running", 1)
    with pytest.raises(ZeroDivisionError), Run() as inner:  # noqa: PT012
        inner.log_event("again")
        print(1 / 0)
    assert state_of(store, outer)["status"] == "running"
    assert "ZeroDivisionError" in str(list(store.lines(outer.id, ("event",))))


def test_a_script_under_whence_run_that_opens_another_store_is_a_stranger_there(
    project, store, tmp_path
):
    (tmp_path / "elsewhere").mkdir()
    other = Store.create(tmp_path / "elsewhere")
    (project / "script.py").write_text(
        textwrap.dedent(
            f"""
            from whence.artifacts import ArtifactManager, StoreBackend
            from whence.base.error import UserError
            from whence.runs import Run

            with Run({str(other.root)!r}) as run:
                try:
                    run.log_event("to nobody")
                except UserError as error:
                    print(error)
                run.init("there")
            ArtifactManager("models", StoreBackend({str(other.root)!r})).log_artifact(1, "net")
            Run().log_event("here")
            """
        )
    )
    done = record_process(store, [sys.executable, "script.py"], ProcessOptions(quiet=True))
    assert done.status == "completed"
    assert "this run has not begun" in str(list(store.lines(done.run, ("out",))))
    assert [line["message"] for line in store.lines(done.run, ("event",))] == ["here"]
    (there,) = other.index().ids()
    assert "parent" not in other.index().state(there)
    assert other.index().state(there)["events"] == 0
    assert StoreBackend(other).versions()[0].run is None


def test_errors_can_be_made_warnings(store, caplog):
    run = Run(store).init().config(suppress_errors=True)
    with caplog.at_level(logging.WARNING, "whence"):
        assert run.log_metrics({"e": "high"}) is None
        run.save_file("missing")
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "log_metrics",
        "save_file",
    ]
    run.log_metrics({"e": 1.0})
    run.close()
    assert state_of(store, run)["status"] == "completed"


def test_logging_makes_events(store):
    run = Run(store).init()
    logger = logging.getLogger("test_life")
    handler = Handler(run)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        logger.debug("small")
        logger.warning("step %d diverges", 3)
        logger.log(35, "odd")
        run.close()
        logger.error("too late")
    finally:
        logger.removeHandler(handler)
    told = [(line["level"], line["message"]) for line in store.lines(run.id, ("event",))]
    assert told == [("debug", "small"), ("warning", "step 3 diverges"), ("warning", "odd")]


@pytest.mark.parametrize(
    ("environment", "number"),
    [
        ({}, None),
        ({"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4"}, 3),
        ({"PMI_RANK": "0", "PMI_SIZE": "4"}, 0),
        ({"PMI_RANK": "0", "PMI_SIZE": "1"}, None),
        ({"PMIX_RANK": "5"}, 5),
        ({"SLURM_PROCID": "2", "SLURM_NTASKS": "8"}, 2),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, None),
        ({"SLURM_PROCID": "0"}, None),
        ({"PMI_RANK": "x", "PMI_SIZE": "4"}, None),
    ],
)
def test_ranks_are_told_by_what_started_them(environment, number):
    found = rank(environment)
    assert (found and found.number) == number


def test_job_facts():
    told = job({"SLURM_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "3", "SLURM_NTASKS": "1"})
    assert told == {"slurm": {"id": "7", "task": "3", "tasks": "1"}}
    assert job({"PBS_JOBID": "12.host"}) == {"pbs": {"id": "12.host"}}
    assert job({}) == {}


def enter(number, store, ranks, barrier):
    os.environ["OMPI_COMM_WORLD_RANK"] = str(number)
    os.environ["OMPI_COMM_WORLD_SIZE"] = "64"
    barrier.wait(60)
    with Run(store, ranks=ranks) as run:
        run.init("parallel", parameters={"n": 3})
        run.log_metrics({"e": float(number)})


@pytest.mark.parametrize(("ranks", "count", "runs"), [("first", 64, 1), ("all", 8, 8)])
def test_the_ranks_of_a_parallel_job_make_one_run(store, ranks, count, runs):
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(count)
    processes = [
        context.Process(target=enter, args=(number, store.root, ranks, barrier))
        for number in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
    assert [process.exitcode for process in processes] == [0] * count
    ids = store.index().ids()
    assert len(ids) == runs
    found = sorted(store.index().state(run)["job"]["mpi"]["rank"] for run in ids)
    assert found == list(range(runs))
    found = [point.values for run in ids for point in points(store, run)]
    assert len({values["e"] for values in found if "e" in values}) == runs


def test_resources_are_looked_at_while_a_run_lives(store):
    run = Run(store).config(system_metrics_interval=0.1).init()

    def percentages():
        return [p.values["resources/cpu.usage.percentage"] for p in points(store, run.id)]

    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        until(lambda: len(percentages()) >= 3 and max(percentages()) > 5)
    finally:
        child.kill()
        child.wait()
    run.close()
    found = list(points(store, run.id))
    assert all(point.step is None for point in found)
    assert found[-1].values["resources/cpu.usage.memory"] > 10
    time.sleep(0.3)
    assert len(list(points(store, run.id))) == len(found)


def test_the_end_of_a_run_waits_for_no_look(store):
    """What looks at resources and git may be stuck, as on a file system that hangs."""
    run = Run(store).init()
    keeper, begun, free = keeper_of(store), threading.Event(), threading.Event()
    keeper.settle(120)

    def stuck():
        begun.set()
        free.wait()

    keeper.soon(stuck)
    assert begun.wait(120)
    run.close()
    assert keeper.settle(0) is False
    free.set()
    assert keeper.settle(120)
    assert state_of(store, run)["status"] == "completed"


def test_another_process_can_be_looked_at_and_looking_be_left_out(store):
    quiet = Run(store).config(disable_resources_metrics=True).init()
    run = Run(store).init().config(system_metrics_interval=0.1)
    child = subprocess.Popen(["sleep", "600"])
    run.set_pid(child.pid)
    memory = "resources/cpu.usage.memory"
    until(lambda: any(point.values[memory] < 10 for point in points(store, run.id)))
    child.kill()
    child.wait()
    assert list(points(store, quiet.id)) == []
    with pytest.raises(UserError, match="every"):
        run.config(system_metrics_interval=0.001)


def test_a_silent_run_gives_signs_of_life(store, monkeypatch):
    monkeypatch.setattr("whence.runs.keeper.BEAT", 0.1)
    Run(store).init().config(disable_resources_metrics=True)
    (journal,) = (store.root / "journals").glob("*/*[a-z0-9].jsonl")
    until(lambda: journal.read_text().count('"op":"beat"') >= 2)


def test_short_runs_need_no_thread_of_their_own_and_no_file_of_metrics(store):
    for _ in range(50):
        Run(store).init().close()
    assert not list((store.root / "journals").glob("*/*.metrics.jsonl"))


def test_a_store_opened_anew_has_a_keeper_of_its_own(store):
    other = Store.open(store.root)
    run = Run(other).init().config(system_metrics_interval=0.1)
    until(lambda: list(points(store, run.id)))
    run.close()


def test_a_store_stays_while_a_run_in_it_lives(store):
    def begin():
        opened = Store.open(store.root)
        run = Run(opened).config(disable_resources_metrics=True).init()
        keeper = keeper_of(opened)
        assert keeper.settle()
        opened.writer().close()  # else that would keep it
        return weakref.ref(opened), keeper, run.id

    def gone():
        gc.collect()
        return opened() is None

    opened, keeper, run = begin()
    assert not gone()
    keeper.leave(run)
    until(gone)


BEGUN = """
import atexit, sys, whence
def begin(**more):
    run = whence.Run().init("left", **more)
    run.log_metrics({"a": 1.0})
    return run
"""


@pytest.mark.parametrize(
    ("rest", "status", "error"),
    [
        ("run = begin()", "completed", None),
        ("begin()", "completed", None),
        ("atexit.register(lambda: begin().close())", "completed", None),
        ("run = begin(); sys.exit(1)", "completed", None),  # which leaves no trace: see parting
        ("run = begin(); run.log_metrics({'b': 2}); 1 / 0", "failed", "ZeroDivisionError"),
        ("begin()\ndef f(): raise ValueError('x')\nf()", "failed", "ValueError"),
        ("run = begin(); raise KeyboardInterrupt", "terminated", "KeyboardInterrupt"),
        ("run = begin(running=False)", "created", None),
        ("run = begin(); run.set_status('failed')", "failed", None),
        ("run = begin(); run.store.writer().close()", "completed", None),
        ("try: 1 / 0\nexcept ZeroDivisionError: run = begin()", "completed", None),
        ("import os\nrun = begin()\nif os.fork() == 0: sys.exit()\nos.wait()", "completed", None),
    ],
)
def test_a_run_that_nobody_closed_ends_with_its_process(store, project, rest, status, error):
    script = project / "s.py"
    script.write_text(BEGUN + rest)
    # Of Python 3.12 and later, of a fork beside threads.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", script]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    (run,) = store.index().ids()
    state = store.index().state(run)
    assert state["status"] == status
    assert (state.get("error") or {}).get("type") == error
    if error:
        assert "s.py" in state["error"]["traceback"]
    else:
        assert done.stderr == ""


def test_a_child_does_not_end_the_run_of_its_parent(store, project):
    script = project / "s.py"
    script.write_text(
        BEGUN + "import os\nrun = begin()\n"
        "if os.fork() == 0: sys.exit()\n"
        "os.wait()\nprint(run.store.index().state(run.id)['status'])\n"
    )
    done = subprocess.run([sys.executable, script], cwd=project, capture_output=True, text=True)
    assert done.stdout == "running\n"
